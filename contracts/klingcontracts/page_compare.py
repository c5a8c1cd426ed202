"""What one contract says of a submission otherwise than another: one finding for each change."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from klingcontracts.contract import Contract, Operation
from klingcontracts.derive import KEYWORDS
from klingcontracts.finding import Finding
from klingcontracts.page_levels import level_of, value_of, way
from klingcontracts.rule import Level, Rule, provenance
from klingcontracts.shape import Shape
from klingcontracts.words import shown

SUBMIT = "submit"
_OF_TYPE = frozenset(KEYWORDS) - {"type"}
NOT_STATED = "not stated"


class Side(NamedTuple):
    """One of two shapes that are compared: its rules by id, its fields by dotted name."""

    rules: Mapping[str, Rule]
    fields: Mapping[str, Mapping[str, Any]]


def told(rule: Rule, level: Level, documented: str, seen: str, pointer: str = "") -> Finding:
    """A finding about a rule, at this level."""
    return Finding(replace(rule, level=level), SUBMIT, pointer, seen, documented, {})


def stated(rule_id: str, says: str, level: Level, documented: str, seen: str, pointer: str = "") -> Finding:
    """A finding about what no rule says, such as a default: its id is where that would stand."""
    field = pointer.strip("/").replace("/", ".")
    rule = Rule(rule_id, SUBMIT, says, level, provenance({}), field=field)
    return told(rule, level, documented, seen, pointer)


def compared(old: Contract, new: Contract) -> Iterator[Finding]:
    """What the submission of `new` says otherwise than that of `old`: request, then reply."""
    before, after = old.operation(SUBMIT), new.operation(SUBMIT)
    if before.body is not None and after.body is not None:
        yield from _shapes(before.body, after.body, in_reply=False)
    (status, reply), (other, answer) = accepted(before), accepted(after)
    if status != other:
        yield told(
            new.rules["submit.reply.status"], Level.ERROR, f"accepted with {status}", f"accepted with {other}"
        )
    yield from _shapes(reply, answer, in_reply=True)


def accepted(operation: Operation) -> tuple[int, Shape]:
    """The status and the shape of the reply to a submission that is accepted."""
    status = min(key for key in operation.replies if 200 <= key < 300)
    return status, operation.replies[status]


def _shapes(old: Shape, new: Shape, in_reply: bool) -> Iterator[Finding]:
    before, after = _side(old), _side(new)
    # In the order of the page, in which what holds a field comes before it.
    lost = [name for name in before.fields if name not in after.fields]
    added = [name for name in after.fields if name not in before.fields]
    gone, retyped = [*lost, *added], set(_retyped(before, after))
    yield from _lost(_outermost(lost), old.place.id)
    yield from _added(after, _outermost(added), old.place.id, in_reply)
    for rule_id in dict.fromkeys([*before.rules, *after.rules]):
        one, other = before.rules.get(rule_id), after.rules.get(rule_id)
        both = [rule for rule in (one, other) if rule is not None]
        covered = any(_about(rule, gone) or _of_type(rule, retyped) for rule in both)
        if not covered:
            yield from _changed(one, other, before, in_reply)
    for name in before.fields:
        if name in after.fields and name not in retyped:
            yield from _annotated(name, before.fields[name], after.fields[name], old.place.id)


def _side(shape: Shape) -> Side:
    named = named_only(shape.schema)
    rules = {rule.id: rule for rule in shape.rules.values() if rule.field not in named or "." in rule.keyword}
    return Side(rules, {name: node for name, node in _fields(shape.schema, "") if name not in named})


def named_only(schema: Mapping[str, Any]) -> set[str]:
    """The fields of a body that the page names and does not list: they are noted, or refused."""
    noted = schema.get("x-noted", {}).get("properties", {})
    listed = schema.get("properties", {})
    return {name for name, inner in listed.items() if inner is False or noted.get(name) is False}


def _retyped(before: Side, after: Side) -> Iterator[str]:
    for rule_id, rule in before.rules.items():
        other = after.rules.get(rule_id)
        if rule.keyword == "type" and other is not None and value_of(other) != value_of(rule):
            yield rule.field


def _of_type(rule: Rule, fields: Iterable[str]) -> bool:
    # What else is said of a value of another type is another matter.
    return any(
        rule.field.startswith((f"{name}.", f"{name}[")) or (rule.field == name and rule.keyword in _OF_TYPE)
        for name in fields
    )


def _fields(schema: Any, at: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if not isinstance(schema, Mapping):
        return
    for name, inner in schema.get("properties", {}).items():
        field = f"{at}.{name}" if at else name
        yield field, inner if isinstance(inner, Mapping) else {}
        yield from _fields(inner, field)
    if "items" in schema:
        yield from _fields(schema["items"], f"{at}[]")


def _outermost(names: Iterable[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        if not any(_within(name, other) for other in found):
            found.append(name)
    return found


def _within(name: str, field: str) -> bool:
    return name == field or name.startswith((f"{field}.", f"{field}["))


def _about(rule: Rule, fields: Iterable[str]) -> bool:
    names = [*rule.field.split("' or '"), *([rule.other] if rule.other else [])]
    return any(_within(name, field) for name in names for field in fields)


def _lost(names: Iterable[str], at: str) -> Iterator[Finding]:
    for name in names:
        said = _listing(name, at, Level.ERROR)
        yield told(said, Level.ERROR, f"{name} is a field", NOT_STATED, pointer(name))


def _added(side: Side, names: Iterable[str], at: str, in_reply: bool) -> Iterator[Finding]:
    for name in names:
        required = next(
            (rule for rule in side.rules.values() if rule.keyword == "required" and rule.field == name), None
        )
        if required is not None and not in_reply:
            yield told(required, Level.ERROR, f"{name} is not a field", required.says, pointer(name))
        else:
            said = _listing(name, at, Level.INFO)
            yield told(said, Level.INFO, f"{name} is not a field", f"{name} is a field", pointer(name))


def _listing(name: str, at: str, level: Level) -> Rule:
    inner = name.replace("[]", ".[]")
    return Rule(f"{at}.{inner}.listed", SUBMIT, f"{name} is a field", level, provenance({}), field=name)


def _changed(old: Rule | None, new: Rule | None, before: Side, in_reply: bool) -> Iterator[Finding]:
    rule = new or old
    change = way(rule.keyword, value_of(old), value_of(new)) if rule is not None else None
    if rule is None or change is None:
        return
    if old is None and "' or '" in rule.field and _was_required(rule, before):
        return  # one of several is needed, where one of them was: that one is not any more, which is told
    level = level_of(change, rule, in_reply)
    if rule.keyword == "unknown-field":
        level = Level.WARNING
    says = (old.says if old else NOT_STATED), (new.says if new else NOT_STATED)
    yield told(rule, level, *says, pointer(rule.field.partition("' or '")[0]))


def _was_required(rule: Rule, side: Side) -> bool:
    needed = {one.field for one in side.rules.values() if one.keyword == "required"}
    return not needed.isdisjoint(rule.field.split("' or '"))


def _annotated(name: str, old: Mapping[str, Any], new: Mapping[str, Any], at: str) -> Iterator[Finding]:
    inner = name.replace("[]", ".[]")
    for keyword, level in (("default", Level.WARNING), ("format", Level.INFO)):
        if old.get(keyword) != new.get(keyword):
            values = [shown(node[keyword]) if keyword in node else "none" for node in (old, new)]
            documented, seen = (f"the {keyword} of {name} is {value}" for value in values)
            yield stated(f"{at}.{inner}.{keyword}", documented, level, documented, seen, pointer(name))


def pointer(field: str) -> str:
    """The JSON pointer of a field by its dotted name; an array's item is its first."""
    return "/" + field.replace("[]", ".0").replace(".", "/") if field else ""
