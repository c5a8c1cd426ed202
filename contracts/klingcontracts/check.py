"""Contract x Exchange -> findings: what a call or its reply breaks, in the order in which a server looks."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, pairwise
from typing import Any, NamedTuple

from klingcontracts.contract import Contract, Operation
from klingcontracts.exchange import Call, Exchange, Reply
from klingcontracts.finding import Finding
from klingcontracts.rule import Rule
from klingcontracts.shape import MOST_BREAKS, Shape
from klingcontracts.strictjson import BadJson, parse
from klingcontracts.words import place_of, refusal, shown, value_at

LONGEST_NAME = 100  # characters of a field's name that a finding keeps
_NUMBER = re.compile(r"-?[0-9]{1,18}")


class Checked(NamedTuple):
    """A call's body: its value, the refusals in the server's order, and what is only worth noting."""

    value: Any
    refused: Sequence[Finding] = ()
    noted: Sequence[Finding] = ()


def check(contract: Contract, exchange: Exchange) -> list[Finding]:
    """Everything in which the call or the reply differs from the contract; empty when both keep to it.

    Of a reply that never arrived (wire "drop") nothing is said.
    """
    found = check_call(contract, exchange.call)
    operation, _ = route(contract, exchange.call)
    if operation is None or exchange.reply.wire == "drop":  # nothing arrived that could be held against it
        return found
    return found + check_reply(contract, operation, *exchange[:2])


def check_call(contract: Contract, call: Call) -> list[Finding]:
    """What the call itself breaks: path, method, how it carries its key, its body."""
    operation, finding = route(contract, call)
    if operation is None:
        return [finding] if finding else []
    found = [*authorization(contract, operation, call)]
    return found + _sent(contract, operation, call) if operation.body is not None else found


def of_the_call(rule: Rule) -> bool:
    """Whether a caller can keep the rule by how the call is made; not what only the server can know."""
    return (
        rule.id in {"auth.missing-key", "auth.bad-scheme"}
        or rule.id.startswith("route.")
        or ".body." in rule.id
    )


def _sent(contract: Contract, operation: Operation, call: Call) -> list[Finding]:
    if call.oversize:
        rule, size = f"{operation.id}.body.size", len(call.body)
        return [wire(contract, rule, f"more than {size} bytes", operation.id, limit=size)]
    checked = check_body(contract, operation, call.body)
    return [*checked.refused, *checked.noted]


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
    if not operation.key_required:
        return
    if header is None:
        yield wire(contract, "auth.missing-key", "no Authorization header", operation.id)
    elif bearer(header) is None:
        yield wire(contract, "auth.bad-scheme", "another scheme or form", operation.id)


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
    if shape.forgives and isinstance(value, dict):
        value = shape.present(value)
    if not shape.validator.is_valid(value):
        return Checked(value, _broken(shape, operation.id, value))
    noted = operation.noted
    if noted is None or noted.validator.is_valid(value):
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
            yield from _broken(shape, operation.id, int(text) if _NUMBER.fullmatch(text) else text)


def _echo(contract: Contract, operation: Operation, call: Call, reply: Reply, value: Any) -> list[Finding]:
    asked = (operation.match(call.path) or {}).get("task_id")
    rule = f"{operation.id}.reply.data.task_id.echo"
    if reply.status != 200 or rule not in contract.rules:
        return []
    told = value_at(value, ["data", "task_id"])
    if told == asked or not isinstance(told, str):
        return []
    return [wire(contract, rule, shown(told), operation.id)]


def check_history(contract: Contract, statuses: Iterable[str]) -> list[Finding]:
    """Whether the statuses that polls of one task saw, in order, are a way the lifecycle allows.

    A status may repeat, and one may be missed between two polls; only going back or on from an end is not.
    """
    lifecycle = contract.document["x-lifecycle"]["statuses"]
    return [
        wire(contract, "task.lifecycle.order", f"{before}, then {status}", "task")
        for before, status in pairwise(statuses)
        if status != before and status not in reachable(lifecycle, before)
    ]


def reachable(lifecycle: Mapping[str, Any], status: str) -> set[str]:
    """The statuses that a task of this status may have later, as the lifecycle's statuses allow."""
    found: set[str] = set()
    ahead = [status]
    while ahead:
        following = set(lifecycle.get(ahead.pop(), {}).get("next", ())) - found
        found |= following
        ahead += following
    return found


def _broken(shape: Shape, operation: str, value: Any) -> list[Finding]:
    breaks = sorted(shape.breaks(value), key=lambda one: one.rule.order)
    # A value of the wrong type is also none of the options: that is one break, not two.
    mistyped = {one.path for one in breaks if one.rule.keyword == "type"}
    kept = (one for one in breaks if one.path not in mistyped or not one.rule.is_option)
    return [_finding(operation, *one) for one in islice(kept, MOST_BREAKS)]


def _finding(operation: str, rule: Rule, path: Sequence[str | int], value: Any) -> Finding:
    # A field can be called anything, at any length; a finding is kept, so it keeps the beginning.
    parts = (str(part)[:LONGEST_NAME].replace("~", "~0").replace("/", "~1") for part in path)
    pointer = "".join(f"/{part}" for part in parts)
    said = refusal(rule, place_of(rule, path), value)
    return Finding(rule, operation, pointer, str(said["got"]), rule.says, said)
