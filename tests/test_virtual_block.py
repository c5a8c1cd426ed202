"""klingmock.virtual: the block: whom it holds for, that there is one of it, and what is left after it."""

import asyncio
import sys
import threading
import time
from contextlib import suppress
from time import sleep as kept_sleep
from types import FunctionType, MethodType, ModuleType

import anyio
import pytest

from klingcontracts.problem import Problem
from klingmock.clock import Manual
from klingmock.virtual import virtual_time

NAMES = ("sleep", "time", "monotonic", "perf_counter", "time_ns", "monotonic_ns", "perf_counter_ns")


class World:
    """A clock without a server, and what was asked of it."""

    def __init__(self):
        self.clock = Manual(0.0)
        self.waits = []

    def virtual_time(self):
        return virtual_time(self.clock, self.waits.append, lambda: 0)

    @property
    def asked(self):
        return [wait.seconds for wait in self.waits]


@pytest.fixture
def world():
    return World()


async def together(*sleeps):
    return await asyncio.gather(*sleeps)


def test_a_thread_that_was_there_goes_on_in_real_time(world):
    go, seen = threading.Event(), []

    def there_before():
        go.wait()
        time.sleep(0.001)
        asyncio.run(together(asyncio.sleep(0.001), anyio.sleep(0.001)))
        seen.append(time.time())

    thread = threading.Thread(target=there_before)
    thread.start()
    with world.virtual_time():
        go.set()
        thread.join()
    assert abs(seen[0] - time.time()) < 3600
    assert not world.waits


def test_a_thread_that_starts_in_the_block_is_virtual(world):
    seen = []

    def inner():
        time.sleep(40)
        asyncio.run(asyncio.sleep(2))
        seen.append(time.time())

    with world.virtual_time():
        thread = threading.Thread(target=inner)
        thread.start()
        thread.join()
        asyncio.run(asyncio.to_thread(time.sleep, 8))
    assert seen == [42]
    assert world.asked == [40, 2, 8]


def test_threads_sleep_one_after_the_other_and_none_is_lost(world):
    def sleeps():
        for _ in range(100):
            time.sleep(1)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with world.virtual_time():
            threads = [threading.Thread(target=sleeps) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert world.clock.now() == len(world.waits) == 400


def test_a_process_has_one_virtual_time(world):
    refused = []

    def elsewhere():
        try:
            with World().virtual_time():
                raise AssertionError("two at once")
        except Problem as problem:
            refused.append(problem.fact)

    with world.virtual_time():
        elsewhere()
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        time.sleep(5)  # the first is on as before
    with world.virtual_time():
        time.sleep(6)
    assert refused == ["Virtual time is on already, and a process has only one."] * 2
    assert world.asked == [5, 6]


@pytest.mark.parametrize("module", [asyncio, anyio])
def test_a_sleep_under_another_kind_of_loop_is_refused(world, module):
    with world.virtual_time():
        sleeping = module.sleep(5)
        with pytest.raises(Problem, match=rf"{module.__name__}\.sleep was called in an event loop"):
            sleeping.send(None)
    assert not world.waits


def stand_ins():
    """The functions of virtual time, wherever a module has one."""
    return {
        (name, key)
        for name, module in list(sys.modules.items())
        if isinstance(module, ModuleType)
        for key, value in list(vars(module).items())
        if isinstance(value, (FunctionType, MethodType)) and value.__qualname__.startswith("VirtualTime.")
    }


def test_the_end_of_the_block_leaves_nothing_anywhere(world):
    before = [getattr(time, name) for name in NAMES] + [asyncio.sleep, anyio.sleep, kept_sleep]
    with suppress(KeyError), world.virtual_time():
        inside = stand_ins()
        raise KeyError
    assert {("time", name) for name in NAMES} | {("asyncio", "sleep"), ("anyio", "sleep")} < inside
    assert (__name__, "kept_sleep") in inside
    assert not any(name.partition(".")[0] in {"_pytest", "uvicorn", "klingmock"} for name, _ in inside)
    assert stand_ins() == set()
    assert [getattr(time, name) for name in NAMES] + [asyncio.sleep, anyio.sleep, kept_sleep] == before


@pytest.mark.parametrize("name", ["client_of_somebody", "uvicorn.late", "queue.late"])
def test_a_module_that_comes_in_the_block_has_the_real_functions_after_it(world, monkeypatch, name):
    late = ModuleType(name)
    with world.virtual_time():
        late.nap, late.clock = time.sleep, time.monotonic
        monkeypatch.setitem(sys.modules, name, late)
        late.nap(12)
    assert (late.nap, late.clock) == (time.sleep, time.monotonic)
    assert world.asked == [12]


def test_what_is_no_module_is_left_alone(world, monkeypatch):
    monkeypatch.setitem(sys.modules, "no_module", World)
    monkeypatch.setattr(World, "nap", time.sleep, raising=False)
    with world.virtual_time():
        assert World.nap is not time.sleep
    assert World.nap is time.sleep


def test_what_was_kept_from_inside_is_real_outside(world):
    with world.virtual_time():

        def nap(seconds, sleep=time.sleep):
            sleep(seconds)

        later, other, clocks = asyncio.sleep, anyio.sleep, [getattr(time, name) for name in NAMES[1:]]
        nap(5)
    nap(0.001)
    assert asyncio.run(later(0.001, "result")) == "result"
    anyio.run(other, 0.001)
    for name, kept in zip(NAMES[1:], clocks, strict=True):
        assert kept() == pytest.approx(getattr(time, name)(), abs=60e9 if name.endswith("_ns") else 60)
    assert (world.asked, world.clock.now()) == ([5], 5)
