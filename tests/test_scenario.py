"""klingmock.scenario: what goes wrong for a client, as data, and by name."""

import subprocess
import sys
from pathlib import Path

import pytest

import klingmock
from klingcontracts.contract import load
from klingcontracts.problem import Problem
from klingmock import scenario as module
from klingmock.certificate import CHECKS
from klingmock.grammar import parse
from klingmock.recipe import CHANGEABLE, Recipe
from klingmock.scenario import GOOD, Scenario, scenario, scenarios
from klingmock.served import Plan

ALL = scenarios()
# What issue after issue of such clients tells of; each is the script of one scenario, or of more.
AT_LEAST = {
    "",
    "outcome: fail",
    "outcome: slow=10",
    "submit: 400~1",
    "submit: 401~1",
    "submit: 402~1",
    "submit: 429 reset=3",
    "submit: 500",
    "submit: 503",
    "submit: lost",
    "submit: late=65",
    "submit: invalid",
    "task: 429 retry-after=4",
    "task: 429 reset=4",
    "task: 503*2",
    "task: drop*2",
    "task: invalid",
    "task: cut",
    "task: html",
    "task: status=queued*2",
    "task: null=data, null=data.status",
    "task: 404*2",
    "outcome: stuck=processing",
    "outcome: no-url",
    "outcome: expire=0",
    "media: 404",
    "media: truncate",
    "media: 404~1",
    "media: redirect",
}


def test_what_clients_meet_is_there():
    assert {one.script for one in ALL} >= AT_LEAST
    assert len({one.name for one in ALL}) == len(ALL) >= 30


@pytest.mark.parametrize("one", ALL)
def test_a_scenario_makes_sense(one):
    assert parse(one.script) or not one.script
    places = {fault.place for fault in parse(one.script)}
    assert {fault.place for fault in parse(one.virtual)} <= places
    assert one.good in GOOD
    assert one.tries
    assert set(one.tries) <= set(CHECKS)
    assert {name for name, _ in one.options} <= set(CHANGEABLE)
    assert one.says[0].islower()
    assert not one.says.endswith(".")


def test_each_check_but_those_of_every_call_is_tried_by_a_scenario():
    tried = {name for one in ALL for name in one.tries}
    assert set(CHECKS) - tried == {"request-conforms", "authenticates", "polls-its-task", "ends"}


def test_a_scenario_is_shown_by_its_name(request):
    assert str(ALL[0]) == ALL[0].__name__ == "plain"


@pytest.mark.parametrize("one", klingmock.scenarios("submit-lost"))
def test_pytest_calls_a_test_by_the_scenario(one, request):
    assert request.node.callspec.id == "submit-lost"


def test_they_are_found_by_name_in_the_order_they_were_named():
    assert [one.name for one in scenarios("slow", "plain")] == ["slow", "plain"]
    assert scenario("plain") is ALL[0]


def test_a_name_that_is_not_known_is_refused_with_the_nearest():
    with pytest.raises(Problem, match=r"'submit-last' is not known. Nearest: 'submit-lost'"):
        klingmock.scenarios("submit-last")


def test_a_world_begins_by_it():
    base = Recipe([load()], Plan(limited=False), "task: 503")
    plain, instant = scenario("plain"), scenario("no-processing")
    assert (plain.recipe(base).script, plain.recipe(base).plan.timing[:2]) == ("", (1, 2))
    assert instant.recipe(base).plan.timing[:2] == (3, 0)
    assert plain.recipe(base).plan.limited is False
    late = scenario("submit-late")
    assert (late.recipe(base).script, late.recipe(base, is_virtual=True).script) == (
        late.script,
        late.virtual,
    )
    lost = scenario("submit-lost")
    assert lost.recipe(base, is_virtual=True).script == "submit: lost"


def test_one_of_your_own_is_as_good_as_ours():
    mine = Scenario("mine", "it is slow", "outcome: slow=1")
    assert mine.recipe(Recipe([load()], Plan())).script == "outcome: slow=1"
    assert mine.good == "either"


def test_the_file_is_found_in_the_package_and_in_a_checkout(monkeypatch, tmp_path):
    package = tmp_path / "source" / "package"
    package.mkdir(parents=True)
    monkeypatch.setattr(module, "__file__", str(package / "scenario.py"))
    with pytest.raises(Problem, match=r"scenarios\.toml is in no place"):
        module._file()
    checkout = tmp_path / "fixtures" / "scenarios" / "scenarios.toml"
    checkout.parent.mkdir(parents=True)
    checkout.write_text("")
    assert module._file() == checkout
    (package / "scenarios.toml").write_text("")
    assert module._file() == package / "scenarios.toml"


def test_who_imports_the_package_loads_none_of_it():
    code = "import sys, klingmock; print([name for name in sys.modules if name.startswith('klingmock.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_wheel_takes_the_file_along():
    settings = (Path(__file__).parents[1] / "pyproject.toml").read_text()
    assert '"fixtures/scenarios/scenarios.toml" = "klingmock/scenarios.toml"' in settings
