"""klingmock.clock: where a world gets its time from."""

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klingmock import clock
from klingmock.clock import Manual, Movable, System


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


class Ticking:
    """A clock that a test sets."""

    def __init__(self, at: float) -> None:
        self.at = at

    def now(self) -> float:
        return self.at


def test_a_movable_clock_goes_as_its_base_does():
    base = Ticking(100.0)
    clock_ = Movable(base=base)
    base.at = 103.0
    assert (clock_.now(), clock_.mode, clock_.speed) == (103.0, "system", 1.0)
    assert Movable(5.0, base=base).now() == 5.0


def test_a_movable_clock_is_frozen_advanced_and_scaled_without_a_jump():
    base = Ticking(100.0)
    clock_ = Movable(base=base)
    assert (clock_.freeze(), clock_.mode) == (100.0, "manual")
    base.at = 200.0
    assert clock_.now() == 100.0
    assert clock_.advance(7) == clock_.now() == 107.0
    assert (clock_.run(60.0), clock_.mode) == (107.0, "scaled")
    base.at = 201.0
    assert clock_.now() == 167.0
    assert clock_.advance(3) == 170.0
    assert clock_.run() == 170.0
    base.at = 202.0
    assert clock_.now() == 171.0


@pytest.mark.parametrize("speed", [-1, math.inf, math.nan])
def test_a_clock_has_a_speed_that_makes_sense(speed):
    with pytest.raises(ValueError, match="goes forward only"):
        Manual().run(speed)


@given(st.lists(st.sampled_from(["tick", "freeze", "run", "scale", "advance", "to"]), max_size=20))
def test_a_movable_clock_never_goes_back(steps):
    base = Ticking(1000.0)
    clock_, last = Movable(base=base), 1000.0
    for step in steps:
        if step == "tick":
            base.at += 1.5
        elif step == "advance":
            clock_.advance(2)
        elif step == "to":
            clock_.advance_to(1003.0)
        else:
            clock_.run({"freeze": 0.0, "run": 1.0, "scale": 9.0}[step])
        assert clock_.now() >= last
        last = clock_.now()
