"""klingmock.tally: which rules a suite exercised."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klingcontracts.document import revisions
from klingcontracts.exchange import Call
from klingcontracts.exercised import exercised
from klingcontracts.problem import COULD_NOT_LOOK, Problem
from klingmock.handle import Handle
from klingmock.options import options
from klingmock.tally import SCHEMA_VERSION, Tally

IMAGE = {"image": "https://example.com/mountain.jpg"}
BODIES = (
    IMAGE,
    {},
    {"image": 5},
    IMAGE | {"mode": "stt"},
    IMAGE | {"colour": "red"},
    IMAGE | {"prompt": "a"},
)


def submit(handle, body):
    path = handle.contract.operation("submit").path
    key = {"authorization": f"Bearer {handle.api_key}"}
    handle.answer(Call("POST", path, key, json.dumps(body).encode()))


def tallied(*bodies, revision="2026-02"):
    tally = Tally()
    handle = Handle("http://127.0.0.1:1", "mock-a", options({"revision": revision}), print, tally.add)
    for body in bodies:
        submit(handle, body)
    return tally, handle


def test_an_exchange_counts_for_each_rule_that_it_kept_or_broke():
    tally, handle = tallied({"image": 5, "mode": "pro"})
    [entry] = handle.journal
    found = exercised(handle.contract, entry.exchange, entry.operation, entry.findings)
    rules = tally.to_json()["revisions"]["2026-02"]["rules"]
    assert {rule for rule, numbers in rules.items() if numbers["kept"]} == found.kept
    assert {rule for rule, numbers in rules.items() if numbers["broken"]} == found.broken
    assert found.broken == {"submit.body.image.type"}
    assert "submit.body.mode.enum" in found.kept


def test_what_is_told_as_json():
    tally, handle = tallied(IMAGE, IMAGE, {})
    told = tally.to_json()
    assert set(told) == {"schema_version", "revisions"}
    assert told["schema_version"] == SCHEMA_VERSION
    node = told["revisions"]["2026-02"]
    assert set(node) == {"exercised", "of", "rules"}
    assert node["of"] == len(node["rules"]) == len(handle.contract.rules)
    assert list(node["rules"]) == sorted(handle.contract.rules)
    required = "submit.body.image.required"
    assert node["rules"][required] == {"says": handle.contract.rules[required].says, "kept": 2, "broken": 1}
    met = [numbers for numbers in node["rules"].values() if numbers["kept"] or numbers["broken"]]
    assert 0 < node["exercised"] == len(met) < node["of"]


def test_revisions_are_counted_apart():
    one, _ = tallied(IMAGE)
    other, _ = tallied({}, revision="2026-07")
    one.merge(other.to_json())
    told = one.to_json()["revisions"]
    assert list(told) == ["2026-02", "2026-07"]
    assert told["2026-07"] == other.to_json()["revisions"]["2026-07"]


@given(
    st.lists(st.tuples(st.sampled_from(revisions()), st.sampled_from(BODIES), st.integers(0, 2)), max_size=8)
)
def test_counts_of_several_processes_add_up_to_those_of_one(exchanges):
    whole, parts = Tally(), [Tally(), Tally(), Tally()]
    for revision, body, part in exchanges:
        for tally in (whole, parts[part]):
            chosen = options({"revision": revision})
            submit(Handle("http://127.0.0.1:1", "mock-a", chosen, print, tally.add), body)
    merged = Tally()
    for part in parts:
        merged.merge(json.loads(json.dumps(part.to_json())))  # as it goes from one process to another
    assert merged.to_json() == whole.to_json()
    assert merged.text(verbose=True) == whole.text(verbose=True)


def test_nothing_is_told_of_nothing():
    assert Tally().text(verbose=True) == "no exchange with the fake"
    assert Tally().to_json() == {"schema_version": SCHEMA_VERSION, "revisions": {}}
    tally = Tally()
    tally.merge(Tally().to_json())
    assert tally.to_json()["revisions"] == {}


def test_the_table_has_a_row_for_each_revision():
    tally, _ = tallied(IMAGE, {})
    tally.merge(tallied(IMAGE, revision="2026-04")[0].to_json())
    heads, ruler, *rows = tally.text(verbose=False).splitlines()
    assert re.split(r"\s{2,}", heads) == [
        "revision",
        "rules",
        "exercised",
        "broken by the suite",
        "not exercised",
    ]
    assert set(ruler) == {"-", " "}
    node = tally.to_json()["revisions"]["2026-02"]
    met, of = node["exercised"], node["of"]
    told = ["2026-02", str(of), f"{met} ({met / of:.0%})", "1", str(of - met)]
    assert re.split(r"\s{2,}", rows[0]) == told
    assert [row.split()[0] for row in rows] == ["2026-02", "2026-04"]


def test_the_long_text_adds_what_was_broken_and_what_was_not_exercised(monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")  # a line for each rule
    tally, _ = tallied(IMAGE, {})
    short, long = tally.text(verbose=False), tally.text(verbose=True)
    assert long.startswith(short)
    broken, unmet = (_rows(part) for part in long[len(short) :].strip().split("\n\n"))
    rules = tally.to_json()["revisions"]["2026-02"]["rules"]
    assert broken == {rule: numbers["says"] for rule, numbers in rules.items() if numbers["broken"]}
    assert list(broken) == ["submit.body.image.required"]
    assert unmet == {
        rule: numbers["says"] for rule, numbers in rules.items() if not numbers["kept"] + numbers["broken"]
    }
    assert unmet


def _rows(part):
    return {line.split()[0]: line.split(maxsplit=1)[1] for line in part.splitlines()[2:]}


def test_a_suite_that_exercised_all_has_nothing_left_to_list():
    tally = Tally()
    told = {"says": "it is so", "kept": 1, "broken": 0}
    tally.merge({"revisions": {"own": {"rules": {"submit.body.size": told}}}})
    assert tally.text(verbose=True) == tally.text(verbose=False)
    assert re.split(r"\s{2,}", tally.text(verbose=True).splitlines()[2]) == ["own", "1", "1 (100%)", "0", "0"]


def test_rules_are_whole_in_a_narrow_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    tally, _ = tallied(IMAGE)
    text = tally.text(verbose=True)
    rules = tally.to_json()["revisions"]["2026-02"]["rules"]
    left = [rule for rule, numbers in rules.items() if not numbers["kept"] + numbers["broken"]]
    assert set(left) <= set(text.split())


def test_it_is_written_to_a_file(tmp_path):
    tally, _ = tallied(IMAGE)
    path = tmp_path / "rules.json"
    tally.write(str(path))
    assert json.loads(path.read_text(encoding="utf-8")) == tally.to_json()
    assert path.read_text(encoding="utf-8").endswith("}\n")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("none/rules.json", "No such file or directory"),
        ("", "Is a directory"),
        ("a\0b", "embedded null byte"),
    ],
)
def test_a_file_that_cannot_be_written_is_said(tmp_path, name, reason):
    path = f"{tmp_path}/{name}"
    with pytest.raises(Problem) as caught:
        Tally().write(path)
    assert caught.value.fact.startswith(f"{path!r} can't be written: ")
    assert reason in caught.value.fact
    assert caught.value.remedy == "Name a file that can be written."
    assert caught.value.exit_code == COULD_NOT_LOOK


def test_a_reading_adds_the_rules_that_it_alone_has():
    tally, handle = tallied(IMAGE)
    chosen = options({"reading": "image-required=either"})
    submit(Handle("http://127.0.0.1:1", "mock-a", chosen, print, tally.add), {})
    told = tally.to_json()["revisions"]
    assert list(told) == ["2026-02"]
    own = chosen.contract.rules.keys() - handle.contract.rules.keys()
    assert own == {"submit.body.image-or-image_tail.required"}
    assert set(told["2026-02"]["rules"]) == handle.contract.rules.keys() | own
    assert told["2026-02"]["rules"][own.pop()]["broken"] == 1
    assert told["2026-02"]["rules"]["submit.body.json"]["kept"] == 2
