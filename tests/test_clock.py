"""klingmock.clock: where a world gets its time from."""

import math
import time

import pytest

from klingmock import clock
from klingmock.clock import Manual, System


def test_the_system_clock_tells_unix_seconds():
    before = time.time()
    assert before <= System().now() <= time.time()


def test_the_system_clock_goes_on_when_the_machine_is_set_back(monkeypatch):
    told, ticks = iter([100.0, 50.0, 51.0, 103.5]), iter([7.0, 8.0, 9.0, 9.5])
    monkeypatch.setattr(clock.time, "time", lambda: next(told))
    monkeypatch.setattr(clock.time, "monotonic", lambda: next(ticks))
    system = System()
    assert [system.now() for _ in range(4)] == [100.0, 101.0, 102.0, 103.5]


def test_a_manual_clock_stands_still():
    manual = Manual()
    assert manual.now() == manual.now() == 1_767_225_600.0
    assert manual.now() % 60 == 0  # a window of the rate limit begins here


def test_a_manual_clock_goes_forward_by_what_it_is_told():
    manual = Manual(10.0)
    assert manual.advance(0) == 10.0
    assert manual.advance(2.5) == manual.now() == 12.5


@pytest.mark.parametrize("step", [-1, -0.001, -math.inf, math.nan])
def test_a_manual_clock_does_not_go_back(step):
    manual = Manual(10.0)
    with pytest.raises(ValueError, match="goes forward only"):
        manual.advance(step)
    assert manual.now() == 10.0
