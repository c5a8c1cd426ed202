"""Values of one field that people would send: those that break one statement of it, and those at edges."""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from klingcontracts.shape import compiled

Schema = Mapping[str, Any]

LONGEST = 100_000  # characters of a text that a probe sends: more would be no courtesy
IMAGE = "https://example.com/mountain.jpg"
ALPHABETS = {"ASCII": "The camera glides over the ridge. ", "Chinese": "镜头掠过山脊", "emoji": "🏔🎬"}
SIBLINGS = ("master", "turbo", "standard", "professional", 15, 3)  # options of models beside this one


class Value(NamedTuple):
    """A value of one field, and what is special about it."""

    what: str
    value: Any


def good(schema: Any) -> Any:
    """A value that a schema takes, as far as that can be told from what it says."""
    if not isinstance(schema, Mapping):
        return {}
    listed: list[Any] = [*schema.get("examples", []), *schema.get("enum", []), schema.get("const")]
    for told in listed:
        if told is not None and compiled(schema).is_valid(told):
            return told
    made = _MADE.get(_kind(schema))
    return made(schema) if made else _object(schema)


def _kind(schema: Schema) -> str:
    kind = schema.get("type", "object")
    return str(kind) if isinstance(kind, str) else str(kind[0])


def _object(schema: Schema) -> dict[str, Any]:
    named = schema.get("properties", {})
    either: list[Schema] = [*schema.get("anyOf", []), {}]
    needed = [*schema.get("required", ()), *either[0].get("required", ())]
    return {name: good(named.get(name, {"type": "string"})) for name in needed}


def _text(schema: Schema) -> str:
    if schema.get("x-holds") == "image":
        return IMAGE
    return text("ASCII", max(schema.get("minLength", 1), min(12, schema.get("maxLength", 12))))


def text(alphabet: str, length: int) -> str:
    """A text of exactly so many characters."""
    letters = ALPHABETS[alphabet]
    return (letters * (length // len(letters) + 1))[:length]


_MADE: Mapping[str, Callable[[Schema], Any]] = {
    "string": _text,
    "integer": lambda schema: math.ceil(schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)),
    "number": lambda schema: schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1),
    "boolean": lambda _: True,
    "array": lambda schema: [good(schema.get("items", {}))] * max(1, schema.get("minItems", 1)),
    "null": lambda _: None,
}


def wrong(schema: Any, keyword: str) -> list[Value]:
    """Values that break this statement of a field's schema; some may break others too."""
    if schema is False:
        return [Value("an object", {}), Value("a text", "left")]
    make = _WRONG.get(keyword)
    return make(schema) if make else []


def _mistyped(schema: Schema) -> list[Value]:
    fine = good(schema)
    number = fine if isinstance(fine, (int, float)) else 5
    quoted = str(number)
    tried: Mapping[str, Sequence[Any]] = {
        "string": (5, True, None, ["a text"], {"url": IMAGE}),
        "integer": (quoted, number + 0.4, True, None, [fine]),
        "number": (quoted, "high", True, None, [fine]),
        "boolean": ("true", 1, 0, None),
        "array": ({}, "[]", IMAGE, None),
        "object": ("{}", [], IMAGE, 5, None),
    }
    return [Value(kind_of(value), value) for value in tried.get(_kind(schema), ())]


def kind_of(value: Any) -> str:
    """A value in a few words."""
    if isinstance(value, str):
        return f"the text '{value[:20]}'"
    if isinstance(value, Mapping):
        return "an object"
    return "an array" if isinstance(value, list) else json.dumps(value)


def _too_long(schema: Schema) -> list[Value]:
    most = schema["maxLength"]
    if most >= LONGEST:
        return []
    return [Value(f"{most + 1} characters of {name}", text(name, most + 1)) for name in ALPHABETS]


def _too_short(schema: Schema) -> list[Value]:
    least = schema["minLength"]
    return [Value(f"{least - 1} characters" if least > 1 else "an empty text", text("ASCII", least - 1))]


def _beyond(schema: Schema, keyword: str, sign: int) -> list[Value]:
    bound = schema[keyword]
    at = [bound] if keyword.startswith("exclusive") else []
    whole = bound + sign
    values = [*at, whole, bound + sign * 0.01, bound + sign * 0.1, bound + sign * 1000]
    if schema.get("type") == "integer":
        values = [value for value in values if isinstance(value, int)]
    return [Value(f"{value:.10g}", round(value, 10)) for value in values]


def _no_option(schema: Schema) -> list[Value]:
    options = [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else ())]
    texts = [one for one in options if isinstance(one, str)]
    near: list[Any] = [changed for one in texts[:1] for changed in (one.upper(), f"{one} ", one.title(), "")]
    numbers = [one for one in options if isinstance(one, int)]
    near += [one for number in numbers for one in (number + 1, number - 1)] + ([0] if numbers else [])
    kin = [one for one in SIBLINGS if isinstance(one, str) == bool(texts)]
    # The siblings first: an option that comes will most likely be one that they have.
    return [Value(f"{one!r}", one) for one in dict.fromkeys([*kin[:2], *near]) if one not in options]


def _off_pattern(_: Schema) -> list[Value]:
    texts = ("data:image/png;base64,iVBORw0KGgo=", "", " ", "x", "snow 雪")
    return [Value(kind_of(one), one) for one in texts]


def _other_size(schema: Schema, keyword: str) -> list[Value]:
    size = schema[keyword] + (1 if keyword == "maxItems" else -1)
    return [Value(f"{size} items", [good(schema.get("items", {}))] * size)] if 0 <= size < LONGEST else []


_WRONG: Mapping[str, Callable[[Schema], list[Value]]] = {
    "type": _mistyped,
    "maxLength": _too_long,
    "minLength": _too_short,
    "minimum": lambda schema: _beyond(schema, "minimum", -1),
    "exclusiveMinimum": lambda schema: _beyond(schema, "exclusiveMinimum", -1),
    "maximum": lambda schema: _beyond(schema, "maximum", 1),
    "exclusiveMaximum": lambda schema: _beyond(schema, "exclusiveMaximum", 1),
    "enum": _no_option,
    "const": _no_option,
    "pattern": _off_pattern,
    "minItems": lambda schema: _other_size(schema, "minItems"),
    "maxItems": lambda schema: _other_size(schema, "maxItems"),
}


def options(schema: Any) -> list[Value]:
    """The values that a schema lists."""
    told = schema.get("enum", ()) if isinstance(schema, Mapping) else ()
    return [Value(f"{one!r}", one) for one in told]


def fit(schema: Schema) -> Iterator[tuple[str, Value]]:
    """The values of a field that stand at its edges, each with the keyword that makes the edge."""
    yield "type", Value("as in the example", good(schema))
    yield from (("enum", one) for one in options(schema))
    if schema.get("type") == "string":
        yield from _lengths(schema)
    for keyword in ("minimum", "maximum"):
        if keyword in schema:
            yield from ((keyword, Value(f"{one!r}", one)) for one in _at(schema[keyword], schema))
    if schema.get("type") == "array":
        yield "type", Value("an empty array", [])
        for keyword in ("minItems", "maxItems"):
            size = schema.get(keyword, 0)
            if 0 < size < LONGEST:
                yield keyword, Value(f"{size} items", [good(schema.get("items", {}))] * size)
    if schema.get("type") == "integer":
        yield "type", Value("a whole number with a point", float(good(schema)))


def _at(bound: float, schema: Schema) -> Iterable[float]:
    if bound != int(bound) or schema.get("type") == "integer":
        return (bound,)
    return (int(bound), float(bound))


def _lengths(schema: Schema) -> Iterator[tuple[str, Value]]:
    if "minLength" in schema:
        least = schema["minLength"]
        yield "minLength", Value(f"{least} character{'s' * (least > 1)}", text("Chinese", least))
    if schema.get("maxLength", LONGEST) < LONGEST:
        most = schema["maxLength"]
        for name in ALPHABETS:
            yield "maxLength", Value(f"exactly {most} characters of {name}", text(name, most))
    if schema.get("x-holds") == "image":
        yield "type", Value("an empty text", "")
        yield "type", Value("Base64", "iVBORw0KGgo=")
        yield "pattern", Value("a data: URL", "data:image/png;base64,iVBORw0KGgo=")
