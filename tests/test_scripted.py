"""klingmock.scripted: what a fault makes of an answer, its reply and a task."""

import json

import pytest

from klingcontracts.contract import load
from klingcontracts.exchange import Call, Reply
from klingmock.damage import Scene
from klingmock.grammar import parse
from klingmock.refusal import Answer
from klingmock.scripted import fated, fates, faulted, hinted, scripted
from klingmock.scripts import ADVICE
from klingmock.task import Task

CONTRACT = load()
SCENE = Scene(Call("GET", "/x", {}), 100.0)
TASK = Task("task-1", "mock-a", CONTRACT, 5, 1400, "req-1", 100.0, 110.0, 150.0, 1000.0)
VALUES = {"path": "/x", "method": "GET", "limit": 5, "seconds": 60, "task_id": "task-1"}


def reply(text, place="task"):
    fault = parse(f"{place}: {text}")[0]
    return scripted(CONTRACT, fault, place, VALUES, 100.25)


def test_a_status_is_worded_as_the_contract_words_it():
    answer = reply("404")
    assert json.loads(answer.body)["message"].startswith("Resource not found: ")
    assert (answer.status, answer.hint, list(answer.findings), dict(answer.headers)) == (404, "", [], {})


def test_a_status_that_has_no_words_is_given_some_and_says_so():
    answer = reply("418")
    assert json.loads(answer.body) == {
        "code": 418,
        "message": "Client error: the request failed with status 418",
    }
    assert answer.hint == "the contract has no words for 418, these are made up"
    assert "Server error" in reply("599").body


def test_headers_are_those_that_were_asked_for():
    assert dict(reply("429 retry-after=7 reset=30").headers) == {
        "retry-after": "7",
        "x-ratelimit-reset": "130",
    }


def test_a_drop_has_no_answer_and_a_page_is_not_worded():
    assert (reply("drop").status, reply("drop").body) == (0, "")
    assert (reply("html").status, reply("html").hint) == (502, "")
    assert (reply("code=500").status, json.loads(reply("code=500").body)["code"]) == (500, 500)


def test_faults_add_up():
    faults = [parse(text)[0] for text in ("submit: delay=1.5", "submit: stall=2 delay=1", "outcome: slow=9")]
    answer, found = faulted(
        Answer(200, "{}", "submit", hint="noted", faults=faults), Reply(200, {}, b"{}"), SCENE
    )
    assert (found.delay, found.wire, found.seconds) == (2.5, "stall", 2.0)
    assert (
        answer.hint
        == "script: submit: delay=1.5; script: submit: stall=2 delay=1; script: outcome: slow=9; noted"
    )
    assert found.headers["x-klingmock-hint"] == answer.hint


def test_a_word_on_what_looks_like_a_directive_stands_before_other_hints():
    answer = Answer(200, "{}", "submit", hint="other")
    almost = Call("POST", "/x", {}, b'{"prompt": "[[klingmock submit: 503]]"}')
    assert hinted(answer, Call("POST", "/x", {}, b"[[")) == answer
    assert hinted(answer, almost).hint == f"{ADVICE}; other"


def test_damage_is_done_in_the_order_of_the_script():
    faults = [parse(text)[0] for text in ("task: null=data", "task: text")]
    _, found = faulted(Answer(200, "", faults=faults), Reply(200, {}, b'{"data": 1}'), SCENE)
    assert (json.loads(found.body), found.headers["content-type"]) == (
        {"data": None},
        "text/plain; charset=utf-8",
    )


def test_what_never_comes_is_not_damaged():
    faults = [parse("task: drop delay=2")[0]]
    answer, found = faulted(Answer(0, "", faults=faults), Reply(0, {}), SCENE)
    assert found == Reply(0, {}, b"", 2.0, "drop")
    assert answer.hint == "script: task: drop delay=2"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("outcome: fail", ""),
        ("outcome: no-url", "outcome: no-url"),
        ("outcome: reason=x", "outcome: reason=x"),
    ],
)
def test_a_task_keeps_the_fault_that_its_polls_tell_of(text, kept):
    task = fated(TASK, parse(text)[0])
    assert task.fate == kept
    assert [fault.text for fault in fates(task.fate)] == ([kept] if kept else [])


def test_a_fault_without_a_fate_changes_no_task():
    assert fated(TASK, parse("task: drop")[0]) == TASK


def test_damage_that_changes_nothing_says_so():
    faults = [parse(text)[0] for text in ("task: missing=data.taskid", "task: text")]
    answer, _ = faulted(Answer(200, "", faults=faults), Reply(200, {}, b'{"data": {}}'), SCENE)
    assert answer.hint == "script: task: missing=data.taskid (changed nothing); script: task: text"


def test_an_end_that_is_still_to_come_changes_nothing_about_the_submission():
    faults = parse("outcome: reason=bad")
    submitted = Reply(200, {}, b'{"data": {"status": "pending"}}')
    assert faulted(Answer(200, "", "submit", faults=faults), submitted, SCENE)[1].body == submitted.body
    assert b"bad" in faulted(Answer(200, "", "task", faults=faults), submitted, SCENE)[1].body
