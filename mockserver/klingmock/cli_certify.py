"""klingmock certify: a client is put through everything that can go wrong, from outside."""

import argparse
import json
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from types import FrameType
from typing import NoReturn

from klingcontracts.document import DEFAULT
from klingcontracts.problem import Problem
from klingcontracts.rule import Level
from klingcontracts.table import table
from klingmock.certificate import CHECKS, Certificate
from klingmock.certificate_junit import junit
from klingmock.certificate_markdown import markdown
from klingmock.certificate_text import text
from klingmock.certifying import certify
from klingmock.cli_scenarios import listed
from klingmock.out import say
from klingmock.program import RUNNABLE
from klingmock.report_files import named, tried, write
from klingmock.stage import TIMEOUT, Way, chosen_scenarios

WIDTH = 24  # characters of the bar
EVERY = 0.5  # seconds between two looks of the bar


def _html(certificate: Certificate, _: Level) -> str:
    # Loaded here: a report in HTML is asked for now and then, and its module is a large one.
    return str(import_module("klingmock.certificate_html").html(certificate))


FORMATS: Mapping[str, Callable[[Certificate, Level], str]] = {
    "text": lambda certificate, _: text(certificate),
    "json": lambda certificate, _: json.dumps(certificate.to_json(), indent=2),
    "junit": junit,
    "html": _html,
    "markdown": lambda certificate, _: markdown(certificate),
}


def flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags."""
    parser.epilog = (
        "As in: klingmock certify -- python client.py. COMMAND submits one job, waits, and exits with 0 when "
        "it has the video, or its URL, and with another code otherwise. It finds us by MODELLIX_BASE_URL and "
        "MODELLIX_API_KEY, or by {base_url}, {api_key} and {revision} in its words. The paths of all "
        "revisions are served."
    )
    add = parser.add_argument
    add("client", nargs="*", metavar="COMMAND", help="the client, behind --")
    add("--scenario", action="append", metavar="NAME", help="play this one alone; may be repeated")
    add("--list", action="store_true", help="show the scenarios and the checks, and run nothing")
    add("--jobs", type=int, metavar="N", help="scenarios at the same time (default: 8 for each core)")
    add(
        "--timeout",
        type=float,
        default=TIMEOUT,
        metavar="S",
        help=f"seconds that the client has for a scenario, whatever --speed says (default: {TIMEOUT:g})",
    )
    add(
        "--speed",
        type=float,
        default=1.0,
        metavar="X",
        help="a second of the client counts as X (default: 1)",
    )
    add(
        "--revision",
        default=DEFAULT,
        metavar="REV",
        help=f"what {{revision}} stands for (default: {DEFAULT})",
    )
    defaults = Way()
    for name in ("base_url_variable", "api_key_variable"):
        default = getattr(defaults, name)
        add(f"--{name.replace('_', '-')}", default=default, metavar="NAME", help=f"default: {default}")
    add("--format", choices=FORMATS, default="text", help="default: text")
    add(
        "--report", action="append", default=[], metavar="FORMAT=FILE", help="write this too; may be repeated"
    )
    add("--fail-on", choices=("error", "warning"), default="warning", help="default: warning")


def run(chosen: argparse.Namespace) -> int:
    """Certify: 0 when all is well, 1 when a check failed, 3 when a scenario can't be judged; or Problem."""
    scenarios = chosen_scenarios(chosen.scenario)
    if chosen.list:
        rules = table(("check", "what a good client does"), list(CHECKS.items()), whole=["check"])
        return say(f"{listed(scenarios)}\n\n{rules}")
    reports = [named(one, FORMATS) for one in chosen.report]
    tried([path for _, path in reports])
    if not chosen.client:
        raise Problem("There is no client to certify.", RUNNABLE)
    way = Way(
        chosen.revision,
        chosen.jobs,
        chosen.timeout,
        chosen.speed,
        chosen.base_url_variable,
        chosen.api_key_variable,
    )
    with _ended_by_signals(), _bar(len(scenarios)) as bar:
        found = certify(chosen.client, scenarios, way, bar)
    level = Level[chosen.fail_on.upper()]
    for kind, path in reports:
        write(path, f"{FORMATS[kind](found, level)}\n")
    return say(FORMATS[chosen.format](found, level)) or found.exit_code(level)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let a signal that ends us end the clients first, as Ctrl-C does."""

    def leave(number: int, _: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt(f"signal {number}")

    names = ("SIGTERM", "SIGHUP")
    before = {}
    with suppress(ValueError):  # another thread than the first hears of no signals
        before = {one: signal.signal(one, leave) for name in names if (one := getattr(signal, name, None))}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@contextmanager
def _bar(total: int) -> Iterator[Callable[[int, Sequence[str]], None] | None]:
    """How far the run is, on standard error where that is a terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    begun = time.monotonic()
    shown_at = -EVERY

    def show(done: int, on: Sequence[str]) -> None:
        nonlocal shown_at
        spent = time.monotonic() - begun
        if spent - shown_at >= EVERY or not shown_at:
            shown_at = spent
            print(f"\r\x1b[K{bar(done, total, on, spent)}", end="", file=sys.stderr, flush=True)

    try:
        yield show
    finally:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def bar(done: int, total: int, on: Sequence[str], seconds: float, width: int = 80) -> str:
    """One line: how many of how many, for how long, and what is going on; no longer than `width`."""
    filled = round(WIDTH * done / total) if total else WIDTH
    line = f"[{'#' * filled}{'.' * (WIDTH - filled)}] {done} of {total}, {seconds:.0f} s: {', '.join(on)}"
    return line if len(line) < width else f"{line[: width - 2]}…"
