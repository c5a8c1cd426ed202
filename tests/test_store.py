"""klingmock.store: tasks and counts, kept in this process."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klingcontracts.contract import load
from klingmock.store import MOST_IDLE, Memory
from klingmock.task import Task


def task(name: str, owner: str = "mock-a", at: float = 0.0, takes: float = 5.0, kept: float = 100.0) -> Task:
    return Task(name, owner, load(), 5, 1400, "req-1", at, at + 1, at + takes, kept)


def test_what_is_put_is_got_whoever_owns_it():
    store = Memory()
    first, second = task("task-1"), task("task-2", "mock-b")
    store.put(first)
    store.put(second)
    assert (store.get("task-1"), store.get("task-2"), store.get("task-3")) == (first, second, None)


def test_counters_belong_to_an_owner_and_a_name():
    store = Memory()
    assert [store.count("mock-a", "x"), store.count("mock-a", "x", 5), store.count("mock-a", "x", 0)] == [
        1,
        6,
        6,
    ]
    assert store.count("mock-a", "y", 0) == store.count("mock-b", "x", 0) == 0


def test_a_window_counts_from_one_and_forgets_the_one_before():
    store = Memory()
    assert [store.count_in("mock-a", 7) for _ in range(3)] == [1, 2, 3]
    assert store.count_in("mock-b", 7) == 1
    assert store.count_in("mock-a", 8) == 1


def test_the_first_window_of_all_counts_too():
    store = Memory()
    assert [store.count_in("mock-a", 0), store.count_in("mock-a", 0)] == [1, 2]


@given(st.lists(st.floats(0.5, 100), max_size=12), st.lists(st.floats(0, 120), min_size=1, max_size=12))
def test_running_are_those_that_have_not_ended(lengths, moments):
    store = Memory()
    for number, takes in enumerate(lengths):
        store.put(task(f"task-{number}", takes=takes, kept=1000))
    for now in sorted(moments):
        assert store.running("mock-a", now) == sum(now < takes for takes in lengths)
    assert store.running("mock-b", 0.0) == 0


def test_a_task_ends_at_its_end_and_not_after():
    store = Memory()
    store.put(task("task-1", takes=5))
    assert [store.running("mock-a", now) for now in (4.999, 5.0)] == [1, 0]


def test_asking_what_runs_changes_nothing():
    store = Memory()
    store.put(task("task-1"))
    assert [store.running("mock-a", 2.0) for _ in range(3)] == [1, 1, 1]


def test_expired_tasks_go_when_their_owner_puts_another():
    store = Memory()
    store.put(task("task-1", at=0, takes=5, kept=10))
    store.put(task("task-b", "mock-b", at=0, takes=5, kept=10))
    store.put(task("task-2", at=14.999))
    assert store.get("task-1") is not None
    store.put(task("task-3", at=15))
    assert store.get("task-1") is None
    assert store.get("task-2") is not None
    assert store.get("task-b") is not None  # another owner's go when that one comes back


def test_a_long_stream_of_tasks_is_bounded_by_what_is_kept():
    store = Memory()
    for number in range(500):
        store.put(task(f"task-{number}", at=float(number), takes=1, kept=9))
        store.running("mock-a", float(number))
    assert sum(store.get(f"task-{number}") is not None for number in range(500)) <= 11


def test_a_key_without_tasks_is_remembered_while_there_is_room():
    store = Memory()
    store.count("mock-idle", "x", 3)
    for number in range(100):
        store.count_in(f"mock-{number}", 1)
    assert store.count("mock-idle", "x", 0) == 3
    assert store.count_in("mock-0", 1) == 2


def test_many_idle_keys_are_forgotten_and_those_with_tasks_are_not():
    store = Memory()
    store.put(task("task-1"))
    store.count("mock-a", "x", 3)
    store.count("mock-idle", "x", 3)
    for number in range(MOST_IDLE + 1):
        store.count_in(f"mock-{number}", 1)
    assert store.count("mock-a", "x", 0) == 3
    assert store.get("task-1") is not None
    assert store.count("mock-idle", "x", 0) == 0


@pytest.mark.parametrize("count", [0, 1, 100])
def test_two_stores_share_nothing(count):
    one, other = Memory(), Memory()
    for number in range(count):
        one.put(task(f"task-{number}"))
    assert one.running("mock-a", 0.0) == count
    assert other.running("mock-a", 0.0) == 0
    assert other.get("task-0") is None


def test_a_sweep_forgets_what_has_expired_and_keeps_a_limit_that_is_spent(monkeypatch):
    monkeypatch.setattr("klingmock.store.MOST_IDLE", 4)
    store = Memory()
    store._sweep_at = 4
    assert [store.count_in("spent", 7) for _ in range(3)] == [1, 2, 3]
    for number in range(40):
        store.put(task(f"task-{number}", f"mock-{number}", at=100.0 * number, kept=150.0))
    assert store.count_in("spent", 7) == 4
    alive = [number for number in range(40) if store.get(f"task-{number}")]
    assert 39 in alive
    assert len(alive) < 20


def test_a_task_is_replaced_and_one_that_is_gone_is_not():
    store = Memory()
    first, second = task("task-1"), task("task-2", takes=9.0)
    for one in (first, second):
        store.put(one)
    assert store.running("mock-a", 8.0) == 1
    store.replace(first._replace(held="pending"))
    assert (store.get("task-1").held, store.running("mock-a", 10**9)) == ("pending", 1)
    store.replace(task("task-3"))
    assert [one.id for one in store.tasks()] == ["task-1", "task-2"]


def failing(name: str, refund: int = 1400, outcome: str = "failed") -> Task:
    return task(name)._replace(refund=refund, outcome=outcome)


def test_what_failed_comes_back_once_it_has():
    store = Memory()
    for one in (failing("task-1"), failing("task-2", outcome="success"), failing("task-3", refund=0)):
        store.put(one)
    assert [store.returned("mock-a", at) for at in (4.9, 5.0, 6.0)] == [0, 1400, 1400]
    assert store.returned("mock-b", 6.0) == 0


def test_a_job_that_is_told_to_fail_comes_back_and_one_that_is_held_does_not():
    store = Memory()
    one, held = failing("task-1", outcome="success"), failing("task-2")
    store.put(one)
    store.put(held)
    store.replace(held._replace(held="pending"))
    store.replace(one.ended(3.0, "failed"))
    assert [store.returned("mock-a", at) for at in (2.9, 3.0, 50.0)] == [0, 1400, 1400]
    store.replace(held)
    assert store.returned("mock-a", 50.0) == 2800
