"""What a world has accepted, and what that cost: every task, with the exchange that submitted it."""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from klingcontracts.conduct import Conduct
from klingmock.journal import Entry
from klingmock.ledger import dollars
from klingmock.loglines import record
from klingmock.store import Memory
from klingmock.task import Task

MOST_TOLD = 20  # exchanges between two charges that are shown
MOST = 10_000  # tasks and charges of a world that are told of, the last ones


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
    """A store that tells of the last tasks it had, also of those that the engine's store has let go of."""

    def __init__(self) -> None:
        super().__init__()
        self.every: OrderedDict[str, Task] = OrderedDict()
        self.charges: deque[Charge] = deque(maxlen=MOST)
        self.jobs = 0
        self.spent = 0  # ten-thousandths of a dollar
        self.total: Callable[[], int] = lambda: 0  # exchanges so far

    def put(self, task: Task) -> None:
        """Keep a task; the exchange that it came with is not counted yet."""
        super().put(task)
        self.every[task.id] = task
        if len(self.every) > MOST:
            self.every.popitem(last=False)
        self.charges.append(Charge(self.total() + 1, task.submitted_at, task.id, task.price))
        self.jobs += 1
        self.spent += task.price

    def replace(self, task: Task) -> None:
        """Keep a task in place of the one of the same id."""
        super().replace(task)
        if task.id in self.every:
            self.every[task.id] = task

    def charged(self, now: float) -> list[Charge]:
        """The charges, in the order of their submission, with what has come back of each by now."""
        charges = list(self.charges)
        tasks = [self.every.get(charge.task_id) for charge in charges]
        back = [task.returned(now) if task else 0 for task in tasks]
        return [charge._replace(returned=amount) for charge, amount in zip(charges, back, strict=True)]


class DoubleCharge(AssertionError):
    """One job was charged more than once."""


def assert_charged_once(charges: Sequence[Charge], entries: Sequence[Entry], conduct: Conduct) -> None:
    """Raise DoubleCharge for the first two submissions of one body that were both charged."""
    __tracebackhide__ = True
    for first, second in charged_again(charges, entries, conduct.jobs):
        between = [entry for entry in entries if first.number <= entry.exchange.number <= second.number]
        unclear = next((step.unclear for step in conduct.steps if step.number == first.number), "")
        known = (
            f"{unclear}, so the job may have been accepted"
            if unclear
            else f"the reply told of {first.task_id}"
        )
        raise DoubleCharge(
            f"One job was charged twice: {first.dollars} USD in exchange {first.number} ({first.task_id}), "
            f"and {second.dollars} USD in exchange {second.number} ({second.task_id}).\n"
            + "\n".join(_told(between))
            + f"\nWhat the client could have known after exchange {first.number}: {known}."
        )


def _told(between: Sequence[Entry]) -> list[str]:
    """The exchanges as text: of many, the first and the last ones."""
    left_out = len(between) - MOST_TOLD
    if left_out <= 0:
        return list(map(record, between))
    last = map(record, between[left_out + 1 :])
    return [record(between[0]), f"({left_out} exchanges are left out)", *last]


def charged_again(
    charges: Sequence[Charge], entries: Sequence[Entry], jobs: int = 1
) -> Iterator[tuple[Charge, Charge]]:
    """Pairs of charges that follow each other for one and the same body, beyond so many that were meant."""
    bodies: Mapping[int, bytes] = {entry.exchange.number: entry.exchange.call.body for entry in entries}
    same: dict[bytes, list[Charge]] = {}
    for charge in charges:
        if charge.number in bodies:
            same.setdefault(bodies[charge.number], []).append(charge)
    for found in same.values():
        yield from pairwise(found[jobs - 1 :])
