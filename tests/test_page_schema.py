import pytest

from klingcontracts.page_schema import MOST_SCHEMAS, Node, Schemas
from klingcontracts.page_values import URI
from klingcontracts.problem import Problem


def read(schema, **components):
    found = Schemas({"components": {"schemas": components}}, "page").fields(Node(schema, "#"))
    return {one.name: one for one in found}


def one(**schema):
    return read({"properties": {"a": schema}})["a"]


def ref(name):
    return {"$ref": f"#/components/schemas/{name}"}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "title": "A", "x-order": 1}, {"type": "string"}),
        ({"type": ["string", "null"]}, {"type": ["string", "null"]}),
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"anyOf": [{"type": "null"}, {"type": "string"}]}, {"type": ["string", "null"]}),
        (
            {"oneOf": [{"type": "integer"}, {"type": "null"}], "minimum": 1},
            {"minimum": 1, "type": ["integer", "null"]},
        ),
        ({"type": "file"}, {}),
        ({"type": {}}, {}),
        ({"type": "string", "format": "uri"}, {"type": "string", "format": "uri", "pattern": URI}),
        ({"type": "string", "format": "date"}, {"type": "string", "format": "date"}),
        ({"minimum": 0, "exclusiveMinimum": True}, {"exclusiveMinimum": 0}),
        ({"minimum": 0, "exclusiveMinimum": False}, {"minimum": 0}),
        ({"exclusiveMaximum": True}, {}),
        ({"type": "string", "example": "x"}, {"type": "string", "examples": ["x"]}),
        ({"default": None, "enum": ["a"]}, {"enum": ["a"]}),
        ({"default": "a", "enum": ["a"]}, {"enum": ["a"], "default": "a"}),
        (
            {"allOf": [{"type": "string"}, {"minLength": 1}], "maxLength": 2},
            {"type": "string", "minLength": 1, "maxLength": 2},
        ),
        (
            {"type": "object", "additionalProperties": False},
            {"type": "object", "additionalProperties": False},
        ),
        ({"type": "array", "items": {"type": "string"}}, {"type": "array", "items": {"type": "string"}}),
    ],
)
def test_what_a_schema_says(schema, expected) -> None:
    field = one(**schema)
    assert field.schema == expected
    assert field.unread == ()


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"multipleOf": 2}, "multipleOf: 2"),
        (
            {"allOf": [{"type": "string"}, {"type": "number"}]},
            'allOf: [{"type": "string"}, {"type": "number"}]',
        ),
        (
            {"anyOf": [{"type": "string"}, {"type": "number"}]},
            'anyOf: [{"type": "string"}, {"type": "number"}]',
        ),
        ({"anyOf": [True, {"type": "null"}]}, 'anyOf: [true, {"type": "null"}]'),
        ({"additionalProperties": {"type": "string"}}, 'additionalProperties: {"type": "string"}'),
        ({"deprecated": True}, "deprecated: true"),
        ({"enum": ["a"], "default": "b"}, 'default: "b"'),
        ({"items": {"properties": {"b": {"readOnly": True}}}}, "readOnly: true"),
    ],
)
def test_what_no_schema_here_says_is_told_of(schema, told) -> None:
    assert one(**schema).unread == (told,)


def test_references_and_what_stands_beside_them() -> None:
    found = read({"properties": {"a": {**ref("b"), "description": "Here"}}}, b=ref("c"), c={"type": "string"})
    assert (found["a"].schema, found["a"].prose) == ({"type": "string"}, "Here")
    slashed = Schemas({"a/b": {"c~d": {"type": "string"}}}, "page").resolved(
        Node({"$ref": "#/a~1b/c~0d"}, "")
    )
    assert (slashed.value, slashed.at) == ({"type": "string"}, "#/a~1b/c~0d")


def test_objects_in_objects() -> None:
    inner = {"properties": {"b": {"type": "string", "description": "B"}}, "required": ["b", "c", 5]}
    field = one(**inner)
    assert field.schema == {
        "properties": {"b": {"description": "B", "type": "string"}},
        "required": ["b"],
    }
    assert read({**inner})["b"].required


@pytest.mark.parametrize(
    ("schema", "components", "why"),
    [
        ({"properties": {"a": ref("x")}}, {}, "refers to '#/components/schemas/x'"),
        ({"properties": {"a": {"$ref": "other.json"}}}, {}, "refers to 'other.json'"),
        (ref("a"), {"a": ref("b"), "b": ref("a")}, "refers to '#/components/schemas/a'"),
        (ref("a"), {"a": {"properties": {"a": ref("a")}}}, "without end"),
        (ref("a"), {"a": {"properties": {"b": {"items": {"items": ref("a")}}}}}, "without end"),
        ({"properties": {"a.b": {}}}, {}, "a name with a dot"),
        ({"properties": {"a": {"minLength": "x"}}}, {}, "no schema of 'a'"),
        ({"properties": {f"f{n}": {} for n in range(501)}}, {}, "more than 500 fields"),
    ],
)
def test_what_is_refused(schema, components, why) -> None:
    with pytest.raises(Problem, match=why):
        read(schema, **components)


def test_schemas_that_refer_to_each_other_many_times_are_refused() -> None:
    many = {f"s{n}": {"properties": {f"f{k}": ref(f"s{n + 1}") for k in range(9)}} for n in range(9)}
    assert MOST_SCHEMAS < 9**9
    with pytest.raises(Problem, match="without end"):
        read(ref("s0"), **many, s9={"type": "string"})
