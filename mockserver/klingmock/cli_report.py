"""What commands that look for drift have in common: their flags, waivers, the reports and the exit code."""

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

from klingcontracts.drift import Report
from klingcontracts.drift_forms import FORMS
from klingcontracts.problem import COULD_NOT_LOOK, Problem, unknown
from klingcontracts.rule import Level
from klingcontracts.waivers import Waiver, read_waivers, waive
from klingmock.out import say

LEVELS: Mapping[str, Level] = {str(level): level for level in sorted(Level, reverse=True)}


def report_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags: --format, --report, --fail-on and --allow."""
    parser.add_argument(
        "--format", type=_form, default="text", metavar="FORMAT", help=f"{', '.join(FORMS)} (default: text)"
    )
    parser.add_argument(
        "--report",
        type=_pair,
        action="append",
        default=[],
        metavar="FORMAT=FILE",
        help="write the report to a file as well; may be repeated",
    )
    parser.add_argument(
        "--fail-on",
        type=_level,
        default=Level.WARNING,
        metavar="LEVEL",
        help=f"{', '.join(LEVELS)}: findings from which on the exit code is 1 (default: warning)",
    )
    parser.add_argument("--allow", metavar="FILE", help="waivers: findings to live with, in TOML")


# These raise Problem and no ArgumentTypeError: argparse lets it through, with its remedy.
def _form(name: str) -> str:
    if name not in FORMS:
        raise unknown("Format", name, FORMS, "Choose one of them.")
    return name


def _level(name: str) -> Level:
    if name not in LEVELS:
        raise unknown("Level", name, LEVELS, "Choose one of them for --fail-on.")
    return LEVELS[name]


def _pair(text: str) -> tuple[str, str]:
    name, equals, path = text.partition("=")
    if not equals or not path:
        raise Problem(f"--report {text!r} names no file.", "Write it as FORMAT=FILE, as in json=drift.json.")
    if path == "-":
        raise Problem(f"--report {text!r} is standard output.", f"For that, write --format {name}.")
    return _form(name), path


class Prepared(NamedTuple):
    """Where a report will go, once it is there: all of it is known to be usable."""

    form: str
    files: Sequence[tuple[str, str]]
    fail_on: Level
    waivers: Sequence[Waiver]
    today: Callable[[], date]

    def finish(self, report: Report) -> int:
        """Apply the waivers, print, write the files, and return the exit code.

        Raises Problem, with exit code 3, for a file that can't be written after all.
        """
        told = waive(report, self.waivers, self.today()) if self.waivers else report
        said = say(FORMS[self.form](told, self.fail_on))
        for form, path in self.files:
            _write(path, f"{FORMS[form](told, self.fail_on)}\n")
        return said or told.exit_code(self.fail_on)


def prepare(
    chosen: argparse.Namespace, today: Callable[[], date] = lambda: datetime.now(UTC).date()
) -> Prepared:
    """Read the waivers and try the files, before anything is paid for; Problem where one fails."""
    paths = [path for _, path in chosen.report]
    for path in paths:
        if paths.count(path) > 1:
            raise Problem(f"Two reports go to {path!r}.", "Give each a file of its own.")
        _try(path)
    waivers = read_waivers(chosen.allow) if chosen.allow is not None else []
    return Prepared(chosen.format, tuple(chosen.report), chosen.fail_on, waivers, today)


def finish(report: Report, chosen: argparse.Namespace) -> int:
    """Waive, print and write a report as the flags say, and return the exit code.

    A command that spends something calls `prepare` before it does.
    """
    return prepare(chosen).finish(report)


def _try(path: str) -> None:
    place = Path(path)
    try:
        if place.exists() and not place.is_file():  # a terminal or a pipe: to open it is to begin it
            usable = os.access(place, os.W_OK) and not place.is_dir()
            if not usable:
                raise Problem(f"{path!r} can't be written: it is no file.", "Name a file for --report.")
            return
        new = not place.exists()
        place.open("a", encoding="utf-8").close()
        if new:
            place.unlink()
    except (OSError, ValueError) as error:
        raise _unwritable(path, error, "Name a file that can be written.") from error


def _write(path: str, text: str) -> None:
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise _unwritable(path, error, "Make room for it.", COULD_NOT_LOOK) from error


def _unwritable(path: str, error: Exception, remedy: str, exit_code: int = 2) -> Problem:
    reason = getattr(error, "strerror", None) or error
    return Problem(f"Report file {path!r} can't be written: {reason}.", remedy, exit_code)
