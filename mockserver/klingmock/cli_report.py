"""What commands that look for drift have in common: their flags, waivers, the reports and the exit code."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

from klingcontracts.drift import Report
from klingcontracts.drift_forms import FORMS
from klingcontracts.problem import unknown
from klingcontracts.rule import Level
from klingcontracts.waivers import Waiver, read_waivers, waive
from klingmock.out import say
from klingmock.report_files import named, tried, write

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
    return named(text, FORMS)


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
            write(path, f"{FORMS[form](told, self.fail_on)}\n")
        return said or told.exit_code(self.fail_on)


def prepare(
    chosen: argparse.Namespace, today: Callable[[], date] = lambda: datetime.now(UTC).date()
) -> Prepared:
    """Read the waivers and try the files, before anything is paid for; Problem where one fails."""
    tried([path for _, path in chosen.report])
    waivers = read_waivers(chosen.allow) if chosen.allow is not None else []
    return Prepared(chosen.format, tuple(chosen.report), chosen.fail_on, waivers, today)


def finish(report: Report, chosen: argparse.Namespace) -> int:
    """Waive, print and write a report as the flags say, and return the exit code.

    A command that spends something calls `prepare` before it does.
    """
    return prepare(chosen).finish(report)
