"""klingcontracts.probe_guarded: a body that breaks a later rule too, and what the answer says."""

import json

import pytest

from klingcontracts.contract import load
from klingcontracts.exchange import Reply
from klingcontracts.probe import ACCEPTED, UNTOLD, Outcome, foretold
from klingcontracts.probe_bodies import Point
from klingcontracts.probe_guarded import decoded, guarded, guards, holds, is_taken, message_of, said
from klingcontracts.probe_reading import Readings

READINGS = Readings(lambda chosen: load("2026-02", chosen), {})
GUARDS = guards(READINGS)
IMAGE = {"image": "https://example.com/mountain.jpg"}


def error(message, status=400):
    return Reply(status, {}, json.dumps({"code": status, "message": message}).encode())


def test_the_guards_are_what_no_reading_takes_the_latest_first():
    names = [guard.rule.removeprefix("submit.body.") for guard in GUARDS]
    assert names == [
        "image_tail.excludes.dynamic_masks",
        "image_tail.excludes.static_mask",
        "duration.enum",
        "mode.enum",
        "cfg_scale.maximum",
    ]
    assert not any(READINGS.takes(json.dumps({**IMAGE, **guard.more}).encode()) for guard in GUARDS)


def test_a_guarded_body_is_refused_in_every_reading():
    asked = [guarded(point, guard, READINGS) for point in READINGS.points for guard in GUARDS]
    probes = [probe for probe in asked if probe is not None]
    assert len(probes) > 300
    assert not any(READINGS.takes(bytes(probe.call.body)) for probe in probes)
    assert all(READINGS.contract.rules[probe.guard].error for probe in probes)


def test_most_questions_have_a_guard_and_those_without_are_known():
    open_ = [point for point in READINGS.points if not any(guarded(point, one, READINGS) for one in GUARDS)]
    assert {point.rule.removeprefix("submit.body.") for point in open_} == {
        "type",
        "image_tail.excludes.dynamic_masks",
        *(f"{name}.excludes.camera_control" for name in ("image_tail", "static_mask", "dynamic_masks")),
    }


def test_a_guard_tells_only_of_what_is_looked_at_before_it():
    exclusion, bound = GUARDS[0], GUARDS[2]
    tail = Point("submit.body.image_tail.type", "", {**IMAGE, "image_tail": 5})
    assert guarded(tail, exclusion, READINGS) is None  # its fields are the guard's
    assert guarded(tail, bound, READINGS) is not None
    late = Point("submit.body.image_tail.excludes.static_mask", "", {**IMAGE, **GUARDS[1].more})
    assert guarded(late, bound, READINGS) is None
    assert guarded(late, exclusion, READINGS) is not None
    assert guarded(Point("submit.body.type", "", [IMAGE, IMAGE]), bound, READINGS) is None
    assert guarded(Point("submit.body.type", "", [IMAGE]), bound, READINGS) is not None


@pytest.mark.parametrize(
    ("message", "category", "fields"),
    [
        ("Invalid parameters: parameter 'mode' is odd", "Invalid parameters", {"mode"}),
        ("Invalid parameters: seed: nothing", "Invalid parameters", set()),
        ("Invalid parameters: parameter `seed` is required", "Invalid parameters", {"seed"}),
        ("parameter 'mode' is odd", "", {"mode"}),
        ("Not a: image_tail with static_mask", "Not a", {"image_tail", "static_mask"}),
    ],
)
def test_what_an_error_names(message, category, fields):
    told = said(error(message), ("mode", "image_tail", "static_mask"))
    assert told == Outcome(400, category, frozenset(fields))


def test_an_error_in_another_envelope_still_names_its_field():
    nested = Reply(400, {}, b'{"error": {"text": "parameter \'mode\' is odd"}}')
    assert said(nested, ("mode",)).fields == {"mode"}
    assert said(Reply(502, {}, b"<html>"), ()) == Outcome(502)


@pytest.mark.parametrize(
    ("status", "body", "taken"),
    [
        (200, b'{"code": 0, "data": {}}', True),
        (202, b"", True),
        (200, b'{"code": 400, "message": "Invalid parameters: x"}', False),
        (200, b'{"code": 400, "data": {"task_id": "1"}}', True),
        (200, b'{"code": "no"}', True),
        (308, b"", False),
    ],
)
def test_what_counts_as_taken(status, body, taken):
    reply = Reply(status, {}, body)
    assert is_taken(reply) is taken
    assert said(reply, ()).accepted is taken


def test_a_message_that_is_no_text_is_none():
    assert message_of(Reply(400, {}, b'{"message": 5}')) == ""
    assert message_of(Reply(400, {}, b"[]")) == ""


def test_what_the_answer_says_of_the_body_without_its_guard():
    mine = frozenset({"duration"})
    guard = GUARDS[2]._replace(seen=Outcome(400, "Invalid parameters", mine))
    assert holds(guard, guard.seen)
    assert decoded(guard.seen, guard) == ACCEPTED
    own = Outcome(400, "Invalid parameters", frozenset({"mode"}))
    assert decoded(own, guard) == own
    assert decoded(Outcome(400, "Invalid parameters", mine | {"mode"}), guard).fields > mine
    assert decoded(Outcome(400, "Invalid parameters"), guard) == UNTOLD
    assert decoded(Outcome(400, "Value out of range"), guard) == Outcome(400, "Value out of range")
    assert decoded(ACCEPTED, guard) == ACCEPTED
    assert not holds(guard, own)
    assert not holds(guard, ACCEPTED)


def test_what_is_foretold_of_a_guarded_body_is_what_the_contract_refuses_first():
    for point in READINGS.points:
        probe = next(filter(None, (guarded(point, guard, READINGS) for guard in GUARDS)), None)
        if probe is not None:
            first = foretold(READINGS.contract, probe)[0]
            assert first.accepted is (not READINGS.bodies.breaks(point.body))


def test_a_contract_without_exclusions_is_guarded_by_its_bounds(own_body):
    bounds = guards(Readings(lambda _: own_body(dependentSchemas={}), {}))
    assert {guard.rule.rpartition(".")[0] for guard in bounds} == {
        "submit.body.duration",
        "submit.body.mode",
        "submit.body.cfg_scale",
    }
