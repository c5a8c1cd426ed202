"""klingcontracts.recorded: a journal file is read again, and what is none is told."""

import io
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klingcontracts.contract import load
from klingcontracts.exchange import Call
from klingcontracts.problem import Problem
from klingcontracts.recorded import moment, read
from klingmock.answer import Mock
from klingmock.clock import Manual
from klingmock.journal import Journal, open_file
from klingmock.script import Script
from klingmock.scripts import Scripts

CONTRACT = load()
SUBMIT = CONTRACT.operation("submit").path
KEY = {"authorization": "Bearer mock-a"}
IMAGE = b'{"image": "https://example.com/mountain.jpg"}'


@pytest.fixture
def written(tmp_path):
    """A journal file that a client of the engine has written, and the engine."""
    path = str(tmp_path / "journal.jsonl")
    journal = Journal(file=open_file(path))
    mock = Mock(
        [CONTRACT], clock=Manual(), journal=journal, scripts=Scripts(Script("submit: lost; task: empty"))
    )
    for body in (IMAGE, IMAGE, b'{"mode": "x"}'):
        mock.answer(Call("POST", SUBMIT, KEY, body))
    mock.answer(Call("GET", "/api/v1/tasks/x", {}))
    task_id = next(task.id for task in mock.store.tasks())
    for _ in range(2):
        mock.answer(Call("GET", f"/api/v1/tasks/{task_id}", KEY))
    journal.close()
    return path, mock


def test_what_was_written_is_read_again(written):
    path, mock = written
    recorded = read(path, CONTRACT)
    assert len(recorded.exchanges) == 6
    for found, entry in zip(recorded.exchanges, mock.journal.entries, strict=True):
        number = entry.exchange.number
        assert (found.number, found.at, found.call.path) == (
            number,
            entry.exchange.at,
            entry.exchange.call.path,
        )
        assert (found.reply.status, found.reply.wire) == (
            entry.exchange.reply.status,
            entry.exchange.reply.wire,
        )
        assert found.call.headers == entry.exchange.call.headers
        assert [one.rule for one in recorded.findings[number]] == [one.rule for one in entry.findings]
    assert json.loads(recorded.exchanges[0].call.body) == json.loads(IMAGE)
    assert recorded.exchanges[4].reply.body == b""


def test_standard_input_is_read_too(written, monkeypatch):
    path, _ = written
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - as a shell would
        monkeypatch.setattr("sys.stdin", io.StringIO(file.read() + "\n\n"))
    assert read("-", CONTRACT).exchanges == read(path, CONTRACT).exchanges


def test_two_runs_in_one_file_have_numbers_of_their_own(written, tmp_path):
    path, _ = written
    text = (tmp_path / "journal.jsonl").read_text()
    (tmp_path / "journal.jsonl").write_text(text + text)
    assert [one.number for one in read(path, CONTRACT).exchanges] == list(range(1, 13))


def of_worlds(tmp_path, *worlds):
    """A file whose lines are of these worlds; None for one that does not say."""
    lines = [
        {**LINE, "number": nth, **({} if one is None else {"world": one})}
        for nth, one in enumerate(worlds, 1)
    ]
    path = tmp_path / "worlds.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return str(path)


@pytest.mark.parametrize("worlds", [(None, None), (0, 0), (1, 1), (None, 3, 3), (0, 3)])
def test_a_file_of_one_world_is_read_whole(tmp_path, worlds):
    assert len(read(of_worlds(tmp_path, *worlds), CONTRACT).exchanges) == len(worlds)


@pytest.mark.parametrize(("world", "numbers"), [(1, [1, 4]), (2, [2]), (0, [3])])
def test_one_world_of_several_keeps_the_numbers_of_its_lines(tmp_path, world, numbers):
    found = read(of_worlds(tmp_path, 1, 2, None, 1), CONTRACT, world)
    assert [one.number for one in found.exchanges] == list(found.findings) == numbers


def test_several_worlds_are_not_judged_as_one_client(tmp_path):
    path = of_worlds(tmp_path, 1, 2, None, 1)
    with pytest.raises(Problem) as caught:
        read(path, CONTRACT)
    several = "0 (1 exchange), 1 (2 exchanges), 2 (1 exchange)."
    assert caught.value.fact == f"{path!r} has the exchanges of several worlds: {several}"
    assert "--world" in caught.value.remedy
    with pytest.raises(Problem, match=r"has no world 7, but 0 \(1 exchange\), 1 "):
        read(path, CONTRACT, 7)
    with pytest.raises(Problem, match="has no world 7, but no exchange"):
        read(of_worlds(tmp_path), CONTRACT, 7)


LINE = {
    "number": 1,
    "at": 0.0,
    "call": {"method": "GET", "path": "/x", "query": "", "headers": {}, "body": None},
    "reply": {"status": 200, "headers": {}, "body": None},
    "findings": [],
}


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("{", "line 1, is no JSON"),
        ("[]", "line 1, is no exchange"),
        (json.dumps({**LINE, "findings": 5}), "line 1, is no exchange"),
        (json.dumps({**LINE, "world": "a"}), "line 1, is no exchange"),
        ("{}", "line 1, is no exchange: it has no 'call'."),
        (json.dumps({**LINE, "call": {**LINE["call"], "headers": 5}}), "its 'headers' is 5, and no object"),
        (
            json.dumps({**LINE, "reply": {**LINE["reply"], "status": "ok"}}),
            "its 'status' is \"ok\"; write a whole number",
        ),
        (json.dumps({**LINE, "reply": []}), r"its 'reply' is \[\], and no object"),
        (json.dumps({**LINE, "reply": {"status": 200}}), "it has no 'headers'."),
        (json.dumps({**LINE, "at": "noon"}), "its 'at' is \"noon\"; write Unix seconds, or ISO 8601"),
        (json.dumps(LINE) + "\nx", "line 2, is no JSON"),
        (json.dumps({**LINE, "findings": [{"rule": "a.b"}]}), "'a.b', which is no rule of revision 2026-02"),
        (json.dumps({**LINE, "findings": ["x"]}), "a finding of ''"),
    ],
)
def test_what_is_no_journal_is_told(tmp_path, text, fact):
    (tmp_path / "j").write_text(text)
    with pytest.raises(Problem, match=fact) as caught:
        read(str(tmp_path / "j"), CONTRACT)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("cut", [1, 20, len(json.dumps(LINE)) - 1])
def test_a_last_line_that_breaks_off_is_left_out(tmp_path, cut):
    whole = json.dumps(LINE)
    (tmp_path / "j").write_text(f"{whole}\n{whole}\n{whole[:cut]}")
    found = read(str(tmp_path / "j"), CONTRACT)
    assert (len(found.exchanges), found.unfinished) == (2, 3)
    # with its end, it is what somebody has written so, and so is a first line
    for text in (f"{whole}\n{whole[:cut]}\n", whole[:cut]):
        (tmp_path / "j").write_text(text)
        with pytest.raises(Problem, match="is no JSON"):
            read(str(tmp_path / "j"), CONTRACT)


def test_a_last_line_needs_no_end_when_it_is_whole(tmp_path):
    whole = json.dumps(LINE)
    (tmp_path / "j").write_text(f"{whole}\n{whole}")
    found = read(str(tmp_path / "j"), CONTRACT)
    assert (len(found.exchanges), found.unfinished) == (2, 0)


def test_a_byte_order_mark_is_no_part_of_it(tmp_path, monkeypatch):
    text = f"\ufeff{json.dumps(LINE)}\r\n"
    (tmp_path / "j").write_bytes(text.encode())
    assert len(read(str(tmp_path / "j"), CONTRACT).exchanges) == 1
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert len(read("-", CONTRACT).exchanges) == 1


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        (5, 5.0),
        ("5.5", 5.5),
        ("2026-01-01T00:00:00Z", 1_767_225_600.0),
        ("2026-01-01T01:00:00.250+01:00", 1_767_225_600.25),
        ("2026-01-01 00:00", 1_767_225_600.0),  # without a zone it is UTC, wherever it is read
    ],
)
def test_a_moment(told, seconds):
    assert moment(told) == seconds


@pytest.mark.parametrize("told", [None, True, "noon", "", [], {}, "nan", float("inf"), 10**400, "x" * 1000])
def test_what_is_no_moment(told):
    with pytest.raises(ValueError, match=r"its 'at' is .*; write Unix seconds, or ISO 8601 as in ") as caught:
        moment(told)
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize("name", ["none", ".", "\0"])
def test_a_file_that_can_not_be_read_is_told(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Problem, match="can't be read") as caught:
        read(name, CONTRACT)
    assert caught.value.exit_code == 3


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(sorted(LINE)), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*sorted(LINE), "world"]), JSON))
def test_any_line_is_an_exchange_or_a_problem(tmp_path_factory, changed):
    path = tmp_path_factory.mktemp("any") / "j"
    path.write_text(json.dumps({**LINE, **changed}))
    found = None
    with suppress(Problem):
        found = read(str(path), CONTRACT)
    assert found is None or len(found.exchanges) == 1
