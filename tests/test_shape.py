from types import MappingProxyType

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator, ValidationError

from klingcontracts.derive import Place
from klingcontracts.rule import Level
from klingcontracts.shape import CHUNK, MOST_BREAKS, Shape, compiled, shape_of

PLACE = Place("submit", "submit.body", Level.ERROR, refuses=True)
# Every statement that a contract can make, in one schema.
EVERY = {
    "type": "object",
    "required": ["a"],
    "anyOf": [{"required": ["b"]}, {"required": ["c"]}],
    "properties": {
        "a": {"type": ["string", "null"], "minLength": 2, "maxLength": 3, "pattern": "^[ab]*$"},
        "b": {"type": "number", "minimum": 0, "maximum": 2, "exclusiveMinimum": -1, "exclusiveMaximum": 2},
        "c": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "object", "required": ["x"]}},
        "d": {"enum": [1, "1", None, [1]]},
        "e": {"const": 5},
        "f": False,
        "g": True,
    },
    "dependentSchemas": {"b": {"properties": {"c": False, "e": {"type": "integer"}}}},
    "if": {"properties": {"d": {"const": 1}}, "required": ["d"]},
    "then": {"required": ["e"]},
    "additionalProperties": False,
}
SCALARS = st.sampled_from(
    [None, True, False, 0, 1, 1.0, 2, 5, 5.0, -0.5, 10**30, "", "ab", "abab", "1", "a\n", "漢字"]
)
ITEMS = st.lists(SCALARS | st.just({"x": 1}) | st.just({}), max_size=3)
VALUES = SCALARS | ITEMS | st.dictionaries(st.sampled_from("abcdefgh"), SCALARS | ITEMS)


def shape(schema: dict[str, object]) -> Shape:
    return shape_of(schema, PLACE)


def broken(schema: dict[str, object], value: object) -> list[tuple[str, tuple[str | int, ...]]]:
    return [(one.rule.id.removeprefix("submit.body."), one.path) for one in shape(schema).breaks(value)]


@given(VALUES)
@example({"a": "ab", "b": 1})
@example({"a": "ab", "c": [{"x": 1}], "d": 1, "e": 5.0, "g": {}})
def test_a_value_breaks_rules_if_and_only_if_a_validator_refuses_it(value) -> None:
    made = shape(EVERY)
    valid = Draft202012Validator(EVERY).is_valid(value)
    assert made.validator.is_valid(value) is valid
    assert bool(list(made.breaks(value))) is not valid


@given(VALUES)
@example({"a": "ab", "b": 1, "d": 1})
def test_it_tells_each_break_that_a_validator_tells(value) -> None:
    expected = set()
    for error in Draft202012Validator(EVERY).iter_errors(value):
        at, kind = tuple(map(str, error.schema_path)), error.kind.as_dict()
        if at[0] == "then":  # some releases of the validator leave out the "if" that it stands under
            at = ("if", *at)
        names = kind["unexpected"] if error.kind.name == "additionalProperties" else [kind.get("property")]
        for name in names:
            more = () if name is None else (name,)
            expected.add(
                ((*at, *more) if error.kind.name == "required" else at, (*error.instance_path, *more))
            )
    made = shape(EVERY)
    pointer = {rule: at for at, rule in made.rules.items()}
    assert {(pointer[one.rule], one.path) for one in made.breaks(value)} == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, [("type", ())]),
        ({}, [("b-or-c.required", ()), ("a.required", ("a",))]),
        ({"a": 5, "b": 1}, [("a.type", ("a",))]),
        ({"a": "", "b": 1}, [("a.minLength", ("a",))]),
        ({"a": "ab", "b": 1, "c": []}, [("c.minItems", ("c",)), ("b.excludes.c", ("c",))]),
        ({"a": "ab", "b": 1, "e": "x"}, [("e.const", ("e",)), ("b.limits.e", ("e",))]),
        ({"a": "ab", "c": [{"x": 1}, {}]}, [("c.[].x.required", ("c", 1, "x"))]),
        ({"a": "ab", "b": 1, "f": 1}, [("f.unlisted", ("f",))]),
        ({"a": "ab", "b": 1, "zz": 1, "yy": 2}, [("unknown-field", ("zz",)), ("unknown-field", ("yy",))]),
        ({"a": "ab", "b": 1, "d": 1}, [("e.required", ("e",))]),
        ({"a": "ab", "b": 1, "d": True}, [("d.enum", ("d",))]),
    ],
)
def test_which_rules_a_value_breaks_and_where(value, expected) -> None:
    assert broken(EVERY, value) == expected


def test_a_break_tells_what_stands_there() -> None:
    found = {one.rule.keyword: one.value for one in shape(EVERY).breaks({"a": 5, "zz": [1]})}
    assert found == {"type": 5, "required": None, "unknown-field": [1]}


def test_of_millions_of_breaks_the_first_are_told() -> None:
    schema = {"properties": {"c": {"items": {"type": "object"}}}, "additionalProperties": False}
    assert broken(schema, {"c": [{}] * 5 + [1] * 100_000})[-1][1] == ("c", 5 + MOST_BREAKS - 1)
    assert len(broken(schema, {str(n): 1 for n in range(100_000)})) == MOST_BREAKS


@pytest.mark.parametrize("index", [0, CHUNK - 1, CHUNK, 5 * CHUNK + 1])
def test_the_one_break_among_many_items_is_found(index) -> None:
    items: list[object] = [{}] * (6 * CHUNK)
    items[index] = 1
    assert broken({"items": {"type": "object"}}, items) == [("[].type", (index,))]


def test_right_items_are_not_looked_at_one_by_one() -> None:
    made = shape({"items": {"type": "object", "required": ["x"]}})
    assert list(made.breaks([{"x": 1}] * (3 * CHUNK))) == []
    assert set(made._leaves) == {("items",)}  # no statement of an item was asked for


def test_values_that_count_as_absent() -> None:
    value = {"a": None, "m": [], "n": [], "o": [None]}
    plain = shape({"properties": {"m": {}, "n": True}})
    assert not plain.forgives
    assert plain.present(value) == value
    assert shape({"x-null": "absent"}).forgives
    assert shape({"x-null": "absent"}).present(value) == {"m": [], "n": [], "o": [None]}
    empty = shape({"properties": {"m": {"x-empty": "absent"}}})
    assert empty.forgives
    assert empty.present(value) == {"a": None, "n": [], "o": [None]}
    assert empty.present({"m": ""}) == {"m": ""}


@given(VALUES)
def test_a_compiled_schema_takes_what_its_shape_takes(value) -> None:
    assert compiled(MappingProxyType(EVERY)).is_valid(value) is not bool(list(shape(EVERY).breaks(value)))


def test_a_compiled_schema_looks_nothing_up() -> None:
    with pytest.raises(ValidationError, match="Retrieval is disabled"):
        compiled({"$ref": "http://127.0.0.1:1/elsewhere.json"})
