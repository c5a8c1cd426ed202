"""Which rules an exchange had to do with: those that it kept, and those that it broke."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from klingcontracts.contract import Contract, Operation
from klingcontracts.derive import Pointer
from klingcontracts.exchange import Exchange
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

    `operation` is the id of its operation ("video" for a video, "" for none), `findings` what it broke.
    """
    broken = frozenset(finding.rule.id for finding in findings)
    kept = frozenset(_met(contract, exchange, operation)) if operation else frozenset[str]()
    return Exercised((kept & contract.rules.keys()) - broken, broken & contract.rules.keys())


def _met(contract: Contract, exchange: Exchange, name: str) -> Iterator[str]:
    call, reply = exchange.call, exchange.reply
    if name == "video":
        yield from ["video.unknown"] if reply.status in {200, 206} else []
        return
    operation = contract.operations.get(name)
    if operation is None:
        return
    yield from ("route.unknown-path", "route.wrong-method")
    if operation.key_required:
        yield from ("auth.missing-key", "auth.bad-scheme") if "authorization" in call.headers else ()
        yield from ("auth.unknown-key", "auth.expired-key") if reply.status != 401 else ()
    if "x-ratelimit-limit" in reply.headers and reply.status != 429:
        yield from ("limit.rate", *(["limit.concurrency"] if name == "submit" else []))
    if reply.status == 200:
        yield from _accepted(name)
    yield from _sent(operation, call.body)
    yield from _answered(operation, exchange)


def _accepted(name: str) -> Iterator[str]:
    if name == "task":
        yield from ("task.unknown", "task.lifecycle.order", "task.reply.data.task_id.echo")
    if name == "submit":
        yield "balance.insufficient"


def _sent(operation: Operation, body: bytes) -> Iterator[str]:
    if operation.body is None:
        return
    yield f"{operation.id}.body.size"
    try:
        value = parse(body)
    except BadJson:
        return
    yield f"{operation.id}.body.json"
    for shape in (operation.body, operation.noted):
        yield from met(shape, value) if shape else ()


def _answered(operation: Operation, exchange: Exchange) -> Iterator[str]:
    reply = exchange.reply
    yield from (f"{operation.id}.reply.{what}" for what in ("status", "content-type", "json"))
    for name, shape in operation.headers.get(reply.status, {}).items():
        yield from (rule.id for rule in shape.rules.values()) if name in reply.headers else ()
    if reply.status in operation.replies:
        try:
            yield from met(operation.replies[reply.status], parse(bytes(reply.body)))
        except BadJson:
            return


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
