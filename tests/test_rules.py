"""Every rule of every revision: an exchange that keeps it, and one that breaks it and nothing else."""

import copy
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pytest

from klingcontracts.check import check, check_history
from klingcontracts.contract import Contract, Operation, load
from klingcontracts.document import revisions
from klingcontracts.exchange import Call, Exchange, Reply
from klingcontracts.finding import Finding
from klingcontracts.rule import Level, Rule

Json = Any
KEY = {"authorization": "Bearer mock-a"}
JSON = {"content-type": "application/json"}
IMAGE = "https://example.com/mountain.jpg"

# What no single exchange shows: only the server knows the keys, the counts, the balance and the tasks.
SERVER_ONLY = {
    "auth.unknown-key",
    "auth.expired-key",
    "limit.rate",
    "limit.concurrency",
    "balance.insufficient",
    "task.unknown",
    "video.unknown",
}
# What the vendor answers, as far as FACTS has it (2.8, A19 to A23).
REFUSALS = {
    "no-key": (401, "Authentication failed"),
    "bad-scheme": (401, "Authentication failed"),
    "bad-key": (401, "Authentication failed"),
    "expired-key": (401, "Authentication failed"),
    "unknown-path": (404, "Resource not found"),
    "wrong-method": (405, "Method not allowed"),
    "rate": (429, "Rate limit exceeded"),
    "concurrency": (429, "Concurrent limit exceeded"),
    "balance": (402, "Insufficient balance"),
    "too-large": (413, "Payload too large"),
    "bad-json": (400, "Invalid format"),
    "not-object": (400, "Invalid format"),
    "required": (400, "Invalid parameters"),
    "type": (400, "Invalid parameters"),
    "enum": (400, "Invalid parameters"),
    "range": (400, "Value out of range"),
    "length": (400, "Value out of range"),
    "exclusion": (400, "Invalid parameters"),
    "unknown-task": (404, "Resource not found"),
    "unknown-video": (404, "Resource not found"),
}
# What is accepted and only noted.
NOTED = {f"submit.body.{field}.pattern" for field in ("image", "image_tail", "static_mask")}
NOTED |= {f"submit.body.{field}.limits.duration" for field in ("image_tail", "static_mask", "dynamic_masks")}
NOTED |= {"submit.body.camera_control.unlisted", "submit.body.unknown-field"}


class Row(NamedTuple):
    """A rule, an exchange (or the statuses of polls) that keeps it, and one that breaks it."""

    rule: str
    keeps: Exchange | list[str]
    breaks: Exchange | list[str]


def sample(schema: Mapping[str, Any]) -> Json:
    """A value that keeps to a schema, with every field that it lists."""
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if "enum" in schema:
        return "success" if "success" in schema["enum"] else schema["enum"][0]
    if "examples" in schema:
        return schema["examples"][0]
    kind = schema["type"] if isinstance(schema["type"], str) else schema["type"][0]
    if kind == "object":
        return {name: sample(inner) for name, inner in schema.get("properties", {}).items()}
    if kind == "array":
        return [sample(schema["items"])]
    return patterned(schema) if kind == "string" else True if kind == "boolean" else schema.get("minimum", 7)


def patterned(schema: Mapping[str, Any]) -> str:
    texts = ["task-1", "https://a/b", "2026-03-01T10:00:00Z", "0.1400", "Invalid parameters: x"]
    texts += ["Authentication failed: x", "Resource not found: x", "Rate limit exceeded: x"]
    return next(text for text in texts if re.search(schema.get("pattern", ""), text))


def wrong(rule: Rule, value: Json) -> Json:
    """A value that breaks this one statement: of another type, or just over a bound."""
    bound = rule.schema[rule.keyword]
    if rule.keyword == "type":
        return 1.5 if "string" in bound else "x"
    made = {
        "minimum": lambda: bound - 1,
        "maximum": lambda: bound + 1,
        "minLength": lambda: "漢" * (bound - 1),
        "maxLength": lambda: "漢" * (bound + 1),
        "minItems": lambda: [sample(rule.schema["items"])] * (bound - 1),
        "pattern": lambda: "data: \n",
    }
    return made.get(rule.keyword, lambda: 7 if isinstance(value, int) else "no such")()


def changed(value: Json, path: list[Json], new: Json = None) -> Json:
    """A copy of a value with another one at a path, or nothing there."""
    if not path:
        return new
    made = copy.deepcopy(value)
    inner = at(made, path[:-1])
    if new is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = new
    return made


def at(value: Json, path: list[Json]) -> Json:
    for key in path:
        value = value[key]
    return value


def path_of(pointer: tuple[str, ...]) -> list[Json]:
    """The path in a value of what a schema's pointer is about."""
    steps, path = iter(pointer), []
    for step in steps:
        if step in {"properties", "required"}:
            path.append(next(steps))
        elif step == "items":
            path.append(0)
    return path


def pair(rule: Rule, pointer: tuple[str, ...], whole: Json) -> tuple[Json, Json]:
    """A value that keeps a rule and one that breaks it; `whole` keeps to the schema."""
    path = path_of(pointer)
    if rule.other:
        kept = whole | {rule.field: FIELDS[rule.field]}
        if rule.keyword.startswith("limits."):
            return kept | {"duration": 5}, kept | {"duration": 10}
        return kept, kept | {rule.other: FIELDS[rule.other]}
    if rule.keyword == "required":
        return whole, changed(whole, path)
    if rule.keyword in {"unknown-field", "unlisted"}:
        return whole, changed(whole, path or ["promt"], {})
    kept = whole if not path or path[0] in whole else whole | {path[0]: FIELDS[path[0]]}
    return kept, changed(kept, path, wrong(rule, at(kept, path)))


# A value for each field of the body that breaks nothing and is worth no note.
FIELDS = {
    "image_tail": IMAGE,
    "prompt": "p",
    "negative_prompt": "n",
    "cfg_scale": 1,
    "mode": "pro",
    "static_mask": IMAGE,
    "dynamic_masks": [{}],
    "duration": 5,
    "camera_control": {},
}


def call_of(operation: Operation, **made: Any) -> Call:
    path = operation.path.replace("{task_id}", "task-1")
    body = json.dumps({"image": IMAGE}).encode() if operation.body else b""
    return Call(operation.method, path, KEY, body)._replace(**made)


def reply_of(operation: Operation, status: int = 200, **made: Any) -> Reply:
    raw = json.dumps(sample(operation.replies[status].schema)).encode()
    headers = JSON | dict.fromkeys(operation.headers[status], "9")
    return Reply(status, headers, raw)._replace(**made)


def body_rows(operation: Operation) -> Iterator[Row]:
    reply = reply_of(operation)
    for shape in filter(None, (operation.body, operation.noted)):
        for pointer, rule in shape.rules.items():
            raw = [json.dumps(side).encode() for side in pair(rule, pointer, {"image": IMAGE})]
            yield Row(rule.id, *(Exchange(call_of(operation, body=one), reply) for one in raw))


def reply_rows(operation: Operation) -> Iterator[Row]:
    for status, shape in operation.replies.items():
        reply = reply_of(operation, status)
        for pointer, rule in shape.rules.items():
            sides = pair(rule, pointer, sample(shape.schema))
            yield Row(rule.id, *(Exchange(asking(operation, one), answering(reply, one)) for one in sides))
        for name, header in operation.headers[status].items():
            for rule in header.rules.values():
                broken = reply._replace(headers={**reply.headers, name: str(wrong(rule, 1))})
                yield Row(rule.id, *(Exchange(call_of(operation), one) for one in (reply, broken)))


def answering(reply: Reply, body: Json) -> Reply:
    return reply._replace(body=json.dumps(body).encode())


def asking(operation: Operation, body: Json) -> Call:
    """A call for the task that the reply is about, so that only the id itself can be wrong."""
    data = body.get("data") if isinstance(body, dict) else None
    told = data.get("task_id") if isinstance(data, dict) else None
    return call_of(
        operation, path=operation.path.replace("{task_id}", told if isinstance(told, str) else "task-1")
    )


def wire_rows(contract: Contract) -> Iterator[Row]:
    """The rules that no schema says, by hand."""
    for name, operation in contract.operations.items():
        call, reply = call_of(operation), reply_of(operation)
        kept = Exchange(call, reply)
        if operation.body is not None:
            yield Row(f"{name}.body.json", kept, Exchange(call._replace(body=b"{'image': 1}"), reply))
            yield Row(f"{name}.body.size", kept, Exchange(call._replace(oversize=True), reply))
        yield Row(f"{name}.reply.status", kept, Exchange(call, reply._replace(status=418)))
        yield Row(
            f"{name}.reply.content-type",
            kept,
            Exchange(call, reply._replace(headers={"content-type": "text/html"})),
        )
        yield Row(f"{name}.reply.json", kept, Exchange(call, reply._replace(body=b"<html>")))
        if operation.key_required:
            yield Row("auth.missing-key", kept, Exchange(call._replace(headers={}), reply))
            yield Row(
                "auth.bad-scheme",
                kept,
                Exchange(call._replace(headers={"authorization": "Basic eA=="}), reply),
            )
        yield Row(
            "route.unknown-path", kept, Exchange(call._replace(path=call.path.replace("api", "Api")), reply)
        )
        yield Row("route.wrong-method", kept, Exchange(call._replace(method="PUT"), reply))
    task = contract.operation("task")
    kept = Exchange(call_of(task), reply_of(task))
    yield Row(
        "task.reply.data.task_id.echo",
        kept,
        Exchange(call_of(task, path="/api/v1/tasks/task-2"), reply_of(task)),
    )
    yield Row("task.lifecycle.order", ["pending", "processing", "success"], ["processing", "pending"])


def rows(contract: Contract) -> Iterator[Row]:
    yield from wire_rows(contract)
    for operation in contract.operations.values():
        yield from body_rows(operation)
        yield from reply_rows(operation)


def found(contract: Contract, side: Exchange | list[str]) -> list[Finding]:
    return check_history(contract, side) if isinstance(side, list) else check(contract, side)


ROWS = [(revision, row) for revision in revisions() for row in rows(load(revision))]


@pytest.mark.parametrize(("revision", "row"), ROWS, ids=lambda value: getattr(value, "rule", value))
def test_what_keeps_a_rule_is_no_finding_and_what_breaks_it_is_that_one(revision, row) -> None:
    contract = load(revision)
    rule = contract.rules[row.rule]
    # The page never lists camera_control: wherever it is sent, it is also worth a note.
    also = ["submit.body.camera_control.unlisted"] if row.rule == "submit.body.camera_control.type" else []
    assert [finding.rule.id for finding in found(contract, row.keeps)] == also
    findings = found(contract, row.breaks)
    assert [finding.rule.id for finding in findings] == [row.rule]
    assert findings[0].level is (Level.WARNING if row.rule in NOTED else Level.ERROR)
    assert findings[0].documented == findings[0].rule.says
    if rule.error:
        error = contract.errors[rule.error]
        assert (error.status, error.category) == REFUSALS[rule.error]
        message = error.message(findings[0].refusal)
        assert message.startswith(f"{error.category}: ")
        assert "{" not in message


@pytest.mark.parametrize("revision", revisions())
def test_every_rule_has_a_row_or_is_the_servers_to_judge(revision) -> None:
    contract = load(revision)
    rowed = {row.rule for name, row in ROWS if name == revision}
    assert not rowed & SERVER_ONLY
    enforced = SERVER_ONLY - ({"balance.insufficient"} if revision == "2026-02" else set())
    assert rowed | enforced == set(contract.rules)
    refused = {rule.error: contract.errors[rule.error] for rule in contract.rules.values() if rule.error}
    told = {name: (error.status, error.category) for name, error in refused.items()}
    assert told == {name: REFUSALS[name] for name in refused}
