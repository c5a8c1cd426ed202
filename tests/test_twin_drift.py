"""What `klingmock drift live` finds of each deviation of the stand-in, and what that costs; no timings."""

from functools import cache

import pytest

from klingcontracts.rule import Level
from vendor.deviation import Needs
from vendor.looks import Look, found, look
from vendor.twin import DEVIATIONS

MOST_REQUESTS = 250
UNEXPECTED = 1  # acceptances of what should have been refused, by which a run ends
LIMITING = {"limits", "headers"}  # kinds of deviations that can make a request one too many
# What is not found with what it needs, and why.
_CAMERA = "in one reading camera_control is no field: it may be accepted, so it waits for a job"
_RUNNING = "a lower limit looks like jobs that others run, and our own follow one after the other"
MISSED = {
    "image-tail-beside-camera-control": _CAMERA,
    "static-mask-beside-camera-control": _CAMERA,
    "dynamic-masks-beside-camera-control": _CAMERA,
    "key-in-query": "a key is never put into an address: those end up in logs",
    "running-none": _RUNNING,
    "running-1": _RUNNING,
}


@cache
def looked(name: str | None = None, spend: int = 0, unfunded: bool = False) -> Look:
    return look(name, spend, unfunded=unfunded)


def names(*needs: Needs, kind: str = "") -> list[str]:
    return [row.name for row in DEVIATIONS.values() if row.needs in needs and kind in {"", row.kind}]


# --- a healthy vendor ---


@pytest.mark.parametrize("unfunded", [False, True])
@pytest.mark.parametrize("spend", [0, 1, 3])
def test_on_a_healthy_vendor_there_is_nothing_to_say(spend, unfunded):
    healthy = looked(None, spend, unfunded)
    assert healthy.report.found == []
    assert healthy.report.verdict() == "conforms"
    assert (healthy.accepted, healthy.report.accepted) == (spend, spend)
    assert healthy.requests == healthy.report.requests <= MOST_REQUESTS
    assert healthy.limited == 0


@pytest.mark.parametrize("name", names(Needs.HARMLESS))
@pytest.mark.parametrize("unfunded", [False, True])
def test_what_only_adds_raises_no_alarm(name, unfunded):
    seen = looked(name, 0 if unfunded else 3, unfunded)
    assert [one.finding.rule.id for one in seen.report.at(Level.WARNING)] == []
    assert not seen.report.incomplete
    assert seen.limited == 0


# --- what is found, and what it costs ---


@pytest.mark.parametrize("name", names(Needs.REFUSED, Needs.JOB, Needs.JOBS))
def test_a_deviation_is_found_with_what_it_needs(name):
    spend = int(DEVIATIONS[name].needs)
    seen = looked(name, spend)
    assert found(seen, looked(None, spend)) == (name not in MISSED)
    _within(seen, spend)


@pytest.mark.parametrize("name", names(*Needs, kind="request"))
def test_with_a_key_without_money_each_rule_of_a_body_is_asked(name):
    seen = looked(name, 0, True)
    assert found(seen, looked(None, 0, True))
    _within(seen, 0)


def _within(seen: Look, spend: int) -> None:
    assert seen.requests == seen.report.requests <= MOST_REQUESTS
    # What the report tells was spent is never less than what was taken.
    assert seen.accepted <= seen.report.accepted <= spend + UNEXPECTED
    if seen.accepted > spend:
        assert seen.report.at(Level.WARNING)
    assert not seen.limited or DEVIATIONS[seen.name].kind in LIMITING


def test_the_goals():
    free = names(Needs.REFUSED)
    assert len(MISSED.keys() & set(free)) <= 0.05 * len(free)
    paid = MISSED.keys() - set(free)
    assert {DEVIATIONS[name].kind for name in paid} == {"limits"}, "a job shows each reply, and a life"


@pytest.mark.parametrize("name", [name for name in MISSED if DEVIATIONS[name].kind == "request"])
def test_what_might_be_accepted_is_found_with_a_job(name):
    assert found(looked(name, 1), looked(None, 1))


def test_what_is_missed_is_known_and_says_why():
    assert MISSED.keys() <= DEVIATIONS.keys()
    assert all(MISSED.values())
