"""Values and places as people read them: in the vendor's error texts, in findings, in tables."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from klingcontracts.rule import Rule

TYPES = {
    "string": "a string",
    "number": "a number",
    "integer": "an integer",
    "boolean": "a boolean",
    "object": "an object",
    "array": "an array",
    "null": "null",
}


def shown(value: Any, most: int = 40) -> str:
    """A value in a few words: at most `most` characters of a text, the kind of anything larger."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "an array"
    if isinstance(value, str):
        return f"'{value[:most]}{'…' if len(value) > most else ''}'"
    text = json.dumps(value)
    return text if len(text) <= most else f"{text[:most]}…"


def kinds(types: str | Sequence[str]) -> str:
    """A schema's `type` in words: an integer or null."""
    return choice(TYPES.get(name, name) for name in ([types] if isinstance(types, str) else types))


def choice(options: Iterable[str]) -> str:
    """Alternatives in a sentence: a, b or c."""
    *others, last = options
    return f"{', '.join(others)} or {last}" if others else last


def value_at(value: Any, path: Sequence[str | int]) -> Any:
    """What stands at a path of keys and indexes; None when the path leads nowhere."""
    for part in path:
        if isinstance(value, Mapping) and part in value:
            value = value[part]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def place_of(rule: Rule, path: Sequence[str | int]) -> str:
    """The name of a field as the vendor's texts have it: mode, dynamic_masks[0].mask."""
    if rule.other or not path:
        return rule.field
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")[:80]


def refusal(rule: Rule, field: str, value: Any) -> dict[str, Any]:
    """What the template of an error text may name: field, other, got, expected, bounds, allowed."""
    return {
        "field": field,
        "other": rule.other,
        "got": _got(rule, value),
        "expected": kinds(rule.schema.get("type", "")),
        "bounds": _bounds(rule),
        "allowed": ", ".join(shown(option) for option in _options(rule.schema)),
    }


def _got(rule: Rule, value: Any) -> str:
    if rule.error == "length" or rule.keyword in LENGTHS:
        return str(len(value))
    return shown(value)


LENGTHS = {"minLength": "character", "maxLength": "character", "minItems": "item", "maxItems": "item"}
LOW = {
    "minimum": "at least",
    "exclusiveMinimum": "more than",
    "minLength": "at least",
    "minItems": "at least",
}
HIGH = {"maximum": "at most", "exclusiveMaximum": "less than", "maxLength": "at most", "maxItems": "at most"}


def _bounds(rule: Rule) -> str:
    schema, unit = rule.schema, LENGTHS.get(rule.keyword, "")
    kin = [key for key in schema if key in LOW | HIGH and LENGTHS.get(key, "") == unit]
    low, high = [key for key in kin if key in LOW], [key for key in kin if key in HIGH]
    if [*low, *high] in BETWEEN:
        text = f"between {schema[low[0]]} and {schema[high[0]]}"
    else:
        text = " and ".join(f"{(LOW | HIGH)[key]} {schema[key]}" for key in (*low, *high))
    plural = "s" if unit and not text.endswith(" 1") else ""
    return f"{text} {unit}{plural}".strip()


BETWEEN = (["minimum", "maximum"], ["minLength", "maxLength"], ["minItems", "maxItems"])


def _options(schema: Mapping[str, Any]) -> list[Any]:
    return list(schema.get("enum", [schema["const"]] if "const" in schema else []))
