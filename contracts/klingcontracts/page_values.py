"""The small words of a page in lines: types, constraints, values, and where JSON ends."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from klingcontracts.shape import compiled
from klingcontracts.strictjson import BadJson, parse

Schema = dict[str, Any]

_KINDS = "string|number|integer|boolean|object"
_TYPE = re.compile(rf"(enum<)?({_KINDS})(?(1)>|(?:<([\w-]{{1,20}})>)?)((?:\[\]){{0,3}})((?: \| null)?)")
_MARK = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{}]', re.DOTALL)
_WHOLE = r"(\d{1,12})"
_NUMBER = r"(-?\d{1,15}(?:\.\d{1,20})?(?:[eE][+-]?\d{1,2})?)"
_ELEMENTS = "(?: elements?)?"
_LONGEST_PATTERN = 1000  # characters

# A URI has a scheme and a colon: all that its type says which can be checked.
URI = "^[A-Za-z][A-Za-z0-9+.-]*:"


class Constraint(NamedTuple):
    """A line that bounds a value: which types it is about, and what a schema says instead."""

    kinds: frozenset[str]
    says: Mapping[str, Any]


class CutShort(ValueError):
    """JSON that begins and does not end."""


def field_type(line: str) -> Schema | None:
    """The schema of a line that is a type, such as string, enum<integer> or object[]; None for another line.

    One of several has an empty `enum`: what they are stands elsewhere.
    """
    found = _TYPE.fullmatch(line)
    if found is None:
        return None
    options, kind, form, arrays, null = found.groups()
    schema: Schema = {"type": kind}
    if options:
        schema["enum"] = []
    if form:
        schema["format"] = form
    if form == "uri":
        schema["pattern"] = URI
    for _ in range(len(arrays) // 2):
        schema = {"type": "array", "items": schema}
    return schema | {"type": [schema["type"], "null"]} if null else schema


def kinds_of(schema: Mapping[str, Any]) -> list[str]:
    """The types that a schema allows, in a list."""
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else list(kinds)


def innermost(schema: Schema) -> Schema:
    """The schema of what an array holds in the end; the schema itself when it is of no array."""
    while isinstance(schema.get("items"), dict):
        schema = schema["items"]
    return schema


def number(text: str) -> int | float:
    """A number as JSON has it, whole where it is whole."""
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def value_of(text: str, schema: Mapping[str, Any]) -> Any:
    """A default or an option, which stands without quotes, as a value of this type; None for no such."""
    kind = kinds_of(schema)[0]
    if kind == "string" and not text.startswith('"'):
        return text or None
    if kind in {"number", "integer"} and re.fullmatch(_NUMBER, text):
        value = number(text)
        return value if kind == "number" or isinstance(value, int) else None
    try:
        found = parse(text.encode())
    except BadJson:
        return text if kind == "string" else None
    return found if compiled({"type": kind}).is_valid(found) else None


def json_at(text: str, at: int) -> tuple[Any, int]:
    """The JSON array or object that begins here, and where it ends. CutShort when it does not; BadJson."""
    depth = 0
    for mark in _MARK.finditer(text, at):
        depth += (mark[0] in "[{") - (mark[0] in "]}")
        if depth == 0:
            return parse(text[at : mark.end()].encode()), mark.end()
    raise CutShort("JSON begins and does not end")


def json_end(lines: Sequence[str], at: int) -> int:
    """The line behind the JSON value that begins in this one. CutShort when it has no end."""
    if not lines[at].startswith(("[", "{")):
        return at + 1
    depth = 0
    for end in range(at, len(lines)):
        marks = _MARK.findall(lines[end])
        depth += sum((mark in "[{") - (mark in "]}") for mark in marks)
        if depth <= 0:
            return end + 1
    raise CutShort("JSON begins and does not end")


def constraint(line: str) -> Constraint | None:
    """What a line such as `Required range: 0 <= x <= 1` says; None for one that says nothing of the kind."""
    for pattern, kinds, say in _CONSTRAINTS:
        found = pattern.fullmatch(line)
        if found:
            return Constraint(frozenset(kinds.split()), say(*found.groups()))
    return None


def sayable(said: Mapping[str, Any]) -> bool:
    """Whether a schema can say it: a pattern that is none, or too long to be looked at, it can't."""
    if len(said.get("pattern", "")) > _LONGEST_PATTERN:
        return False
    try:
        compiled(said)
    except ValueError:  # jsonschema_rs's own error is one
        return False
    return True


def _sized(unit: str) -> Callable[..., Schema]:
    def say(low: str, high: str | None = None) -> Schema:
        return {f"min{unit}": int(low), f"max{unit}": int(high or low)}

    return say


def _least(unit: str) -> Callable[[str], Schema]:
    return lambda low: {f"min{unit}": int(low)}


def _most(unit: str) -> Callable[[str], Schema]:
    return lambda high: {f"max{unit}": int(high)}


_SAYS = {">=": "minimum", ">": "exclusiveMinimum", "<=": "maximum", "<": "exclusiveMaximum"}


def _range(low: str | None, below: str | None, than: str | None, bound: str | None) -> Schema:
    said: Schema = {}
    if low is not None and below is not None:
        said["minimum" if below == "<=" else "exclusiveMinimum"] = number(low)
    if than is not None and bound is not None:
        said[_SAYS[than]] = number(bound)
    return said


_CONSTRAINTS: tuple[tuple[re.Pattern[str], str, Callable[..., Schema]], ...] = (
    (re.compile(rf"Required string length: {_WHOLE}(?: - {_WHOLE})?"), "string", _sized("Length")),
    (re.compile(rf"Minimum string length: {_WHOLE}"), "string", _least("Length")),
    (re.compile(rf"Maximum string length: {_WHOLE}"), "string", _most("Length")),
    (re.compile(rf"Required array length: {_WHOLE}(?: - {_WHOLE})?{_ELEMENTS}"), "array", _sized("Items")),
    (re.compile(rf"Minimum array length: {_WHOLE}{_ELEMENTS}"), "array", _least("Items")),
    (re.compile(rf"Maximum array length: {_WHOLE}{_ELEMENTS}"), "array", _most("Items")),
    (
        re.compile(rf"Required range: (?=\S+ <|x )(?:{_NUMBER} (<=?) )?x(?: (<=?|>=?) {_NUMBER})?"),
        "number integer",
        _range,
    ),
    (re.compile(r"Pattern: (\S.*)"), "string", lambda pattern: {"pattern": pattern}),
)
