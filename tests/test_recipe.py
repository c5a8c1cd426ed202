"""klingmock.recipe: how a world begins, and how it begins anew."""

import json

import pytest

from klingcontracts.contract import load
from klingcontracts.document import read, revisions
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
        ({"revision": []}, "is no text"),
        ({"script": "submit: 99x"}, "99x"),
        ({"balance": "much"}, "much"),
        ({"prices": {"std": "x"}}, "'x' is not an amount"),
    ],
)
def test_what_makes_no_sense_is_told(given, told):
    with pytest.raises(Problem, match=told):
        ONE.changed(given)


# --- contracts of one's own ---

EITHER = {"image-required": "either"}


@pytest.fixture
def make(tmp_path):
    """A contract of one's own, which differs from 2026-02 in its names."""

    def own(name="mine", readings=None, **changed):
        info = read("2026-02")["info"] | {"version": name, "title": "one of ours"}
        document = read("2026-02") | {"info": info}
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(document | changed))
        return load(str(path), readings)

    return own


def test_a_contract_of_ones_own_stays_and_is_the_only_one_known(make):
    mine = Recipe([make()], Plan())
    assert mine.changed({"seed": "1"}) == mine._replace(plan=Plan(seed="1"))
    assert mine.changed({"revision": "mine"}) == mine
    for name in ("2026-02", "2026-07", "mnie", "/etc/passwd"):
        with pytest.raises(Problem) as caught:
            mine.changed({"revision": name})
        assert str(caught.value).startswith(f"Revision {name!r} is not known.")
        assert str(caught.value).endswith("Known: mine. Give the name of one that is served.")


@pytest.mark.parametrize("given", [{"reading": EITHER}, {"reading": EITHER, "revision": "mine"}])
def test_a_contract_of_ones_own_is_read_otherwise(make, given):
    mine = Recipe([make()], Plan())
    (changed,) = mine.changed(given).contracts
    assert changed.revision == "mine"
    assert changed.document == make(readings=EITHER).document
    assert changed.questions["image-required"].chosen == "either"
    assert mine.changed({"reading": {}}).contracts[0].document == mine.contracts[0].document
    with pytest.raises(Problem, match="Open question 'image-requierd' is not known"):
        mine.changed({"reading": {"image-requierd": "either"}})


def test_a_reading_that_ones_own_contract_began_with_is_kept_or_refused(make):
    mine = Recipe([make(readings=EITHER)], Plan())
    assert mine.changed({"revision": "mine"}) == mine
    (changed,) = mine.changed({"reading": {**EITHER, "wrong-method": "404"}}).contracts
    assert changed.document == make(readings={**EITHER, "wrong-method": "404"}).document
    for reading in ({}, {"wrong-method": "404"}, {"image-required": "flag"}):
        with pytest.raises(Problem, match=r"is read as 'either' from the start.*Give image-required=either"):
            mine.changed({"reading": reading})


def test_one_of_several_contracts_is_chosen(make):
    both = Recipe([load("2026-04"), make(), make("other")], Plan())
    assert both.changed({"revision": "mine"}).contracts == [both.contracts[1]]
    assert both.changed({"revision": "2026-04"}).contracts == [load("2026-04")]
    with pytest.raises(Problem, match=r"Known: 2026-04, mine, other\."):
        both.changed({"revision": "2026-02"})
    with pytest.raises(Problem, match="several are served"):
        both.changed({"reading": EITHER})


def test_a_contract_of_ones_own_may_have_the_name_of_a_revision(make):
    for mine in (make("2026-02"), make("2026-02", **{"x-questions": {}})):
        recipe = Recipe([mine], Plan())
        assert recipe.changed({"revision": "2026-02"}).contracts == [mine]
        with pytest.raises(Problem, match=r"Known: 2026-02\. Give the name of one that is served"):
            recipe.changed({"revision": "2026-07"})


@pytest.mark.parametrize(
    ("revision", "question", "reading"),
    [
        (name, question, reading)
        for name in revisions()
        for question, one in load(name).questions.items()
        for reading in one.readings
    ],
)
def test_a_revision_is_ours_however_it_is_read(revision, question, reading):
    read_so = Recipe([load(revision, {question: reading})], Plan())
    assert read_so.changed({"revision": "2026-07"}).contracts == [load("2026-07")]
