"""The benchmark's command line: what is measured, in which order, and what is printed."""

import argparse
import os
import platform
import shlex
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import TypeVar

from bench import certify, coldstart, drift, kit, rounds, stored
from bench.load import Load
from bench.progress import say
from bench.table import COST_HEAD, OTHER_HEAD, cost_row, markdown, start_row, stored_rows
from bench.talk import CouldNotMeasureError

FEW, SOME = 10, 10_000
Found = TypeVar("Found")


@dataclass(frozen=True)
class Extent:
    """How much is measured."""

    rounds: int
    seconds: float
    tasks: int
    deadline: float = 60.0  # seconds that the client of certify gives a job


WHOLE = Extent(rounds=21, seconds=0.7, tasks=1_000_000)
QUICK = Extent(rounds=3, seconds=0.2, tasks=20_000, deadline=30.0)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, and say with the exit code whether all of it could be measured."""
    arguments = _parser().parse_args(argv)
    for number in (signal.SIGINT, signal.SIGTERM):  # leave by the way that ends the servers
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    base = QUICK if arguments.quick else WHOLE
    extent = Extent(
        arguments.rounds or base.rounds,
        arguments.seconds or base.seconds,
        arguments.tasks or base.tasks,
        base.deadline,
    )
    missing: list[str] = []
    if arguments.part in {"server", "all"}:
        with closing(Load()) as load:
            _costs(extent, arguments.without, load, missing)
            _others(extent, arguments.without, load, missing)
    if arguments.part in {"kit", "all"}:
        _print("")
        _print(markdown(kit.HEAD, _try(lambda: kit.rows(extent.rounds), missing) or []))
    if arguments.part in {"certify", "all"}:
        _print("")
        _print(markdown(certify.HEAD, _try(lambda: certify.rows(extent.deadline), missing) or []))
    if arguments.part == "drift":
        _print(_try(lambda: drift.tables(beside=not arguments.quick), missing) or "")
    print(f"\n{_circumstances(sys.argv[1:] if argv is None else argv)}")
    say("" if not missing else "not everything could be measured")
    for sentence in missing:
        print(f"bench: {sentence}", file=sys.stderr)
    return 3 if missing else 0


def _costs(extent: Extent, without: list[str], load: Load, missing: list[str]) -> None:
    names = _names(["bare", "hand-written", "ours"], without)
    rows, least_busy = [], 1.0
    for work in rounds.WORKS:
        measure = partial(rounds.measure, work, names, extent.rounds, extent.seconds, load)
        found = _try(measure, missing)
        if found:
            rows.append(cost_row(work, found))
            least_busy = min(least_busy, *(median(costs.busy) for costs in found.values()))
    _print(markdown(COST_HEAD, rows))
    if rows:
        _print(f"\nThe load kept every server at least {least_busy:.0%} busy.\n")


def _others(extent: Extent, without: list[str], load: Load, missing: list[str]) -> None:
    names = _names(["hand-written", "ours"], without)
    sizes = sorted({FEW, min(SOME, extent.tasks), extent.tasks})
    rows = []
    starts = _try(lambda: coldstart.measure(["bare Starlette", *names], extent.rounds), missing)
    if starts:
        rows.append(start_row(starts))
    shelves = _try(lambda: stored.measure(names, sizes, extent.rounds, load), missing)
    if shelves:
        rows.extend(stored_rows(shelves, sizes))
    _print(markdown(OTHER_HEAD, rows))


def _try(measure: Callable[[], Found], missing: list[str]) -> Found | None:
    try:
        return measure()
    except (CouldNotMeasureError, OSError) as error:
        if str(error) not in missing:
            missing.append(str(error))
        return None


def _names(names: list[str], without: list[str]) -> list[str]:
    return [name for name in names if name not in without]


def _print(text: str) -> None:
    say("")
    print(text, flush=True)


def _circumstances(argv: Sequence[str]) -> str:
    packages = ", ".join(
        f"{name} {_version(name)}" for name in ("uvicorn", "httptools", "uvloop", "starlette")
    )
    machine = f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"
    python = f"{platform.python_implementation()} {platform.python_version()}"
    command = shlex.join(["python", "-m", "bench", *argv])
    return f"{machine}; {python}; {packages}; {datetime.now(UTC):%Y-%m-%d}; `{command}`"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument(
        "part",
        nargs="?",
        default="all",
        choices=["all", "server", "kit", "certify", "drift"],
        help="what to measure (drift takes half an hour and is no part of all)",
    )
    parser.add_argument("--quick", action="store_true", help="a short run, to see that it works")
    parser.add_argument("--rounds", type=int, help=f"rounds of each measurement (default {WHOLE.rounds})")
    parser.add_argument("--seconds", type=float, help=f"length of a round (default {WHOLE.seconds})")
    parser.add_argument(
        "--tasks", type=int, help=f"the most tasks to store (default {WHOLE.tasks}: about 1 GB, some minutes)"
    )
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        choices=["ours", "bare", "hand-written"],
        help="leave a server out",
    )
    return parser
