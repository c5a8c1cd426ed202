"""A report as Markdown, for the summary of a CI run or the body of an issue."""

import re
from collections.abc import Iterator, Sequence

from klingcontracts.drift import Found, Report
from klingcontracts.drift_text import LONGEST_CURL, MOST_NAMES, by_reason, notes, summary, worst_first
from klingcontracts.plain import counted, one_line
from klingcontracts.rule import Level

MOST_ROWS = 100  # an issue holds 65,536 characters
MOST_DETAILS = 5
HEADS = ("level", "rule", "seen", "documented", "source")


def as_markdown(report: Report, fail_on: Level = Level.WARNING) -> str:
    """The report as Markdown of GitHub; whatever a finding holds is shown as it is, and links nobody."""
    ordered = worst_first(report.found)
    parts = [
        f"### {report.command}: {report.verdict(fail_on)}",
        f"{code(report.target)} held against {code(report.contract)}: {summary(report)}.",
        f"**Could not look**: {code(report.incomplete)}" if report.incomplete else "",
        *_table(ordered),
        *_details(ordered[:MOST_DETAILS]),
        *_waived(report),
        "\n".join(_not_looked(report)),
    ]
    return "\n\n".join(filter(None, parts))


def code(text: str, most: int = 200) -> str:
    """A text between back-ticks: fit for a cell, and nothing in it is markup, a mention or a link."""
    told = one_line(text, most).strip()
    if not told:
        return ""
    fence = _fence(told, 1)
    pad = " " if "`" in (told[0], told[-1]) else ""
    # Within a table, GFM wants the bar escaped, in code as well; it takes the back-slash away.
    return f"{fence}{pad}{told}{pad}{fence}".replace("|", "\\|")


def _fence(text: str, least: int) -> str:
    return "`" * max(least, 1 + max(map(len, re.findall("`+", text)), default=0))


def _table(ordered: Sequence[Found]) -> Iterator[str]:
    if ordered:
        rows = [_row(one) for one in ordered[:MOST_ROWS]]
        yield "\n".join([_line(HEADS), _line(["---"] * len(HEADS)), *map(_line, rows)])
    if len(ordered) > MOST_ROWS:
        yield f"And {counted(len(ordered) - MOST_ROWS, 'more finding')}."


def _row(one: Found) -> list[str]:
    told = one.finding.to_json()
    sources = " ".join(told["sources"]) or one.finding.rule.provenance.basis
    seen = f"{told['pointer']} {told['seen']}".strip()
    return [told["level"], *map(code, (told["rule"], seen, told["documented"], sources))]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _details(ordered: Sequence[Found]) -> Iterator[str]:
    for one in ordered:
        lines = list(notes(one))
        if lines:
            told = "\n".join(lines)[: LONGEST_CURL * 2]
            fence = _fence(told, 3)
            yield f"{code(one.finding.fingerprint)}\n\n{fence}text\n{told}\n{fence}"


def _waived(report: Report) -> Iterator[str]:
    if report.waived:
        rows = [
            [code(one.found.finding.fingerprint), code(one.reason), one.expires or "never"]
            for one in report.waived[:MOST_ROWS]
        ]
        yield "\n".join([_line(("waived", "reason", "expires")), _line(["---"] * 3), *map(_line, rows)])


def _not_looked(report: Report) -> Iterator[str]:
    for why, names in [*by_reason(report.not_looked).items()][:MOST_ROWS]:
        few = ", ".join(map(code, names[:MOST_NAMES]))
        more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
        yield f"- Not looked at ({code(why)}): {few}{more}"
