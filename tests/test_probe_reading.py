"""klingcontracts.probe_reading: which readings the answers follow."""

import json

import pytest

from klingcontracts.contract import load
from klingcontracts.document import revisions
from klingcontracts.probe import Outcome, Probe, foretold, posted
from klingcontracts.probe_reading import Readings, agrees


def readings(revision="2026-02", chosen=None):
    return Readings(lambda given: load(revision, given), chosen or {})


def test_each_reading_that_is_not_in_force_is_known():
    found = readings(chosen={"wrong-method": "404"})
    choices = {(other.question, other.reading) for other in found.others}
    assert ("wrong-method", "405") in choices
    assert ("wrong-method", "404") not in choices


@pytest.mark.parametrize("revision", revisions())
def test_where_readings_differ_there_is_a_body_to_ask(revision):
    found = readings(revision)
    for other in found.others:
        if other.bodies.shape.schema != found.bodies.shape.schema and other.question not in (
            "image-size",
            "masks-empty",
        ):
            noted = {"image-prefix": "accept", "ten-seconds": "accept", "unknown-fields": "accept"}
            differs = [
                point
                for point in found.points
                if bool(found.bodies.breaks(point.body)) != bool(other.bodies.breaks(point.body))
            ]
            assert differs or noted.get(other.question) == other.reading, (other.question, other.reading)


def test_a_body_is_taken_when_any_reading_of_any_revision_takes_it():
    takes = readings().takes
    assert takes(b'{"image_tail": "x"}')
    assert not takes(b'{"mode": "std"}')


def test_answers_follow_the_fewest_readings_that_explain_them():
    found, submit = readings(), load().operation("submit")
    probes = [Probe(point.rule, point.what, posted(submit, point.body)) for point in found.points]
    for chosen in ({"null-field": "absent"}, {"enum-category": "range", "image-required": "either"}, {}):
        other = load("2026-02", chosen)
        seen = [(probe, foretold(other, probe)[0]) for probe in probes]
        assert found.followed(seen) == chosen
        assert found.following(chosen) is other


def test_an_odd_answer_that_no_reading_explains_is_followed_by_none():
    probe = Probe("task.unknown", "", posted(load().operation("submit"), {}))
    assert readings().followed([(probe, Outcome(500))]) == {}


def test_agreeing():
    told = [Outcome(400, "Invalid parameters", frozenset({"mode"}))]
    assert agrees(told[0], told)
    assert agrees(Outcome(400, "Invalid parameters"), told)
    assert agrees(Outcome(400), told)
    assert not agrees(Outcome(400, "Invalid parameters", frozenset({"seed"})), told)
    assert not agrees(Outcome(400, "Value out of range", frozenset({"mode"})), told)
    assert not agrees(Outcome(200), told)
    assert agrees(Outcome(201), [Outcome(200)])
    assert not agrees(told[0], [Outcome(200)])


def test_points_are_bodies_and_none_is_asked_twice():
    bodies = [json.dumps(point.body) for point in readings().points]
    assert len(bodies) == len(set(bodies))
