"""klingmock.stage: how a client is run, and the record of a scenario."""

import time

import pytest

from klingcontracts.contract import load
from klingcontracts.document import revisions
from klingcontracts.exchange import Call
from klingcontracts.problem import Problem
from klingmock.scenario import Scenario, scenario
from klingmock.stage import Ended, Way, certificate, chosen_scenarios, played, used
from klingmock.steered import Steered

IMAGE = b'{"image": "https://example.com/mountain.jpg"}'
KEY = {"authorization": "Bearer mock-a"}


@pytest.fixture
def world():
    return Steered(scenario("submit-lost").recipe(Way().recipe))


@pytest.mark.parametrize(
    ("way", "told"),
    [
        (Way(jobs=0), "0 jobs are none"),
        (Way(timeout=0), "A timeout of 0 makes no sense"),
        (Way(timeout=float("nan")), "A timeout of nan makes no sense"),
        (Way(speed=-1), "A speed of -1 makes no sense"),
        (Way(speed=10**6), "A speed of 1e"),
        (Way(revision="2026-03"), "Revision '2026-03' is not known"),
        (Way(base_url_variable=""), "'' is no name"),
        (Way(api_key_variable="A=B"), "'A=B' is no name"),
        (Way(api_key_variable="A\0"), "is no name"),
        (Way(base_url_variable="A", api_key_variable="A"), "'A' can't hold both the address and the key"),
    ],
)
def test_a_way_that_makes_no_sense_is_refused(way, told):
    with pytest.raises(Problem, match=told):
        way.checked()


def test_the_paths_of_all_revisions_are_served_the_chosen_one_first():
    way = Way(revision="2026-04", jobs=3).checked()
    names = [contract.revision for contract in way.recipe.contracts]
    assert names[0] == "2026-04"
    assert sorted(names) == sorted(revisions())
    assert way.recipe.plan.limited is False


def test_the_hint_names_the_variables():
    assert (
        "take its address from HERE and its key from WHO"
        in Way(base_url_variable="HERE", api_key_variable="WHO").hint
    )


def test_scenarios_are_chosen_once_each():
    mine = Scenario("mine", "it")
    assert [one.name for one in chosen_scenarios(["slow", mine, "slow"])] == ["slow", "mine"]
    assert len(chosen_scenarios(None)) > 30
    assert chosen_scenarios([]) == []


@pytest.mark.parametrize("revision", revisions())
def test_the_revision_is_known_by_the_path_of_a_submission(world, revision):
    assert used(world) is None
    world.answer(Call("POST", "/api/v1/somewhere", KEY, IMAGE))
    world.answer(Call("GET", "/api/v1/tasks/task-1", KEY))
    assert used(world) is None
    world.answer(Call("POST", load(revision).operation("submit").path, KEY, IMAGE))
    assert used(world).revision == revision


def test_a_scenario_is_recorded_and_judged_by_the_revision_in_use(world):
    started = world.now
    for _ in range(2):
        world.answer(Call("POST", load("2026-07").operation("submit").path, KEY, IMAGE))
    one = played(scenario("submit-lost"), world, started, Ended(1, 2.5, "gone"))
    assert (one.name, one.exit_code, one.seconds, one.started) == ("submit-lost", 1, 2.5, started)
    assert (one.ended, one.charges, one.output) == ("exited", 2, "gone")
    assert "submits-once" in [check.id for check in one.blamed]
    assert [fault.text for fault in one.faults] == ["submit: lost"]
    assert played(scenario("submit-lost"), world, started, Ended(None, 2.5)).ended == "timed out"


def test_who_never_called_has_ended_so_too(world):
    assert played(scenario("plain"), world, 0.0, Ended(None, 2.5)).ended == "never called"


def test_the_record_of_a_run_names_every_revision_that_was_used(world):
    other = Steered(scenario("plain").recipe(Way().recipe))
    idle = Steered(scenario("plain").recipe(Way().recipe))
    for one, revision in ((world, "2026-07"), (other, "2026-02")):
        one.answer(Call("POST", load(revision).operation("submit").path, KEY, IMAGE))
    found = certificate("client", [], [world, other, idle], time.monotonic(), Way())
    assert (found.command, found.revision) == ("client", "2026-02, 2026-07")
    assert found.seconds >= 0
    assert found.hint == Way().hint
