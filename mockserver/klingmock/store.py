"""Where tasks and counts are kept. A task is written once, unless somebody holds or ends it."""

from collections import deque
from heapq import heapify, heappop, heappush
from typing import Protocol

from klingmock.task import Task

# Keys that hold no task are forgotten beyond this many: a stream of made-up keys must not fill the memory.
MOST_IDLE = 10_000


class Store(Protocol):
    """What the engine needs to remember. The engine calls it from one thread at a time."""

    def put(self, task: Task) -> None:
        """Keep a task."""

    def get(self, task_id: str) -> Task | None:
        """The task of this id, whoever owns it; None when there is none."""

    def replace(self, task: Task) -> None:
        """Keep a task in place of the one of the same id; of one that is gone, nothing."""

    def count(self, owner: str, name: str, by: int = 1) -> int:
        """Add to one of the owner's counters and return what it then holds."""

    def count_in(self, owner: str, window: int) -> int:
        """Count a request in a window of time and return the number so far; older windows are forgotten."""

    def running(self, owner: str, now: float) -> int:
        """How many of the owner's tasks have not ended at this time."""

    def returned(self, owner: str, now: float) -> int:
        """What has come back by this time of what the owner's jobs cost, in ten-thousandths of a dollar."""


class _World:
    """What belongs to one key."""

    __slots__ = ("counters", "ends", "refunds", "requests", "returned", "tasks", "window")

    def __init__(self) -> None:
        self.window = -1
        self.requests = 0
        self.counters: dict[str, int] = {}
        self.ends: list[float] = []  # a heap
        self.tasks: deque[Task] = deque()  # oldest first
        self.refunds: dict[str, Task] = {}  # whose price comes back when they have failed, by id
        self.returned = 0  # of those that have

    def look(self, task: Task) -> None:
        """Note whether the price of a task comes back."""
        self.refunds.pop(task.id, None)
        if task.refund and task.outcome == "failed":
            self.refunds[task.id] = task


class Memory:
    """A store in this process."""

    def __init__(self) -> None:
        self._tasks: dict[str, Task] = {}
        self._worlds: dict[str, _World] = {}
        self._sweep_at = MOST_IDLE
        self._window = -1  # the newest that was counted in
        self._now = 0.0  # when the last task was put

    def put(self, task: Task) -> None:
        """Keep a task, and let go of the owner's oldest ones that have expired."""
        world = self._world(task.owner)
        self._now = task.submitted_at
        self._let_go(world)
        world.tasks.append(task)
        heappush(world.ends, task.runs_until)
        self._tasks[task.id] = task
        world.look(task)

    def get(self, task_id: str) -> Task | None:
        """The task of this id, whoever owns it; None when there is none."""
        return self._tasks.get(task_id)

    def tasks(self) -> list[Task]:
        """The tasks that are kept, of all owners, in the order in which they were put."""
        return list(self._tasks.values())

    def holds(self, now: float) -> bool:
        """Whether any task that is kept has not expired at this time."""
        # The newest first: the others are likelier to have expired.
        return any(task.status(now) is not None for task in reversed(self._tasks.values()))

    def forget(self, task_id: str) -> None:
        """Keep a task no longer."""
        self._tasks.pop(task_id, None)

    def replace(self, task: Task) -> None:
        """Keep a task in place of the one of the same id; of one that is gone, nothing."""
        old = self._tasks.get(task.id)
        if old is not None:
            world = self._world(task.owner)
            world.tasks[world.tasks.index(old)] = task
            world.ends = [one.runs_until for one in world.tasks]
            heapify(world.ends)
            self._tasks[task.id] = task
            world.look(task)

    def count(self, owner: str, name: str, by: int = 1) -> int:
        """Add to one of the owner's counters and return what it then holds."""
        counters = self._world(owner).counters
        total = counters.get(name, 0) + by
        counters[name] = total
        return total

    def count_in(self, owner: str, window: int) -> int:
        """Count a request in a window of time and return the number so far; older windows are forgotten."""
        world = self._world(owner)
        if world.window != window:
            world.window, world.requests = window, 0
            self._window = max(self._window, window)
        world.requests += 1
        return world.requests

    def running(self, owner: str, now: float) -> int:
        """How many of the owner's tasks have not ended at this time."""
        ends = self._world(owner).ends
        while ends and ends[0] <= now:
            heappop(ends)
        return len(ends)

    def returned(self, owner: str, now: float) -> int:
        """What has come back by this time of what the owner's jobs cost, in ten-thousandths of a dollar."""
        world = self._world(owner)
        for task in [task for task in world.refunds.values() if task.runs_until <= now]:
            world.returned += world.refunds.pop(task.id).returned(now)
        return world.returned

    def _world(self, owner: str) -> _World:
        world = self._worlds.get(owner)
        if world is None:
            if len(self._worlds) >= self._sweep_at:
                self._sweep()
            world = self._worlds[owner] = _World()
        return world

    def _sweep(self) -> None:
        for world in self._worlds.values():
            self._let_go(world)
        self._worlds = {
            name: world
            for name, world in self._worlds.items()
            if world.tasks or world.window >= self._window  # a limit that is spent stays spent
        }
        # When most keys hold something, to look again at each new one would take longer and longer.
        self._sweep_at = max(MOST_IDLE, 2 * len(self._worlds))

    def _let_go(self, world: _World) -> None:
        while world.tasks and world.tasks[0].expires_at <= self._now:
            self.forget(world.tasks.popleft().id)
