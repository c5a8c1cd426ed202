"""klingmock drift live: the live API is asked whether it still does what is documented."""

import argparse
import os
import sys
import time

from klingcontracts.contract import load
from klingcontracts.document import DEFAULT
from klingcontracts.pages import Page
from klingcontracts.probe_ask import Asking
from klingcontracts.probe_canary import canary_of
from klingcontracts.probe_follow import Patience
from klingcontracts.probe_guard import Budget, Spending, hidden
from klingcontracts.probe_guarded import guards
from klingcontracts.probe_pace import Pace, Rate
from klingcontracts.probe_page import three_way
from klingcontracts.probe_plan import planned, shown
from klingcontracts.probe_reading import Readings
from klingcontracts.probe_rest import by_replies
from klingcontracts.probe_run import Run
from klingmock.cli_report import Prepared, prepare, report_flags
from klingmock.live_flags import (
    base_of,
    canary_in,
    headers,
    keep_canary,
    keys_of,
    page_of,
    pairs,
    seconds,
    whole,
)
from klingmock.live_http import Http
from klingmock.out import say

KEY_ENV = "MODELLIX_API_KEY"
WIDTH = 24  # characters of the progress bar
_NUMBERS = (
    ("--spend", 0, "jobs that may be paid for"),
    ("--max-requests", 250, "requests that are sent at most"),
    ("--max-unexpected", 1, "jobs accepted against the contract, after which no other is risked"),
    ("--rate", None, "requests a minute at most"),
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
    for name, default, text in _NUMBERS:
        told = f"{text} (default: {'as documented' if default is None else default})"
        add(name, type=whole, default=default, metavar="N", help=told)
    for name, wait, text in _SECONDS:
        add(name, type=seconds, default=wait, metavar="SECONDS", help=f"{text} (default: {wait:g})")
    for name, variable, text in _KEYS:
        add(name, default=variable, metavar="NAME", help=text)
    report_flags(parser)


def run(chosen: argparse.Namespace) -> int:
    """Look at the live API; 1 for drift, 3 when it could not be looked at."""
    readings = Readings(lambda read: load(chosen.against, read), pairs(chosen.reading))
    base, page = base_of(chosen.base_url), page_of(chosen.page)
    if chosen.plan:
        oracle = chosen.unfunded_key_env is not None
        plan = planned(readings, guards(readings), oracle=oracle, picture=chosen.image)
        return say(shown(plan, readings.contract, chosen.spend, chosen.max_requests))
    keys, prepared = keys_of(chosen, os.environ), prepare(chosen)
    canary = canary_in(chosen.canary)
    more = headers(chosen.header)
    send = Http(base, chosen.timeout, more)
    rate = readings.contract.document["x-limits"]["rate"]
    pace = Pace(time.time, time.sleep, Rate(chosen.rate or int(rate["requests"]), float(rate["seconds"])))
    budget = Budget(chosen.spend, chosen.max_requests, chosen.max_unexpected)
    spending = Spending(send, base, readings.takes, keys, budget, pace, hidden(more))
    patience = Patience(chosen.poll_interval, chosen.job_timeout)
    look = Run(Asking(readings, spending), patience, canary, chosen.image)
    return _looked(look, chosen, page, prepared)


def _looked(look: Run, chosen: argparse.Namespace, page: Page | None, prepared: Prepared) -> int:
    bar = _Bar(look)
    look.spending.after = bar.draw
    try:
        look.run()
    except KeyboardInterrupt:
        bar.clear()
        _keep(chosen.canary, look)
        spent = f"{look.spending.requests} requests were sent, {look.spending.accepted} jobs accepted"
        print(f"klingmock: Interrupted: {spent}.", file=sys.stderr)
        raise
    bar.clear()
    _keep(chosen.canary, look)
    report = look.report(chosen.base_url, chosen.against)
    if page is not None:
        looked = by_replies(look.asking.readings.contract, look.asking.brought.seen)
        report = report._replace(found=three_way(report.found, page, look.asking.readings.contract, looked))
    return prepared.finish(report)


def _keep(file: str | None, look: Run) -> None:
    if file is not None and look.jobs:
        keep_canary(file, canary_of(look.jobs[-1]))


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
            money = f"{spending.accepted} jobs, {self._look.money():.2f} spent"
            print(f"\r[{bar}] {spending.requests} requests, {money} ", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Leave the line."""
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
