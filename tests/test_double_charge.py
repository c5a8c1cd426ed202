"""klingmock.double_charge: what jobs cost in a world that is called, and which of them was paid for twice."""

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klingcontracts.conduct import conduct
from klingcontracts.contract import load
from klingcontracts.exchange import Call
from klingmock.accepted import Accepted, Charge
from klingmock.answer import Mock
from klingmock.clock import Manual
from klingmock.double_charge import MOST_TOLD, DoubleCharge, assert_charged_once, charged_again
from klingmock.journal import SIZE, Journal
from klingmock.served import Plan

SUBMIT = load().operation("submit").path
IMAGE = {"image": "https://example.com/mountain.jpg"}


class World:
    """An engine with a store that knows it all, and a journal that may be a short one."""

    def __init__(self, size=SIZE):
        self.store, self.clock, self.journal = Accepted(), Manual(), Journal(size)
        self.store.total = lambda: self.journal.total
        plan = Plan(limited=False)
        self.mock = Mock([load()], plan, clock=self.clock, store=self.store, journal=self.journal)

    def call(self, method, path, body=b""):
        return self.mock.answer(Call(method, path, {"authorization": "Bearer mock-a"}, body))

    def submit(self, **more):
        return json.loads(self.call("POST", SUBMIT, json.dumps(IMAGE | more).encode()).body)

    def poll(self, task_id):
        return self.call("GET", f"/api/v1/tasks/{task_id}").status

    def assert_charged_once(self, jobs=1):
        entries = self.journal.entries
        seen = conduct(load(), [entry.exchange for entry in entries], {}, jobs=jobs)
        assert_charged_once(self.store.charged(0.0), entries, seen)


@pytest.fixture
def world():
    return World()


@pytest.mark.parametrize("mode", ["std", "pro"])
@pytest.mark.parametrize("seconds", ["5", "10"])
def test_a_job_costs_what_the_contract_says(world, mode, seconds):
    task_id = world.submit(mode=mode, duration=int(seconds))["data"]["task_id"]
    [charge] = world.store.charged(0.0)
    assert charge.dollars == load().document["x-price"][mode][seconds]
    assert charge == Charge(1, world.clock.now(), task_id, round(float(charge.dollars) * 10_000))


@given(st.lists(st.sampled_from(["submit", "refused", "poll"]), max_size=12))
def test_a_charge_has_the_number_of_its_exchange(steps):
    world = World()
    for step in steps:
        world.clock.advance(1)
        if step == "poll":
            world.poll("none")
        else:
            world.submit(**{"mode": "none"} if step == "refused" else {})
    numbers = [nth for nth, step in enumerate(steps, 1) if step == "submit"]
    began = world.clock.now() - len(steps)
    charges = world.store.charged(0.0)
    assert [(charge.number, charge.at - began) for charge in charges] == [(nth, nth) for nth in numbers]
    assert [charge.task_id for charge in charges] == list(world.store.every)


def test_a_task_that_has_expired_was_charged_all_the_same(world):
    first = world.submit()["data"]["task_id"]
    world.clock.advance(10**6)
    assert world.poll(first) == 404
    second = world.submit(mode="pro")["data"]["task_id"]
    assert world.store.get(first) is None
    charged = [charge.task_id for charge in world.store.charged(0.0)]
    assert charged == list(world.store.every) == [first, second]


def test_a_task_that_is_replaced_is_the_same_job(world):
    world.submit()
    [task] = world.store.every.values()
    ended = task.ended(world.clock.now(), "failed")
    world.store.replace(ended)
    assert world.store.every == {task.id: ended}
    assert world.store.get(task.id) == ended
    assert len(world.store.charged(0.0)) == 1


def test_a_job_that_is_paid_twice_is_told_with_all_that_came_between(world):
    first = world.submit()["data"]["task_id"]
    world.poll(first)
    world.submit(mode="pro")
    second = world.submit()["data"]["task_id"]
    world.poll(second)
    with pytest.raises(DoubleCharge) as caught:
        world.assert_charged_once()
    head, *lines, foot = str(caught.value).splitlines()
    assert head == (
        f"One job was charged twice: 0.1400 USD in exchange 1 ({first}), "
        f"and 0.1400 USD in exchange 4 ({second})."
    )
    calls = [line for line in lines if not line.startswith("   ")]
    assert [(line[:6], line.split()[3]) for line in calls] == [
        ("1  200", SUBMIT),
        ("2  200", f"/api/v1/tasks/{first}"),
        ("3  200", SUBMIT),
        ("4  200", SUBMIT),
    ]
    assert foot == f"What the client could have known after exchange 1: the reply told of {first}."


@pytest.mark.parametrize("polls", [MOST_TOLD - 2, MOST_TOLD - 1, 300])
def test_of_much_that_came_between_the_ends_are_told(world, polls):
    first = world.submit()["data"]["task_id"]
    for _ in range(polls):
        world.poll(first)
    world.submit()
    with pytest.raises(DoubleCharge) as caught:
        world.assert_charged_once()
    numbers = [line.split()[0] for line in str(caught.value).splitlines()[1:-1] if line[0].isdigit()]
    assert (numbers[0], numbers[-1], len(numbers)) == ("1", str(polls + 2), MOST_TOLD)
    left_out = polls + 2 - MOST_TOLD
    assert (f"({left_out} exchanges are left out)" in str(caught.value)) == (left_out > 0)


def test_so_many_jobs_as_were_meant_are_no_mistake(world):
    world.submit()
    world.assert_charged_once()
    world.submit()
    world.assert_charged_once(jobs=2)
    world.submit()
    with pytest.raises(DoubleCharge, match=r"in exchange 2 \(.* in exchange 3 \("):
        world.assert_charged_once(jobs=2)
    world.assert_charged_once(jobs=3)


@given(
    st.lists(st.sampled_from(["std", "pro", "none"]), max_size=10), st.integers(1, 4), st.integers(1, SIZE)
)
def test_each_charge_beyond_those_that_were_meant_is_found(modes, jobs, size):
    world = World(size)
    for mode in modes:
        world.submit(mode=mode)
    kept = Counter(mode for mode in modes[-size:] if mode != "none")  # who breaks the contract does not pay
    found = list(charged_again(world.store.charged(0.0), world.journal.entries, jobs))
    assert len(found) == sum(max(0, count - jobs) for count in kept.values())
    assert all(first.number < second.number for first, second in found)
    assert all(modes[first.number - 1] == modes[second.number - 1] for first, second in found)


def test_a_charge_whose_exchange_is_forgotten_is_held_against_nobody():
    world = World(size=2)
    first = world.submit()["data"]["task_id"]
    world.poll(first)
    world.submit()
    world.assert_charged_once()
    assert [charge.number for charge in world.store.charged(0.0)] == [1, 3]
    second = world.submit()["data"]["task_id"]
    with pytest.raises(DoubleCharge, match=rf"in exchange 3 \(.* in exchange 4 \({second}\)"):
        world.assert_charged_once()


def test_a_first_call_that_is_forgotten_can_not_be_told_of(world):
    first = world.submit()["data"]["task_id"]
    world.submit()
    with pytest.raises(DoubleCharge, match=f"after exchange 1: the reply told of {first}"):
        assert_charged_once(world.store.charged(0.0), world.journal.entries, conduct(load(), [], {}))
