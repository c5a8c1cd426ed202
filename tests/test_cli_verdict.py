"""klingmock verdict: a journal is judged, as a table or as JSON, and the exit code tells."""

import json

import pytest

import klingmock
from klingcontracts.contract import load
from klingcontracts.exchange import Call
from klingcontracts.verdict import RULES
from klingmock.cli import main
from klingmock.server import mock
from klingmock.settings import settings

SUBMIT = load().operation("submit").path
IMAGE = b'{"image": "https://example.com/mountain.jpg"}'


@pytest.fixture
def journal(tmp_path):
    """Write the journal of a client that submits so many times, the first answer being lost."""

    def write(submissions: int, revision: str = "2026-02") -> str:
        path = tmp_path / f"{submissions}.jsonl"
        with klingmock.running(revision=revision, script="submit: lost") as fake:
            key = {"authorization": f"Bearer {fake.api_key}"}
            for _ in range(submissions):
                fake.answer(Call("POST", load(revision).operation("submit").path, key, IMAGE))
            for task in fake.tasks[1:]:  # of the first one, the client was never told
                fake.answer(Call("GET", f"/api/v1/tasks/{task.id}", key))
            path.write_text("".join(json.dumps(entry.to_json()) + "\n" for entry in fake.journal))
        return str(path)

    return write


def test_a_good_client_is_0_and_a_bad_one_is_1(journal, capsys):
    assert main(["verdict", journal(1)]) == 0
    told = capsys.readouterr().out
    assert all(rule.id in told for rule in RULES)
    assert main(["verdict", journal(2)]) == 1
    assert "submits-once" in capsys.readouterr().out
    assert main(["verdict", journal(2), "--jobs", "2", "--fail-on", "error"]) == 0


def test_as_json(journal, capsys):
    assert main(["verdict", journal(2), "--format", "json", "--outcome", "failure"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["schema_version"] == 1
    assert told["summary"]["fail"] == 1
    assert {"id": "submits-once", "verdict": "fail"}.items() <= told["checks"][0].items()


def test_half_a_line_at_the_end_is_left_out_and_told(journal, capsys):
    path = journal(1)
    with open(path, "a", encoding="utf-8") as file:  # noqa: PTH123
        file.write('{"number": 2, "at": 1')
    assert main(["verdict", path]) == 0
    told = capsys.readouterr().err
    assert told == f"klingmock: {path!r}, line 2, breaks off: it is left out, and the rest is judged.\n"


def test_an_outcome_is_held_before_the_journal_is_read(capsys):
    assert main(["verdict", "none.jsonl", "--outcome", "maybe"]) == 2
    told = capsys.readouterr().err
    assert "Outcome 'maybe' is not known" in told
    assert "none.jsonl" not in told


def test_another_revision_is_named(journal, capsys):
    path = journal(1, "2026-07")
    assert main(["verdict", path, "--revision", "2026-07"]) == 0
    assert main(["verdict", path, "--revision", "2026-08"]) == 2
    assert "Nearest" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["none.jsonl"], 3, "can't be read: No such file"),
        (["{journal}", "--outcome", "sucess"], 2, "Outcome 'sucess' is not known. Nearest: 'success'"),
        (["{journal}", "--jobs", "0"], 2, "0 jobs are none."),
        (["{journal}", "--jobs", "x"], 2, "invalid int value"),
        (["{journal}", "--formt", "json"], 2, "--formt is not known. Nearest: --format."),
        ([], 2, "file"),
        (["{empty}"], 3, "has no exchange"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(journal, tmp_path, capsys, arguments, code, text):
    (tmp_path / "empty").write_text("")
    places = {"{journal}": journal(1), "{empty}": str(tmp_path / "empty")}
    assert main(["verdict", *(places.get(word, word) for word in arguments)]) == code
    assert text.lower() in capsys.readouterr().err.lower()


def test_a_journal_of_several_keys_is_judged_a_world_at_a_time(tmp_path, capsys):
    path = str(tmp_path / "served.jsonl")
    server = mock(settings({"journal": path}, {}))
    for key, many in (("mock-good", 1), ("mock-bad", 2)):
        head = {"authorization": f"Bearer {key}"}
        for _ in range(many):
            lost = {**head, "x-klingmock-script": "submit: lost"} if key == "mock-bad" else head
            reply = server.answer(Call("POST", SUBMIT, lost, IMAGE))
        if key == "mock-good":
            task_id = json.loads(bytes(reply.body))["data"]["task_id"]
            server.answer(Call("GET", f"/api/v1/tasks/{task_id}", head))
    server.close()
    assert main(["verdict", path]) == 2
    assert "1 (2 exchanges), 2 (2 exchanges)" in capsys.readouterr().err
    assert main(["verdict", path, "--world", "1"]) == 0
    assert main(["verdict", path, "--world", "2"]) == 1
    assert "3, 4" in capsys.readouterr().out  # the numbers of the lines
    assert main(["verdict", path, "--world", "3"]) == 2
