"""A client's sleep moves the clock of its world, and every clock that the client reads agrees with it."""

import asyncio
import math
import sys
import threading
import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any, NamedTuple

from klingcontracts.problem import Problem
from klingmock.clock import Movable

STEP = 1.0  # seconds of virtual time between two looks at the timers of an event loop, at least
MOST_STEPS = 1000  # of one sleep
LONGEST = 100_000.0  # seconds that a client may sleep in one block: longer than any result is kept
QUIET = 0.01  # real seconds without a call or another sleep, after which the other tasks count as waiting
TURNS = 5  # of a loop, in which a task takes a reply and sends what comes next
PATIENCE = 200  # looks at a loop that is never quiet, after which time goes on all the same
# What these imported from the module `time` stays what it is: they serve, run the tests or measure them.
_SPARED = frozenset(
    {"klingmock", "klingcontracts", "uvicorn", "uvloop", "starlette", "pytest", "_pytest", "pluggy", "xdist"}
    | {"execnet", "pytest_timeout", "hypothesis", "coverage"}
    | sys.stdlib_module_names
) - {"asyncio", "time"}
_one_at_a_time = threading.Lock()


class Wait(NamedTuple):
    """One wait that a client asked for: when (Unix seconds of its world), for how many seconds, and how."""

    at: float
    seconds: float
    by: str


class Endless(BaseException):
    """A client sleeps as if there were no end; not an Exception, for a client that catches each of them."""


class VirtualTime:
    """The functions that stand in for those of `time`, `asyncio` and `anyio` while a block lasts.

    `note` is called with each wait; `calls` says how many calls the world has had; `settle` returns when
    its server has answered what was sent before.
    """

    def __init__(
        self,
        clock: Movable,
        note: Callable[[Wait], None],
        calls: Callable[[], int],
        longest: float,
        settle: Callable[[], None],
    ) -> None:
        self.on = True
        self._clock = clock
        self._note = note
        self._calls = calls
        self._settle = settle
        self._begun = clock.now()
        self._longest = longest
        self._moved = 0.0  # seconds, by sleeps alone: a test may advance the clock as well
        self._moving = threading.Lock()
        self._looks = 0  # at a loop that was busy, in a row
        # Until when, of each task that sleeps. A loop waits for its own: another may never run again.
        self._sleeping: dict[asyncio.AbstractEventLoop, list[float]] = {}
        # Threads that were there before go on in real time: the server is one of them.
        self._others = set(threading.enumerate()) - {threading.current_thread()}
        self._time_sleep, self._asyncio_sleep = time.sleep, asyncio.sleep
        self._anyio_sleep: Any = getattr(sys.modules.get("anyio"), "sleep", None)

    def stand_ins(self) -> dict[Any, Any]:
        """What takes the place of what."""
        found: dict[Any, Any] = {
            self._time_sleep: self._sleep,
            self._asyncio_sleep: self._sleep_in_asyncio,
            time.time: self._shown(time.time, self._clock.now),
            time.time_ns: self._shown(time.time_ns, lambda: int(self._clock.now() * 10**9)),
            time.monotonic: self._shifted(time.monotonic, 1.0),
            time.perf_counter: self._shifted(time.perf_counter, 1.0),
            time.monotonic_ns: self._shifted(time.monotonic_ns, 10**9),
            time.perf_counter_ns: self._shifted(time.perf_counter_ns, 10**9),
        }
        return found if self._anyio_sleep is None else {**found, self._anyio_sleep: self._sleep_in_anyio}

    def _is_real(self, seconds: float = 1.0) -> bool:
        """Whether this thread, or a wait that is none or has no end, has nothing to do with virtual time."""
        return not (self.on and 0 < seconds < math.inf) or threading.current_thread() in self._others

    def _shown(self, real: Callable[[], Any], virtual: Callable[[], Any]) -> Callable[[], Any]:
        return lambda: real() if self._is_real() else virtual()

    def _shifted(self, real: Callable[[], Any], units: float) -> Callable[[], Any]:
        def shifted() -> Any:
            shift = 0 if self._is_real() else (self._clock.now() - self._begun) * units
            return real() + type(units)(shift)

        return shifted

    def _ask(self, wait: Wait) -> None:
        if self._moved > self._longest:
            raise Endless(
                f"The client has slept for {self._moved:.0f} seconds of virtual time, and asks for "
                f"{wait.seconds:g} more. Give it a deadline, or virtual_time(longest=...)."
            )
        self._note(wait)

    def _move(self, seconds: float, until: float = math.inf) -> None:
        with self._moving:
            before = self._clock.now()
            self._moved += self._clock.advance_to(min(until, before + seconds)) - before

    def _sleep(self, seconds: float) -> None:
        if self._is_real(seconds):
            self._time_sleep(seconds)
            return
        self._ask(Wait(self._clock.now(), seconds, "time.sleep"))
        self._move(seconds)

    async def _sleep_in_asyncio(self, delay: float, result: Any = None) -> Any:
        if self._is_real(delay):
            return await self._asyncio_sleep(delay, result)
        await self._slept(delay, "asyncio.sleep")
        return result

    async def _sleep_in_anyio(self, delay: float) -> None:
        if self._is_real(delay):
            await self._anyio_sleep(delay)
        else:
            await self._slept(delay, "anyio.sleep")

    async def _slept(self, delay: float, by: str) -> None:
        sleeping = self._sleeping.setdefault(_loop(by), [])
        now = self._clock.now()
        self._ask(Wait(now, delay, by))
        until = now + delay
        sleeping.append(until)
        step = least = max(STEP, delay / MOST_STEPS)
        try:
            while self.on and self._clock.now() < until:
                crowded = len(asyncio.all_tasks()) > 1
                if until > min(sleeping):
                    await self._asyncio_sleep(QUIET)  # or less: the loop's clock goes with the world's
                    step = least
                elif crowded and await self._is_busy(sleeping):
                    step = least
                else:
                    self._move(step, until)
                    # The longer the others are quiet, the less likely does one wait for a reply.
                    step = 2 * step if crowded else least
                # The loop meets its timers now, such as that of a timeout around this sleep.
                await self._asyncio_sleep(0)
        finally:
            sleeping.remove(until)
        if not self.on:  # the block has ended before this sleep: what is left of it is real
            await self._asyncio_sleep(until - self._clock.now())

    async def _is_busy(self, sleeping: Sequence[float]) -> bool:
        """Whether another task of the loop calls the world, goes to sleep, or computes, within a moment."""
        before, began = (self._calls(), sleeping[:]), time.process_time()
        await self._asyncio_sleep(QUIET)
        computes = time.process_time() - began > QUIET / 2  # by what it used: a machine may be busy elsewhere
        for _ in range(TURNS):  # else a slow server would cost a client that waits for it its timeout
            self._settle()
            await self._asyncio_sleep(0)
        self._looks += 1
        quiet = before == (self._calls(), sleeping) and (not computes or self._looks > PATIENCE)
        self._looks = 0 if quiet else self._looks
        return not self.on or not quiet


def _loop(by: str) -> asyncio.AbstractEventLoop:
    """The event loop that runs; Problem for one whose clock can't be moved."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        loop = None
    if not isinstance(loop, asyncio.BaseEventLoop):
        raise Problem(
            f"{by} was called in an event loop that has a clock of its own, and is not asyncio's.",
            "Run the test on asyncio's own event loop, or without virtual time.",
        )
    return loop


@contextmanager
def virtual_time(
    clock: Movable,
    note: Callable[[Wait], None],
    calls: Callable[[], int],
    longest: float = LONGEST,
    settle: Callable[[], None] = lambda: None,
) -> Iterator[None]:
    """Let every sleep of this thread, and of those that it starts, move the clock instead of waiting.

    `time.time` is the world's time; `monotonic`, `perf_counter` and the event loop's clock jump with it.
    Raises Problem when virtual time is on already; a sleep after those of more than `longest` seconds in all
    raises Endless.
    """
    if not _one_at_a_time.acquire(blocking=False):
        raise Problem(
            "Virtual time is on already, and a process has only one.",
            "Leave the first block before the second.",
        )
    virtual = VirtualTime(clock, note, calls, longest, settle)
    stand_ins = virtual.stand_ins()
    try:
        _replace(stand_ins, _SPARED)
        yield
    finally:
        virtual.on = False  # for whoever keeps one of the functions
        # Everywhere: what was imported in the block has the stand-ins, whoever it belongs to.
        _replace({stand_in: real for real, stand_in in stand_ins.items()}, ())
        _one_at_a_time.release()


def _replace(functions: Mapping[Any, Any], spared: Container[str]) -> None:
    # By identity, and wherever a module has it: a client may have said `from time import sleep`.
    by_id = {id(old): new for old, new in functions.items()}
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] not in spared and isinstance(module, ModuleType):
            names = vars(module)
            names.update({key: by_id[id(value)] for key, value in list(names.items()) if id(value) in by_id})
