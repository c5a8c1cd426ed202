"""klingcontracts.exercised: which rules an exchange had to do with, and how."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import klingmock
from klingcontracts.check import check
from klingcontracts.contract import load
from klingcontracts.derive import Place
from klingcontracts.exchange import Call, Exchange, Reply
from klingcontracts.exercised import exercised, met
from klingcontracts.rule import Level
from klingcontracts.shape import shape_of
from klingcontracts.strategies import bodies, broken_bodies, raw_bodies, replies

CONTRACT = load()
SUBMIT = CONTRACT.operation("submit").path
KEY = {"authorization": "Bearer k"}
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
TOLD = {"code": 0, "message": "success", "data": {"status": "pending", "task_id": "t", "model_id": "m"}}
OK = Reply(200, {"content-type": "application/json"}, json.dumps(TOLD).encode())


def of(call, reply=OK, name="submit", contract=CONTRACT):
    exchange = Exchange(call, reply)
    return exercised(contract, exchange, name, check(contract, exchange))


@QUICK
@given(st.data())
@pytest.mark.parametrize("revision", ["2026-02", "2026-04", "2026-07"])
def test_a_rule_is_kept_or_broken_and_never_both(revision, data):
    contract = load(revision)
    sent = data.draw(
        st.one_of(bodies(revision), broken_bodies(contract=revision).map(lambda pair: pair[0])).map(
            lambda body: json.dumps(body).encode()
        )
        | raw_bodies(revision)
    )
    call = Call("POST", contract.operation("submit").path, KEY, sent)
    reply = data.draw(replies("submit", contract=revision))
    found = of(call, reply, "submit", contract)
    assert not found.kept & found.broken
    assert found.broken == {one.rule.id for one in check(contract, Exchange(call, reply))}
    assert found.kept | found.broken <= contract.rules.keys()


def test_what_a_good_submission_keeps():
    found = of(Call("POST", SUBMIT, KEY, b'{"image": "https://e.com/a.jpg", "cfg_scale": 0.5}'))
    assert found.broken == set()
    assert {"submit.body.json", "submit.body.image.required", "submit.body.cfg_scale.maximum"} <= found.kept
    assert {
        "auth.missing-key",
        "route.unknown-path",
        "balance.insufficient",
    } & CONTRACT.rules.keys() <= found.kept
    assert "submit.body.prompt.maxLength" not in found.kept  # there was no prompt


def test_an_exclusion_is_exercised_by_either_field():
    body = b'{"image": "https://e.com/a.jpg", "image_tail": "https://e.com/b.jpg"}'
    assert "submit.body.image_tail.excludes.static_mask" in of(Call("POST", SUBMIT, KEY, body)).kept


def test_polls_limits_and_videos():
    reply = OK._replace(
        headers={
            **OK.headers,
            "x-ratelimit-limit": "5",
            "x-ratelimit-remaining": "4",
            "x-ratelimit-reset": "60",
        }
    )
    poll = of(Call("GET", "/api/v1/tasks/t", KEY), reply, "task")
    assert {"task.unknown", "task.lifecycle.order", "limit.rate"} <= poll.kept
    assert "limit.concurrency" not in poll.kept
    assert "limit.concurrency" in of(Call("POST", SUBMIT, KEY, b"{}"), reply).kept
    video = Call("GET", "/aigc/video/t.mp4", {})
    assert exercised(CONTRACT, Exchange(video, Reply(206, {}, b"")), "video", []).kept == {"video.unknown"}
    assert exercised(CONTRACT, Exchange(video, Reply(404, {}, b"")), "video", []).kept == set()


@pytest.mark.parametrize("name", ["", "nothing"])
def test_a_call_that_leads_nowhere_keeps_nothing(name):
    found = exercised(
        CONTRACT,
        Exchange(Call("GET", "/x", {}), OK),
        name,
        check(CONTRACT, Exchange(Call("GET", "/x", {}), OK)),
    )
    assert found == (frozenset(), frozenset({"route.unknown-path"}))


def test_a_call_without_a_key_and_a_reply_that_is_no_json():
    found = of(Call("GET", "/api/v1/tasks/t", {}), Reply(401, {}, b"<html>"), "task")
    assert "auth.missing-key" in found.broken
    assert not {"auth.unknown-key", "auth.bad-scheme"} & found.kept
    odd = of(Call("GET", "/api/v1/tasks/t", KEY), Reply(418, {}, b""), "task")
    assert "task.reply.status" in odd.broken


SCHEMA = {
    "type": "object",
    "properties": {
        "n": {"type": "integer", "minimum": 1},
        "list": {
            "type": "array",
            "minItems": 1,
            "items": {"properties": {"x": {"type": "string", "maxLength": 3}}},
        },
        "kind": {"enum": ["a", "b"]},
        "never": False,
    },
    "required": ["kind"],
    "if": {"properties": {"kind": {"const": "a"}}},
    "then": {"required": ["n"], "x-provenance": "assumed"},
    "x-provenance": "assumed",
}


@pytest.mark.parametrize(
    ("value", "there", "missing"),
    [
        (
            {"kind": "b"},
            {"kind.enum", "kind.required", "never.unlisted"},
            {"n.minimum", "n.required", "list.minItems"},
        ),
        ({"kind": "a", "n": 2}, {"n.minimum", "n.required"}, {"list.minItems"}),
        ({"kind": "b", "n": True}, {"n.type"}, {"n.minimum"}),
        ({"kind": "b", "list": [{"x": "ab"}]}, {"list.minItems", "list.[].x.maxLength"}, set()),
        ({"kind": "b", "list": [{}]}, {"list.minItems"}, {"list.[].x.maxLength"}),
        ([], {"type"}, {"kind.required"}),
    ],
)
def test_a_rule_speaks_of_some_values(value, there, missing):
    shape = shape_of(SCHEMA, Place("p", "p", Level.ERROR, refuses=True))
    found = {rule.removeprefix("p.") for rule in met(shape, value)}
    assert there <= found
    assert not missing & found


def test_a_suite_that_uses_the_fake_exercises_rules():
    with klingmock.running() as fake:
        key = {"authorization": f"Bearer {fake.api_key}"}
        fake.answer(Call("POST", SUBMIT, key, b'{"image": "https://e.com/a.jpg", "mode": "x"}'))
        entry = fake.journal[0]
    found = exercised(CONTRACT, entry.exchange, entry.operation, entry.findings)
    assert found.broken == {"submit.body.mode.enum"}
    assert "submit.body.image.required" in found.kept


def test_an_operation_without_a_key_exercises_no_rule_of_keys():
    contract = load("2026-07")
    operation = next(one for one in contract.operations.values() if not one.key_required)
    found = of(Call(operation.method, operation.path, {}), Reply(200, {}, b"{}"), operation.id, contract)
    assert not [rule for rule in found.kept if rule.startswith("auth.")]


@QUICK
@given(st.data())
@pytest.mark.parametrize("revision", ["2026-02", "2026-04", "2026-07"])
def test_nothing_that_is_wrong_counts_as_kept(revision, data):
    contract = load(revision)
    operation = contract.operation("submit")
    value, _ = data.draw(broken_bodies(contract=revision))
    found = of(Call("POST", operation.path, KEY, json.dumps(value).encode()), OK, "submit", contract)
    wrong = {one.rule.id for shape in (operation.body, operation.noted) for one in shape.breaks(value)}
    assert wrong  # the noted ones too, which nobody looks at once a body is refused
    assert not found.kept & wrong


@pytest.mark.parametrize(
    ("body", "not_kept"),
    [
        (b'{"promt": 1}', "submit.body.unknown-field"),  # refused for its image before a note is made of it
        (
            b'{"image": "https://e.com/a.jpg", "mode": 5}',
            "submit.body.mode.enum",
        ),  # told as one break, a type
        (b"{", "submit.body.json"),
    ],
)
def test_what_is_wrong_and_not_told_is_neither_kept_nor_broken(body, not_kept):
    call = Call("POST", SUBMIT, KEY, body)
    found = exercised(CONTRACT, Exchange(call, OK), "submit", [])
    assert found.broken == set()
    assert not_kept not in found.kept
    assert "submit.body.size" in found.kept


def test_of_a_body_that_was_not_read_nothing_is_known():
    found = of(Call("POST", SUBMIT, KEY, b"{}", oversize=True))
    assert found.broken == {"submit.body.size"}
    assert not [rule for rule in found.kept if ".body." in rule]


@pytest.mark.parametrize(
    ("reply", "kept"),
    [
        (Reply(0, {}, wire="drop"), set()),  # a reply that never came
        (OK._replace(wire="drop"), set()),
        (Reply(418, {}, b"{}"), set()),
        (Reply(500, {"content-type": "text/html"}, b"<html>"), {"submit.reply.status"}),
        (OK._replace(body=b"{"), {"submit.reply.status", "submit.reply.content-type"}),
    ],
    ids=str,
)
def test_a_reply_keeps_what_it_is_right_in(reply, kept):
    call = Call("POST", SUBMIT, KEY, b'{"image": "https://e.com/a.jpg"}')
    found = exercised(CONTRACT, Exchange(call, reply), "submit", [])
    assert {rule for rule in found.kept if ".reply." in rule} == kept
    assert ("auth.unknown-key" in found.kept) == (reply.wire != "drop")


@pytest.mark.parametrize("data", [{"status": "gone", "task_id": "t"}, {"status": "pending"}, {}])
def test_a_poll_that_is_not_as_documented_tells_nothing_of_a_life(data):
    poll = Call("GET", "/api/v1/tasks/t", KEY)
    found = of(
        poll, OK._replace(body=json.dumps({"code": 0, "message": "success", "data": data}).encode()), "task"
    )
    assert not {"task.lifecycle.order", "task.reply.data.task_id.echo"} & found.kept
    other = OK._replace(body=OK.body.replace(b'"t"', b'"other"').replace(b', "model_id": "m"', b""))
    assert "task.reply.data.task_id.echo" in of(poll, other, "task").broken


def test_nulls_that_count_as_absent_are_not_there():
    body = b'{"image": "https://e.com/a.jpg", "prompt": null}'
    call = Call("POST", SUBMIT, KEY, body)
    assert "submit.body.prompt.type" in of(call).broken
    found = of(call, contract=load("2026-02", {"null-field": "absent"}))
    assert not [rule for rule in found.kept | found.broken if rule.startswith("submit.body.prompt.")]


@pytest.mark.parametrize("fault", ["html", "empty", "invalid", "drop", "lost"])
def test_a_damaged_reply_does_not_count_as_json(fault):
    with klingmock.running(script=f"submit: {fault}") as fake:
        key = {"authorization": f"Bearer {fake.api_key}"}
        fake.answer(Call("POST", SUBMIT, key, b'{"image": "https://e.com/a.jpg"}'))
        entry = fake.journal[0]
    found = exercised(CONTRACT, entry.exchange, entry.operation, entry.findings)
    assert "submit.reply.json" not in found.kept
    assert "submit.body.image.required" in found.kept
