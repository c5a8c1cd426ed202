"""klingmock.fate: what a fault at `outcome` makes of a task's future."""

from math import inf

import pytest

from klingcontracts.contract import load
from klingmock import fate
from klingmock.fate import Lot
from klingmock.task import Task

TASK = Task("task-1", "mock-a", load(), 5, 1400, "req-1", 100.0, 110.0, 150.0, 1000.0)


def life(task, *moments):
    return [task.status(moment) for moment in moments]


def test_as_always_and_failed():
    assert fate.as_always(TASK, Lot()) == TASK
    assert life(fate.failed(TASK, Lot()), 100, 110, 150, 1150) == ["pending", "processing", "failed", None]


@pytest.mark.parametrize(
    ("status", "expected"),
    [("pending", ["pending"] * 4), ("processing", ["pending", "processing", "processing", "processing"])],
)
def test_stuck_is_for_ever(status, expected):
    task = fate.stuck(TASK, Lot(status))
    assert life(task, 100, 110, 150, 10**12) == expected
    assert (task.runs_until, task.expires_at) == (inf, inf)


def test_what_is_released_goes_on_from_where_it_is():
    pending, processing = (fate.stuck(TASK, Lot(status)) for status in ("pending", "processing"))
    assert life(pending.released(500), 499, 500, 539, 540) == [
        "pending",
        "processing",
        "processing",
        "success",
    ]
    assert life(processing.released(500), 499, 500) == ["processing", "success"]
    assert pending.released(105) == TASK  # before it was due
    assert processing.released(120) == TASK
    assert TASK.released(120) == TASK


@pytest.mark.parametrize("now", [100.0, 105.0, 130.0])
def test_what_is_ended_ends_now(now):
    for task in (TASK, fate.stuck(TASK, Lot("pending"))):
        ended = task.ended(now, "failed")
        assert (ended.status(now), ended.status(now + 1000)) == ("failed", None)


def test_slow_makes_the_last_status_longer():
    assert life(fate.slow(TASK, Lot(seconds=60)), 110, 209, 210) == ["processing", "processing", "success"]
    hidden = TASK._replace(processing_at=150.0)
    assert life(fate.slow(hidden, Lot(seconds=60)), 150, 209, 210) == ["pending", "pending", "success"]


def test_expiring_counts_from_the_end():
    assert life(fate.expiring(TASK, Lot(seconds=5)), 150, 154, 155) == ["success", "success", None]
