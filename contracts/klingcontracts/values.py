"""Hypothesis strategies for the JSON values that a schema allows, their edges on purpose."""

import base64
import math
import re
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence, Set
from itertools import chain
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from klingcontracts.problem import Problem
from klingcontracts.shape import compiled

Json = Any
Schema = Mapping[str, Any]
Values = SearchStrategy[Json]

MOST = 60  # characters of a text that no edge asks for
ITEMS = 6  # of an array without a bound; upstream draws up to six masks (U1)
FAR = 10**6  # how far a number without a bound goes

# What a text is filled with: ASCII, Chinese, an emoji (one character, two in UTF-16), a letter that is two
# characters, right-to-left, what JSON escapes, what HTML and SQL mind.
MOTIFS = (
    "a",
    "雪山之上",
    "🎬",
    "e\u0301",
    "ש",
    '"\\/\n\t',
    "<b>&amp;'--",
    "The camera glides over the ridge. ",
)


def filled(motif: str, length: int) -> str:
    """A text of exactly this many characters, the motif again and again: long texts cost one draw."""
    return (motif * (length // len(motif) + 1))[:length]


def texts(lengths: SearchStrategy[int]) -> SearchStrategy[str]:
    """Texts of the drawn lengths, in characters (code points)."""
    motifs = st.sampled_from(MOTIFS) | st.text(
        st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8
    )
    return st.builds(filled, motifs, lengths)


def png(width: int, height: int, shade: int) -> bytes:
    """A grey picture, as a PNG file."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress((b"\0" + bytes([shade]) * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def _in_base64(width: int, height: int, shade: int) -> str:
    return base64.b64encode(png(width, height, shade)).decode()


_SIDES = st.sampled_from([1, 300, 16, 64])
PICTURES = st.builds(_in_base64, _SIDES, _SIDES, st.integers(0, 255))
PREFIX = "data:image/png;base64,"
DATA_URLS = PICTURES.map(lambda text: PREFIX + text)
ADDRESSES = (
    "https://example.com/mountain.jpg",
    "https://example.com/a%20picture.png?width=1024&sig=a+b/c==",
    "http://example.com:8080/p.webp#top",
    "https://例え.example/山.jpg",
)
LONGEST_IN = 12  # one image in so many is as long as one may be: that can be megabytes

_WORDS = st.sampled_from(["", "a", "5", "true", "null", "雪", "🎬"])
_NUMBERS = st.sampled_from([0, 1, -1, 5, 2**53, 0.5, -0.25, 1e300])
_SOME = (_WORDS, st.booleans(), _NUMBERS)
SCALARS = st.one_of(*_SOME, st.none())
NAMES = st.sampled_from(["x", "mask", "url", "", "snow man", "ключ"])
OBJECTS = st.dictionaries(NAMES, SCALARS, max_size=3)
ARRAYS = st.lists(SCALARS, max_size=3)
SOMETHING: Values = st.one_of(*_SOME, OBJECTS, ARRAYS)  # but null, which may count as nothing
ANYTHING: Values = st.one_of(SCALARS, OBJECTS, ARRAYS)


def values(schema: Schema | bool) -> Values:
    """What the schema allows. Its first example, where it has one, is what a failure shrinks to."""
    if not isinstance(schema, Mapping):
        if schema:
            return ANYTHING
        raise Problem("No value fits the schema false.", "Ask for another field.")
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from([value for value in schema["enum"] if compiled(schema).is_valid(value)])
    fits = compiled(schema).is_valid
    kinds = schema.get("type")
    made = [_OF[kind](schema) for kind in ([kinds] if isinstance(kinds, str) else kinds or ())]
    examples = [value for value in schema.get("examples", ()) if fits(value)]
    shown = [st.sampled_from(examples)] if examples else []
    return st.one_of(*shown, *(made or [ANYTHING.filter(fits)]))


def _strings(schema: Schema) -> Values:
    if schema.get("x-holds") == "image":
        return _images(schema)
    if "pattern" in schema:
        return _matching(schema)
    low, high = schema.get("minLength", 0), schema.get("maxLength")
    usual = st.integers(low, low + MOST if high is None else min(low + MOST, high))
    return st.one_of(texts(_edges(low, high)), texts(usual))


def _edges(low: int, high: int | None) -> SearchStrategy[int]:
    ends = [low, low + 1] if high is None else [low, high, high - 1]
    return st.sampled_from(list(dict.fromkeys(end for end in ends if end >= low)))


def _images(schema: Schema) -> Values:
    fits, widest = compiled(schema).is_valid, _in_base64(300, 300, 255)
    addresses = [address for address in ADDRESSES if fits(address)]
    kinds = [st.sampled_from(addresses)] if addresses else []
    pictures = ((widest, PICTURES), (PREFIX + widest, DATA_URLS))
    kinds += [made.filter(fits) for like, made in pictures if fits(like)]
    if not kinds:
        return _strings({**schema, "x-holds": ""})
    usual, high = st.one_of(kinds), schema.get("maxLength", 0)
    if not high or not fits(filled("iVBORw0KGgo", high)):
        return usual
    # Not a picture any more, but as long as one may be.
    longest = st.builds(filled, st.just("iVBORw0KGgo"), st.just(high))
    return st.integers(1, LONGEST_IN).flatmap(lambda nth: longest if nth == LONGEST_IN else usual)


def _matching(schema: Schema) -> Values:
    pattern = schema["pattern"]
    try:
        found = st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True)
    except re.error as error:
        fact = f"Python can't read the pattern {pattern!r}: {error}."
        raise Problem(fact, "Write it so that it can.") from error
    # A schema's pattern is searched for; drawing the whole of it is cheaper, and what is behind it is free.
    tail = st.just("") if pattern.endswith("$") else texts(st.integers(0, 20))
    return st.builds(str.__add__, found, tail).filter(compiled(schema).is_valid)


def _numbers(schema: Schema) -> Values:
    low, high = _bounds(schema)
    fits = compiled(schema).is_valid
    edges = [end for end in (low, high, 0, 1, low + 0.01, high - 0.01) if fits(end)]
    inner = st.floats(low, high, allow_nan=False, allow_subnormal=False).filter(fits)
    return st.one_of(st.sampled_from(edges), inner) if edges else inner


def _integers(schema: Schema) -> Values:
    low, high = _bounds(schema)
    low = math.floor(low) + 1 if schema.get("exclusiveMinimum") == low else math.ceil(low)
    high = math.ceil(high) - 1 if schema.get("exclusiveMaximum") == high else math.floor(high)
    return st.one_of(st.sampled_from([low, high]), st.integers(low, high))


def _bounds(schema: Schema) -> tuple[float, float]:
    lows = [schema[key] for key in ("minimum", "exclusiveMinimum") if key in schema]
    highs = [schema[key] for key in ("maximum", "exclusiveMaximum") if key in schema]
    low = max(lows) if lows else min(highs, default=0) - FAR
    return low, min(highs) if highs else low + 2 * FAR


def _arrays(schema: Schema) -> Values:
    if schema.get("items") is False:
        return st.just([])
    low = schema.get("minItems", 0)
    return sized(schema, _lengths(low, schema.get("maxItems", max(low, ITEMS))))


def _lengths(low: int, high: int) -> SearchStrategy[int]:
    few = st.integers(low, min(high, low + 2))
    return st.one_of(few, st.sampled_from([low, high] if high > low else [low]))


def sized(schema: Schema, lengths: SearchStrategy[int]) -> Values:
    """Arrays of the drawn lengths; a long one repeats its first items."""
    items = values(schema.get("items", True) or True)
    few = st.lists(items, min_size=1, max_size=2)
    return st.builds(lambda length, motif: (motif * (length // len(motif) + 1))[:length], lengths, few)


def record(
    schema: Schema, own: Mapping[str, Values] | None = None, without: frozenset[str] = frozenset()
) -> SearchStrategy[dict[str, Json]]:
    """Objects with the schema's properties: the required ones, and any of the others.

    Those of `own` are there with values of its, those of `without` are not.
    """
    choices = [sub.get("required", ()) for sub in schema.get("anyOf", [{}])]
    then = schema.get("then", {}).get("required", ()) if "if" in schema else ()
    required = schema.get("required", ())
    listed = {**dict.fromkeys(chain(required, then, *choices), True), **schema.get("properties", {})}
    fields = {name: values(inner) for name, inner in listed.items() if inner is not False}
    fields |= own or {}
    if not fields:
        return OBJECTS if schema.get("additionalProperties", True) else st.just({})
    fields = {name: value for name, value in fields.items() if name not in without}
    made = st.one_of([_with(fields, {*required, *(own or ()), *choice}) for choice in choices])
    made = _completed(made, fields, compiled(schema["if"]).is_valid, then) if then else made
    ties = {key: schema[key] for key in ("anyOf", "dependentSchemas") if key in schema}
    return made.filter(compiled(ties).is_valid) if ties else made


def _with(fields: Mapping[str, Values], required: Set[str]) -> SearchStrategy[dict[str, Json]]:
    return st.fixed_dictionaries(
        {name: value for name, value in fields.items() if name in required},
        optional={name: value for name, value in fields.items() if name not in required},
    )


@st.composite
def _completed(
    draw: DrawFn,
    made: SearchStrategy[dict[str, Json]],
    fields: Mapping[str, Values],
    holds: Callable[[Json], bool],
    then: Sequence[str],
) -> dict[str, Json]:
    value = draw(made)
    if holds(value):
        value |= {name: draw(fields[name]) for name in then if name in fields and name not in value}
    return value


def both(one: Json, other: Json) -> Json:
    """A schema that says what both say; where that can't be said with one keyword, what `other` says."""
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return one if other is True or one is False else other
    more = {key: _joined(key, one[key], said) if key in one else said for key, said in other.items()}
    return {**one, **more}


def _joined(key: str, one: Json, other: Json) -> Json:
    if key in _TIGHTER:
        return _TIGHTER[key](one, other)
    if key in {"properties", "dependentSchemas"}:
        return {name: both(one.get(name, True), other.get(name, True)) for name in {**one, **other}}
    return both(one, other)


_TIGHTER: Mapping[str, Callable[[Json, Json], Json]] = {
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems"), max),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems"), min),
    "required": lambda one, other: list(dict.fromkeys((*one, *other))),
    "enum": lambda one, other: [value for value in one if value in other],
}
_OF: Mapping[str, Callable[[Schema], Values]] = {
    "string": _strings,
    "number": _numbers,
    "integer": _integers,
    "boolean": lambda _: st.booleans(),
    "null": lambda _: st.none(),
    "array": _arrays,
    "object": record,
}
