"""klingmock.recipe: how a world begins, and how it begins anew."""

import json

import pytest

from klingcontracts.contract import load
from klingcontracts.document import read
from klingcontracts.problem import Problem
from klingmock.clock import Manual
from klingmock.options import options
from klingmock.recipe import Recipe, recipe
from klingmock.served import Plan
from klingmock.task import TIMINGS, Timing

ONE = Recipe([load()], Plan(rate=7, balance="3"), "task: drop")
TWO = ONE._replace(contracts=[load("2026-02"), load("2026-04")])


@pytest.mark.parametrize(
    ("time", "clock", "mode"),
    [("manual", "manual", "manual"), ("virtual", "manual", "manual"), ("system", "system", "system")],
)
def test_options_say_how_a_world_begins(time, clock, mode):
    chosen = options({"revision": "2026-04", "balance": "1", "script": "task: 503", "time": time})
    made = recipe(chosen)
    assert [contract.revision for contract in made.contracts] == ["2026-04"]
    assert (made.plan, made.script, made.clock) == (chosen.plan, "task: 503", clock)
    assert made.new_clock().mode == mode
    assert isinstance(made.new_clock(), Manual) == (clock == "manual")


def test_what_is_not_given_stays():
    assert ONE.changed({}) == ONE
    assert ONE.changed({"balance": "5"}) == ONE._replace(plan=ONE.plan._replace(balance="5"))


@pytest.mark.parametrize(
    ("given", "of_plan"),
    [
        ({"timing": "realistic"}, {"timing": TIMINGS["realistic"]}),
        ({"timing": [1, 2]}, {"timing": Timing(1, 2)}),
        ({"limits": False}, {"limited": False, "rate": None}),
        ({"limits": {"rate": 2, "concurrency": 1}}, {"rate": 2, "concurrency": 1}),
        ({"retention": 60}, {"retention": 60}),
        ({"prices": {"std-5": "1"}}, {"prices": ("std-5=1",)}),
        ({"seed": "9"}, {"seed": "9"}),
    ],
)
def test_an_option_changes_its_own_part_of_the_plan(given, of_plan):
    assert ONE.changed(given) == ONE._replace(plan=ONE.plan._replace(**of_plan))


def test_script_time_and_revision_are_changed_too():
    changed = TWO.changed({"script": "", "time": "manual", "revision": "2026-07"})
    assert (changed.script, changed.clock) == ("", "manual")
    assert [contract.revision for contract in changed.contracts] == ["2026-07"]
    assert changed.plan == TWO.plan


def test_a_reading_is_of_the_one_revision():
    changed = ONE.changed({"reading": {"image-required": "either"}})
    assert changed.contracts == [load("2026-02", {"image-required": "either"})]
    with pytest.raises(Problem, match="several are served"):
        TWO.changed({"reading": {"image-required": "either"}})


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"ballance": "1"}, "Nearest: .balance"),
        ({"base_url_variable": "X"}, "Option 'base_url_variable' is not known"),
        ({"time": "virtual"}, "one Python process"),
        ({"revision": "2026-03"}, "Revision '2026-03' is not known"),
        ({"revision": "/etc/passwd"}, "is not known"),
        ({"script": "submit: 99x"}, "99x"),
        ({"balance": "much"}, "much"),
        ({"prices": {"std": "x"}}, "'x' is not an amount"),
    ],
)
def test_what_makes_no_sense_is_told(given, told):
    with pytest.raises(Problem, match=told):
        ONE.changed(given)


def test_a_contract_of_ones_own_can_be_kept_and_is_not_named(tmp_path):
    document = read("2026-02") | {"info": read("2026-02")["info"] | {"version": "mine"}}
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(document))
    own = Recipe([load(str(path))], Plan())
    assert own.changed({"seed": "1"}) == own._replace(plan=Plan(seed="1"))
    with pytest.raises(Problem, match="is not known"):
        own.changed({"reading": {"image-required": "either"}})
