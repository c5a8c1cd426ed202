import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from klingcontracts.check import bearer, check, check_body, check_history, check_reply, route
from klingcontracts.contract import Contract, load
from klingcontracts.exchange import Call, Exchange, Reply
from klingcontracts.rule import Level

CONTRACT = load()
SUBMIT, TASK = CONTRACT.operation("submit"), CONTRACT.operation("task")
KEY = {"authorization": "Bearer mock-a"}
JSON = {"content-type": "application/json"}
ACCEPTED = {
    "code": 0,
    "message": "success",
    "data": {"status": "pending", "task_id": "task-1", "model_id": "m"},
}
PENDING = {"code": 0, "message": "success", "data": {"status": "pending", "task_id": "task-1"}}

FIELDS = st.sampled_from([*SUBMIT.body.schema["properties"], "promt"])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3)
)
LIKELY = st.sampled_from(
    ["x", "", "std", "pro", "fast", "data:x", 5, 10, 5.0, 0, 1, 0.5, [], {}, [{}], [1], None]
)
ANY = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner), max_leaves=8
)
BODIES = (
    ANY
    | st.dictionaries(FIELDS, LIKELY | ANY)
    | st.dictionaries(FIELDS, LIKELY).map(lambda x: x | {"image": "x"})
)
CHOICES = st.fixed_dictionaries(
    {},
    optional={name: st.sampled_from(sorted(one.readings)) for name, one in CONTRACT.questions.items()},
)


def refused(body: object, contract: Contract = CONTRACT) -> list[str]:
    raw = json.dumps(body).encode()
    return [
        finding.rule.id.removeprefix("submit.body.") for finding in check_body(contract, SUBMIT, raw).refused
    ]


def call(**made: object) -> Call:
    return Call("GET", "/api/v1/tasks/task-1", KEY)._replace(**made)


def found(made: Call, status: int = 200, body: object = PENDING, headers: dict[str, str] = JSON) -> list[str]:
    reply = Reply(status, headers, body if isinstance(body, bytes) else json.dumps(body).encode())
    return [finding.rule.id for finding in check(CONTRACT, Exchange(made, reply))]


@given(BODIES, CHOICES)
@example({"image": "x", "dynamic_masks": [{}, 5]}, {})
@example({"image": "x", "image_tail": "x", "dynamic_masks": []}, {"masks-empty": "absent"})
@example({"image": None}, {"null-field": "absent"})
def test_a_body_is_refused_if_and_only_if_the_schema_refuses_it(body, readings) -> None:
    contract = load("2026-02", readings)
    operation = contract.operation("submit")
    value, broken, noted = check_body(contract, operation, json.dumps(body).encode())
    assert bool(broken) is not Draft202012Validator(dict(operation.body.schema)).is_valid(value)
    assert not (broken and noted)
    assert [finding.rule.order for finding in broken] == sorted(finding.rule.order for finding in broken)
    for finding in broken:
        error = contract.errors[finding.rule.error]
        assert (finding.level, error.status) == (Level.ERROR, 400)
        assert error.message(finding.refusal).startswith(error.category + ": ")
    assert all((finding.level, finding.rule.error) == (Level.WARNING, "") for finding in noted)


@given(st.binary(max_size=60))
def test_whatever_the_bytes_it_answers(raw) -> None:
    checked = check_body(CONTRACT, SUBMIT, raw)
    assert all(finding.rule.id in CONTRACT.rules for finding in [*checked.refused, *checked.noted])


def test_many_breaks_come_in_the_order_in_which_a_server_looks() -> None:
    body = {
        "camera_control": 1,
        "duration": 7,
        "dynamic_masks": ["m"],
        "static_mask": 5,
        "mode": "fast",
        "cfg_scale": 2,
        "negative_prompt": "",
        "prompt": 5,
        "image_tail": "tail",
    }
    assert refused(body) == [
        "image.required",
        "prompt.type",
        "static_mask.type",
        "dynamic_masks.[].type",
        "camera_control.type",
        "negative_prompt.minLength",
        "cfg_scale.maximum",
        "mode.enum",
        "duration.enum",
        "image_tail.excludes.static_mask",
        "image_tail.excludes.dynamic_masks",
        "image_tail.excludes.camera_control",
        "static_mask.excludes.camera_control",
        "dynamic_masks.excludes.camera_control",
    ]


def test_the_order_does_not_depend_on_the_order_of_the_body() -> None:
    body = {"mode": "fast", "prompt": "", "cfg_scale": -1, "duration": "5"}
    backwards = dict(reversed(body.items()))
    assert refused(body) == refused(backwards)
    assert refused(body) == [
        "image.required",
        "duration.type",
        "prompt.minLength",
        "cfg_scale.minimum",
        "mode.enum",
    ]


def test_a_missing_field_comes_first_however_much_else_is_broken() -> None:
    assert refused({"dynamic_masks": [1] * 50_000})[:2] == ["image.required", "dynamic_masks.[].type"]


def test_unknown_fields_are_noted_each_by_its_name() -> None:
    checked = check_body(CONTRACT, SUBMIT, b'{"image":"x","promt":"y","a/b~c":1}')
    assert checked.refused == ()
    assert [(one.rule.id, one.pointer, one.seen) for one in checked.noted] == [
        ("submit.body.unknown-field", "/promt", "'y'"),
        ("submit.body.unknown-field", "/a~1b~0c", "1"),
    ]


def test_the_value_is_what_was_sent_without_what_counts_as_absent() -> None:
    assert check_body(CONTRACT, SUBMIT, b'{"image":"x"}').value == {"image": "x"}
    contract = load("2026-02", {"null-field": "absent"})
    raw = b'{"image":"x","prompt":null}'
    assert check_body(contract, contract.operation("submit"), raw).value == {"image": "x"}


def test_an_operation_without_a_body_takes_any() -> None:
    assert check_body(CONTRACT, TASK, b"\xff") == (None, (), ())
    assert found(call(body=b"\xff")) == []


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("Bearer mock-a", "mock-a"),
        ("bearer mock-a", None),
        ("Bearer  mock-a", None),
        ("Bearer mock-a ", None),
        ("Bearer ", None),
        ("Bearer", None),
        ("Basic bW9jaw==", None),
        ("mock-a", None),
        ("Bearer mock-\u00e9", None),
        ("Bearer mock\ta", None),
        ("", None),
    ],
)
def test_a_key_is_carried_in_exactly_one_form(header, key) -> None:
    assert bearer(header) == key
    assert found(call(headers={"authorization": header})) == ([] if key else ["auth.bad-scheme"])


def test_where_no_key_is_required_any_will_do() -> None:
    contract = load("2026-07")
    reply = Reply(200, JSON, b'{"code":0,"message":"success","data":{"is_valid":false}}')
    for headers in ({}, {"authorization": "Basic x"}, KEY):
        assert check(contract, Exchange(Call("GET", "/api/v1/apikey/validate", headers), reply)) == []


def test_a_call_that_leads_nowhere_is_one_finding() -> None:
    assert found(call(path="/nope")) == ["route.unknown-path"]
    assert found(call(method="DELETE")) == ["route.wrong-method"]
    operation, finding = route(CONTRACT, call(path="/x" * 200))
    assert (operation, len(finding.refusal["path"])) == (None, 200)
    assert route(CONTRACT, call()) == (TASK, None)


def test_a_call_and_its_reply_are_both_looked_at() -> None:
    made = Call("POST", SUBMIT.path, {}, b'{"image":"x","promt":1}')
    assert found(made, body={**ACCEPTED, "code": 1}) == [
        "auth.missing-key",
        "submit.body.unknown-field",
        "submit.reply.code.const",
    ]


def test_a_body_that_was_not_read_to_its_end_is_too_large_and_no_more() -> None:
    made = Call("POST", SUBMIT.path, KEY, b'{"image":"x', oversize=True)
    [finding] = check(
        CONTRACT, Exchange(made, Reply(413, JSON, b'{"code":413,"message":"Payload too large: x"}'))
    )
    assert (finding.rule.id, finding.seen) == ("submit.body.size", "more than 11 bytes")
    assert (
        CONTRACT.errors["too-large"].message(finding.refusal)
        == "Payload too large: the body exceeds 11 bytes"
    )


def test_a_reply_that_is_no_documented_one_at_all() -> None:
    assert found(call(), status=418, body=b"") == ["task.reply.status"]
    assert found(call(), body=b"<html>", headers={"content-type": "text/html"}) == [
        "task.reply.content-type",
        "task.reply.json",
    ]
    assert found(call(), headers={}) == ["task.reply.content-type"]


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "Application/JSON ;x=y"]
)
def test_a_reply_of_json(kind) -> None:
    assert found(call(), headers={"content-type": kind}) == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("100", []),
        ("0", ["reply.header.X-RateLimit-Limit.minimum"]),
        ("-1", ["reply.header.X-RateLimit-Limit.minimum"]),
        ("soon", ["reply.header.X-RateLimit-Limit.type"]),
        ("1.5", ["reply.header.X-RateLimit-Limit.type"]),
        ("\u0661", ["reply.header.X-RateLimit-Limit.type"]),
        ("9" * 5000, ["reply.header.X-RateLimit-Limit.type"]),
    ],
)
def test_the_headers_of_a_reply(value, expected) -> None:
    assert found(call(), headers=JSON | {"x-ratelimit-limit": value, "x-other": "y"}) == expected


@pytest.mark.parametrize(
    ("asked", "told", "expected"),
    [
        ("task-1", "task-1", []),
        ("folder/task", "folder/task", []),
        ("task-1", "task-2", ["task.reply.data.task_id.echo"]),
        ("task-1", 5, ["task.reply.data.task_id.type"]),
        ("task-1", ["task-1"], ["task.reply.data.task_id.type"]),
        ("task-1", {}, ["task.reply.data.task_id.type"]),
    ],
)
def test_a_reply_is_about_the_task_that_was_asked_for(asked, told, expected) -> None:
    body = {"code": 0, "message": "success", "data": {"status": "pending", "task_id": told}}
    assert found(call(path=f"/api/v1/tasks/{asked}"), body=body) == expected


def test_a_reply_to_another_call_is_about_no_task_of_ours() -> None:
    reply = Reply(200, JSON, json.dumps(PENDING).encode())
    [finding] = check_reply(CONTRACT, TASK, call(path="/elsewhere"), reply)
    assert finding.rule.id == "task.reply.data.task_id.echo"


@given(ANY, st.sampled_from([200, 201, 400, 404, 500]), st.sampled_from(["submit", "task"]))
def test_any_reply_can_be_looked_at(body, status, operation) -> None:
    reply = Reply(status, JSON, json.dumps(body).encode())
    findings = check_reply(CONTRACT, CONTRACT.operation(operation), call(), reply)
    assert findings, "no JSON that hypothesis makes up is a documented reply"
    assert all(finding.rule.id in CONTRACT.rules and finding.level is Level.ERROR for finding in findings)


@pytest.mark.parametrize(
    ("statuses", "seen"),
    [
        ([], []),
        (["pending"], []),
        (["pending", "pending", "processing", "processing", "success", "success"], []),
        (["pending", "success"], []),
        (["processing", "failed"], []),
        (["processing", "pending"], ["processing, then pending"]),
        (["success", "failed"], ["success, then failed"]),
        (["pending", "canceled", "success"], ["pending, then canceled", "canceled, then success"]),
    ],
)
def test_a_history_never_goes_back_and_never_leaves_its_end(statuses, seen) -> None:
    assert [one.seen for one in check_history(CONTRACT, iter(statuses))] == seen


def test_a_lifecycle_that_goes_in_circles_is_no_trap() -> None:
    statuses = {"a": {"next": ["b"]}, "b": {"next": ["a", "c"]}}
    circle = Contract("r", {"x-lifecycle": {"statuses": statuses}}, {}, CONTRACT.rules, {}, {})
    assert check_history(circle, ["a", "c"]) == []
    assert [one.seen for one in check_history(circle, ["c", "a"])] == ["c, then a"]
