"""klingcontracts.probe_bodies: bodies that break one rule, and bodies at the edges."""

import dataclasses
import json

import pytest

from klingcontracts.contract import load
from klingcontracts.document import revisions
from klingcontracts.probe_bodies import Bodies, body_of, minimal
from klingcontracts.problem import Problem

CHOICES = [
    (revision, {question.id: reading})
    for revision in revisions()
    for question in load(revision).questions.values()
    for reading in question.readings
]


@pytest.mark.parametrize(("revision", "readings"), CHOICES, ids=str)
def test_each_body_breaks_the_rule_that_it_says_and_no_other(revision, readings):
    contract = load(revision, readings)
    bodies = Bodies(contract)
    broken = bodies.broken()
    assert all(bodies.breaks(point.body) == [point.rule] for point in broken)
    assert not any(bodies.breaks(point.body) for point in bodies.edges())
    refusing = {rule.id for rule in bodies.shape.rules.values()}
    # 10 MiB of Base64 is more than anybody should send to find out.
    large = {rule for rule in refusing if rule.endswith("maxLength") and "prompt" not in rule}
    assert {point.rule for point in broken} == refusing - large


def test_values_that_people_would_think_of_are_among_them():
    bodies = Bodies(load())
    sent = [json.dumps(point.body, ensure_ascii=False) for point in bodies.broken()]
    for part in ('"mode": "master"', '"mode": "STD"', '"mode": "std "', '"duration": 15', '"duration": "5"'):
        assert any(part in body for body in sent), part
    assert any('"mode": null' in body for body in sent)
    lengths = {
        len(point.body["prompt"]) for point in bodies.broken() if point.rule.endswith(".prompt.maxLength")
    }
    assert lengths == {2501}


def test_edges_are_met_exactly():
    edges = Bodies(load()).edges()
    prompts = [point.body["prompt"] for point in edges if "prompt" in point.body]
    assert max(map(len, prompts)) == 2500
    assert any(prompt == "镜头掠过山脊"[:6] * 416 + "镜头掠过" for prompt in prompts)
    scales = [repr(point.body["cfg_scale"]) for point in edges if "cfg_scale" in point.body]
    assert {"0", "0.0", "1", "1.0"} <= set(scales)
    assert {point.body.get("duration") for point in edges} >= {5, 10}
    assert any("static_mask" in point.body and "dynamic_masks" in point.body for point in edges)


def test_each_edge_is_asked_once():
    edges = [repr(point.body) for point in Bodies(load()).edges()]
    assert len(edges) == len(set(edges))


def test_the_smallest_body_is_the_example_or_is_made(own_body):
    assert minimal(load()) == {"image": "https://example.com/mountain.jpg"}
    made = own_body(
        required=["mode", "duration"],
        properties={"mode": {"enum": ["a"]}, "duration": {"type": "integer", "minimum": 3}},
    )
    assert minimal(made) == {"mode": "a", "duration": 3}


def test_a_field_that_excludes_one_of_the_smallest_body_replaces_it(own_body):
    contract = own_body(
        required=["prompt"],
        properties={
            "prompt": {"type": "string", "examples": ["a"]},
            "a": {"type": "string"},
            "b": {"type": "string"},
        },
        anyOf=[{"required": ["a"]}, {"required": ["b"]}],
        dependentSchemas={"a": {"properties": {"b": False}}},
    )
    bodies = Bodies(contract)
    assert bodies.minimal.keys() == {"prompt", "a"}
    assert bodies.with_field("b").keys() == {"prompt", "b"}
    assert not bodies.breaks(bodies.with_field("b"))


def test_conditions_and_nested_fields_have_bodies_too(own_body):
    contract = own_body(
        required=["image"],
        properties={
            "image": {"type": "string"},
            "mode": {"enum": ["std", "pro"]},
            "duration": {"type": "integer", "enum": [5, 10]},
            "extra": {
                "type": "object",
                "required": ["kind"],
                "properties": {"kind": {"type": "string", "maxLength": 3}},
            },
        },
        dependentSchemas={"mode": {"properties": {"duration": {"const": 5}}}},
        additionalProperties=False,
        **{"x-noted": {}},
    )
    rules = {point.rule.removeprefix("submit.body.") for point in Bodies(contract).broken()}
    assert {"mode.limits.duration", "extra.kind.required", "extra.kind.maxLength", "unknown-field"} <= rules


def test_a_contract_without_a_body_is_refused():
    contract = load()
    submit = contract.operation("submit")
    bare = dataclasses.replace(contract, operations={"submit": dataclasses.replace(submit, body=None)})
    with pytest.raises(Problem, match="takes no body"):
        body_of(bare)
