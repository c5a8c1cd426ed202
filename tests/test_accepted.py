"""klingmock.accepted: a store that tells of what it had, and of what that cost."""

import pytest

from klingcontracts.contract import load
from klingmock import accepted
from klingmock.accepted import Accepted, Charge, NoTask
from klingmock.task import Task


def task(name: str, price: int = 1400, refund: int = 0) -> Task:
    return Task(name, "mock-a", load(), 5, price, "req-1", 10.0, 11.0, 15.0, 100.0, refund=refund)


@pytest.fixture
def store() -> Accepted:
    return Accepted()


def test_a_charge_is_of_the_exchange_that_is_answered_now(store):
    store.total = lambda: 7
    store.put(task("task-1"))
    assert store.charged(10.0) == [Charge(8, 10.0, "task-1", 1400)]
    assert store.charged(10.0)[0].dollars == "0.1400"
    assert (store.jobs, store.spent) == (1, 1400)


def test_what_failed_is_told_with_its_charge(store):
    for one in (task("task-1", refund=1400), task("task-2")):
        store.put(one)
        store.replace(one.ended(12.0, "failed"))
    assert [charge.returned for charge in store.charged(11.9)] == [0, 0]
    assert [charge.returned for charge in store.charged(12.0)] == [1400, 0]
    assert store.returned("mock-a", 12.0) == 1400


def test_the_last_tasks_are_told_of_and_all_are_counted(monkeypatch):
    monkeypatch.setattr(accepted, "MOST", 2)
    store = Accepted()
    for nth in range(4):
        store.put(task(f"task-{nth}"))
    assert list(store.every) == ["task-2", "task-3"]
    assert [charge.task_id for charge in store.charged(12.0)] == ["task-2", "task-3"]
    assert (store.jobs, store.spent) == (4, 5600)
    store.replace(task("task-0").ended(12.0, "failed"))
    assert list(store.every) == ["task-2", "task-3"]
    store.every.popitem()
    assert [charge.returned for charge in store.charged(200.0)] == [0, 0]


def test_a_task_that_is_needed(store):
    store.put(task("a"))
    assert store.needed("a").id == "a"
    with pytest.raises(NoTask, match=r"There is no task 'x+' in this world\. Submitted here: a\.$") as caught:
        store.needed("x" * 1000)
    assert len(caught.value.fact) < 200


def test_whose_a_task_is_is_known_as_long_as_it_is_kept():
    homes: dict[str, str] = {}
    mine, yours = Accepted(homes), Accepted(homes)
    mine.put(task("task-1"))
    yours.put(task("task-2")._replace(owner="mock-b"))
    assert homes == {"task-1": "mock-a", "task-2": "mock-b"}
    mine.put(task("task-3")._replace(submitted_at=500.0, ends_at=505.0))  # task-1 has expired by then
    assert homes == {"task-3": "mock-a", "task-2": "mock-b"}
    assert list(mine.every) == ["task-1", "task-3"]  # still told of
    mine.leave()
    assert homes == {"task-2": "mock-b"}
    assert mine.tasks() == []
