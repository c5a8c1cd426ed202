"""Contract x Exchange -> findings: what a call or its reply breaks, in the order in which a server looks."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

from jsonschema_rs import Draft202012Validator, ValidationError

from klingcontracts.contract import Contract, Operation, Shape
from klingcontracts.exchange import Call, Exchange, Reply
from klingcontracts.finding import Finding
from klingcontracts.rule import Rule
from klingcontracts.strictjson import BadJson, parse
from klingcontracts.words import place_of, refusal, shown, value_at

# A body can break a rule once for each of millions of items: the first thousand breaks tell enough.
MOST_ERRORS = 1000


class Checked(NamedTuple):
    """A call's body: its value, the refusals in the server's order, and what is only worth noting."""

    value: Any
    refused: Sequence[Finding] = ()
    noted: Sequence[Finding] = ()


def check(contract: Contract, exchange: Exchange) -> list[Finding]:
    """Everything in which the call or the reply differs from the contract; empty when both keep to it."""
    call, reply = exchange.call, exchange.reply
    operation, finding = route(contract, call)
    if operation is None:
        return [finding] if finding else []
    found = [*authorization(contract, operation, call)]
    if operation.body is not None:
        checked = check_body(contract, operation, call.body)
        found += [*checked.refused, *checked.noted]
    return found + check_reply(contract, operation, call, reply)


def route(contract: Contract, call: Call) -> tuple[Operation | None, Finding | None]:
    """The operation that the call is for, or the finding that there is none."""
    methods = []
    for operation in contract.operations.values():
        if operation.match(call.path) is not None:
            if operation.method == call.method:
                return operation, None
            methods.append(operation.method)
    if methods:
        return None, wire(contract, "route.wrong-method", call.method, method=call.method[:20])
    return None, wire(contract, "route.unknown-path", shown(call.path), path=call.path[:200])


def authorization(contract: Contract, operation: Operation, call: Call) -> Iterator[Finding]:
    """What is wrong with how the call carries its key; whether the key is known, only the server can say."""
    header = call.headers.get("authorization")
    if header is None:
        if operation.key_required:
            yield wire(contract, "auth.missing-key", "no Authorization header")
    elif bearer(header) is None:
        yield wire(contract, "auth.bad-scheme", "another scheme or form")


def bearer(header: str) -> str | None:
    """The key in an Authorization header of exactly the form `Bearer KEY`, else None."""
    scheme, _, key = header.partition(" ")
    return (
        key if scheme == "Bearer" and key.isascii() and key.isprintable() and key and " " not in key else None
    )


def wire(contract: Contract, rule: str, seen: str, operation: str = "*", **refused: Any) -> Finding:
    """A finding about one of the rules that no schema can say; `refused` fills the error's text."""
    found = contract.rules[rule]
    return Finding(found, operation, "", seen, found.says, refused)


def check_body(contract: Contract, operation: Operation, raw: bytes) -> Checked:
    """Parse a request body and hold it against the operation's schema."""
    shape = operation.body
    if shape is None:
        return Checked(None)
    try:
        value = parse(raw)
    except BadJson as error:
        return Checked(None, [wire(contract, f"{operation.id}.body.json", str(error), operation.id)])
    if shape.schema.get("x-null") == "absent" and isinstance(value, dict):
        value = {key: inner for key, inner in value.items() if inner is not None}
    if not _validator(shape).is_valid(value):
        return Checked(value, _broken(shape, operation.id, value))
    noted = operation.noted
    if noted is None or _validator(noted).is_valid(value):
        return Checked(value)
    return Checked(value, (), _broken(noted, operation.id, value))


def check_reply(contract: Contract, operation: Operation, call: Call, reply: Reply) -> list[Finding]:
    """What the reply of a documented operation breaks: status, content type, JSON, shape, headers, echo."""
    name = operation.id
    if reply.status not in operation.replies:
        return [wire(contract, f"{name}.reply.status", str(reply.status), name)]
    found = list(_headers(operation, reply))
    kind = reply.headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() != "application/json":
        found.append(wire(contract, f"{name}.reply.content-type", shown(kind), name))
    try:
        value = parse(bytes(reply.body))
    except BadJson as error:
        return [*found, wire(contract, f"{name}.reply.json", str(error), name)]
    found += _broken(operation.replies[reply.status], name, value)
    return found + _echo(contract, operation, call, reply, value)


def _headers(operation: Operation, reply: Reply) -> Iterator[Finding]:
    for name, shape in operation.headers[reply.status].items():
        if name in reply.headers:
            text = reply.headers[name]
            number = text.isascii() and text.isdigit() and len(text) < 20
            yield from _broken(shape, operation.id, int(text) if number else text)


def _echo(contract: Contract, operation: Operation, call: Call, reply: Reply, value: Any) -> list[Finding]:
    asked = (operation.match(call.path) or {}).get("task_id")
    rule = f"{operation.id}.reply.data.task_id.echo"
    if reply.status != 200 or rule not in contract.rules:
        return []
    told = value_at(value, ["data", "task_id"])
    return [] if told in {asked, None} else [wire(contract, rule, shown(told), operation.id)]


def check_history(contract: Contract, statuses: Iterable[str]) -> list[Finding]:
    """Whether the statuses that polls of one task saw, in order, are a way the lifecycle allows.

    A status may repeat, and one may be missed between two polls; only going back or on from an end is not.
    """
    lifecycle = contract.document["x-lifecycle"]["statuses"]
    found, before = [], ""
    for status in statuses:
        if before and status not in {before, *_reachable(lifecycle, before)}:
            found.append(wire(contract, "task.lifecycle.order", f"{before}, then {status}", "task"))
        before = status
    return found


def _reachable(lifecycle: Mapping[str, Any], status: str) -> set[str]:
    following = set(lifecycle.get(status, {}).get("next", ()))
    return following.union(*(_reachable(lifecycle, name) for name in following))


@lru_cache(maxsize=256)
def _validator(shape: Shape) -> Draft202012Validator:
    # Without a mask, an error's message would hold the whole body: ten megabytes of image.
    return Draft202012Validator(dict(shape.schema), mask="…", offline=True)


def _broken(shape: Shape, operation: str, value: Any) -> list[Finding]:
    errors = islice(_validator(shape).iter_errors(value), MOST_ERRORS)
    found = [finding for error in errors for finding in _findings(shape, operation, value, error)]
    # A value of the wrong type is also none of the options: that is one break, not two.
    mistyped = {finding.pointer for finding in found if finding.rule.keyword == "type"}
    first = [f for f in found if f.rule.keyword == "type" or f.pointer not in mistyped]
    return sorted(first, key=lambda finding: finding.rule.order)


def _findings(shape: Shape, operation: str, value: Any, error: ValidationError) -> Iterator[Finding]:
    path, pointer = error.instance_path, tuple(map(str, error.schema_path))
    kind = error.kind.as_dict()
    if error.kind.name == "required":
        path, pointer = [*path, kind["property"]], (*pointer, kind["property"])
    rule = shape.rules[pointer]
    for name in kind["unexpected"] if error.kind.name == "additionalProperties" else [None]:
        place = path if name is None else [*path, name]
        yield _finding(rule, operation, place, value_at(value, place))


def _finding(rule: Rule, operation: str, path: Sequence[str | int], value: Any) -> Finding:
    pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)
    said = refusal(rule, place_of(rule, path), value)
    return Finding(rule, operation, pointer, str(said["got"]), rule.says, said)
