"""klingcontracts.bodies: whole bodies that the contract accepts, held against `check` and the bare schema."""

import json

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import UnsatisfiedAssumption

from klingcontracts.bodies import MOST_TIED, Fields, fields_of, valid_bodies
from klingcontracts.check import check_body
from klingcontracts.contract import load
from klingcontracts.problem import Problem

REVISIONS = ["2026-02", "2026-04", "2026-07"]
QUICK = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])


def contracts():
    """Each revision as it is, and in each reading of each question that another body follows from."""
    found, shapes = [], []
    for revision in REVISIONS:
        for name, question in load(revision).questions.items():
            for reading in question.readings:
                contract = load(revision, {name: reading})
                schema = contract.operation("submit").body.schema
                if schema not in shapes:
                    shapes.append(schema)
                    found.append(pytest.param(contract, id=f"{revision}-{name}-{reading}"))
    return found


CONTRACTS = contracts()


@QUICK
@given(st.data())
@pytest.mark.parametrize("notes", [False, True])
@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_body_is_accepted_without_a_remark_unless_one_is_asked_for(contract, notes, data):
    operation = contract.operation("submit")
    body = data.draw(valid_bodies(contract, "submit", notes=notes))
    checked = check_body(contract, operation, json.dumps(body).encode())
    assert not checked.refused
    assert notes or not checked.noted


@pytest.mark.parametrize("revision", REVISIONS)
def test_valid_bodies_are_valid_for_the_bare_schema_too(revision):
    contract = load(revision)
    validator = jsonschema_rs.Draft202012Validator(contract.operation("submit").body.schema)

    @QUICK
    @given(valid_bodies(contract, "submit", notes=False))
    def hold(body):
        assert validator.is_valid(body)

    hold()


def test_a_failure_shrinks_to_the_smallest_documented_body():
    smallest = find(valid_bodies(load(), "submit", notes=False), lambda _: True)
    assert smallest == {"image": "https://example.com/mountain.jpg"}


@pytest.mark.parametrize(
    "edge",
    [
        lambda body: len(body.get("prompt", "")) == 2500,
        lambda body: len(body.get("negative_prompt", "")) == 2500,
        lambda body: len(body.get("prompt", "x" * 9)) == 1,
        lambda body: body.get("cfg_scale") == 0,
        lambda body: body.get("cfg_scale") == 1,
        lambda body: len(body.get("dynamic_masks", ())) == 6,
        lambda body: "雪" in body.get("prompt", ""),
        lambda body: "🎬" in body.get("prompt", ""),
        lambda body: body.get("image", "").startswith("https://"),
        lambda body: body.get("image", "").startswith("iVBOR"),
        lambda body: "image_tail" in body and "image" in body,
        lambda body: set(body) == {"image"},
        lambda body: "camera_control" not in body and "static_mask" in body,
    ],
)
def test_the_edges_are_drawn_on_purpose(edge):
    quick = settings(max_examples=2000, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    assert edge(find(valid_bodies(load(), "submit", notes=False), edge, settings=quick))


def test_next_to_nothing_is_thrown_away():
    thrown, kept = [], []

    @settings(max_examples=300, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def draw(data):
        try:
            kept.append(data.draw(valid_bodies(load(), "submit", notes=False)))
        except UnsatisfiedAssumption:
            thrown.append(1)
            raise

    draw()
    assert len(thrown) <= 0.01 * len(kept)


def test_an_operation_without_a_body_has_no_bodies():
    with pytest.raises(Problem, match="takes no body"):
        valid_bodies(load(), "task", notes=False)


def test_a_body_without_fields_is_any_object(own_body):
    contract = own_body(required=[], properties={}, dependentSchemas={}, **{"x-noted": {}, "anyOf": [{}]})
    assert find(valid_bodies(contract, "submit", notes=False), lambda _: True) == {}


def test_a_new_field_and_a_tighter_bound_need_no_code(own_body):
    known = load().operation("submit").body.schema["properties"]
    more = {
        "fps": {"type": "integer", "minimum": 12, "exclusiveMaximum": 61, "x-provenance": "assumed"},
        "tags": {"type": "array", "items": {"type": "string", "minLength": 2}, "x-provenance": "assumed"},
        "prompt": {**known["prompt"], "maxLength": 7},
    }
    contract = own_body(properties={**known, **more})
    operation = contract.operation("submit")
    seen = []

    @QUICK
    @given(valid_bodies(contract, "submit", notes=False))
    def hold(body):
        seen.append(body)
        assert not check_body(contract, operation, json.dumps(body).encode()).refused

    hold()
    strategy = valid_bodies(contract, "submit", notes=False)
    assert [find(strategy, lambda body, edge=edge: body.get("fps") == edge)["fps"] for edge in (12, 60)] == [
        12,
        60,
    ]
    assert len(find(strategy, lambda body: len(body.get("prompt", "")) == 7)["prompt"]) == 7
    assert max(len(body.get("prompt", "")) for body in seen) <= 7


def test_a_field_that_becomes_due_is_there(own_body):
    rule = {
        "if": {"properties": {"mode": {"const": "pro"}}, "required": ["mode"]},
        "then": {"required": ["prompt", "cfg_scale"], "x-provenance": "assumed"},
    }
    contract = own_body(**rule)
    pro = find(valid_bodies(contract, "submit", notes=False), lambda body: body.get("mode") == "pro")
    assert pro.keys() == {"image", "mode", "prompt", "cfg_scale"}


def test_too_many_tied_fields_are_refused(own_body):
    names = [f"f{nth}" for nth in range(MOST_TIED + 1)]
    ties = {names[0]: {"properties": dict.fromkeys(names[1:], False), "x-provenance": "assumed"}}
    fields = {name: {"type": "string", "x-provenance": "assumed"} for name in names}
    known = load().operation("submit").body.schema["properties"]
    contract = own_body(properties={**known, **fields}, dependentSchemas=ties)
    with pytest.raises(Problem, match="exclude or replace one another"):
        assert fields_of(contract).tied


def test_fields_of_a_loose_reading_are_open():
    fields = Fields(load().operation("submit"), strict=False)
    assert fields.open
    assert not Fields(load("2026-02", {"unknown-fields": "refuse"}).operation("submit"), strict=False).open
