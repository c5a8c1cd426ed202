"""A report for people at a terminal: what it comes to, the findings as a table, how to repeat each."""

from collections import Counter
from collections.abc import Iterator, Sequence

from klingcontracts.drift import Found, NotLooked, Report
from klingcontracts.plain import counted, one_line
from klingcontracts.rule import Level
from klingcontracts.table import table, terminal_width

WIDEST = 160  # columns, where nobody knows how wide the terminal is
LONGEST_CURL = 4000
MOST_NAMES = 8  # rules of one reason that are named
HEADS = ("#", "level", "rule", "seen", "documented", "source")


def as_text(report: Report, fail_on: Level = Level.WARNING) -> str:
    """The report as text that fits the terminal, errors first."""
    ordered = worst_first(report.found)
    parts = ["\n".join(_head(report, fail_on)), _findings(ordered), *_notes(ordered), *_waived(report)]
    return "\n\n".join(filter(None, [*parts, "\n".join(_not_looked(report.not_looked))]))


def worst_first(found: Sequence[Found]) -> list[Found]:
    """The findings by level, errors first, else in their order."""
    return sorted(found, key=lambda one: -one.finding.level)


def summary(report: Report) -> str:
    """In a line: how many findings of which level, what was spent, what was waived and not looked at."""
    levels = Counter(one.finding.level for one in report.found)
    parts = [counted(levels[level], str(level)) for level in (Level.ERROR, Level.WARNING)]
    parts += [f"{levels[Level.INFO]} info"]
    if report.requests or report.accepted:
        parts += [f"{counted(report.requests, 'request')}, {counted(report.accepted, 'accepted job')}"]
    parts += [f"{len(report.waived)} waived"] if report.waived else []
    parts += [f"{counted(len(report.not_looked), 'rule')} not looked at"] if report.not_looked else []
    return "; ".join(parts)


def _head(report: Report, fail_on: Level) -> Iterator[str]:
    target = one_line(report.target)
    contract = one_line(report.contract)
    yield f"{report.command}: {target} held against {contract}: {report.verdict(fail_on)}"
    yield summary(report)
    if report.incomplete:
        yield f"Could not look: {one_line(report.incomplete)}"


def _findings(ordered: Sequence[Found]) -> str:
    rows = [_row(nth, one) for nth, one in enumerate(ordered, 1)]
    return table(HEADS, rows, min(WIDEST, terminal_width()), whole=["#", "level"]) if rows else ""


def _row(nth: int, one: Found) -> list[str]:
    told = one.finding.to_json()
    seen = one_line(f"{told['pointer']} {told['seen']}".strip())
    sources = " ".join(told["sources"])
    cells = [told["rule"], seen, told["documented"], sources or one.finding.rule.provenance.basis]
    return [str(nth), told["level"], *map(one_line, cells)]


def _notes(ordered: Sequence[Found]) -> Iterator[str]:
    for nth, one in enumerate(ordered, 1):
        lines = list(notes(one))
        if lines:
            yield "\n".join(
                [f"#{nth} {one_line(one.finding.fingerprint)}", *(f"   {line}" for line in lines)]
            )


def notes(one: Found) -> Iterator[str]:
    """What shows a finding, a line each: where, who agrees, what it means, how to repeat it."""
    evidence = one.evidence
    if place := where(one):
        yield f"where: {place}"
    if evidence.get("agree"):
        said = evidence["agree"]
        yield f"agree: {one_line(said if isinstance(said, str) else ', '.join(map(str, said)))}"
    if evidence.get("means"):
        yield f"means: {one_line(str(evidence['means']))}"
    if evidence.get("curl"):
        yield f"repeat: {one_line(str(evidence['curl']), LONGEST_CURL)}"


def where(one: Found) -> str:
    """The file, line and place of a finding, and how often it was seen; "" when nothing of it is known."""
    evidence = one.evidence
    parts = [str(evidence[name]) for name in ("file", "place") if evidence.get(name)]
    if evidence.get("line"):
        parts.append(f"line {evidence['line']}")
    if int(evidence.get("times") or 1) > 1:
        parts.append(f"{evidence['times']} times")
    return one_line(", ".join(parts))


def _waived(report: Report) -> Iterator[str]:
    if report.waived:
        rows = [
            [one_line(one.found.finding.fingerprint), one_line(one.reason), one.expires or "never"]
            for one in report.waived
        ]
        yield table(("waived", "reason", "expires"), rows, min(WIDEST, terminal_width()))


def _not_looked(rules: Sequence[NotLooked]) -> Iterator[str]:
    for why, names in by_reason(rules).items():
        few = ", ".join(map(one_line, names[:MOST_NAMES]))
        more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
        yield f"Not looked at ({one_line(why)}): {few}{more}"


def by_reason(rules: Sequence[NotLooked]) -> dict[str, list[str]]:
    """The rules that were not looked at, under why."""
    found: dict[str, list[str]] = {}
    for one in rules:
        found.setdefault(one.why, []).append(one.rule)
    return found
