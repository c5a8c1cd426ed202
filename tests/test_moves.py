"""klingmock.moves: what the control API does to a world."""

import json

import pytest

from klingcontracts.exchange import Call
from klingcontracts.problem import Problem
from klingmock import looks, moves
from klingmock.asked import Asked
from klingmock.options import options
from klingmock.recipe import recipe
from klingmock.steered import Steered

KEY = {"authorization": "Bearer mock-a"}


def make(**given) -> Steered:
    return Steered(recipe(options(given)))


@pytest.fixture
def world():
    return make()


def submitted(world):
    path = world.contract.operation("submit").path
    reply = world.answer(Call("POST", path, KEY, b'{"image": "https://e.com/a.jpg"}'))
    return json.loads(bytes(reply.body))["data"]["task_id"]


def clock(world, **values):
    return moves.clock(world, Asked(values))


def reset(world, **values):
    return moves.reset(world, Asked(values))


# --- tasks ---


def test_a_task_is_held_and_goes_on(world):
    asked = Asked(task_id=submitted(world))
    assert moves.hold(world, asked)["held"] == "pending"
    world.advance(100)
    told = moves.release(world, asked)
    assert (told["status"], told["held"], told["ends_at"]) == ("processing", "", world.now + 4)


@pytest.mark.parametrize(("move", "status"), [(moves.finish, "success"), (moves.fail, "failed")])
def test_a_task_ends_as_it_is_told(world, move, status):
    asked = Asked(task_id=submitted(world))
    told = move(world, asked)
    assert (told["status"], told["outcome"], told["ends_at"]) == (status, status, world.now)
    for again in (moves.finish, moves.fail, moves.hold):
        with pytest.raises(Problem, match="has ended"):
            again(world, asked)


# --- time ---


def test_time_passes_by_seconds(world):
    began = world.now
    assert clock(world, advance=2.5) == {"now": began + 2.5, "mode": "manual", "speed": 0.0}
    assert clock(world, advance=0)["now"] == began + 2.5


def test_time_passes_until_a_moment_and_never_back(world):
    began = world.now
    assert clock(world, advance_to=began + 7)["now"] == began + 7
    with pytest.raises(Problem, match=r"has passed: it is \d+\.\d+ now\. A clock goes forward only\."):
        clock(world, advance_to=began + 6)
    assert world.now == began + 7


def test_time_passes_until_a_task_has_a_status(world):
    task_id, began = submitted(world), world.now
    for status, seconds in (("pending", 0), ("processing", 1), ("success", 5), ("expired", 5 + 86400)):
        assert clock(world, advance_to={"task_id": task_id, "status": status})["now"] == began + seconds
    with pytest.raises(Problem, match="is never 'failed' from here on"):
        clock(world, advance_to={"task_id": task_id, "status": "failed"})
    with pytest.raises(Problem, match="There is no task 'task-1'"):
        clock(world, advance_to={"task_id": "task-1", "status": "success"})


def test_time_stands_still_or_goes_at_a_speed():
    world = make(time="system")
    assert clock(world, freeze=True)["mode"] == "manual"
    stood = world.now
    assert clock(world, speed=100)["mode"] == "scaled"
    assert clock(world, speed=1)["mode"] == "system"
    assert clock(world, speed=0) == {"now": world.now, "mode": "manual", "speed": 0.0}
    assert world.now >= stood


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({}, r"asked for nothing\. Give one of advance, advance_to, freeze, speed\."),
        ({"advance": 1, "freeze": True}, "asked for advance and freeze"),
        ({"advance": -1}, "advance: -1 is no number"),
        ({"advance": "soon"}, "advance: 'soon' is no number"),
        ({"advance": None}, "advance: null is no number"),
        ({"advance": 1e13}, "no number from 0 to 1e"),
        ({"speed": -1}, "speed: -1 is no number"),
        ({"speed": None}, "speed: null is no number"),
        ({"freeze": False}, r'lets nothing go\. Give \{"speed": 1\}'),
        ({"freeze": None}, "freeze: null is neither true nor false"),
        ({"freeze": "true"}, "freeze: 'true' is neither true nor false"),
        ({"advance": "5"}, "advance: '5' is no number"),
        ({"advance_to": "1e11"}, "advance_to: '1e11' is no number"),
        ({"speed": "1"}, "speed: '1' is no number"),
        ({"advance_to": {"task_id": None, "status": "x"}}, "task_id: null is no text"),
        ({"freeze": 1}, "neither true nor false"),
        ({"advance_to": None}, "null is no number"),
        ({"advance_to": []}, "is no number"),
        ({"advance_to": {}}, "has no task_id, or no status"),
        ({"advance_to": {"task_id": "task-1"}}, "has no task_id, or no status"),
        ({"advance_to": {"task_id": 1, "status": "x"}}, "task_id: 1 is no text"),
        ({"advance_to": {"task": "task-1"}}, "Nearest: 'task_id'"),
    ],
)
def test_a_time_that_makes_no_sense(world, values, text):
    began = world.now
    with pytest.raises(Problem, match=text):
        moves.clock(world, Asked(values))
    assert world.now == began


# --- faults ---


def test_faults_are_added_and_forgotten(world):
    moves.add_script(world, Asked({"script": "submit: 503"}))
    told = moves.add_script(world, Asked({"script": "task: drop*2"}))
    assert told == looks.script(world, Asked())
    assert (told["left"], [one["fault"] for one in told["faults"]]) == (3, ["submit: 503", "task: drop*2"])
    assert moves.clear_script(world, Asked()) == {"faults": [], "left": 0}


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({}, "There is no script in the body"),
        ({"script": None}, "script: null is no text"),
        ({"script": 5}, "script: 5 is no text"),
        ({"script": "submit: lots"}, "Nearest: 'lost'"),
    ],
)
def test_a_script_that_makes_no_sense(world, values, text):
    with pytest.raises(Problem, match=text):
        moves.add_script(world, Asked(values))
    assert world.faults() == []


# --- a new beginning ---


def test_a_world_begins_anew(world):
    submitted(world)
    world.script("submit: 503")
    began = world.now
    world.advance(5)
    told = reset(world)
    assert told == {
        "revision": "2026-02",
        "now": began,
        "mode": "manual",
        "speed": 0.0,
        "faults": [],
        "left": 0,
    }
    assert (world.total, world.tasks, world.charges, world.jobs, world.spent) == (0, [], [], 0, 0)


def test_each_option(world):
    told = reset(
        world,
        revision="2026-07",
        timing=[2, 3],
        limits={"rate": 5},
        retention=60,
        balance="1",
        prices={"pro-10": "0.5"},
        seed="7",
        script="outcome: fail",
        time="system",
        reading={"wrong-method": "404"},
    )
    assert (told["revision"], told["mode"], told["left"]) == ("2026-07", "system", 1)
    plan = world.recipe.plan
    assert (plan.timing, plan.rate, plan.limited) == ((2, 3, 0.0), 5, True)
    assert (plan.retention, plan.balance, plan.prices, plan.seed) == (60, "1", ("pro-10=0.5",), "7")
    assert world.contract.questions["wrong-method"].chosen == "404"


def test_what_an_earlier_reset_asked_for_is_forgotten():
    world = make(timing="realistic", script="submit: 503")
    original = world.recipe
    reset(world, timing="instant", script="", revision="2026-07")
    assert world.recipe.plan != original.plan
    assert reset(world)["left"] == 1
    assert world.recipe == original


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"timng": "instant"}, "Option 'timng' is not known. Nearest: 'timing'"),
        ({"timing": "instnt"}, "Nearest: 'instant'"),
        ({"time": "virtual"}, "Virtual time is of one Python process"),
        ({"revision": "2026-08"}, "Revision '2026-08' is not known"),
        ({"revision": "/etc/passwd"}, "Revision '/etc/passwd' is not known"),
        ({"revision": []}, r"^revision: \[\] is no text\. Give the name of one\.$"),
        ({"revision": None}, r"^revision: null is no text\. Give the name of one\.$"),
        ({"revision": True}, r"^revision: true is no text"),
        ({"time": None}, r"^time: null is no text\. Give manual or system\.$"),
        ({"seed": 7}, r"^seed: 7 is no text"),
        ({"script": {}}, r"^script: \{\} is no text"),
        ({"reading": []}, r"^reading: \[\] is no reading\. Give one, as in"),
        ({"reading": None}, "is no reading"),
        ({"limits": []}, "neither a bool nor a mapping"),
        ({"prices": []}, "no table of prices"),
        ({"timing": []}, "is no timing"),
        ({"retention": "5"}, "is no time"),
        ({"balance": 5}, "is no text"),
        ({"script": "submit: lots"}, "Nearest: 'lost'"),
        ({"prices": {"max-10": "1"}}, "Price 'max-10' is not known"),
        ({"reading": {"teir": "10"}}, "is not known"),
        ({"limits": {"rate": 0}}, "no count"),
        ({"base_url_variable": "X"}, "is not known"),
    ],
)
def test_a_beginning_that_makes_no_sense_changes_nothing(world, values, text):
    submitted(world)
    with pytest.raises(Problem, match=text):
        moves.reset(world, Asked(values))
    assert (world.total, world.jobs, world.recipe) == (1, 1, world.original)
