"""klingcontracts.breaks: for each rule, bodies that break this rule and no other."""

import json

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from klingcontracts.breaks import breaks_of, broken, spot, within, wrong_values
from klingcontracts.check import check_body
from klingcontracts.contract import load

REVISIONS = ["2026-02", "2026-04", "2026-07"]
QUICK = settings(max_examples=8, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def arms():
    """Each arm of each revision, and those that only another reading has."""
    found = []
    for revision in REVISIONS:
        known = set(breaks_of(load(revision)).arms)
        found += [pytest.param(load(revision), name, id=f"{revision}-{name}") for name in known]
        for question, asked in load(revision).questions.items():
            for reading in asked.readings:
                contract = load(revision, {question: reading})
                more = set(breaks_of(contract).arms) - known
                found += [pytest.param(contract, name, id=f"{revision}-{reading}-{name}") for name in more]
    return sorted(found, key=lambda one: one.id)


@pytest.mark.parametrize(("contract", "name"), arms())
def test_an_arm_breaks_its_rule_and_no_other(contract, name):
    operation = contract.operation("submit")
    bare = jsonschema_rs.Draft202012Validator(operation.body.schema)

    @QUICK
    @given(broken(contract, "submit", [name]))
    def hold(pair):
        body, rule = pair
        checked = check_body(contract, operation, json.dumps(body).encode())
        found = checked.refused or checked.noted
        assert [finding.rule.id for finding in found] == [name]
        assert rule is found[0].rule
        assert bare.is_valid(body) == (not rule.error) or operation.body.null_is_absent

    hold()


@pytest.mark.parametrize("revision", REVISIONS)
def test_each_rule_of_the_body_has_an_arm(revision):
    found = breaks_of(load(revision))
    assert set(found.rules) - set(found.arms) == set()  # there is none that no body can break alone
    assert found.refused == [name for name in found.arms if found.rules[name].error]


def test_all_arms_are_drawn():
    contract = load()
    names = breaks_of(contract).refused
    for name in names:
        quick = settings(
            max_examples=3000, deadline=None, database=None, suppress_health_check=list(HealthCheck)
        )
        wanted = contract.rules[name]
        body, rule = find(
            broken(contract, "submit", names), lambda pair, wanted=wanted: pair[1] is wanted, settings=quick
        )
        assert rule.id == name
        assert len(json.dumps(body)) < 30_000


@pytest.mark.parametrize(
    ("name", "smallest"),
    [
        ("submit.body.image.required", {}),
        ("submit.body.mode.enum", {"image": "https://example.com/mountain.jpg", "mode": "Std"}),
        ("submit.body.type", None),
    ],
)
def test_what_is_broken_shrinks_to_something_a_person_can_read(name, smallest):
    body, _ = find(broken(load(), "submit", [name]), lambda _: True)
    assert body == smallest or (smallest is None and not isinstance(body, dict))


@pytest.mark.parametrize("length", [2501, 2502])
def test_one_over_is_drawn(length):
    arm = breaks_of(load()).arms["submit.body.prompt.maxLength"]
    quick = settings(max_examples=300, deadline=None, database=None)
    assert find(arm, lambda body: len(body["prompt"]) == length, settings=quick)


def test_a_spot_is_found_within_items_and_properties():
    schema = {"properties": {"a": {"items": {"properties": {"b": {"minimum": 1}}}}}}
    at = spot(schema, ("properties", "a", "items", "properties", "b", "minimum"))
    assert (at.path, at.schema, at.ending) == (("a", "[]", "b"), {"minimum": 1}, ("minimum",))


def test_the_wrong_value_is_put_at_its_place():
    schema = {
        "type": "array",
        "minItems": 2,
        "items": {"type": "object", "properties": {"x": {"type": "integer"}}},
    }
    found = find(within(schema, ("[]", "x"), st.just("wrong")), lambda _: True)
    assert [item for item in found if item.get("x") == "wrong"]
    assert len(found) >= 2


WRONG = [
    ({"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}, ("required", "a")),
    ({"type": "object", "additionalProperties": False, "properties": {"a": True}}, ("additionalProperties",)),
    ({"type": "integer", "enum": [5, 10]}, ("enum",)),
    ({"type": "integer", "enum": [5, 10]}, ("type",)),
    ({"type": "string", "const": "std"}, ("const",)),
    ({"type": "string", "maxLength": 3}, ("maxLength",)),
    ({"type": "string", "minLength": 3}, ("minLength",)),
    ({"type": "string", "minLength": 3, "pattern": "^[A-Z]*$"}, ("minLength",)),
    ({"type": "string", "maxLength": 3, "pattern": "^[A-Z]*$"}, ("maxLength",)),
    ({"type": "string", "pattern": "^[0-9]+$"}, ("pattern",)),
    ({"type": "array", "maxItems": 2}, ("maxItems",)),
    ({"type": "array", "minItems": 2}, ("minItems",)),
    ({"type": "number", "minimum": 0}, ("minimum",)),
    ({"type": "number", "exclusiveMaximum": 1}, ("exclusiveMaximum",)),
    ({"type": "integer", "maximum": 6}, ("maximum",)),
    (
        {
            "type": "object",
            "properties": {"kind": {"enum": ["simple", "other"]}, "config": {"type": "object"}},
            "required": ["kind"],
            "if": {"properties": {"kind": {"const": "simple"}}},
            "then": {"required": ["config"]},
        },
        ("if", "required", "config"),
    ),
]


@pytest.mark.parametrize(("schema", "ending"), WRONG, ids=lambda one: str(one)[:40])
def test_a_wrong_value_breaks_its_statement(schema, ending):
    bare = jsonschema_rs.Draft202012Validator(schema)

    @QUICK
    @given(wrong_values(schema, ending))
    def hold(value):
        assert not bare.is_valid(value)

    hold()


@pytest.mark.parametrize(
    ("schema", "ending"),
    [
        ({"type": "string", "minLength": 0}, ("minLength",)),
        ({"type": "array", "minItems": 0}, ("minItems",)),
        ({"type": "string", "minLength": 2, "pattern": "^..+$"}, ("minLength",)),
        ({"type": "array"}, ("uniqueItems",)),
        ({"enum": [1]}, ("type",)),
    ],
)
def test_where_no_value_is_wrong_there_is_none(schema, ending):
    schema = (
        {"type": ["string", "null", "boolean", "number", "object", "array"], **schema}
        if ending == ("type",)
        else schema
    )
    assert wrong_values(schema, ending) is None


def broken_in(contract, name):
    operation = contract.operation("submit")
    body, rule = find(broken(contract, "submit", [name]), lambda _: True)
    found = check_body(contract, operation, json.dumps(body).encode())
    assert [finding.rule for finding in (found.refused or found.noted)] == [rule]
    return body


def test_a_field_that_is_due_can_be_left_out(own_body):
    contract = own_body(
        **{
            "if": {"properties": {"mode": {"const": "pro"}, "seed": False}, "required": ["mode"]},
            "then": {"required": ["prompt", "cfg_scale"], "x-provenance": "assumed"},
        }
    )
    body = broken_in(contract, "submit.body.prompt.required")
    assert body["mode"] == "pro"
    assert "cfg_scale" in body
    assert not {"prompt", "seed"} & body.keys()


def test_a_rule_that_no_body_can_break_alone_has_no_arm(own_body):
    known = load().operation("submit").body.schema
    fields = {**known["properties"], "seed": False}
    ties = {**known["dependentSchemas"], "seed": {"properties": {"prompt": False}, "x-provenance": "assumed"}}
    contract = own_body(properties=fields, dependentSchemas=ties)
    found = breaks_of(contract)
    assert set(found.rules) - set(found.arms) == {"submit.body.seed.excludes.prompt"}
    assert "seed" in broken_in(contract, "submit.body.seed.unlisted")


def test_a_statement_about_the_whole_body_that_is_not_known_has_no_arm(own_body):
    contract = own_body(required=[], enum=[{"image": "https://example.com/mountain.jpg"}])
    found = breaks_of(contract)
    assert set(found.rules) - set(found.arms) == {"submit.body.enum"}
