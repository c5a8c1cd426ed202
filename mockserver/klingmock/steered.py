"""A world whose clock is moved by hand: its tasks, its time, what it was asked, and what goes wrong in it."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import inf

from klingcontracts.contract import Contract
from klingcontracts.exchange import Call, Reply
from klingcontracts.problem import Problem, unknown
from klingmock.accepted import Accepted, Charge, TaskNow
from klingmock.answer import Mock
from klingmock.clock import Manual
from klingmock.journal import Entry, Journal
from klingmock.options import Options
from klingmock.script import Script
from klingmock.scripts import Scripts
from klingmock.served import Served
from klingmock.task import Task
from klingmock.virtual import LONGEST, Wait, virtual_time

MANY = 50  # polls in a row that find nothing new: whoever sends them waits for a clock that stands still
OUTCOMES = ("success", "failed")
_log = logging.getLogger("klingmock")


class Steered:
    """An engine of one key, and what moves it. `watch` is called with the contract and each exchange."""

    def __init__(self, options: Options, watch: Callable[[Contract, Entry], None] | None = None) -> None:
        self.contract = contract = options.contract
        self.options = options
        self.clock = Manual()
        self.waits: list[Wait] = []  # that a client asked for in virtual time, in their order
        self._store = Accepted()
        self._script = Script(options.script, options.seed)
        journal = Journal(watch=(lambda entry: watch(contract, entry)) if watch else None)
        self._store.total = lambda: journal.total
        self._mock = Mock(
            [contract],
            options.plan,
            clock=self.clock,
            store=self._store,
            journal=journal,
            scripts=Scripts(self._script),
        )
        self.settle: Callable[[], None] = lambda: None  # returns when what was sent before is answered
        self._last: Call | None = None
        self._idle = 0

    @property
    def served(self) -> Sequence[Served]:
        """The one revision of this world."""
        return self._mock.served

    @property
    def max_body(self) -> int:
        """Bytes of the largest request body."""
        return self._mock.max_body

    def answer(self, call: Call) -> Reply:
        """Answer a call without a socket, from any thread."""
        again = self._last is not None and call.method == "GET" and call.path == self._last.path
        self._last, self._idle = call, self._idle + 1 if again else 1
        if self._idle == MANY and self._runs(call.path.rpartition("/")[2]):
            _log.warning(
                "%s was polled %d times while the clock of this test stood still: call advance(seconds), "
                "let the client's sleep do it, or use timing='instant'.",
                call.path,
                MANY,
            )
        return self._mock.answer(call)

    def _runs(self, task_id: str) -> bool:
        task = self._store.get(task_id)
        return task is not None and task.status(self.now) in {"pending", "processing"}

    def knows(self, task_id: str) -> bool:
        """Whether a task of this id was submitted here."""
        return self._store.get(task_id) is not None

    # Time.

    @property
    def now(self) -> float:
        """The time in this world, Unix seconds; it moves only when it is told to."""
        return self.clock.now()

    def advance(self, seconds: float) -> float:
        """Let this many seconds pass and return the new time; ValueError for a step back.

        It can stand in for a client's sleep: monkeypatch.setattr("time.sleep", klingmock.advance).
        """
        self._idle = 0
        return self.clock.advance(seconds)

    def advance_to(self, task_id: str, status: str) -> float:
        """Let time pass until the task has this status, or is "expired"; return the new time.

        Raises Problem when there is no such task, or it never has this status from now on.
        """
        __tracebackhide__ = True
        task = self._task(task_id)
        moments = {
            "pending": task.submitted_at,
            "processing": task.processing_at,
            task.outcome: task.runs_until,
        }
        moment = {**moments, "expired": max(task.runs_until, task.expires_at)}.get(status)
        if _at(task, self.now) != status:
            if moment in {None, inf} or _at(task, max(moment, self.now)) != status:
                way = f"pending, processing, {task.outcome}, expired; it is {_at(task, self.now)} now"
                raise Problem(f"Task {task_id} is never {status!r} from here on.", f"Its way: {way}.")
            self.clock.advance_to(moment)
            self._idle = 0
        return self.now

    def hold(self, task_id: str) -> None:
        """Let a task stay in the status that it has, until it is released; Problem when it has ended."""
        __tracebackhide__ = True
        task = self._task(task_id)
        status = task.status(self.now)
        if status not in {"pending", "processing"}:
            raise Problem(f"Task {task_id} has ended and can't be held.", "Hold it before it ends.")
        self._mock.replace(task._replace(held=status))

    def release(self, task_id: str) -> None:
        """Let a task that is held, or stuck by a script, go on from where it is."""
        __tracebackhide__ = True
        self._mock.replace(self._task(task_id).released(self.now))

    def finish(self, task_id: str, outcome: str = "success") -> None:
        """Let a task end now, as "success" or "failed"; Problem when it has ended, or for another outcome."""
        __tracebackhide__ = True
        task = self._task(task_id)
        if outcome not in OUTCOMES:
            raise unknown("Outcome", outcome, OUTCOMES, "Name one of them.")
        if task.status(self.now) not in {"pending", "processing"}:
            raise Problem(f"Task {task_id} has ended before.", "Finish it before it ends.")
        self._mock.replace(task.ended(self.now, outcome))

    def _task(self, task_id: str) -> Task:
        __tracebackhide__ = True
        if task_id not in self._store.every:
            known = ", ".join(self._store.every) or "none"
            raise Problem(f"There is no task {task_id!r} in this world.", f"Submitted here: {known}.")
        return self._store.every[task_id]

    @contextmanager
    def virtual_time(self, longest: float = LONGEST) -> Iterator[None]:
        """Let time.sleep, asyncio.sleep and anyio.sleep move this world's clock, and wait for nothing.

        `time.time` is the world's time meanwhile, and `time.monotonic` and the event loop's clock go with it.
        It holds for this thread and for those that are started in the block. Tasks of one event loop sleep at
        the same time, threads one after the other. Raises Problem when virtual time is on already; a client
        that sleeps on after `longest` seconds is ended by an exception, virtual.Endless.
        """
        with virtual_time(self.clock, self._waited, lambda: self.total, longest, self.settle):
            yield

    def _waited(self, wait: Wait) -> None:
        self._idle = 0
        self.waits.append(wait)

    # What happened.

    @property
    def tasks(self) -> list[TaskNow]:
        """The accepted jobs in the order of their submission, whatever key they came with."""
        return [TaskNow(task.id, _at(task, self.now), task) for task in list(self._store.every.values())]

    @property
    def journal(self) -> list[Entry]:
        """The exchanges, oldest first; the last 1000 are kept."""
        return self._mock.journal.entries

    @property
    def total(self) -> int:
        """How many exchanges there were."""
        return self._mock.journal.total

    def script(self, text: str) -> None:
        """Let calls fail, in the grammar of scripts: "submit: 503*2; task: drop". Problem for a mistake."""
        self._script.add(text)

    @property
    def charges(self) -> list[Charge]:
        """What each accepted job cost, in the order of their submission."""
        return list(self._store.charges)


def _at(task: Task, now: float) -> str:
    return task.status(now) or "expired"
