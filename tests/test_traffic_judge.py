"""klingcontracts.traffic_judge: what the server did is drift, what only the client did is not."""

import json

import pytest

from klingcontracts.contract import load
from klingcontracts.exchange import Call, Exchange, Reply
from klingcontracts.rule import Level
from klingcontracts.taken import Taken
from klingcontracts.traffic_judge import (
    ACCEPTED,
    IGNORED,
    MISTAKE,
    REFUSAL,
    Told,
    at_level,
    histories,
    judged,
    located,
    parsed,
)

CONTRACT = load()
PATH = CONTRACT.operation("submit").path
JSON = {"content-type": "application/json"}
KEY = {"authorization": "Bearer mock-0123456789", **JSON}
GOOD = {"image": "https://example.com/a.jpg"}
TASK = "task-0123456789abcdef01234567"


def reply(status: int = 200, body=None, headers=JSON, **more) -> Reply:
    told = {
        "code": 0,
        "message": "success",
        "data": {"status": "pending", "task_id": TASK, "model_id": "kling-v1-i2v"},
    }
    if status != 200:
        category = next((one.category for one in CONTRACT.errors.values() if one.status == status), "Odd")
        told = {"code": status, "message": f"{category}: parameter 'x' is wrong"}
    raw = body if isinstance(body, bytes) else json.dumps(told if body is None else body).encode()
    return Reply(status, headers, raw, **more)


def look(
    body=GOOD, answered: Reply | None = None, headers=KEY, path: str = PATH, method: str = "POST", **taken
):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    exchange = Exchange(Call(method, path, headers, raw), answered or reply())
    operation = "submit" if method == "POST" else "task" if method == "GET" else ""
    found = judged(CONTRACT, Told("a.har", Taken(exchange, "entry 3", **taken), operation))
    return {one.finding.rule.id: one for one in found}


def poll(status: str = "processing", task_id: str = TASK) -> Reply:
    return reply(body={"code": 0, "message": "success", "data": {"status": status, "task_id": task_id}})


def test_an_exchange_that_keeps_to_the_contract():
    assert look() == {}
    assert look(b"", poll(), path=f"/api/v1/tasks/{TASK}", method="GET") == {}


def test_a_server_that_takes_what_the_contract_refuses():
    (one,) = look({**GOOD, "mode": "max"}).values()
    assert (one.finding.rule.id, one.finding.level) == ("submit.body.mode.enum", Level.ERROR)
    assert one.evidence["means"] == ACCEPTED
    assert (one.evidence["file"], one.evidence["place"]) == ("a.har", "entry 3")
    assert "line" not in one.evidence
    assert one.evidence["exchange"]["call"]["body"]["mode"] == "max"
    assert one.evidence["curl"].startswith("curl --request POST")


IN_CODE = reply(body={"code": 400, "message": "Invalid parameters: parameter 'mode' is wrong"})


@pytest.mark.parametrize("answered", [reply(400), Reply(0, {}, b"", wire="drop"), IN_CODE])
def test_a_client_that_was_refused(answered):
    one = look({**GOOD, "mode": "max"}, answered, line=7)["submit.body.mode.enum"]
    assert one.finding.level == Level.INFO
    assert (one.evidence["means"], one.evidence["line"]) == (MISTAKE, 7)


def test_a_client_that_sends_what_is_documented_to_be_ignored():
    (one,) = look({**GOOD, "imag": 1}).values()
    assert (one.finding.level, one.evidence["means"]) == (Level.INFO, IGNORED)


def test_another_method_that_is_refused_and_one_that_is_not():
    refused = look(b"", reply(405), method="PUT")["route.wrong-method"]
    assert refused.finding.level == Level.INFO
    taken = look(b"", reply(), method="PUT")["route.wrong-method"]
    assert (taken.finding.level, taken.evidence["means"]) == (Level.ERROR, ACCEPTED)


def test_a_server_that_refuses_what_the_contract_allows():
    (one,) = look(GOOD, reply(400)).values()
    assert (one.finding.rule.id, one.finding.level) == ("traffic.refused", Level.WARNING)
    assert one.finding.seen.startswith("400: 'Invalid ")
    assert one.finding.seen.endswith(": parameter 'x' is wrong'")
    assert one.evidence["means"] == REFUSAL
    assert look(GOOD, reply(400, b"no"))["traffic.refused"].finding.seen == "400: no message"


@pytest.mark.parametrize(
    ("body", "answered", "taken"),
    [
        (GOOD, reply(401), {}),
        (GOOD, reply(429), {}),
        (GOOD, reply(400), {"sent": False}),
        (b"", reply(400), {"sent": False}),
        ({"image": "<5000 characters of Base64, sha256 0123456789abcdef>"}, reply(400), {}),
    ],
)
def test_a_refusal_that_has_another_reason_or_may_have(body, answered, taken):
    assert look(body, answered, **taken) == {}


@pytest.mark.parametrize(
    ("answered", "rule"),
    [
        (reply(418), "submit.reply.status"),
        (reply(headers={"content-type": "text/html"}), "submit.reply.content-type"),
        (reply(headers={**JSON, "x-ratelimit-limit": "x"}), "reply.header.X-RateLimit-Limit.type"),
        (reply(body=b"<html>"), "submit.reply.json"),
        (reply(body={"code": 0, "message": "success"}), "submit.reply.data.required"),
        (reply(body={"code": "0", "message": "success", "data": {}}), "submit.reply.code.type"),
    ],
)
def test_a_reply_that_differs_is_drift(answered, rule):
    one = look(GOOD, answered)[rule]
    assert one.finding.level == Level.ERROR
    assert "means" not in one.evidence


# --- what a recording does not tell is not blamed ---


@pytest.mark.parametrize(
    ("headers", "taken", "rules"),
    [
        (JSON, {}, []),
        (JSON, {"whole_key": True}, ["auth.missing-key"]),
        ({**JSON, "authorization": "DUMMY"}, {}, []),
        ({**JSON, "authorization": "<redacted>"}, {"whole_key": True}, []),
        ({**JSON, "authorization": "Basic dXNlcjpwYXNz"}, {}, ["auth.bad-scheme"]),
    ],
)
def test_a_key_that_was_taken_out_is_not_a_wrong_one(headers, taken, rules):
    assert list(look(headers=headers, **taken)) == rules


def test_the_command_has_a_key_unless_there_was_none():
    broken = {**GOOD, "mode": "max"}
    for headers, taken, keyed in (
        (JSON, {}, True),
        (KEY, {"whole_key": True}, True),
        (JSON, {"whole_key": True}, False),
    ):
        one = look(broken, headers=headers, **taken)["submit.body.mode.enum"]
        assert ("Authorization" in one.evidence["curl"]) is keyed


def test_a_body_that_was_not_recorded_is_not_a_broken_one():
    assert list(look(b"")) == ["submit.body.json"]
    assert look(b"", sent=False) == {}
    assert list(look(GOOD, reply(body=b""))) == ["submit.reply.json"]
    assert look(GOOD, reply(body=b""), got=False) == {}
    assert list(look(GOOD, reply(418, b""), got=False)) == ["submit.reply.status"]
    assert list(look(GOOD, reply(headers={"content-type": "text/html"}), got=False)) == [
        "submit.reply.content-type"
    ]
    assert look(GOOD, reply(headers={}), got=False) == {}
    wrong = {**JSON, "x-ratelimit-limit": "x"}
    assert list(look(GOOD, reply(headers=wrong, body=b""), got=False)) == [
        "reply.header.X-RateLimit-Limit.type"
    ]


def test_what_stands_for_something_else_is_not_a_wrong_value():
    assert look({"image": "<redacted>", "mode": "DUMMY", "negative_prompt": "***"}) == {}
    hidden = {
        "code": 0,
        "message": "success",
        "data": {"status": "pending", "task_id": "***", "model_id": "x"},
    }
    assert look(GOOD, reply(body=hidden)) == {}
    path = f"/api/v1/tasks/{TASK}"
    assert list(look(b"", poll(task_id=f"{TASK[:-1]}8"), path=path, method="GET")) == [
        "task.reply.data.task_id.echo"
    ]
    assert look(b"", poll(task_id="<redacted>"), path=path, method="GET") == {}
    assert look(b"", poll(), path="/api/v1/tasks/DUMMY", method="GET") == {}


def test_a_field_in_a_list_is_found_by_its_place():
    for item, rules in (("***", []), ("x", ["submit.body.dynamic_masks.[].type"])):
        assert list(look({**GOOD, "dynamic_masks": [item]})) == rules


def test_a_secret_is_in_no_finding():
    headers = {"authorization": "Token sk-live-0123456789", "cookie": "a=sk-cookie-1", **JSON}
    found = look({**GOOD, "mode": "sk-live-0123456789"}, headers=headers)
    found |= look({**GOOD, "sk-cookie-1": "x"}, headers=headers)
    assert {"auth.bad-scheme", "submit.body.mode.enum", "submit.body.unknown-field"} <= set(found)
    told = json.dumps([[one.finding.to_json(), dict(one.evidence)] for one in found.values()])
    assert "sk-live" not in told
    assert "sk-cookie" not in told


# --- the life of a task ---


def told(file: str, at: float, status: str, task_id: str = TASK, operation: str = "task", **taken) -> Told:
    path, method = (PATH, "POST") if operation == "submit" else (f"/api/v1/tasks/{task_id}", "GET")
    exchange = Exchange(Call(method, path, KEY), poll(status, task_id), at)
    return Told(file, Taken(exchange, f"entry {at:g}-{status}", **taken), operation)


def broken(*polls: Told) -> list[tuple[str, str]]:
    return [(one.finding.seen, one.evidence["place"]) for one in histories(CONTRACT, polls)]


def test_a_life_as_it_should_be():
    polls = [told("a", 1, "pending", operation="submit"), told("a", 2, "processing"), told("a", 3, "success")]
    assert broken(*polls) == []
    assert broken(*polls[::-1]) == []  # the time tells the order


def test_a_task_that_goes_back():
    assert broken(told("a", 1, "success"), told("b", 2, "processing")) == [
        ("success, then processing", "entry 2-processing, after entry 1-success of a")
    ]
    assert broken(told("a", 1, "success", operation="submit"), told("a", 2, "pending")) == [
        ("success, then pending", "entry 2-pending, after entry 1-success")
    ]


def test_without_a_time_each_file_is_its_own_order():
    assert broken(told("a", 0, "success"), told("b", 0, "pending")) == []
    assert broken(told("a", 0, "success"), told("a", 0, "pending"))


def test_tasks_are_kept_apart_and_what_is_not_known_is_none():
    other = TASK[:-1] + "8"
    assert broken(told("a", 1, "success"), told("a", 2, "pending", other)) == []
    assert broken(told("a", 1, "success", "DUMMY"), told("a", 2, "pending", "DUMMY")) == []
    assert broken(told("a", 1, "success", got=False), told("a", 2, "pending")) == []
    wrong = Told("a", Taken(Exchange(Call("PUT", PATH, KEY), poll("success"), 1)), "")
    odd = Told("a", Taken(Exchange(Call("GET", f"/api/v1/tasks/{TASK}", KEY), reply(body=[]), 1)), "task")
    none = Told("a", Taken(Exchange(Call("GET", f"/api/v1/tasks/{TASK}", KEY), reply(404), 1)), "task")
    bare = Told(
        "a", Taken(Exchange(Call("POST", PATH, KEY), reply(body={"data": {"status": 1}}), 1)), "submit"
    )
    assert broken(wrong, odd, none, bare, told("a", 2, "pending")) == []


def test_a_level_and_a_body():
    (one,) = look({**GOOD, "mode": "max"}).values()
    assert at_level(one.finding, Level.INFO).fingerprint == one.finding.fingerprint
    assert (parsed(b"x"), parsed(memoryview(b"1"))) == (None, 1)


@pytest.mark.parametrize(
    ("place", "line", "told"),
    [
        ("", 0, {}),
        ("entry 3, after entry 2", 0, {"place": "entry 3, after entry 2"}),
        ("line 3", 3, {"line": 3}),
        ("line 3, after line 2", 3, {"place": "after line 2", "line": 3}),
    ],
)
def test_a_line_is_told_once(place, line, told):
    assert located("a", place, line) == {"file": "a", **told}
