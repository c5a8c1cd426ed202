"""klingcontracts.probe_values: values of one field."""

import pytest

from klingcontracts.probe_values import LONGEST, _at, fit, good, kind_of, options, text, wrong
from klingcontracts.shape import compiled

SCHEMAS = [
    {"type": "string", "minLength": 1, "maxLength": 20},
    {"type": "string", "maxLength": LONGEST + 1},
    {"type": "string", "x-holds": "image"},
    {"type": "number", "minimum": 0.5, "maximum": 2},
    {"type": "integer", "minimum": 2, "maximum": 9},
    {"type": "integer", "exclusiveMinimum": 2, "exclusiveMaximum": 9},
    {"type": "number", "exclusiveMinimum": 2},
    {"type": "boolean"},
    {"type": "null"},
    {"type": ["integer", "null"]},
    {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 3},
    {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}},
    {"enum": ["a", "b"]},
    {"const": 5},
    {},
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_a_good_value_is_taken_and_the_edges_mostly_are(schema):
    takes = compiled(schema).is_valid
    assert takes(good(schema))
    assert any(takes(one.value) for _, one in fit(schema))


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_wrong_values_break_what_they_should(schema):
    for keyword in schema:
        said = compiled({key: value for key, value in schema.items() if key in {keyword, "type"}}).is_valid
        values = [one.value for one in wrong(schema, keyword)]
        assert (
            keyword in {"items", "required", "properties", "x-holds"}
            or values
            or keyword == "maxLength"
            or schema == {"type": "null"}
        )
        assert not any(said(value) for value in values if keyword != "type")


def test_a_text_has_exactly_the_length_that_is_asked_for():
    assert [len(text(name, 2500)) for name in ("ASCII", "Chinese", "emoji")] == [2500] * 3


def test_what_may_be_anything_is_an_object():
    assert (good(True), [one.value for one in wrong(False, "unlisted")]) == ({}, [{}, "left"])


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("a" * 30, f"the text '{'a' * 20}'"),
        ({}, "an object"),
        ([], "an array"),
        (None, "null"),
        (True, "true"),
        (1.5, "1.5"),
    ],
)
def test_a_value_in_words(value, said):
    assert kind_of(value) == said


def test_options_of_what_has_none():
    assert options(True) == []
    assert [one.what for one in options({"enum": ["a", 5]})] == ["'a'", "5"]


def test_true_is_not_one():
    assert kind_of(1) == "1"


def test_a_bound_is_met_in_each_way_that_a_number_has():
    assert list(map(repr, _at(0.5, {"type": "number"}))) == ["0.5"]
    assert list(map(repr, _at(2, {"type": "integer"}))) == ["2"]
    assert list(map(repr, _at(1, {"type": "number"}))) == ["1", "1.0"]
