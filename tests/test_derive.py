import pytest

from klingcontracts.contract import load
from klingcontracts.derive import KEYWORDS, Place, rules
from klingcontracts.problem import Problem
from klingcontracts.rule import Level, Rule

BODY = Place("submit", "submit.body", Level.ERROR, refuses=True)
REPLY = Place("task", "task.reply", Level.ERROR, refuses=False)


def derived(schema: object, place: Place = BODY) -> dict[tuple[str, ...], Rule]:
    return dict(rules(schema, place))


def told(schema: object, place: Place = BODY) -> dict[str, str]:
    return {rule.id: rule.says for rule in derived(schema, place).values()}


def test_each_keyword_makes_a_rule_that_says_what_it_says() -> None:
    schema = {
        "type": ["string", "null"],
        "minLength": 1,
        "maxLength": 9,
        "minimum": 0,
        "maximum": 1,
        "exclusiveMinimum": 2,
        "exclusiveMaximum": 3,
        "minItems": 4,
        "maxItems": 5,
        "enum": ["a", 5, None],
        "const": "c",
        "pattern": "^x$",
    }
    assert set(schema) == set(KEYWORDS)
    assert told({"properties": {"f": schema}}) == {
        "submit.body.f.type": "f is a string or null",
        "submit.body.f.minLength": "f has a length of at least 1",
        "submit.body.f.maxLength": "f has a length of at most 9",
        "submit.body.f.minimum": "f is at least 0",
        "submit.body.f.maximum": "f is at most 1",
        "submit.body.f.exclusiveMinimum": "f is more than 2",
        "submit.body.f.exclusiveMaximum": "f is less than 3",
        "submit.body.f.minItems": "f has a length of at least 4",
        "submit.body.f.maxItems": "f has a length of at most 5",
        "submit.body.f.enum": "f is 'a', 5 or null",
        "submit.body.f.const": "f is 'c'",
        "submit.body.f.pattern": "f matches ^x$",
    }


def test_the_other_statements() -> None:
    schema = {
        "type": "object",
        "required": ["a"],
        "anyOf": [{"required": ["a"]}, {"required": ["b", "a"]}],
        "properties": {"a": True, "b": {"items": {"required": ["c"]}}, "no": False},
        "dependentSchemas": {"a": {"properties": {"b": False, "d": {"maximum": 5}}}},
        "if": {"required": ["a"]},
        "then": {"required": ["z"]},
        "additionalProperties": False,
    }
    assert told(schema) == {
        "submit.body.a.required": "a is required",
        "submit.body.a-or-b.required": "a or b is required",
        "submit.body.type": "the body is an object",
        "submit.body.b.[].c.required": "b[].c is required",
        "submit.body.no.unlisted": "no is not listed",
        "submit.body.a.excludes.b": "a excludes b",
        "submit.body.a.limits.d": "with a, d is at most 5",
        "submit.body.z.required": "z is required",
        "submit.body.unknown-field": "every field is listed",
    }
    assert list(derived(schema)) == [
        ("required", "a"),
        ("anyOf",),
        ("type",),
        ("properties", "b", "items", "required", "c"),
        ("properties", "no"),
        ("dependentSchemas", "a", "properties", "b"),
        ("dependentSchemas", "a", "properties", "d", "maximum"),
        ("if", "then", "required", "z"),
        ("additionalProperties",),
    ]


def test_the_order_is_stage_then_page() -> None:
    body = load().operations["submit"].body
    assert body is not None
    ordered = sorted(body.rules.values(), key=lambda rule: rule.order)
    assert [rule.order[0] for rule in ordered] == sorted(rule.order[0] for rule in ordered)
    assert len({rule.order for rule in ordered}) == len(ordered)
    fields = list(body.schema["properties"])
    places = [
        fields.index(rule.field.removesuffix("[]"))
        for rule in ordered
        if rule.keyword == "type" and rule.field
    ]
    assert places == sorted(places)


def test_only_a_request_is_refused_and_a_body_of_the_wrong_type_in_its_own_words() -> None:
    schema = {"type": "object", "properties": {"f": {"type": "string"}}}
    assert [rule.error for rule in derived(schema).values()] == ["not-object", "type"]
    assert [rule.error for rule in derived(schema, REPLY).values()] == ["", ""]


def test_the_document_may_say_it_better() -> None:
    schema = {"properties": {"f": {"pattern": "^a", "x-says": {"pattern": "f begins with a"}}}}
    assert told(schema) == {"submit.body.f.pattern": "f begins with a"}


def test_where_each_statement_comes_from() -> None:
    schema = {
        "required": ["a"],
        "anyOf": [{"required": ["b"]}],
        "properties": {
            "a": {
                "type": "string",
                "minLength": 1,
                "x-provenance": {"*": "documented S0", "minLength": "assumed P6"},
            }
        },
        "dependentSchemas": {
            "a": {
                "properties": {"b": False, "c": {"const": 5}},
                "x-provenance": {"excludes": "documented S0", "limits": "assumed U2"},
            }
        },
        "if": {},
        "then": {"required": ["r"]},
        "x-provenance": {"*": "documented P1", "then": "observed C4"},
    }
    assert {
        rule.id.removeprefix("submit.body."): str(rule.provenance) for rule in derived(schema).values()
    } == {
        "a.required": "documented P1",
        "b.required": "documented P1",
        "a.type": "documented S0",
        "a.minLength": "assumed P6",
        "a.excludes.b": "documented S0",
        "a.limits.c": "assumed U2",
        "r.required": "observed C4",
    }


def test_then_without_if_says_nothing() -> None:
    assert derived({"then": {"required": ["a"]}}) == derived(True) == {}


@pytest.mark.parametrize(
    ("schema", "what"),
    [
        ({"oneOf": [{}]}, "'oneOf'"),
        ({"not": {}}, "'not'"),
        ({"properties": {"f": {"multipleOf": 2}}}, "'multipleOf' at submit.body.f"),
        ({"additionalProperties": {"type": "string"}}, "'additionalProperties'"),
        ({"anyOf": [{"type": "string"}]}, "'anyOf'"),
        ({"anyOf": [True]}, "'anyOf'"),
        ({"if": {}, "then": {"type": "object"}}, "'then'"),
        ({"dependentSchemas": {"a": {"required": ["b"]}}}, "dependentSchemas of 'a'"),
        ({"dependentSchemas": {"a": False}}, "dependentSchemas of 'a'"),
        (
            {"dependentSchemas": {"a": {"properties": {"b": {"minimum": 1, "maximum": 2}}}}},
            "condition on 'b'",
        ),
        ({"dependentSchemas": {"a": {"properties": {"b": {"items": {}}}}}}, "condition on 'b'"),
        ({"dependentSchemas": {"a": {"properties": {"b": True}}}}, "condition on 'b'"),
        ({"properties": {"a.b": {}}}, "a field called 'a.b'"),
    ],
)
def test_what_no_rule_can_be_made_of_is_refused_and_not_left_out(schema, what) -> None:
    with pytest.raises(Problem) as caught:
        derived(schema)
    assert what in caught.value.fact
    assert caught.value.fact.endswith("of which no rule can be made.")
    assert caught.value.remedy
