"""How an operation is called and answered, otherwise than in another contract."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from klingcontracts.compare_shapes import shapes
from klingcontracts.compare_told import NOT_STATED, stated, told
from klingcontracts.contract import Contract, Operation
from klingcontracts.derive import Place
from klingcontracts.document import inlined
from klingcontracts.finding import Finding
from klingcontracts.page_draft import key_in
from klingcontracts.page_parts import Auth
from klingcontracts.rule import Level, Rule, provenance
from klingcontracts.shape import shape_of

ERROR, WARNING, INFO = Level.ERROR, Level.WARNING, Level.INFO
_NO_KEY = Auth("", "", required=False)


class Side(NamedTuple):
    """An operation in its contract; `raw` is its node of the document, its references filled in."""

    contract: Contract
    operation: Operation
    raw: Mapping[str, Any]


def calls(old: Contract, new: Contract) -> Iterator[Finding]:
    """What `new` says otherwise than `old` of its operations: how they are called, what they answer."""
    yield from _servers(old, new)
    for name, operation in old.operations.items():
        if name in new.operations:
            yield from _operation(_side(old, operation), _side(new, new.operations[name]))
        else:
            yield _listed(
                operation, ERROR, f"{operation.method} {operation.path} is an operation", NOT_STATED
            )
    for name, operation in new.operations.items():
        if name not in old.operations:
            said = f"{operation.method} {operation.path}"
            yield _listed(operation, INFO, f"{said} is not an operation", f"{said} is an operation")


def _side(contract: Contract, operation: Operation) -> Side:
    raw = contract.document["paths"][operation.path][operation.method.lower()]
    return Side(contract, operation, inlined(raw, contract.document))


def _listed(operation: Operation, level: Level, documented: str, seen: str) -> Finding:
    rule, origin = f"{operation.id}.listed", operation.provenance
    return stated(rule, f"{operation.id} is an operation", level, documented, seen, "", operation.id, origin)


def _servers(old: Contract, new: Contract) -> Iterator[Finding]:
    before, after = (_server(contract) for contract in (old, new))
    if before != after:
        says = "where calls are sent"
        yield stated("route.server", says, ERROR, before or NOT_STATED, after or NOT_STATED, "", "*")


def _server(contract: Contract) -> str:
    return str((contract.document.get("servers") or [{}])[0].get("url", "")).rstrip("/")


def _operation(old: Side, new: Side) -> Iterator[Finding]:
    before, after, rules = old.operation, new.operation, new.contract.rules
    if _plain(before.path) != _plain(after.path):
        was, now = (f"{one.method} {one.path}" for one in (before, after))
        yield _of(rules["route.unknown-path"], after, ERROR, was, now)
    if before.method != after.method:
        yield _of(rules["route.wrong-method"], after, ERROR, before.method, after.method)
    yield from _key(old, new)
    yield from _parameters(old, new)
    yield from _body(old, new)
    yield from _statuses(old, new)
    yield from _headers(old, new)


def _of(rule: Rule, operation: Operation, level: Level, documented: str, seen: str) -> Finding:
    # The rule is of every operation: what is told is of this one, and where this one comes from.
    mine = replace(rule, provenance=operation.provenance)
    return told(mine, level, documented, seen, "", operation.id)


def _plain(path: str) -> str:
    # What a parameter of the path is called is seen by nobody.
    return re.sub(r"\{\w+\}", "{}", path)


def _key(old: Side, new: Side) -> Iterator[Finding]:
    keys = [key_in(side.contract.document, side.raw) or _NO_KEY for side in (old, new)]
    rules = new.contract.rules
    if keys[0][:2] != keys[1][:2]:
        was, now = (f"{one.header}: {one.scheme or 'KEY'}" if one.header else "no key" for one in keys)
        yield told(rules["auth.bad-scheme"], ERROR, was, now, "", new.operation.id)
    if keys[0].required != keys[1].required:
        level = ERROR if keys[1].required else WARNING
        was, now = (f"the key is {'required' if one.required else 'optional'}" for one in keys)
        yield told(rules["auth.missing-key"], level, was, now, "", new.operation.id)


def _parameters(old: Side, new: Side) -> Iterator[Finding]:
    before, after = _sent(old), _sent(new)
    for key in dict.fromkeys([*before, *after]):
        one, other = before.get(key), after.get(key)
        at = f"{old.operation.id}.parameter.{key[1]}"
        what, needs = f"the {' '.join(key)}", [bool(node and node.get("required")) for node in (one, other)]
        origin = provenance(other or one)
        if one is None or other is None:
            was, now = (f"{what} is a parameter" if node else NOT_STATED for node in (one, other))
            level = ERROR if other is None or needs[1] else INFO
            yield stated(f"{at}.listed", f"{what} is sent", level, was, now, "", old.operation.id, origin)
            continue
        if needs[0] != needs[1]:
            level = ERROR if needs[1] else WARNING
            was, now = (f"{what} is {'required' if need else 'optional'}" for need in needs)
            yield stated(f"{at}.required", f"{what} is sent", level, was, now, "", old.operation.id, origin)
        place = Place(old.operation.id, at, ERROR, refuses=True, field=key[1])
        was_shape, now_shape = (shape_of(node.get("schema", {}), place) for node in (one, other))
        yield from shapes(was_shape, now_shape, in_reply=False)


def _sent(side: Side) -> dict[tuple[str, str], Mapping[str, Any]]:
    """The parameters by where they are sent and by name; those of the path by their place in it."""
    order = re.findall(r"\{(\w+)\}", side.operation.path)
    found = {}
    for one in side.raw.get("parameters", ()):
        place, name = str(one.get("in")), str(one.get("name"))
        found[place, str(order.index(name) + 1) if place == "path" and name in order else name] = one
    return found


def _body(old: Side, new: Side) -> Iterator[Finding]:
    before, after, name = old.operation.body, new.operation.body, old.operation.id
    if before is not None and after is not None:
        yield from shapes(before, after, in_reply=False)
    bodies = [side.raw.get("requestBody", {}) for side in (old, new)]
    kinds = [set(body.get("content", ())) for body in bodies]
    if kinds[0] != kinds[1]:
        level = ERROR if kinds[0] - kinds[1] or (bodies[1].get("required") and not kinds[0]) else INFO
        yield _content(f"{name}.body.content-type", level, kinds, name, "")
    needs = [bool(body.get("required")) for body in bodies]
    if needs[0] != needs[1] and all(kinds):
        level = ERROR if needs[1] else WARNING
        was, now = (f"a body is {'required' if need else 'optional'}" for need in needs)
        yield stated(f"{name}.body.required", "a body is sent", level, was, now, "", name)


def _content(rule: str, level: Level, kinds: Sequence[set[str]], name: str, at: str) -> Finding:
    was, now = (" or ".join(sorted(one)) or "no body" for one in kinds)
    return stated(rule, "the content type", level, was, now, at, name)


def _statuses(old: Side, new: Side) -> Iterator[Finding]:
    before, after = old.operation.replies, new.operation.replies
    first, other = (
        next((status for status in sorted(known) if status < 400), None) for known in (before, after)
    )
    moved = first is not None and first not in after
    if moved:
        was, now = (f"accepted with {status or 'nothing'}" for status in (first, other))
        yield _status(new, other, ERROR, was, now, "")
    for status in dict.fromkeys([*before, *after]):
        if status in before and status in after:
            yield from _reply(old, new, status, status)
        elif not moved or status not in {first, other}:
            one, none = f"{status} is a documented status", f"{status} is no documented status"
            if status in before:
                yield _status(old, status, INFO, one, none, f"/{status}")
            else:
                yield _status(new, status, WARNING, none, one, f"/{status}")
    if moved and first is not None and other is not None and other not in before:
        yield from _reply(old, new, first, other)


def _status(side: Side, status: int | None, level: Level, documented: str, seen: str, at: str) -> Finding:
    rule = side.contract.rules[f"{side.operation.id}.reply.status"]
    origin = provenance(side.raw["responses"].get(str(status)))
    return told(replace(rule, provenance=origin), level, documented, seen, at)


def _reply(old: Side, new: Side, status: int, other: int) -> Iterator[Finding]:
    name, at = old.operation.id, "" if status < 400 else f"/{status}"
    replies = [side.raw["responses"].get(str(key), {}) for side, key in ((old, status), (new, other))]
    kinds = [set(reply.get("content", ())) for reply in replies]
    if kinds[0] != kinds[1]:
        level = ERROR if kinds[0] - kinds[1] else WARNING
        yield _content(f"{name}.reply.content-type", level, kinds, name, at)
    if "application/json" in kinds[0] & kinds[1]:
        for one in shapes(old.operation.replies[status], new.operation.replies[other], in_reply=True):
            yield one._replace(operation=name, pointer=f"{at}{one.pointer}")


def _headers(old: Side, new: Side) -> Iterator[Finding]:
    before, after = old.operation.headers, new.operation.headers
    both = [status for status in before if status in after]
    shown = [shape for one in (before, after) for status in both for shape in one[status].values()]
    for header in dict.fromkeys(shape.place.field for shape in shown):
        key = header.lower()
        where = [[status for status in both if key in one[status]] for one in (before, after)]
        if where[0] != where[1]:
            yield _header(header, where, old.operation.id)
        for status in where[0]:
            if status in where[1]:
                yield from shapes(before[status][key], after[status][key], in_reply=True)


def _header(header: str, where: Sequence[list[int]], operation: str) -> Finding:
    level = WARNING if set(where[0]) - set(where[1]) else INFO
    was, now = (f"sent with {', '.join(map(str, one))}" if one else "not sent" for one in where)
    return stated(f"reply.header.{header}.listed", "a header of replies", level, was, now, "", operation)
