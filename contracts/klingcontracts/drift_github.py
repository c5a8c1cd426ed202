"""A report as workflow commands: GitHub shows each finding as an annotation."""

from collections.abc import Iterator, Mapping

from klingcontracts.drift import Found, Report
from klingcontracts.drift_text import notes, summary, worst_first
from klingcontracts.plain import one_line
from klingcontracts.rule import Level

_COMMANDS: Mapping[Level, str] = {Level.INFO: "notice", Level.WARNING: "warning", Level.ERROR: "error"}


def as_github(report: Report, fail_on: Level = Level.WARNING) -> str:
    """A line for each finding, errors first, and one for what it comes to; GitHub shows ten of a level."""
    return "\n".join([*_lines(report, fail_on)])


def _lines(report: Report, fail_on: Level) -> Iterator[str]:
    for one in worst_first(report.found):
        yield _annotation(one)
    verdict = report.verdict(fail_on)
    told = f"{one_line(report.target)} held against {one_line(report.contract)}: {verdict}; {summary(report)}"
    if report.incomplete:
        yield command("error", {"title": report.command}, f"could not look: {one_line(report.incomplete)}")
    yield command("notice", {"title": report.command}, told)


def _annotation(one: Found) -> str:
    told = one.finding.to_json()
    text = one_line(f"{told['pointer']} {told['seen']}".strip())
    lines = [f"{text}; documented: {one_line(told['documented'])}", *notes(one)]
    places = {name: one_line(str(one.evidence[name])) for name in ("file", "line") if one.evidence.get(name)}
    return command(
        _COMMANDS[one.finding.level], {"title": one_line(told["rule"]), **places}, "\n".join(lines)
    )


def command(name: str, properties: Mapping[str, str], message: str) -> str:
    """One workflow command; nothing within it can end it, or begin another."""
    told = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {told}::{_escaped(message)}"


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
