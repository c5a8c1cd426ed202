"""One world, as a test holds it: its key, its clock, what was asked of it, what it has to say about that."""

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import inf
from types import TracebackType

from klingcontracts.check import of_the_call
from klingcontracts.conduct import Outcome, conduct
from klingcontracts.contract import Contract
from klingcontracts.exchange import Call, Reply, redacted, redacted_query
from klingcontracts.problem import Problem, unknown
from klingcontracts.report import stop_at
from klingcontracts.rule import Level
from klingcontracts.target import Target
from klingcontracts.verdict import Verdict, assert_good_client, judge
from klingmock.accepted import Accepted, Charge, TaskNow, assert_charged_once
from klingmock.answer import Mock
from klingmock.clock import Manual
from klingmock.journal import Entry, Journal
from klingmock.loglines import record
from klingmock.options import Options
from klingmock.served import Served
from klingmock.task import Task
from klingmock.virtual import Wait, virtual_time

MANY = 50  # polls in a row that find nothing new: whoever sends them waits for a clock that stands still
LOCAL = "127.0.0.1"
OUTCOMES = ("success", "failed")
_log = logging.getLogger("klingmock")


class Handle:
    """A world of its own on a server that others may share: tasks, clock, journal, script and limits."""

    def __init__(
        self,
        url: str,
        api_key: str,
        options: Options,
        close: Callable[[str], None],
        watch: Callable[[Contract, Entry], None] | None = None,
    ) -> None:
        self.url = url
        self.api_key = api_key
        self.contract = options.contract
        self.options = options
        self.clock = Manual()
        self._store = Accepted()
        contract = self.contract
        journal = Journal(watch=(lambda entry: watch(contract, entry)) if watch else None)
        self._store.total = lambda: journal.total
        self._mock = Mock([contract], options.plan, clock=self.clock, store=self._store, journal=journal)
        self._close = close
        self.waits: list[Wait] = []  # that a client asked for in virtual time, in their order
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

    @property
    def environ(self) -> dict[str, str]:
        """The variables by which a client finds this world, and is not led to a proxy on its way."""
        around = ",".join(filter(None, [os.environ.get("no_proxy") or os.environ.get("NO_PROXY"), LOCAL]))
        names = (self.options.base_url_variable, self.options.api_key_variable, "NO_PROXY", "no_proxy")
        return dict(zip(names, (self.url, self.api_key, around, around), strict=True))

    def answer(self, call: Call) -> Reply:
        """Answer a call without a socket, from any thread."""
        again = self._last is not None and call.method == "GET" and call.path == self._last.path
        self._last, self._idle = call, self._idle + 1 if again else 1
        if self._idle == MANY:
            _log.warning(
                "%s was polled %d times while the clock of this test stood still: call advance(seconds), "
                "let the client's sleep do it, or use timing='instant'.",
                call.path,
                MANY,
            )
        return self._mock.answer(call)

    @property
    def target(self) -> Target:
        """This world as a TaskMachine (klingcontracts.strategies) runs against it, without a socket."""
        limited = self.options.limits is not False
        return Target(self.answer, self.advance, (self.api_key, f"{self.api_key}-other"), limited)

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
    def virtual_time(self) -> Iterator[None]:
        """Let time.sleep, asyncio.sleep and anyio.sleep move this world's clock, and wait for nothing.

        `time.time` is the world's time meanwhile, and `time.monotonic` and the event loop's clock go with it.
        It holds for this thread and for those that are started in the block. Tasks of one event loop sleep at
        the same time, threads one after the other. Raises Problem when virtual time is on already.
        """
        with virtual_time(self.clock, self._waited, lambda: self.total):
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

    @property
    def last_request(self) -> Call:
        """The last call with its whole body, its secrets redacted; Problem when there was none."""
        __tracebackhide__ = True
        if self._last is None:
            raise Problem("Nothing was asked of this world.", f"Send a request to {self.url}.")
        query = redacted_query(self._last.query)
        return self._last._replace(headers=redacted(self._last.headers), query=query)

    def told(self, since: int = 0, most: int = 20) -> str:
        """The exchanges behind the `since`-th as text, at most this many, the last ones; "" for none."""
        entries = [entry for entry in self.journal if entry.exchange.number > since]
        left_out = self.total - since - len(entries[-most:])
        head = [f"({left_out} earlier ones are left out)"] if left_out else []
        return "\n".join([*head, *map(record, entries[-most:])])

    # What is expected.

    def script(self, text: str) -> None:
        """Let calls fail, in the grammar of scripts: "submit: 503*2; task: drop". Problem for a mistake."""
        self._mock.script.add(text)

    def assert_conforms(self, level: Level = Level.WARNING) -> None:
        """Raise an AssertionError with a table when a request broke the contract.

        What only the server can know (a foreign key, a limit, an empty balance, a task that has expired) is
        not held against the client.
        """
        __tracebackhide__ = True
        found = [
            (entry.exchange.number, finding)
            for entry in self.journal
            for finding in entry.findings
            if of_the_call(finding.rule)
        ]
        stop_at(self.contract, found, self.total, level)

    @property
    def charges(self) -> list[Charge]:
        """What each accepted job cost, in the order of their submission."""
        return list(self._store.charges)

    def assert_no_double_charge(self, jobs: int = 1) -> None:
        """Raise an AssertionError when one job was charged again: the two calls, and what came between.

        Submissions of the same body are one job, or `jobs` of them.
        """
        __tracebackhide__ = True
        entries = self.journal
        seen = conduct(self.contract, [entry.exchange for entry in entries], {}, jobs=jobs)
        assert_charged_once(self.charges, entries, seen)

    def assert_faults_fired(self) -> None:
        """Raise an AssertionError when a fault of the script was never met: then the test tried nothing."""
        __tracebackhide__ = True
        left = [account for account in self._mock.script.accounts() if account.left]
        if left:
            told = "; ".join(f"{one.text} (fired {one.fired} of {one.asked})" for one in left)
            raise AssertionError(f"These faults never fired: {told}.")

    def verdict(self, outcome: Outcome | str | None = None, *, jobs: int = 1) -> Verdict:
        """Judge what the client did; `outcome` is "success" or "failure", as it said in the end.

        Rules that need an outcome are not judged without. `jobs` is how many jobs of one body were meant.
        """
        entries = self.journal
        findings = {entry.exchange.number: entry.findings for entry in entries}
        return judge(
            self.contract, [entry.exchange for entry in entries], outcome, jobs=jobs, findings=findings
        )

    def assert_good_client(
        self, outcome: Outcome | str | None = None, *, jobs: int = 1, level: Level = Level.WARNING
    ) -> None:
        """Raise an AssertionError, with a table, when the client broke one of the rules of a good one."""
        __tracebackhide__ = True
        assert_good_client(self.verdict(outcome, jobs=jobs), level)

    def close(self) -> None:
        """Leave the server; the journal can still be read."""
        self._close(self.api_key)

    def __enter__(self) -> "Handle":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _at(task: Task, now: float) -> str:
    return task.status(now) or "expired"
