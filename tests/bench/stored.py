"""What stored tasks cost: the latency of a lone client beside few and many of them, and bytes for each."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from random import Random
from statistics import median
from time import perf_counter

from bench.load import Job, Load
from bench.progress import say
from bench.servers import Server, running
from bench.talk import FULL, Connection, CouldNotMeasureError, query, submission

PASSES = 2  # in a round: what else the machine does comes and goes, so the turns are short
SAMPLES = 25
KEPT = 1000
FILL_SECONDS = 600
WARM = 160


@dataclass
class Shelf:
    """A server with a number of tasks stored, some of their ids, and the latencies found in microseconds."""

    server: Server
    size: int
    tasks: list[str]
    bytes_each: float
    submits: list[float] = field(default_factory=list)
    polls: list[float] = field(default_factory=list)
    chance: Random = field(default_factory=lambda: Random(0))


@dataclass(frozen=True)
class Latency:
    """The middle one and the hundredth-slowest, in microseconds."""

    middle: float
    slow: float


@dataclass(frozen=True)
class Stored:
    """What one server needs with so many tasks stored."""

    submit: Latency
    poll: Latency
    bytes_each: float


def measure(names: list[str], sizes: list[int], rounds: int, load: Load) -> dict[tuple[str, int], Stored]:
    """Fill a server for each size, then ask them all in turn."""
    with ExitStack() as stack:
        shelves = [
            _fill(stack.enter_context(running(name, "pending")), size, load)
            for size in sizes
            for name in names
        ]
        say("latency")
        stack.enter_context(_one_core([shelf.server.pid for shelf in shelves]))
        asked = [(shelf, stack.enter_context(closing(Connection(shelf.server.port)))) for shelf in shelves]
        for nth in range((rounds + 1) * PASSES):
            for shelf, connection in asked:
                _ask(shelf, connection, keep=nth >= PASSES)  # the first round warms up
    return {(shelf.server.name, shelf.size): _summary(shelf) for shelf in shelves}


def _fill(server: Server, size: int, load: Load) -> Shelf:
    request = [submission(FULL).decode("latin-1")]
    warm = min(WARM, size // 2)
    tasks = load.run(Job(server.port, request, 200, FILL_SECONDS, warm, keep_every=1)).kept
    say(f"storing {size} tasks, {server.name}")
    before, missing = server.memory(), size - len(tasks)
    job = Job(server.port, request, 200, FILL_SECONDS, missing, keep_every=max(1, missing // KEPT))
    outcome = load.run(job)
    if outcome.count < missing:
        raise CouldNotMeasureError(f"'{server.name}' stored only {outcome.count} tasks in {FILL_SECONDS} s.")
    bytes_each = (server.memory() - before) / outcome.count
    return Shelf(server, size, tasks + outcome.kept, bytes_each)


@contextmanager
def _one_core(pids: list[int]) -> Iterator[None]:
    # A lone client and its server take turns. On two cores each turn would wake a sleeping core, which on
    # a virtual machine takes longer than the answer, and happens or not as the scheduler likes.
    if sys.platform != "linux":
        yield
        return
    cores = os.sched_getaffinity(0)
    for pid in (0, *pids):
        os.sched_setaffinity(pid, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def _ask(shelf: Shelf, connection: Connection, keep: bool) -> None:
    tasks = shelf.chance.choices(shelf.tasks, k=SAMPLES)
    submits = _latencies(connection, [submission(FULL)] * SAMPLES)
    polls = _latencies(connection, [query(task) for task in tasks])
    if keep:
        shelf.submits += submits
        shelf.polls += polls


def _latencies(connection: Connection, requests: list[bytes]) -> list[float]:
    found = []
    for request in requests:
        started = perf_counter()
        connection.succeed(request)
        found.append((perf_counter() - started) * 1e6)
    return found


def _summary(shelf: Shelf) -> Stored:
    return Stored(_latency(shelf.submits), _latency(shelf.polls), shelf.bytes_each)


def _latency(found: list[float]) -> Latency:
    return Latency(median(found), sorted(found)[len(found) * 99 // 100])
