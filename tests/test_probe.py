"""klingcontracts.probe: what a live API is asked, and what the contract foretells."""

import pytest

from klingcontracts.contract import load
from klingcontracts.probe import (
    ACCEPTED,
    GUARDED,
    PAID,
    Outcome,
    Probe,
    fields_of,
    first_broken,
    foretold,
    got,
    outcome,
    posted,
)

CONTRACT = load()
SUBMIT = CONTRACT.operation("submit")
MINIMAL = {"image": "https://example.com/mountain.jpg"}


def test_what_becomes_of_a_body():
    assert outcome(CONTRACT, posted(SUBMIT, MINIMAL)) == ACCEPTED
    refused = outcome(CONTRACT, posted(SUBMIT, {**MINIMAL, "mode": "STD"}))
    assert refused == Outcome(400, "Invalid parameters", frozenset({"mode"}))
    assert (str(refused), str(ACCEPTED)) == ("refused with 400 Invalid parameters", "accepted")
    assert outcome(CONTRACT, posted(SUBMIT, None, b"{")).category == "Invalid format"
    assert first_broken(CONTRACT, posted(SUBMIT, MINIMAL)) is None


def test_an_error_that_comes_with_status_200_is_no_acceptance():
    assert not Outcome(200, "Invalid parameters").accepted
    assert Outcome(201).accepted


@pytest.mark.parametrize(
    ("rule", "status"),
    [("auth.missing-key", 401), ("route.wrong-method", 405), ("task.unknown", 404)],
)
def test_what_no_body_breaks_is_foretold_by_its_rule(rule, status):
    [told] = foretold(CONTRACT, Probe(rule, "", got("/api/v1/nothing")))
    assert told.status == status


def test_a_guarded_body_may_be_refused_for_its_guard():
    about, sent = {**MINIMAL, "mode": "STD"}, {**MINIMAL, "mode": "STD", "duration": 7}
    probe = Probe(
        "submit.body.mode.enum", "", posted(SUBMIT, sent), cost=GUARDED, about=posted(SUBMIT, about)
    )
    assert [one.fields for one in foretold(CONTRACT, probe._replace(guard="submit.body.duration.enum"))] == [
        frozenset({"mode"})
    ]
    passing = probe._replace(about=posted(SUBMIT, MINIMAL), call=posted(SUBMIT, {**MINIMAL, "duration": 7}))
    assert foretold(CONTRACT, passing._replace(guard="submit.body.duration.enum")) == (ACCEPTED, ACCEPTED)
    assert probe.subject == posted(SUBMIT, about)


def test_only_what_is_paid_for_makes_a_job():
    probe = Probe("submit.reply.status", "", posted(SUBMIT, MINIMAL))
    assert (probe.jobs, probe._replace(cost=PAID).jobs) == (0, 1)


def test_the_fields_that_an_error_names():
    names = {
        rule: fields_of(CONTRACT.rules[f"submit.body.{rule}"]) for rule in ("type", "dynamic_masks.[].type")
    }
    assert names == {"type": frozenset(), "dynamic_masks.[].type": frozenset({"dynamic_masks"})}
    assert fields_of(CONTRACT.rules["submit.body.image_tail.excludes.static_mask"]) == {
        "image_tail",
        "static_mask",
    }
    either = load("2026-02", {"image-required": "either"})
    [rule] = [rule for rule in either.rules.values() if rule.keyword == "required" and "' or '" in rule.field]
    assert fields_of(rule) == {"image", "image_tail"}
