"""klingmock.steered: a world whose tasks and time are moved by hand."""

import json

import pytest

from klingcontracts.exchange import Call
from klingcontracts.problem import Problem
from klingmock.answer import Mock
from klingmock.clock import Manual
from klingmock.options import options
from klingmock.recipe import recipe
from klingmock.steered import MANY, Site, Steered

KEY = {"authorization": "Bearer mock-a"}


@pytest.fixture
def world():
    return Steered(recipe(options({"timing": (10, 40)})))


def submitted(world):
    path = world.contract.operation("submit").path
    reply = world.answer(Call("POST", path, KEY, b'{"image": "https://e.com/a.jpg"}'))
    return json.loads(bytes(reply.body))["data"]["task_id"]


def status(world, task_id):
    reply = world.answer(Call("GET", f"/api/v1/tasks/{task_id}", KEY))
    return json.loads(bytes(reply.body))["data"]["status"] if reply.status == 200 else reply.status


def test_a_task_is_held_where_it_is_and_goes_on_from_there(world):
    task_id = submitted(world)
    world.advance(20)
    world.hold(task_id)
    world.advance(10_000)
    assert status(world, task_id) == "processing"
    world.release(task_id)
    assert status(world, task_id) == "success"


def test_a_held_task_is_never_at_its_end(world):
    task_id = submitted(world)
    world.hold(task_id)
    for never in ("success", "expired", "failed"):
        with pytest.raises(Problem, match=f"is never '{never}'"):
            world.advance_to(task_id, never)
    assert world.now < float("inf")


def test_a_task_ends_when_it_is_told_to(world):
    first, second = submitted(world), submitted(world)
    world.finish(first)
    world.finish(second, "failed")
    assert [task.status for task in world.tasks] == ["success", "failed"]
    assert (status(world, first), status(world, second)) == ("success", "failed")


def test_what_has_ended_stays_as_it_is(world):
    task_id = submitted(world)
    world.advance(50)
    with pytest.raises(Problem, match="has ended and can't be held"):
        world.hold(task_id)
    with pytest.raises(Problem, match="has ended before"):
        world.finish(task_id)
    with pytest.raises(Problem, match="has ended and can't be released"):
        world.release(task_id)
    assert status(world, task_id) == "success"


def test_what_is_not_there_is_told(world):
    with pytest.raises(Problem, match=r"There is no task 'x' in this world\. Submitted here: none\."):
        world.release("x")
    task_id = submitted(world)
    with pytest.raises(Problem, match=f"Submitted here: {task_id}"):
        world.hold("x")
    with pytest.raises(Problem, match="Outcome 'sucess' is not known"):
        world.finish(task_id, "sucess")


def test_a_task_that_is_gone_can_not_be_steered(world):
    task_id = submitted(world)
    world.advance_to(task_id, "expired")
    with pytest.raises(Problem, match="has ended"):
        world.release(task_id)
    assert status(world, task_id) == 404


def test_a_held_task_counts_against_the_limit():
    world = Steered(
        recipe(
            options({"timing": (10, 40), "limits": {"concurrency": 1}, "script": "outcome: stuck=pending"})
        )
    )
    task_id = submitted(world)
    world.advance(1000)
    path = world.contract.operation("submit").path
    body = b'{"image": "https://e.com/a.jpg"}'
    assert world.answer(Call("POST", path, KEY, body)).status == 429
    world.finish(task_id)
    world.advance(61)
    assert world.answer(Call("POST", path, KEY, body)).status == 200


def test_polls_without_an_end_are_warned_of_while_the_task_runs(world, caplog):
    task_id = submitted(world)
    for _ in range(MANY):
        status(world, task_id)
    assert f"{task_id} was polled {MANY} times" in caplog.text
    for way in ("call advance(seconds)", 'POST {"advance": seconds} to /__klingmock/clock'):
        assert way in caplog.text
    caplog.clear()
    world.advance(1000)
    for _ in range(2 * MANY):
        status(world, task_id)
        status(world, "none")
    assert not caplog.text


def test_the_world_says_what_it_serves(world):
    assert [one.contract for one in world.served] == [world.contract]
    assert world.max_body == 64 * 2**20
    task_id = submitted(world)
    assert (world.knows(task_id), world.knows("x"), world.total) == (True, False, 1)
    assert [(one.task_id, one.dollars, one.number) for one in world.charges] == [(task_id, "0.1400", 1)]


REFUNDED = {"revision": "2026-07", "reading": {"failed-charge": "refunded"}}


def made(**given):
    return Steered(recipe(options(given)))


def test_a_world_begins_anew(world):
    submitted(world)
    world.script("task: drop")
    world.advance(100)
    world.reset()
    assert (world.tasks, world.journal, world.charges, world.faults()) == ([], [], [], [])
    assert (world.total, world.jobs, world.spent) == (0, 0, 0)
    assert world.now == Manual().now()


def test_a_world_begins_anew_by_another_recipe(world):
    world.reset(world.recipe.changed({"revision": "2026-07", "script": "task: 503", "time": "system"}))
    assert (world.contract.revision, world.clock.mode) == ("2026-07", "system")
    assert [account.text for account in world.faults()] == ["task: 503"]


def test_a_recipe_that_makes_no_sense_changes_nothing(world):
    task_id = submitted(world)
    clock = world.clock
    with pytest.raises(Problem, match="Price 'std-6' is not known"):
        world.reset(world.recipe.changed({"prices": {"std-6": "1"}, "time": "system"}))
    assert (world.clock, [task.id for task in world.tasks]) == (clock, [task_id])
    assert status(world, task_id) == "pending"


def test_time_runs_stands_still_and_goes_at_another_speed():
    world = made(time="system")
    assert world.clock.mode == "system"
    frozen = world.freeze()
    assert (world.now, world.clock.mode) == (frozen, "manual")
    assert world.run(1000.0) == frozen
    assert world.clock.mode == "scaled"


def test_faults_are_told_and_forgotten(world):
    world.script("task: 503*2; submit: 429")
    submitted_status = world.answer(Call("POST", world.contract.operation("submit").path, KEY, b"{}")).status
    assert submitted_status == 429
    assert [(one.text, one.fired, one.left) for one in world.faults()] == [
        ("task: 503*2", 0, 2),
        ("submit: 429", 1, 0),
    ]
    world.clear_script()
    assert world.faults() == []
    assert status(world, submitted(world)) == "pending"


@pytest.mark.parametrize(("reading", "back"), [("charged", 0), ("refunded", 1)])
def test_what_failed_comes_back_as_the_contract_is_read(reading, back):
    world = made(revision="2026-07", reading={"failed-charge": reading}, balance="1", timing=(1, 1))
    first, second = submitted(world), submitted(world)
    price = world.charges[0].price
    world.finish(first, "failed")
    assert [charge.returned for charge in world.charges] == [back * price, 0]
    assert world.balance("mock-a") == 10_000 - 2 * price + back * price
    assert (world.jobs, world.spent) == (2, 2 * price)
    world.advance_to(second, "success")
    assert world.balance("mock-a") == 10_000 - 2 * price + back * price


def test_money_that_came_back_can_be_spent():
    world = made(**REFUNDED, prices={"std-5": "0.6"}, balance="1", timing=(1, 1))
    first = submitted(world)
    path, body = world.contract.operation("submit").path, b'{"image": "https://e.com/a.jpg"}'
    assert world.answer(Call("POST", path, KEY, body)).status == 402
    world.finish(first, "failed")
    assert world.answer(Call("POST", path, KEY, body)).status == 200


def test_worlds_of_one_site_share_what_does_not_change():
    one = recipe(options())
    first = Mock(one.contracts, one.plan)
    world, other = (Steered(one, Site(like=first)) for _ in range(2))
    assert world.served is first.served
    task_id = submitted(world)
    assert (world.knows(task_id), other.knows(task_id)) == (True, False)
    world.reset(one.changed({"seed": "2"}))
    assert world.served is not first.served


def test_time_passes_until_a_moment(world):
    began = world.now
    assert world.advance_until(began + 5) == world.now == began + 5
    with pytest.raises(Problem, match=r"has passed: it is \d+\.\d+ now"):
        world.advance_until(began)


def test_what_is_kept_can_be_let_go_of(world):
    submitted(world)
    assert (world.kept, world.total) == (1, 1)
    world.forget_exchanges()
    assert (world.kept, world.journal, world.total, world.jobs) == (0, [], 1, 1)


def test_nobody_finds_a_task_of_a_world_that_has_left(world):
    task_id = submitted(world)
    assert (world.knows(task_id), world.idle) == (True, False)
    world.leave()
    assert (world.knows(task_id), world.idle) == (False, True)
    assert status(world, task_id) == 404


def test_a_reset_goes_back_to_what_a_team_shares():
    shared = recipe(options({"limits": {"rate": 2}, "reading": {"limit-scope": "team"}}))
    first = Mock(shared.contracts, shared.plan, clock=Manual())
    one, other = (Steered(shared, Site(like=first)) for _ in range(2))
    call = Call("POST", one.contract.operation("submit").path, KEY, b"{}")
    assert [world.answer(call).status for world in (one, other, one)] == [400, 400, 429]
    one.freeze()
    assert one.answer(call).status == 400
    assert other.answer(call).status == 429
    one.reset(one.recipe.changed({"timing": "instant"}))
    assert [one.answer(call).status for _ in range(3)] == [400, 400, 429]
    one.reset(one.original)
    assert one.answer(call).status == 429
