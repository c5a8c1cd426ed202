"""klingmock.served: one revision with the user's plan applied to it."""

import pytest

from klingcontracts.contract import load
from klingcontracts.document import revisions
from klingcontracts.problem import Problem
from klingmock.ledger import units
from klingmock.limits import OFF
from klingmock.served import Plan, Served
from klingmock.task import TIMINGS

DAY = 86400.0


def served(revision: str = "2026-02", readings: dict[str, str] | None = None, **plan) -> Served:
    return Served(load(revision, readings), Plan(**plan))


def planned(one: Served, body: dict | None = None, now: float = 1000.0):
    return one.task("mock-a", 0, now, body or {}, "req-1")


@pytest.mark.parametrize("revision", revisions())
def test_without_a_plan_everything_is_as_documented(revision):
    one = served(revision)
    document = one.contract.document
    assert one.kept == document["x-lifecycle"]["retention"]["seconds"]
    assert one.opening == units(document["x-balance"]["opening"]) > 0
    assert one.charges is document["x-balance"]["enforced"]
    assert one.limits.concurrency == document["x-limits"]["concurrency"]["tasks"]
    assert one.operation("submit").method == "POST"


def test_the_plan_wins_over_the_document():
    one = served("2026-07", limited=True, rate=5, concurrency=1, retention=60.0, balance="2.5")
    assert (one.limits.rate, one.limits.concurrency) == (5, 1)
    assert (one.kept, one.opening) == (60.0, 25_000)


def test_a_plan_of_nothing_is_not_no_plan():
    one = served("2026-07", retention=0.0, balance="0")
    assert (one.kept, one.opening) == (0.0, 0)


def test_unlimited_is_off_whatever_the_numbers():
    assert served(limited=False, rate=5, concurrency=1).limits == OFF


def test_a_balance_that_is_none_is_refused():
    with pytest.raises(Problem, match="'lots'"):
        served(balance="lots")


@pytest.mark.parametrize(
    ("body", "seconds", "price"),
    [
        ({}, 5, 1400),
        ({"duration": 10}, 10, 2800),
        ({"duration": 10.0}, 10, 2800),
        ({"mode": "pro"}, 5, 2450),
        ({"mode": "pro", "duration": 10}, 10, 4900),
    ],
)
def test_mode_and_length_decide_the_price_and_the_clip(body, seconds, price):
    one = served()
    task = planned(one, body)
    assert one.price(body) == task.price == price
    assert task.seconds == seconds
    assert isinstance(task.seconds, int)


def test_what_has_no_price_is_free():
    assert served().price({"mode": "turbo"}) == 0


def test_the_quick_timing_is_one_and_four_seconds():
    task = planned(served())
    assert (task.submitted_at, task.processing_at, task.ends_at) == (1000.0, 1001.0, 1005.0)
    assert task.expires_at == 1005.0 + DAY


@pytest.mark.parametrize(("speed", "ends"), [(60.0, 5 / 60), (0.001, 5000.0), (1.0, 5.0)])
def test_speed_divides_every_time_but_the_retention(speed, ends):
    task = planned(served(speed=speed), now=0.0)
    assert task.ends_at == pytest.approx(ends)
    assert task.processing_at == pytest.approx(ends / 5)
    assert task.kept == DAY


def test_instant_is_at_once():
    task = planned(served(timing=TIMINGS["instant"]))
    assert task.status(1000.0) == "success"


def test_where_processing_is_not_shown_pending_lasts_until_the_end():
    task = planned(served(readings={"processing-visible": "no"}))
    assert [task.status(t) for t in (1000.0, 1004.999, 1005.0)] == ["pending", "pending", "success"]


def test_retention_can_begin_at_the_submission():
    task = planned(served(readings={"retention-start": "submission"}))
    assert task.expires_at == 1000.0 + DAY


def test_the_seed_decides_ids_and_times():
    plans = [served(timing=TIMINGS["realistic"], seed=seed) for seed in ("1", "1", "2")]
    first, same, other = (one.task("mock-a", 3, 0.0, {}, "r") for one in plans)
    assert first._replace(contract=None) == same._replace(contract=None)
    assert (other.id, other.ends_at) != (first.id, first.ends_at)


def test_the_tasks_of_one_key_have_ids_of_their_own():
    one = served()
    assert len({one.task("mock-a", nth, 0.0, {}, "r").id for nth in range(1000)}) == 1000
