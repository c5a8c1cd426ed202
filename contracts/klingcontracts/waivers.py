"""Findings that somebody has decided to live with: read from a file, and taken out of a report's verdict."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from klingcontracts.drift import Found, Report, Waived
from klingcontracts.finding import Finding
from klingcontracts.plain import one_line
from klingcontracts.problem import Problem, nearest, unknown
from klingcontracts.rule import ASSUMED, Level, Rule

COMMANDS = ("diff", "drift docs", "drift live", "drift traffic")
KEYS = ("rule", "fingerprint", "reason", "expires", "command")
STALE = Rule("waiver.stale", "*", "a waiver has something to waive", Level.WARNING, ASSUMED)
EXPIRED = Rule("waiver.expired", "*", "a waiver has not expired", Level.WARNING, ASSUMED)

_HEAD = re.compile(r"^[ \t]*\[\[[ \t]*waiver[ \t]*\]\]", re.MULTILINE)
_REMEDY = "A waiver has: rule or fingerprint, a reason, and, if it is to end, expires (a date) and command."


class Waiver(NamedTuple):
    """One decision to live with a finding.

    `rule` is a rule's id, or ends in .* for all that begin so; or else `fingerprint` is that of one finding.
    `expires` is the last day on which it holds, `command` the only one in which it counts ("" for all).
    """

    reason: str
    rule: str = ""
    fingerprint: str = ""
    expires: date | None = None
    command: str = ""

    @property
    def target(self) -> str:
        """What it waives, as it stands in the file."""
        return self.rule or self.fingerprint

    def covers(self, finding: Finding) -> bool:
        """Whether it is about this finding."""
        return self.fingerprint == finding.fingerprint if self.fingerprint else self.names(finding.rule.id)

    def names(self, rule: str) -> bool:
        """Whether it is about a rule of this id; a fingerprint is about the rule that it begins with."""
        mine = self.rule or self.fingerprint.partition("@")[0]
        return rule.startswith(mine[:-1]) if mine.endswith(".*") else rule == mine


def read_waivers(path: str) -> list[Waiver]:
    """The waivers of a TOML file; Problem for a file that can't be read, or that has something else."""
    try:
        text = Path(path).read_text(encoding="utf-8")
        told = tomllib.loads(text)
    except OSError as error:
        raise Problem(
            f"{path!r} can't be read: {error.strerror}.", "Name a file with waivers that is there."
        ) from error
    except (ValueError, RecursionError) as error:  # broken TOML, and text that is not UTF-8
        raise Problem(f"{path!r} is no TOML: {one_line(str(error))}.", _REMEDY) from error
    for name in told:
        if name != "waiver":
            raise unknown(f"{path!r}: the table", name, ["waiver"], "Write [[waiver]] above each waiver.")
    rows = told.get("waiver", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Problem(f"{path!r}: waiver is no list of tables.", "Write [[waiver]] above each waiver.")
    return [_waiver(_place(path, text, nth, len(rows)), row) for nth, row in enumerate(rows)]


def _place(path: str, text: str, nth: int, of: int) -> str:
    heads = list(_HEAD.finditer(text))
    # Written in another way, or with such a line within a text: then only the number is known.
    line = f" (line {text.count(chr(10), 0, heads[nth].start()) + 1})" if len(heads) == of else ""
    return f"{path!r}, waiver {nth + 1}{line}"


def _waiver(place: str, row: Mapping[str, Any]) -> Waiver:
    for name in row:
        if name not in KEYS:
            raise unknown(f"{place}: the key", name, KEYS, _REMEDY)
    for name in ("rule", "fingerprint", "reason", "command"):
        if name in row and not (isinstance(row[name], str) and row[name].strip()):
            raise Problem(f"{place}: {name} is no text, or an empty one.", _REMEDY)
    if ("rule" in row) == ("fingerprint" in row):
        which = "rule and fingerprint" if "rule" in row else "neither rule nor fingerprint"
        raise Problem(f"{place} has {which}.", _REMEDY)
    if "reason" not in row:
        raise Problem(f"{place} has no reason.", _REMEDY)
    if "*" in row.get("rule", "").removesuffix(".*") or row.get("rule") == ".*":
        raise Problem(
            f"{place}: the rule has a * elsewhere than at its end.", "Write it as in 'task.reply.*'."
        )
    command = row.get("command", "")
    if command and command not in COMMANDS:
        raise unknown(f"{place}: the command", command, COMMANDS, _REMEDY)
    return Waiver(
        row["reason"],
        row.get("rule", ""),
        row.get("fingerprint", ""),
        _day(place, row.get("expires")),
        command,
    )


def _day(place: str, told: Any) -> date | None:
    if isinstance(told, datetime):
        return told.date()
    if told is None or isinstance(told, date):
        return told
    try:
        return date.fromisoformat(told)
    except (TypeError, ValueError) as error:
        raise Problem(f"{place}: expires is no date.", "Write it as in expires = 2027-01-31.") from error


def waive(report: Report, waivers: Sequence[Waiver], today: date) -> Report:
    """The report with the findings that are waived set apart, and one for each waiver that is of no use.

    A waiver is stale when it is about nothing that was found. It is not when the rule was not looked at, or
    when the look was not a whole one.
    """
    mine = [one for one in waivers if one.command in ("", report.command)]
    live = [one for one in mine if one.expires is None or one.expires >= today]
    kept: list[Found] = []
    waived: list[Waived] = []
    for found in report.found:
        by = next((one for one in live if one.covers(found.finding)), None)
        if by is None:
            kept.append(found)
        else:
            waived.append(Waived(found, by.reason, by.expires.isoformat() if by.expires else ""))
    kept += [Found(_useless(EXPIRED, one, f"expired on {one.expires}")) for one in mine if one not in live]
    kept += [Found(_stale(report, one)) for one in live if _is_stale(report, one)]
    return report._replace(found=kept, waived=waived)


def _is_stale(report: Report, waiver: Waiver) -> bool:
    looked = not report.incomplete and not any(waiver.names(one.rule) for one in report.not_looked)
    return looked and not any(waiver.covers(one.finding) for one in report.found)


def _stale(report: Report, waiver: Waiver) -> Finding:
    names = (one.finding.fingerprint if waiver.fingerprint else one.finding.rule.id for one in report.found)
    near = nearest(waiver.target, names, 0.8)
    return _useless(STALE, waiver, f"matches no finding{f'; nearest: {near}' if near else ''}")


def _useless(rule: Rule, waiver: Waiver, what: str) -> Finding:
    pointer = waiver.target.replace("~", "~0").replace("/", "~1")
    return Finding(rule, "*", f"/{pointer}", f"{what} (reason: {waiver.reason})", rule.says, {})
