import pytest

from klingcontracts.rule import ASSUMED, Level, Rule
from klingcontracts.words import choice, kinds, place_of, refusal, shown, value_at


def rule(**made: object) -> Rule:
    return Rule("id", "submit", "says", Level.ERROR, ASSUMED, **made)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({}, "an object"),
        ([1], "an array"),
        ("", "''"),
        ("fast", "'fast'"),
        ("x" * 40, f"'{'x' * 40}'"),
        ("x" * 41, f"'{'x' * 40}…'"),
        (True, "true"),
        (None, "null"),
        (5, "5"),
        (5.0, "5.0"),
        (10**50, "1" + "0" * 39 + "…"),
    ],
)
def test_a_value_in_a_few_words(value, told) -> None:
    assert shown(value) == told


@pytest.mark.parametrize(
    ("types", "told"),
    [
        ("string", "a string"),
        (["integer", "null"], "an integer or null"),
        (["integer", "string", "null"], "an integer, a string or null"),
        ("", ""),
    ],
)
def test_types_in_words(types, told) -> None:
    assert kinds(types) == told


def test_a_choice_of_one() -> None:
    assert choice(iter(["a"])) == "a"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ([], {"a": [1, {"b": None}], "0": 5}),
        (["a", 0], 1),
        (["a", 1, "b"], None),
        (["a", 2], None),
        (["a", "0"], None),
        (["b"], None),
        (["0"], 5),
        (["0", "x"], None),
    ],
)
def test_what_stands_at_a_path(path, found) -> None:
    assert value_at({"a": [1, {"b": None}], "0": 5}, path) == found


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (["mode"], "mode"),
        (["dynamic_masks", 0, "mask"], "dynamic_masks[0].mask"),
        (["dynamic_masks", 12], "dynamic_masks[12]"),
        (["x" * 100], "x" * 80),
        ([], "own"),
    ],
)
def test_the_name_of_a_place(path, name) -> None:
    assert place_of(rule(field="own"), path) == name


def test_the_name_of_an_exclusion_is_the_field_that_excludes() -> None:
    assert place_of(rule(field="image_tail", other="static_mask"), ["static_mask"]) == "image_tail"


@pytest.mark.parametrize(
    ("keyword", "schema", "bounds"),
    [
        ("minimum", {"minimum": 0, "maximum": 1}, "between 0 and 1"),
        ("minimum", {"minimum": 0}, "at least 0"),
        ("maximum", {"maximum": 1}, "at most 1"),
        ("maximum", {"exclusiveMinimum": 0, "maximum": 1}, "more than 0 and at most 1"),
        ("minimum", {"minimum": 0, "exclusiveMaximum": 1}, "at least 0 and less than 1"),
        ("minLength", {"minLength": 1, "maxLength": 2500}, "between 1 and 2500 characters"),
        ("minLength", {"minLength": 1}, "at least 1 character"),
        ("maxLength", {"maxLength": 21}, "at most 21 characters"),
        ("minItems", {"minItems": 2, "maxItems": 77, "minLength": 3}, "between 2 and 77 items"),
        ("maximum", {"maximum": 9, "minLength": 1}, "at most 9"),
        ("maxLength", {"maxLength": 9, "minimum": 1}, "at most 9 characters"),
        ("type", {"type": "string"}, ""),
    ],
)
def test_bounds_in_words(keyword, schema, bounds) -> None:
    assert refusal(rule(keyword=keyword, schema=schema), "f", "")["bounds"] == bounds


def test_what_a_refusal_may_name() -> None:
    made = rule(keyword="enum", other="mode", schema={"type": "string", "enum": ["std", "pro", 5]})
    assert refusal(made, "duration", "fast") == {
        "field": "duration",
        "other": "mode",
        "got": "'fast'",
        "expected": "a string",
        "bounds": "",
        "allowed": "'std', 'pro', 5",
    }


def test_a_constant_is_the_only_option() -> None:
    assert refusal(rule(keyword="const", schema={"const": 0}), "code", 1)["allowed"] == "0"


@pytest.mark.parametrize(
    ("keyword", "error", "value", "got"),
    [
        ("minLength", "length", "", "0"),
        ("maxLength", "length", "漢" * 2501, "2501"),
        ("maxItems", "", [1, 2], "2"),
        ("minimum", "range", -1, "-1"),
    ],
)
def test_a_length_is_told_as_a_number(keyword, error, value, got) -> None:
    assert refusal(rule(keyword=keyword, error=error), "f", value)["got"] == got
