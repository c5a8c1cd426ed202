import pytest

from klingcontracts.page_values import (
    URI,
    CutShort,
    constraint,
    field_type,
    innermost,
    json_at,
    json_end,
    kinds_of,
    number,
    sayable,
    value_of,
)


@pytest.mark.parametrize(
    ("line", "schema"),
    [
        ("string", {"type": "string"}),
        ("number<float>", {"type": "number", "format": "float"}),
        ("string<uri>", {"type": "string", "format": "uri", "pattern": URI}),
        ("enum<integer>", {"type": "integer", "enum": []}),
        ("object[]", {"type": "array", "items": {"type": "object"}}),
        ("integer[][]", {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}}),
        ("boolean | null", {"type": ["boolean", "null"]}),
        ("String", None),
        ("enum<string", None),
        ("a string", None),
    ],
)
def test_types(line, schema) -> None:
    assert field_type(line) == schema


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("Required string length: 1 - 2500", {"minLength": 1, "maxLength": 2500}),
        ("Required string length: 4", {"minLength": 4, "maxLength": 4}),
        ("Minimum string length: 1", {"minLength": 1}),
        ("Maximum string length: 500", {"maxLength": 500}),
        ("Required array length: 1 - 4 elements", {"minItems": 1, "maxItems": 4}),
        ("Required array length: 1 element", {"minItems": 1, "maxItems": 1}),
        ("Minimum array length: 1", {"minItems": 1}),
        ("Maximum array length: 3", {"maxItems": 3}),
        ("Required range: 0 <= x <= 1", {"minimum": 0, "maximum": 1}),
        ("Required range: -1.5 < x < 2", {"exclusiveMinimum": -1.5, "exclusiveMaximum": 2}),
        ("Required range: x >= 0", {"minimum": 0}),
        ("Required range: x > 0", {"exclusiveMinimum": 0}),
        ("Required range: 2 <= x", {"minimum": 2}),
        ("Required range: x <= 1e2", {"maximum": 100}),
        ("Pattern: ^a: b$", {"pattern": "^a: b$"}),
    ],
)
def test_constraints(line, says) -> None:
    found = constraint(line)
    assert found is not None
    assert found.says == says


@pytest.mark.parametrize(
    "line", ["Required range: x", "Required string length: a", "Pattern:", "Range: 1", ""]
)
def test_lines_that_bound_nothing(line) -> None:
    assert constraint(line) is None


def test_numbers_are_whole_where_they_are() -> None:
    assert (number("1.0"), number("1.5"), number("1e30")) == (1, 1.5, 1e30)
    assert isinstance(number("1.0"), int)
    assert isinstance(number("1e30"), float)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("16:9", "string", "16:9"),
        ('"a b"', "string", "a b"),
        ('"a', "string", '"a'),
        ("", "string", None),
        ("5", "integer", 5),
        ("5.5", "integer", None),
        ("5", "number", 5),
        ("x", "number", None),
        ("true", "boolean", True),
        ("1", "boolean", None),
        ("[1]", "array", [1]),
    ],
)
def test_values_without_quotes(text, kind, value) -> None:
    assert value_of(text, {"type": kind}) == value


def test_json_within_a_text() -> None:
    assert json_at('x {"a": "}\\"{"} y', 2) == ({"a": '}"{'}, 15)
    with pytest.raises(CutShort):
        json_at('{"a": [', 0)


def test_json_over_lines() -> None:
    assert json_end(["5", "x"], 0) == 1
    assert json_end(["{", '"a": ["}"]', "}", "x"], 0) == 3
    with pytest.raises(CutShort):
        json_end(["[", "1"], 0)


def test_schemas_within() -> None:
    assert innermost({"items": {"items": {"type": "string"}}}) == {"type": "string"}
    assert kinds_of({"type": ["string", "null"]}) == ["string", "null"]
    assert kinds_of({}) == []


def test_a_pattern_that_is_none_can_not_be_said() -> None:
    assert sayable({"pattern": "^a"})
    assert not sayable({"pattern": "("})
    assert not sayable({"pattern": "a" * 1001})
