"""What a world has accepted, and what that cost: every task, with the exchange that submitted it."""

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import NamedTuple

from klingcontracts.problem import Problem
from klingmock.ledger import dollars
from klingmock.store import Memory
from klingmock.task import Task

MOST_NAMED = 10  # tasks that are named where there is none of an id
LONGEST = 128  # characters of an id that is named
MOST = 10_000  # tasks and charges of a world that are told of, the last ones


class NoTask(Problem):
    """There is no task of an id in a world."""


class Unfit(Problem):
    """What is asked for can't be done to a task as it is."""


class TaskNow(NamedTuple):
    """A task at this moment; `status` is "expired" once the server has forgotten it."""

    id: str
    status: str
    task: Task


class Charge(NamedTuple):
    """What one accepted job cost, in ten-thousandths of a dollar; `at` is Unix seconds.

    `returned` is what has come back of it, because it failed.
    """

    number: int
    at: float
    task_id: str
    price: int
    returned: int = 0

    @property
    def dollars(self) -> str:
        """The price as the vendor writes it, such as 0.1400."""
        return dollars(self.price)


class Accepted(Memory):
    """A store that tells of the last tasks it had, also of those that the engine's store has let go of.

    `homes` says for each task whose it is; the worlds of one server have it together.
    """

    def __init__(self, homes: dict[str, str] | None = None) -> None:
        super().__init__()
        self._homes = {} if homes is None else homes
        self.every: OrderedDict[str, Task] = OrderedDict()
        self._charged: deque[tuple[int, Task]] = deque(maxlen=MOST)
        self.jobs = 0
        self.spent = 0  # ten-thousandths of a dollar
        self.total: Callable[[], int] = lambda: 0  # exchanges so far

    def put(self, task: Task) -> None:
        """Keep a task; the exchange that it came with is not counted yet."""
        super().put(task)
        self._homes[task.id] = task.owner
        self.every[task.id] = task
        if len(self.every) > MOST:
            self.every.popitem(last=False)
        self._charged.append((self.total() + 1, task))
        self.jobs += 1
        self.spent += task.price

    def replace(self, task: Task) -> None:
        """Keep a task in place of the one of the same id."""
        super().replace(task)
        if task.id in self.every:
            self.every[task.id] = task

    def needed(self, task_id: str) -> Task:
        """The task of this id; NoTask, which names the last ones, when none was put in."""
        __tracebackhide__ = True
        if task_id in self.every:
            return self.every[task_id]
        last = list(self.every)[-MOST_NAMED:]
        more = f", and {self.jobs - len(last)} before" if self.jobs > len(last) else ""
        fact = f"There is no task {task_id[:LONGEST]!r} in this world."
        raise NoTask(fact, f"Submitted here: {', '.join(last) or 'none'}{more}.")

    def forget(self, task_id: str) -> None:
        """Keep a task no longer; it is still told of."""
        super().forget(task_id)
        self._homes.pop(task_id, None)

    def leave(self) -> None:
        """Let nobody find a task of this store any more."""
        for task in self.tasks():
            self.forget(task.id)

    def charged(self, now: float) -> list[Charge]:
        """The charges, in the order of their submission, with what has come back of each by now."""
        # As it is now: it may have been ended since.
        told = [(number, self.every.get(task.id, task)) for number, task in list(self._charged)]
        return [
            Charge(number, task.submitted_at, task.id, task.price, task.returned(now))
            for number, task in told
        ]
