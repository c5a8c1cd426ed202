"""Which rules an exchange had to do with: those that it kept, and those that it broke."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from klingcontracts.check import check
from klingcontracts.contract import Contract, Operation
from klingcontracts.derive import Pointer
from klingcontracts.exchange import Call, Exchange, Reply
from klingcontracts.finding import Finding
from klingcontracts.shape import Shape, compiled
from klingcontracts.strictjson import BadJson, parse

_TEXT, _NUMBER, _LIST = (str,), (int, float), (list,)
# What the statements speak of that say nothing about values of another type.
SPEAKS_OF: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(("minLength", "maxLength", "pattern"), _TEXT),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _NUMBER),
    **dict.fromkeys(("minItems", "maxItems"), _LIST),
}


class Exercised(NamedTuple):
    """Ids of rules. A rule is kept when it had something to say about the exchange and was not broken."""

    kept: frozenset[str]
    broken: frozenset[str]


def exercised(
    contract: Contract, exchange: Exchange, operation: str, findings: Iterable[Finding]
) -> Exercised:
    """The rules that this exchange exercised.

    `operation` is the id of its operation ("video" for a video, "" for none), `findings` what it broke: a
    server tells of less than there is, and what is wrong beyond that is neither kept nor broken.
    """
    broken = frozenset(finding.rule.id for finding in findings)
    kept = frozenset(_met(exchange, contract.operations.get(operation), operation))
    wrong = broken.union(finding.rule.id for finding in check(contract, exchange))
    return Exercised((kept & contract.rules.keys()) - wrong, broken & contract.rules.keys())


def _met(exchange: Exchange, operation: Operation | None, name: str) -> Iterator[str]:
    arrived = exchange.reply.wire != "drop"
    if name == "video" and arrived and exchange.reply.status in {200, 206}:
        yield "video.unknown"
    if operation is None:
        return
    yield from ("route.unknown-path", "route.wrong-method")
    if operation.key_required and "authorization" in exchange.call.headers:
        yield from ("auth.missing-key", "auth.bad-scheme")
    yield from _sent(operation, exchange.call)
    if arrived:
        yield from _granted(operation, exchange.reply)
        yield from _answered(operation, exchange.reply)


def _sent(operation: Operation, call: Call) -> Iterator[str]:
    if operation.body is None or call.oversize:
        return
    yield f"{operation.id}.body.size"
    try:
        value = parse(call.body)
    except BadJson:
        return
    yield f"{operation.id}.body.json"
    if operation.body.forgives and isinstance(value, dict):
        value = operation.body.present(value)
    for shape in (operation.body, operation.noted):
        yield from _kept(shape, value) if shape else ()


def _granted(operation: Operation, reply: Reply) -> Iterator[str]:
    """What the server alone can refuse, and did not."""
    if operation.key_required and reply.status != 401:
        yield from ("auth.unknown-key", "auth.expired-key")
    if "x-ratelimit-limit" in reply.headers and reply.status != 429:
        yield from ("limit.rate", *(["limit.concurrency"] if operation.id == "submit" else []))
    if reply.status == 200:
        yield from {"task": ["task.unknown"], "submit": ["balance.insufficient"]}.get(operation.id, ())


def _answered(operation: Operation, reply: Reply) -> Iterator[str]:
    if reply.status not in operation.replies:
        return
    yield from (f"{operation.id}.reply.{what}" for what in ("status", "content-type", "json"))
    for name, header in operation.headers[reply.status].items():
        yield from (rule.id for rule in header.rules.values()) if name in reply.headers else ()
    try:
        value = parse(bytes(reply.body))
    except BadJson:
        return
    shape = operation.replies[reply.status]
    yield from _kept(shape, value)
    if operation.id == "task" and reply.status == 200 and shape.validator.is_valid(value):
        yield from ("task.lifecycle.order", "task.reply.data.task_id.echo")


def _kept(shape: Shape, value: Any) -> Iterator[str]:
    whole = shape.validator.is_valid(value)
    broken = set[str]() if whole else {one.rule.id for one in shape.breaks(value)}
    yield from (rule for rule in met(shape, value) if rule not in broken)


def met(shape: Shape, value: Any) -> Iterator[str]:
    """The ids of the shape's rules that have something to say about the value."""
    for pointer, rule in shape.rules.items():
        if _speaks(shape.schema, pointer, value):
            yield rule.id


def _speaks(schema: Any, pointer: Pointer, value: Any) -> bool:
    step = pointer[0] if pointer else ""
    if step == "items":
        return isinstance(value, list) and any(_speaks(schema["items"], pointer[1:], item) for item in value)
    if step in SPEAKS_OF:
        return isinstance(value, SPEAKS_OF[step]) and not isinstance(value, bool)
    if step in {"", "type", "enum", "const"}:
        return True
    return isinstance(value, dict) and _speaks_of_object(schema, pointer, value)


def _speaks_of_object(schema: Any, pointer: Pointer, value: Mapping[str, Any]) -> bool:
    step = pointer[0]
    if step == "properties":
        inner = schema["properties"][pointer[1]]
        # What must not be there is kept by each value that leaves it out.
        return inner is False or (pointer[1] in value and _speaks(inner, pointer[2:], value[pointer[1]]))
    if step == "dependentSchemas":
        return pointer[1] in value or pointer[3] in value
    return step != "if" or compiled(schema["if"]).is_valid(dict(value))
