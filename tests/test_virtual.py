"""klingmock.virtual: a sleep moves the clock, and every clock agrees."""

import asyncio
import math
import time
from contextlib import suppress

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klingmock.clock import Manual
from klingmock.virtual import LONGEST, Endless, Wait, virtual_time

CLOCKS = ("time", "monotonic", "perf_counter", "time_ns", "monotonic_ns", "perf_counter_ns")
SECONDS = st.floats(0.001, 1e6)


class World:
    """A clock without a server, and what was asked of it."""

    def __init__(self):
        self.clock = Manual(0.0)
        self.waits = []

    def virtual_time(self, longest=LONGEST):
        return virtual_time(self.clock, self.waits.append, lambda: 0, longest)

    @property
    def asked(self):
        return [wait.seconds for wait in self.waits]


@pytest.fixture
def world():
    return World()


async def together(*sleeps):
    return await asyncio.gather(*sleeps)


def test_a_wait_is_noted_with_its_time_and_its_kind(world):
    with world.virtual_time():
        time.sleep(2)
        asyncio.run(asyncio.sleep(3))
        anyio.run(anyio.sleep, 4)
    assert world.waits == [Wait(0, 2, "time.sleep"), Wait(2, 3, "asyncio.sleep"), Wait(5, 4, "anyio.sleep")]
    assert world.clock.now() == 9


def test_every_clock_goes_on_by_what_was_slept():
    clock = Manual()
    with virtual_time(clock, lambda _: None, lambda: 0):
        wall, ticks, fine = time.time(), time.monotonic(), time.perf_counter()
        exact, exacter, exactest = time.time_ns(), time.monotonic_ns(), time.perf_counter_ns()
        time.sleep(9000)
        assert time.time() == wall + 9000 == clock.now()
        assert time.monotonic() - ticks == pytest.approx(9000, abs=60)
        assert time.perf_counter() - fine == pytest.approx(9000, abs=60)
        assert time.time_ns() - exact == pytest.approx(9000e9, abs=1e6)
        assert time.monotonic_ns() - exacter == pytest.approx(9000e9, abs=60e9)
        assert time.perf_counter_ns() - exactest == pytest.approx(9000e9, abs=60e9)
        kinds = {name: type(getattr(time, name)()) for name in CLOCKS}
    assert abs(time.time() - wall) > 10**6  # the world began on another day
    assert kinds == {name: int if name.endswith("_ns") else float for name in CLOCKS}


@pytest.mark.parametrize("name", ["time", "monotonic", "perf_counter"])
def test_a_loop_with_a_deadline_ends_at_it(world, name):
    with world.virtual_time():
        deadline = getattr(time, name)() + 1000
        while getattr(time, name)() < deadline:
            time.sleep(70)
    assert world.asked == [70] * 15


def test_a_loop_that_reads_the_clock_of_its_event_loop_ends_too(world):
    async def until(deadline):
        loop = asyncio.get_running_loop()
        while loop.time() < deadline:
            await asyncio.sleep(70)

    async def main():
        await until(asyncio.get_running_loop().time() + 1000)

    with world.virtual_time():
        asyncio.run(main())
    assert world.asked == [70] * 15


def outcome(sleep, seconds):
    """The type of the error, None for none; a sleep without an end is not waited for."""
    try:
        if sleep is time.sleep:
            sleep(seconds)
        else:
            asyncio.run(asyncio.wait_for(sleep(seconds), 0.005))
    except Exception as error:  # noqa: BLE001 - whatever it is, it must be the same
        return type(error)
    return None


@pytest.mark.parametrize("seconds", [0, -1, 0.0, math.nan, math.inf, -math.inf, "5", None, [], b"1", 1j])
@pytest.mark.parametrize(
    "function", [(time, "sleep"), (asyncio, "sleep"), (anyio, "sleep")], ids=["time", "asyncio", "anyio"]
)
def test_what_is_no_wait_is_taken_or_refused_as_ever(world, function, seconds):
    really = outcome(getattr(*function), seconds)
    with world.virtual_time():
        assert outcome(getattr(*function), seconds) == really
    assert not world.waits
    assert world.clock.now() == 0


def test_a_result_is_passed_on(world):
    with world.virtual_time():
        assert asyncio.run(asyncio.sleep(3, "result")) == "result"
        assert asyncio.run(asyncio.sleep(0, result="result")) == "result"


def test_a_very_long_sleep_is_one_sleep(world):
    with world.virtual_time(math.inf):
        time.sleep(1e9)
        asyncio.run(asyncio.sleep(1e9))
        asyncio.run(together(asyncio.sleep(1e9), anyio.sleep(1e9)))
    assert world.clock.now() == 3e9
    assert world.asked == [1e9] * 4


def test_who_sleeps_less_long_wakes_first(world):
    woke = []

    async def sleeper(seconds):
        await asyncio.sleep(seconds)
        woke.append((seconds, world.clock.now()))

    with world.virtual_time():
        asyncio.run(together(*(sleeper(seconds) for seconds in (7, 3, 3, 5))))
    assert woke == [(3, 3), (3, 3), (5, 5), (7, 7)]


def test_a_sleeper_that_is_cancelled_leaves_no_trace(world):
    async def main():
        first, second = (asyncio.create_task(asyncio.sleep(seconds)) for seconds in (5, 50))
        await asyncio.sleep(0)
        first.cancel()
        await second
        assert first.cancelled()

    with world.virtual_time():
        asyncio.run(main())
    assert world.clock.now() == 50


def test_a_loop_does_not_wait_for_the_sleepers_of_one_that_has_stopped(world):
    stopped = asyncio.new_event_loop()
    with world.virtual_time():
        left = stopped.create_task(asyncio.sleep(10))
        stopped.run_until_complete(asyncio.sleep(1))
        asyncio.run(asyncio.sleep(20))
        assert 21 <= world.clock.now() < 31
        left.cancel()
        stopped.run_until_complete(asyncio.wait([left]))
    stopped.close()


@pytest.mark.parametrize("company", [0, 1])
def test_who_sleeps_longer_than_the_block_sleeps_on_in_real_time(world, company):
    async def main():
        with world.virtual_time():
            others = [asyncio.create_task(asyncio.sleep(2000)) for _ in range(company)]
            long = asyncio.create_task(asyncio.sleep(1000))
            await asyncio.sleep(1)
            await asyncio.sleep(0)
        passed = world.clock.now()
        done, _ = await asyncio.wait([long, *others], timeout=0.02)
        assert not done
        assert world.clock.now() == passed
        for task in (long, *others):
            task.cancel()

    asyncio.run(main())
    assert 1 <= world.clock.now() < 1000


def naps():
    while True:
        with suppress(Exception):  # such clients there are
            time.sleep(60)


async def naps_later():
    while True:
        with suppress(Exception):
            await asyncio.sleep(60)


@pytest.mark.parametrize("client", [naps, lambda: asyncio.run(naps_later())], ids=["time", "asyncio"])
def test_a_client_without_an_end_is_ended(world, client):
    told = r"has slept for 660 seconds of virtual time, and asks for 60 more\. Give it a deadline"
    with world.virtual_time(longest=600), pytest.raises(Endless, match=told):
        client()
    assert world.asked == [60] * 11


def test_what_a_test_itself_lets_pass_is_not_held_against_the_client(world):
    with world.virtual_time(longest=600):
        world.clock.advance(10 * LONGEST)
        time.sleep(600)
        time.sleep(1)
        with pytest.raises(Endless):
            time.sleep(1)
    assert world.asked == [600, 1]


@settings(deadline=None, max_examples=60)
@given(st.lists(SECONDS, max_size=8), st.sampled_from([time, asyncio, anyio]))
def test_sleeps_add_up(seconds, module):
    async def later():
        for one in seconds:
            await module.sleep(one)

    world = World()
    with world.virtual_time(math.inf):
        if module is time:
            for one in seconds:
                time.sleep(one)
        else:
            asyncio.run(later())
        assert time.time() == world.clock.now() == pytest.approx(sum(seconds), rel=1e-6)
    assert world.asked == seconds
    assert [wait.at + wait.seconds for wait in world.waits[:-1]] == [wait.at for wait in world.waits[1:]]


@settings(deadline=None, max_examples=15)
@given(st.lists(SECONDS, min_size=1, max_size=4))
def test_sleeps_at_the_same_time_last_as_long_as_the_longest(seconds):
    world, woke = World(), []

    async def sleeper(one):
        await asyncio.sleep(one)
        woke.append(one)
        assert world.clock.now() >= one

    with world.virtual_time(math.inf):
        asyncio.run(together(*map(sleeper, seconds)))
    assert woke == sorted(seconds)
    assert world.clock.now() == max(seconds)
    assert world.asked == seconds
