"""How `drift live` looks at the stand-in: its probes, in process, on a clock that nobody waits for.

This is the one file here that knows klingcontracts: the stand-in itself does not.
"""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from klingcontracts.contract import Contract, load
from klingcontracts.drift import Report
from klingcontracts.exchange import Call, Reply
from klingcontracts.probe import FIRST
from klingcontracts.probe import SECOND as OTHER
from klingcontracts.probe import UNFUNDED as POOR
from klingcontracts.probe_ask import Asking
from klingcontracts.probe_follow import Patience
from klingcontracts.probe_guard import Budget, Spending
from klingcontracts.probe_pace import Pace, Rate
from klingcontracts.probe_reading import Readings
from klingcontracts.probe_run import Run
from klingcontracts.rule import Level
from vendor.twin import DEVIATIONS, KEY, SECOND, UNFUNDED, Twin
from vendor.ways import Call as Asked

URL = "http://127.0.0.1:1"
PACE = 10.0  # seconds that a task is pending; it is processing for twice as long


class Look(NamedTuple):
    """One look at one stand-in, and what the stand-in itself has counted."""

    name: str
    report: Report
    requests: int
    accepted: int
    limited: int

    @property
    def marks(self) -> set[str]:
        """The fingerprints of all findings."""
        return {one.finding.fingerprint for one in self.report.found}


def look(
    name: str | None = None, spend: int = 0, *, unfunded: bool = False, base: Twin | None = None
) -> Look:
    """Look at the stand-in with this deviation, with a budget of so many jobs."""
    now = [1_772_000_000.0]
    twin = base or Twin(name, clock=lambda: now[0], pace=PACE)

    def send(call: Call) -> Reply:
        now[0] += 0.05
        return Reply(*twin.answer(Asked(*call[:6])))

    def sleep(seconds: float) -> None:
        now[0] += seconds

    keys = {FIRST: KEY, OTHER: SECOND, **({POOR: UNFUNDED} if unfunded else {})}
    readings = _readings()
    pace = Pace(lambda: now[0], sleep, Rate())
    spending = Spending(send, URL, readings.takes, keys, Budget(spend), pace)
    run = Run(Asking(readings, spending), Patience(5.0, 900.0))
    run.run()
    report = run.report(URL, "2026-02")
    return Look(name or "", report, twin.requests, len(twin.tasks), twin.limited)


def found(look: Look, healthy: Look) -> bool:
    """Whether a look has found the deviation: a finding that fails, or a new remark where that is enough."""
    if DEVIATIONS[look.name].reading:
        return bool(look.marks - healthy.marks)
    return bool(look.report.at(Level.WARNING))


def _loaded(chosen: Mapping[str, str]) -> Contract:
    return _load(tuple(sorted(chosen.items())))


@cache
def _load(chosen: tuple[tuple[str, str], ...]) -> Contract:
    return load("2026-02", dict(chosen))


@cache
def _readings() -> Readings:
    return Readings(_loaded, {})
