"""klingcontracts.values: strategies for any schema the contract can hold, with their edges."""

import base64

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from klingcontracts.problem import Problem
from klingcontracts.values import PREFIX, both, filled, png, record, sized, texts, values

QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
IMAGE = {"type": "string", "x-holds": "image"}
SCHEMAS = {
    "anything": True,
    "const": {"const": [1]},
    "enum": {"enum": ["std", "pro", 5], "type": "string"},
    "text": {"type": "string"},
    "short": {"type": "string", "minLength": 1, "maxLength": 3},
    "exact": {"type": "string", "minLength": 2, "maxLength": 2},
    "pattern": {"type": "string", "pattern": "^task-[0-9a-f]{4}"},
    "whole pattern": {"type": "string", "pattern": "^task-[0-9a-f]{4}$"},
    "image": IMAGE,
    "address": {**IMAGE, "pattern": "^https?://"},
    "address that ends": {**IMAGE, "pattern": "^https?://[^ ]+$", "minLength": 3},
    "base64": {**IMAGE, "pattern": "^[A-Za-z0-9+/=]+$"},
    "data url": {**IMAGE, "pattern": "^data:image/"},
    "no image at all": {**IMAGE, "pattern": "^zz[0-9]+$"},
    "short image": {**IMAGE, "maxLength": 200},
    "number": {"type": "number", "minimum": 0, "maximum": 1},
    "open number": {"type": "number", "exclusiveMinimum": 2},
    "number below": {"type": "number", "maximum": -3},
    "narrow number": {"type": "number", "exclusiveMinimum": 0.25, "exclusiveMaximum": 0.255},
    "integer": {"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 9},
    "any integer": {"type": "integer"},
    "bool": {"type": "boolean"},
    "null": {"type": "null"},
    "several": {"type": ["string", "null", "integer"], "maxLength": 4},
    "no type": {"minLength": 2},
    "array": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 6},
    "array of one size": {"type": "array", "minItems": 2, "maxItems": 2},
    "no items": {"type": "array", "items": False},
    "any array": {"type": "array"},
    "object": {"type": "object", "properties": {"x": {"type": "integer"}, "no": False}, "required": ["x"]},
    "any object": {"type": "object"},
    "empty object": {"type": "object", "additionalProperties": False},
    "one of two": {
        "type": "object",
        "properties": {"a": True, "b": True},
        "anyOf": [{"required": ["a"]}, {"required": ["b"]}],
    },
    "due": {
        "type": "object",
        "properties": {"kind": {"enum": ["simple", "down"]}, "config": {"type": "object"}},
        "required": ["kind"],
        "if": {"properties": {"kind": {"const": "simple"}}},
        "then": {"required": ["config"]},
    },
    "tied": {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
        "dependentSchemas": {"a": {"properties": {"b": False}}},
    },
    "example": {"type": "string", "examples": ["first", 5, "second"]},
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_what_is_drawn_is_valid(name):
    validator = jsonschema_rs.Draft202012Validator(SCHEMAS[name])

    @QUICK
    @given(values(SCHEMAS[name]))
    def hold(value):
        assert validator.is_valid(value)

    hold()


def test_no_value_fits_false():
    with pytest.raises(Problem, match="No value fits"):
        values(False)


def test_a_pattern_that_python_can_not_read_is_told():
    with pytest.raises(Problem, match="can't read the pattern"):
        values({"type": "string", "pattern": r"^\p{Lu}$"})


@pytest.mark.parametrize(
    ("name", "smallest"),
    [
        ("example", "first"),
        ("image", "https://example.com/mountain.jpg"),
        ("enum", "std"),
        ("any integer", -(10**6)),
    ],
)
def test_a_failure_shrinks_to_what_is_documented_first(name, smallest):
    assert find(values(SCHEMAS[name]), lambda _: True) == smallest


@pytest.mark.parametrize(
    ("name", "edge"),
    [
        ("short", lambda value: len(value) == 1),
        ("short", lambda value: len(value) == 3),
        ("number", lambda value: value == 0),
        ("number", lambda value: value == 1),
        ("integer", lambda value: value == 2),
        ("integer", lambda value: value == 8),
        ("array", lambda value: len(value) == 6),
        ("array", lambda value: len(value) == 2),
        ("image", lambda value: value.startswith(PREFIX)),
        ("short image", lambda value: len(value) == 200),
        ("text", lambda value: value == ""),
    ],
)
def test_edges_are_found(name, edge):
    quick = settings(max_examples=500, deadline=None, database=None)
    assert edge(find(values(SCHEMAS[name]), edge, settings=quick))


def test_a_picture_is_a_png():
    picture = find(values(IMAGE), lambda value: value.startswith("iVBOR"))
    raw = base64.b64decode(picture)
    assert raw.startswith(b"\x89PNG\r\n\x1a\n")
    assert raw.endswith(b"IEND\xaeB`\x82")
    assert png(2, 3, 7)[16:24] == b"\0\0\0\2\0\0\0\3"


@given(st.sampled_from(["a", "雪山", "🎬"]), st.integers(0, 50))
def test_a_filled_text_has_its_length(motif, length):
    assert len(filled(motif, length)) == length
    assert filled(motif, length)[:1] in {"", motif[0]}


@given(texts(st.just(7)))
def test_a_text_counts_in_characters(text):
    assert len(text) == 7


@QUICK
@given(sized({"items": {"enum": ["a", "b"]}}, st.just(9)))
def test_a_long_array_repeats_its_first_items(value):
    assert len(value) == 9
    assert set(value) <= {"a", "b"}


def test_a_record_can_lack_a_field_and_have_one_of_its_own():
    schema = {"properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}, "required": ["a", "b"]}
    found = find(record(schema, {"b": st.just("wrong")}, without=frozenset({"a"})), lambda _: True)
    assert found == {"b": "wrong"}


@pytest.mark.parametrize(
    ("one", "other", "joined"),
    [
        (True, {"a": 1}, {"a": 1}),
        ({"a": 1}, True, {"a": 1}),
        (False, {"a": 1}, False),
        ({"a": 1}, False, False),
        ({"minimum": 1, "maxLength": 5}, {"minimum": 3, "maxLength": 9}, {"minimum": 3, "maxLength": 5}),
        ({"required": ["a"]}, {"required": ["b", "a"]}, {"required": ["a", "b"]}),
        ({"enum": [1, 2]}, {"enum": [2, 3]}, {"enum": [2]}),
        (
            {"properties": {"a": {"type": "string"}}},
            {"properties": {"a": {"maxLength": 2}, "b": False}},
            {"properties": {"a": {"type": "string", "maxLength": 2}, "b": False}},
        ),
        ({"items": {"minimum": 1}}, {"items": {"minimum": 0}}, {"items": {"minimum": 1}}),
        ({"title": "a"}, {"title": "b"}, {"title": "b"}),
    ],
)
def test_both_say_what_each_says(one, other, joined):
    assert both(one, other) == joined
