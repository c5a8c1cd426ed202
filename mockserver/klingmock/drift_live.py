"""klingmock drift live: the live API is asked whether it still does what is documented."""

import argparse
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from types import FrameType
from typing import NoReturn

from klingcontracts.contract import load
from klingcontracts.document import DEFAULT
from klingcontracts.pages import Page
from klingcontracts.probe_ask import Asking
from klingcontracts.probe_canary import Canary, canary_of
from klingcontracts.probe_follow import Patience
from klingcontracts.probe_guard import Budget, Spending, hidden
from klingcontracts.probe_guarded import guards
from klingcontracts.probe_pace import Pace, Rate
from klingcontracts.probe_page import three_way
from klingcontracts.probe_plan import planned, shown
from klingcontracts.probe_reading import Readings
from klingcontracts.probe_rest import by_replies
from klingcontracts.probe_run import Run
from klingcontracts.problem import COULD_NOT_LOOK, Problem
from klingmock.cli_report import Prepared, prepare, report_flags
from klingmock.live_flags import (
    base_of,
    canary_in,
    counted,
    headers,
    keep_canary,
    keys_of,
    page_of,
    pairs,
    picture_of,
    seconds,
    whole,
)
from klingmock.live_http import Http
from klingmock.out import say
from klingmock.report_files import apart

KEY_ENV = "MODELLIX_API_KEY"
INTERRUPTED = 130
WIDTH = 24  # characters of the progress bar
LONG = 10.0  # seconds of a wait that is told of
_NUMBERS = (
    ("--spend", whole, 0, "jobs that may be paid for"),
    ("--max-requests", whole, 250, "requests that are sent at most"),
    ("--max-unexpected", counted, 1, "jobs accepted against the contract, after which no other is risked"),
    ("--rate", counted, None, "requests a minute at most"),
)
_SECONDS = (
    ("--poll-interval", 5.0, "between two polls of a job"),
    ("--job-timeout", 900.0, "until a job is given up"),
    ("--timeout", 30.0, "for one request"),
)
_KEYS = (
    ("--api-key-env", KEY_ENV, f"variable that holds the key (default: {KEY_ENV})"),
    ("--second-key-env", None, "variable with a key of somebody else, who must not see the task"),
    ("--unfunded-key-env", None, "variable with a key without money, which tells what would be accepted"),
)


def flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags."""
    add = parser.add_argument
    add("base_url", metavar="BASE_URL", help="where the API is, such as https://api.example.com")
    add("--against", default=DEFAULT, metavar="REV", help=f"revision or document (default: {DEFAULT})")
    add("--reading", action="append", default=[], metavar="QUESTION=READING", help="of an open question")
    add("--plan", action="store_true", help="show what would be asked and what it costs; send nothing")
    add("--canary", metavar="FILE", help="keep the last paid task here, and ask for it again in later runs")
    add("--page", metavar="PAGE", help="a published page: each finding says who agrees with whom")
    add("--image", metavar="URL", help="the picture of a paid job (default: a small one of our own)")
    add("--header", action="append", default=[], metavar="NAME:VALUE", help="sent along; shown nowhere")
    for name, kind, default, text in _NUMBERS:
        told = f"{text} (default: {'as documented' if default is None else default})"
        add(name, type=partial(kind, name), default=default, metavar="N", help=told)
    for name, wait, text in _SECONDS:
        told = f"{text} (default: {wait:g})"
        add(name, type=partial(seconds, name), default=wait, metavar="SECONDS", help=told)
    for name, variable, text in _KEYS:
        add(name, default=variable, metavar="NAME", help=text)
    report_flags(parser)


def run(chosen: argparse.Namespace) -> int:
    """Look at the live API; 1 for drift, 3 when it could not be looked at."""
    apart(chosen.canary, (path for _, path in chosen.report))
    readings = Readings(lambda read: load(chosen.against, read), pairs(chosen.reading))
    base, page, picture = base_of(chosen.base_url), page_of(chosen.page), picture_of(chosen.image)
    sent_along, prepared, canary = headers(chosen.header), prepare(chosen), canary_in(chosen.canary)
    if chosen.plan:
        return _planned(readings, chosen, picture)
    keys = keys_of(chosen, os.environ)
    send = Http(base, chosen.timeout, sent_along)
    rate = readings.contract.document["x-limits"]["rate"]
    pace = Pace(time.time, time.sleep, Rate(chosen.rate or int(rate["requests"]), float(rate["seconds"])))
    budget = Budget(chosen.spend, chosen.max_requests, chosen.max_unexpected)
    spending = Spending(send, base, readings.takes, keys, budget, pace, hidden(sent_along))
    patience = Patience(chosen.poll_interval, chosen.job_timeout)
    look = Run(Asking(readings, spending), patience, canary, picture)
    return _looked(look, chosen, page, prepared)


def _planned(readings: Readings, chosen: argparse.Namespace, picture: str | None) -> int:
    if chosen.report or chosen.format != "text":
        raise Problem("--plan shows a table; there is no report yet.", "Leave out --report and --format.")
    oracle = chosen.unfunded_key_env is not None
    plan = planned(readings, guards(readings), oracle=oracle, picture=picture)
    return say(shown(plan, readings.contract, chosen.spend, chosen.max_requests))


def _looked(look: Run, chosen: argparse.Namespace, page: Page | None, prepared: Prepared) -> int:
    bar, keeper, least = _Bar(look), _Keeper(chosen.canary), 0
    look.spending.after, look.spending.pace.waits, look.began = bar.draw, bar.waits, keeper.keep
    try:
        with _ended_by_sigterm():
            look.run()
    except KeyboardInterrupt:
        least, look.incomplete = INTERRUPTED, "It was interrupted."
        bar.say(f"Interrupted: {_spent(look)}.")
    except Exception as error:  # noqa: BLE001 - the report of what was paid for outlives a mistake of ours
        least, look.incomplete = COULD_NOT_LOOK, f"A mistake of klingmock ended it: {error!r}."
    bar.clear()
    if look.jobs:
        keeper.keep(canary_of(look.jobs[-1]))
    least = max(least, keeper.complained())
    return max(least, _told(look, chosen, page, prepared))


def _told(look: Run, chosen: argparse.Namespace, page: Page | None, prepared: Prepared) -> int:
    try:
        report = look.report(chosen.base_url, chosen.against)
        if page is not None:
            contract = look.asking.readings.contract
            looked = by_replies(contract, look.asking.brought.seen)
            report = report._replace(found=three_way(report.found, page, contract, looked))
    except Exception as error:
        fact = f"A mistake of klingmock: the replies can't be judged ({error!r}); {_spent(look)}."
        raise Problem(fact, "Report it, please.", COULD_NOT_LOOK) from error
    return prepared.finish(report)


def _spent(look: Run) -> str:
    requests, jobs = look.spending.requests, look.spending.accepted
    tasks = f" ({', '.join(look.tasks)})" if look.tasks else ""
    return f"{_many(requests, 'request')} sent, {_many(jobs, 'job')} accepted{tasks}"


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end the run as Ctrl-C does: there may be a job to tell of."""

    def leave(number: int, _: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt(f"signal {number}")

    before = signal.getsignal(signal.SIGTERM)
    with suppress(ValueError):  # another thread than the first hears of no signals
        signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        with suppress(ValueError):
            signal.signal(signal.SIGTERM, before)


class _Keeper:
    """Keeps the last task that was paid for in the file of --canary; a failure is told at the end."""

    def __init__(self, file: str | None) -> None:
        self._file = file
        self._problem: Problem | None = None

    def keep(self, canary: Canary) -> None:
        """Write it."""
        try:
            if self._file is not None:
                keep_canary(self._file, canary)
                self._problem = None
        except Problem as problem:
            self._problem = problem

    def complained(self) -> int:
        """Say what failed, and return the exit code that this makes."""
        if self._problem is None:
            return 0
        print(f"klingmock: {self._problem}", file=sys.stderr)
        return self._problem.exit_code


class _Bar:
    """The progress on standard error, where that is a terminal."""

    def __init__(self, look: Run) -> None:
        self._look, self._shown = look, sys.stderr.isatty()

    def draw(self) -> None:
        """Show how far it is, and what it has cost."""
        if self._shown:
            spending = self._look.spending
            done = min(1.0, spending.requests / max(1, self._look.expected))
            bar = ("#" * round(done * WIDTH)).ljust(WIDTH, ".")
            money = f"{_many(spending.accepted, 'job')}, {self._look.money():.2f} spent"
            print(
                f"\r[{bar}] {_many(spending.requests, 'request')}, {money} ",
                end="",
                file=sys.stderr,
                flush=True,
            )

    def clear(self) -> None:
        """Leave the line."""
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def waits(self, seconds: float) -> None:
        """Say that nothing happens for a while, and why."""
        if seconds >= LONG:
            self.say(f"Waiting {seconds:.0f} seconds, for the limit of requests.")

    def say(self, text: str) -> None:
        """A line of its own."""
        self.clear()
        print(f"klingmock: {text}", file=sys.stderr, flush=True)
