"""What one schema of a request or reply says otherwise than another: one finding for each change."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from klingcontracts.compare_levels import Way, level_of, options_of, way_of
from klingcontracts.compare_told import NOT_STATED, stated, told
from klingcontracts.derive import KEYWORDS
from klingcontracts.finding import Finding
from klingcontracts.rule import Level, Rule, provenance
from klingcontracts.shape import Shape
from klingcontracts.words import shown

_OF_TYPE = frozenset(KEYWORDS) - {"type"}
# What else a schema says of a field: the level of a change, in a request where it comes and goes.
_NOTES = (
    ("default", Level.WARNING, Level.WARNING),
    ("format", Level.INFO, Level.INFO),
    ("deprecated", Level.WARNING, Level.INFO),
    ("if", Level.WARNING, Level.WARNING),
    ("x-null", Level.WARNING, Level.ERROR),
    ("x-empty", Level.WARNING, Level.ERROR),
)
_SUBJECTS = {
    "x-null": "what null means in {}",
    "x-empty": "what an empty array means in {}",
    "if": "the condition in {}",
}


class Side(NamedTuple):
    """One of two shapes that are compared: its rules by id, its fields by dotted name, "" for the whole."""

    rules: Mapping[str, Rule]
    fields: Mapping[str, Mapping[str, Any]]


class _Both(NamedTuple):
    old: Side
    new: Side
    at: str  # what the ids of the rules begin with
    operation: str
    in_reply: bool


def shapes(old: Shape, new: Shape, *, in_reply: bool) -> Iterator[Finding]:
    """What the shape `new` says otherwise than `old`; `operation` of the findings is that of their rules."""
    both = _Both(_side(old), _side(new), old.place.id, old.place.operation, in_reply)
    before, after = both.old, both.new
    # In the order of the page, in which what holds a field comes before it.
    lost = [name for name in before.fields if name not in after.fields]
    added = [name for name in after.fields if name not in before.fields]
    gone, retyped = [*lost, *added], set(_retyped(before, after))
    yield from _lost(both, _outermost(lost))
    yield from _added(both, _outermost(added))
    for rule_id in dict.fromkeys([*before.rules, *after.rules]):
        one, other = before.rules.get(rule_id), after.rules.get(rule_id)
        known = [rule for rule in (one, other) if rule is not None]
        covered = any(_about(rule, gone) or _of_type(rule, retyped) for rule in known)
        if not covered:
            yield from _changed(one, other, both)
    for name in before.fields:
        if name in after.fields and name not in retyped:
            yield from _annotated(name, both)


def _side(shape: Shape) -> Side:
    named = named_only(shape.schema)
    kept = [rule for rule in shape.rules.values() if rule.field not in named or "." in rule.keyword]
    # One value that is allowed is a choice of one.
    chosen = {rule.id.removesuffix("enum") for rule in kept if rule.keyword == "enum"}
    rules = {}
    for rule in kept:
        stem = rule.id.removesuffix("const")
        single = rule.keyword == "const" and stem not in chosen
        rules[f"{stem}enum" if single else rule.id] = rule
    fields = {name: node for name, node in _fields(shape.schema, "") if name not in named}
    return Side(rules, {"": shape.schema, **fields})


def named_only(schema: Mapping[str, Any]) -> set[str]:
    """The fields of a body that the page names and does not list: they are noted, or refused."""
    noted = schema.get("x-noted", {}).get("properties", {})
    listed = schema.get("properties", {})
    return {name for name, inner in listed.items() if inner is False or noted.get(name) is False}


def _retyped(before: Side, after: Side) -> Iterator[str]:
    for rule_id, rule in before.rules.items():
        other = after.rules.get(rule_id)
        if rule.keyword == "type" and other is not None and options_of(other) != options_of(rule):
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


def _lost(both: _Both, names: Iterable[str]) -> Iterator[Finding]:
    for name in names:
        yield _listing(name, both, Level.ERROR, f"{name} is a field", NOT_STATED)


def _added(both: _Both, names: Iterable[str]) -> Iterator[Finding]:
    for name in names:
        rules = both.new.rules.values()
        required = next((rule for rule in rules if rule.keyword == "required" and rule.field == name), None)
        if required is not None and not both.in_reply:
            yield told(required, Level.ERROR, f"{name} is not a field", required.says, pointer(name))
        else:
            yield _listing(name, both, Level.INFO, f"{name} is not a field", f"{name} is a field")


def _listing(name: str, both: _Both, level: Level, documented: str, seen: str) -> Finding:
    origin = provenance(both.new.fields.get(name, both.old.fields.get(name)))
    at = (pointer(name), both.operation)
    return stated(f"{_id(name, both)}.listed", f"{name} is a field", level, documented, seen, *at, origin)


def _id(name: str, both: _Both) -> str:
    return f"{both.at}.{name.replace('[]', '.[]')}" if name else both.at


def _changed(old: Rule | None, new: Rule | None, both: _Both) -> Iterator[Finding]:
    rule = new or old
    change = way_of(old, new)
    if rule is None or change is None:
        return
    if old is None and "' or '" in rule.field and _was_required(rule, both.old):
        return  # one of several is needed, where one of them was: that one is not any more, which is told
    level = level_of(change, rule, both.in_reply)
    if rule.keyword == "unknown-field":
        level = Level.INFO if both.in_reply and change is Way.NARROWER else Level.WARNING
    says = (old.says if old else NOT_STATED), (new.says if new else NOT_STATED)
    yield told(rule, level, *says, pointer(rule.field.partition("' or '")[0]))


def _was_required(rule: Rule, side: Side) -> bool:
    needed = {one.field for one in side.rules.values() if one.keyword == "required"}
    return not needed.isdisjoint(rule.field.split("' or '"))


def _annotated(name: str, both: _Both) -> Iterator[Finding]:
    old, new = both.old.fields[name], both.new.fields[name]
    for keyword, came, went in _NOTES:
        one, other = old.get(keyword), new.get(keyword)
        # JSON has one kind of number; True is none.
        if one == other and isinstance(one, bool) == isinstance(other, bool):
            continue
        level = came if keyword in new else went
        subject = _SUBJECTS.get(keyword, f"the {keyword} of {{}}").format(name or "the body")
        values = [_noted(node[keyword]) if keyword in node else "none" for node in (old, new)]
        documented, seen = (f"{subject} is {value}" for value in values)
        origin = provenance(new if keyword in new else old, keyword)
        at = (pointer(name), both.operation)
        yield stated(f"{_id(name, both)}.{keyword}", subject, level, documented, seen, *at, origin)


def _noted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else shown(value)


def pointer(field: str) -> str:
    """The JSON pointer of a field by its dotted name; an array's item is its first."""
    return "/" + field.replace("[]", ".0").replace(".", "/") if field else ""
