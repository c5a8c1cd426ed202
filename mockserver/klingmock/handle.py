"""One world, as a test holds it: where it is, what was asked of it, what it has to say about that."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from itertools import groupby
from types import TracebackType
from typing import NoReturn

from klingcontracts.check import of_the_call
from klingcontracts.conduct import Outcome, conduct
from klingcontracts.contract import Contract
from klingcontracts.exchange import Call, Reply, redacted, redacted_query
from klingcontracts.problem import Problem
from klingcontracts.report import stop_at
from klingcontracts.rule import Level
from klingcontracts.target import Target
from klingcontracts.verdict import Verdict, assert_good_client, judge
from klingmock.clock import Movable
from klingmock.double_charge import assert_charged_once
from klingmock.guard import hosts_of, no_calls_home
from klingmock.journal import Entry, Journal
from klingmock.loglines import record
from klingmock.options import Options
from klingmock.recipe import Recipe, recipe
from klingmock.scenario import Scenario, scenario
from klingmock.steered import Site, Steered
from klingmock.virtual import LONGEST, Wait, virtual_time

LOCAL = "127.0.0.1"
KEPT = 10_000  # exchanges of a world; by fewer than all of them nobody is judged
MOST_RUNS = 20  # of waits of the same length that a report shows


class CalledHome(AssertionError):
    """A client called the vendor in a block of a world; nobody was asked."""


class Handle(Steered):
    """A world of its own on a server that others may share: tasks, clock, journal, script and limits."""

    def __init__(
        self,
        url: str,
        api_key: str,
        options: Options,
        close: Callable[[str], None],
        watch: Callable[[Contract, Entry], None] | None = None,
    ) -> None:
        told = (lambda entry: watch(self.contract, entry)) if watch else None
        super().__init__(recipe(options), Site(lambda: Journal(KEPT, watch=told)))
        self.options = options
        self.waits: list[Wait] = []  # that a client asked for in virtual time, in their order
        self.settle: Callable[[], None] = lambda: None  # returns when what was sent before is answered
        self._virtual = False
        self._last: Call | None = None
        self.url = url
        self.api_key = api_key
        self._close = close
        self._block = ExitStack()  # the guard and virtual time, for as long as its own block

    def answer(self, call: Call) -> Reply:
        """Answer a call without a socket, from any thread."""
        self._last = call
        return super().answer(call)

    def reset(self, recipe: Recipe | None = None) -> None:
        """Begin anew: no task, no exchange, no charge, a new script; and a new clock, but for virtual time.

        Raises Problem for a recipe that makes no sense; then nothing has changed.
        """
        super().reset(recipe)
        self.waits.clear()
        self._last = None

    def _clock_of(self, recipe: Recipe) -> Movable:
        return self.clock if self._virtual else super()._clock_of(recipe)

    @property
    def environ(self) -> dict[str, str]:
        """The variables by which a client finds this world, and is not led to a proxy on its way."""
        around = ",".join(filter(None, [os.environ.get("no_proxy") or os.environ.get("NO_PROXY"), LOCAL]))
        names = (self.options.base_url_variable, self.options.api_key_variable, "NO_PROXY", "no_proxy")
        return dict(zip(names, (self.url, self.api_key, around, around), strict=True))

    @property
    def target(self) -> Target:
        """This world as a TaskMachine (klingcontracts.strategies) runs against it, without a socket."""
        limited = self.options.limits is not False
        return Target(self.answer, self.advance, (self.api_key, f"{self.api_key}-other"), limited)

    @property
    def last_request(self) -> Call:
        """The last call with its whole body, its secrets redacted; Problem when there was none."""
        __tracebackhide__ = True
        if self._last is None:
            raise Problem("Nothing was asked of this world.", f"Send a request to {self.url}.")
        query = redacted_query(self._last.query)
        return self._last._replace(headers=redacted(self._last.headers), query=query)

    def told(self, since: int = 0, most: int = 20) -> str:
        """The exchanges behind the `since`-th as text, at most this many, the last ones; "" for none.

        Behind them stand the faults of the script, how often each has fired, and the waits in virtual time.
        """
        entries = [entry for entry in self.journal if entry.exchange.number > since]
        left_out = self.total - since - len(entries[-most:])
        head = [f"({left_out} earlier ones are left out)"] if left_out else []
        faults = [
            f"fault  {one.text} (fired {one.fired} of {one.asked or 'any'})"
            for one in self._script.accounts()
        ]
        told = (entry.exchange.at for entry in self.journal if entry.exchange.number <= since)
        began = max(told, default=0.0)
        waits = _waits([wait for wait in self.waits if wait.at >= began])
        behind = [*faults, *waits] if entries else []
        return "\n".join([*head, *map(record, entries[-most:]), *behind])

    @contextmanager
    def virtual_time(self, longest: float = LONGEST) -> Iterator[None]:
        """Let time.sleep, asyncio.sleep and anyio.sleep move this world's clock, and wait for nothing.

        `time.time` is the world's time meanwhile, and `time.monotonic` and the event loop's clock go with it.
        It holds for this thread and for those that are started in the block. Tasks of one event loop sleep at
        the same time, threads one after the other. Raises Problem when virtual time is on already; a client
        that sleeps on after `longest` seconds is ended by an exception, virtual.Endless.
        """
        with virtual_time(self.clock, self._waited, lambda: self.total, longest, self.settle):
            self._virtual = True
            try:
                yield
            finally:
                self._virtual = False

    @contextmanager
    def play(self, what: Scenario | str, longest: float = LONGEST) -> Iterator[None]:
        """Begin anew by a scenario, in virtual time: `with klingmock.play("submit-lost"): ...`.

        Raises Problem for a name that is not known. `longest` is as in `virtual_time`.
        """
        found = what if isinstance(what, Scenario) else scenario(what)
        self.reset(found.recipe(self.recipe._replace(clock="manual"), is_virtual=True))
        with nullcontext() if self._virtual else self.virtual_time(longest):
            yield

    def _waited(self, wait: Wait) -> None:
        self._idle = 0
        self.waits.append(wait)

    # What is expected.

    def assert_conforms(self, level: Level = Level.WARNING) -> None:
        """Raise an AssertionError with a table when a request broke the contract, or there was none.

        What only the server can know (a foreign key, a limit, an empty balance, a task that has expired) is
        not held against the client. Raises Problem when there were more exchanges than the 10,000 that are
        kept.
        """
        __tracebackhide__ = True
        if not self.total:
            raise AssertionError(
                "Nothing was asked of this world, so there is nothing to hold to the contract."
            )
        found = [
            (entry.exchange.number, finding)
            for entry in self.whole()
            for finding in entry.findings
            if of_the_call(finding.rule)
        ]
        stop_at(self.contract, found, self.total, level)

    def assert_no_double_charge(self, jobs: int = 1) -> None:
        """Raise an AssertionError when one job was charged again: the two calls, and what came between.

        Submissions of the same body are one job, or `jobs` of them. Raises Problem when there were more
        exchanges than the 10,000 that are kept.
        """
        __tracebackhide__ = True
        entries = self.whole()
        seen = conduct(self.contract, [entry.exchange for entry in entries], {}, jobs=jobs)
        assert_charged_once(self.charges, entries, seen)

    def assert_faults_fired(self) -> None:
        """Raise an AssertionError when a fault of the script was never met: then the test tried nothing."""
        __tracebackhide__ = True
        left = [account for account in self._script.accounts() if account.left]
        if left:
            told = "; ".join(f"{one.text} (fired {one.fired} of {one.asked})" for one in left)
            raise AssertionError(f"These faults never fired: {told}.")

    def verdict(self, outcome: Outcome | str | None = None, *, jobs: int = 1) -> Verdict:
        """Judge what the client did; `outcome` is "success" or "failure", as it said in the end.

        Rules that need an outcome are not judged without. `jobs` is how many jobs of one body were meant.
        Raises Problem when there were more exchanges than the 10,000 that are kept.
        """
        __tracebackhide__ = True
        entries = self.whole()
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

    def _called_home(self, host: str) -> NoReturn:
        raise CalledHome(
            f"A client called the real host {host} while the fake is in use. Let it take its address from "
            f"{self.options.base_url_variable}, or from the fake's url."
        )

    def close(self) -> None:
        """Leave the server; the journal can still be read."""
        self._close(self.api_key)

    def __enter__(self) -> "Handle":
        self._block.enter_context(no_calls_home(hosts_of(self.contract), self._called_home))
        if self.options.time == "virtual":
            self._block.enter_context(self.virtual_time())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._block.close()
        self.close()


def _waits(waits: Sequence[Wait]) -> list[str]:
    """The waits in one line: equal ones in a row are told together, and of many the last ones."""
    runs = [(name, len(list(same))) for name, same in groupby(waits, lambda one: f"{one.by} {one.seconds:g}")]
    shown = ", ".join(f"{name} s" + (f" * {many}" if many > 1 else "") for name, many in runs[-MOST_RUNS:])
    earlier = sum(many for _, many in runs[:-MOST_RUNS])
    more = f"({earlier} earlier ones are left out) " if earlier else ""
    return [f"waits  {more}{shown}, {sum(one.seconds for one in waits):g} s in all"] if waits else []
