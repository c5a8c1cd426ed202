"""A whole run of certify beside its slowest scenario: what playing them at the same time is good for."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.progress import say
from bench.talk import CouldNotMeasureError
from klingmock.certificate import Certificate
from klingmock.certifying import certify

HEAD = ("certify", "whole run, s", "slowest scenario, s", "ratio", "goal", "met")
CLIENT = Path(__file__).parents[1] / "clients" / "good_httpx.py"
GOAL = 1.3


def rows(deadline: float) -> list[list[str]]:
    """Certify a good client that gives a job so many seconds; the row of the table."""
    with _environ(DEADLINE_SECONDS=str(deadline), POLL_SECONDS="2", REQUEST_TIMEOUT_SECONDS="10"):
        found = certify([sys.executable, str(CLIENT)], progress=_progress)
    if found.exit_code():
        raise CouldNotMeasureError(f"The good client was not found good: {_blame(found)}.")
    slowest = max(found.played, key=lambda one: one.seconds)
    ratio = found.seconds / slowest.seconds
    title = f"good_httpx, {len(found.played)} scenarios, slowest: {slowest.name}"
    met = "yes" if ratio <= GOAL else "no"
    return [
        [title, f"{found.seconds:.1f}", f"{slowest.seconds:.1f}", f"{ratio:.2f}x", f"at most {GOAL}x", met]
    ]


def _progress(done: int, on: Sequence[str]) -> None:
    if sys.stderr.isatty():
        say(f"certify: {done} scenarios done, {len(on)} going on")


def _blame(found: Certificate) -> str:
    return ", ".join(f"{check.id} in {one.name}" for one, check in found.blamed()) or "it never called"


@contextmanager
def _environ(**given: str) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(given)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
