"""klingmock.task: a task's whole future, and the chance behind it."""

import math
import re
import statistics
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klingcontracts.contract import load
from klingmock.task import TIMINGS, Luck, Task, Timing

BASE = Task("task-1", "mock-a", load(), 5, 1400, "req-1", 1000.0, 1001.0, 1005.0, 86400.0)
ORDER = ("pending", "processing", "success", None)


def draws(count: int, seed: str = "0") -> list[tuple[float, float]]:
    return [TIMINGS["realistic"].draw(Luck(seed, "mock-a", nth)) for nth in range(count)]


@pytest.mark.parametrize(
    ("now", "status"),
    [
        (999.0, "pending"),  # a clock of another process may be a little behind
        (1000.0, "pending"),
        (1000.999, "pending"),
        (1001.0, "processing"),
        (1004.999, "processing"),
        (1005.0, "success"),
        (1005.0 + 86399.999, "success"),
        (1005.0 + 86400.0, None),
        (1e12, None),
    ],
)
def test_the_status_changes_at_the_planned_moment_and_not_before(now, status):
    assert BASE.status(now) == status


@given(st.lists(st.floats(0, 100_000), min_size=2, max_size=20))
def test_a_task_never_goes_back_whatever_the_times_of_the_polls(offsets):
    seen = [ORDER.index(BASE.status(1000.0 + offset)) for offset in sorted(offsets)]
    assert all(earlier <= later for earlier, later in pairwise(seen))


def test_another_outcome_takes_the_place_of_success():
    assert BASE._replace(outcome="failed").status(1005.0) == "failed"
    assert BASE._replace(outcome="failed").status(1001.0) == "processing"


def test_a_task_that_is_kept_for_nothing_is_gone_when_it_ends():
    short = BASE._replace(kept=0.0)
    assert [short.status(t) for t in (1004.999, 1005.0)] == ["processing", None]


def test_elapsed_time_is_in_whole_milliseconds():
    assert BASE.elapsed_ms == 5000
    assert BASE._replace(ends_at=1000.0416).elapsed_ms == 42
    assert isinstance(BASE.elapsed_ms, int)


def test_expiry_counts_from_the_end():
    assert BASE.expires_at == 1005.0 + 86400.0


# --- timing ---


@pytest.mark.parametrize(("name", "expected"), [("quick", (1.0, 4.0)), ("instant", (0.0, 0.0))])
def test_a_timing_without_spread_is_the_same_each_time(name, expected):
    assert {TIMINGS[name].draw(Luck("0", "mock-a", nth)) for nth in range(50)} == {expected}


def test_realistic_times_have_the_median_that_was_measured():
    totals = [waits + takes for waits, takes in draws(2000)]
    assert 110 <= statistics.median(totals) <= 164
    assert len(set(totals)) > 1900
    assert all(60 < total < 400 for total in sorted(totals)[20:-20])


def test_realistic_times_are_log_normal_around_the_table():
    logs = [math.log(takes / 121.5) for _, takes in draws(2000)]
    assert abs(statistics.fmean(logs)) < 0.02
    assert 0.23 < statistics.stdev(logs) < 0.27


def test_realistic_waits_are_a_part_of_the_whole():
    assert all(0 < waits < takes for waits, takes in draws(500))


def test_a_spread_of_zero_draws_nothing():
    assert Timing(2.0, 3.0).draw(Luck("0", "mock-a", 0)) == (2.0, 3.0)


# --- chance ---


def test_ids_have_the_alphabet_that_every_client_takes_and_differ():
    ids = [
        Luck(seed, owner, n).task_id for seed in "ab" for owner in ("mock-a", "mock-b") for n in range(500)
    ]
    assert all(re.fullmatch(r"task-[A-Za-z0-9_-]{1,123}", name) for name in ids)
    assert len(set(ids)) == len(ids)


@given(st.text(max_size=30), st.text(max_size=30), st.integers(0, 2**40))
def test_the_same_seed_key_and_number_are_the_same_chance(seed, owner, nth):
    one, other = Luck(seed, owner, nth), Luck(seed, owner, nth)
    assert (one.task_id, one.share, one.normal()) == (other.task_id, other.share, other.normal())
    assert 0 <= one.share < 1
    assert -10 < one.normal() < 10


def test_chance_does_not_change_with_the_machine_or_the_version():
    luck = Luck("7", "mock-a", 0)
    assert luck.task_id == PINNED
    assert luck.share == pytest.approx(0.41823573163117445)
    assert luck.normal() == pytest.approx(-0.10918585279604837)
    assert TIMINGS["realistic"].draw(luck) == pytest.approx((12.062386884718995, 118.22833529862743))


def test_another_seed_key_or_number_is_another_chance():
    same = Luck("0", "mock-a", 0)
    for other in (Luck("1", "mock-a", 0), Luck("0", "mock-b", 0), Luck("0", "mock-a", 1)):
        assert other.task_id != same.task_id
        assert other.normal() != same.normal()


PINNED = "task-2a75cc5acda625448238cd6b"
