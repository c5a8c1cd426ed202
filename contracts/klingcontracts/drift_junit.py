"""A report as JUnit XML: a test case for each finding, and one for each rule that was not looked at."""

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from klingcontracts.drift import Found, Report
from klingcontracts.drift_text import notes, summary, worst_first
from klingcontracts.plain import one_line
from klingcontracts.rule import Level

LONGEST_NAME = 200


def as_junit(report: Report, fail_on: Level = Level.WARNING) -> str:
    """The report as XML: what is at or above the level fails, what was waived or not looked at is skipped.

    What could not be looked at is an error, and a look that found nothing is one test case that passed.
    """
    cases = [*_cases(report, fail_on)]
    suite = ET.Element("testsuite", name=report.command, tests=str(len(cases)))
    for kind, plural in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        suite.set(plural, str(sum(case.find(kind) is not None for case in cases)))
    properties = ET.SubElement(suite, "properties")
    for name in ("contract", "target"):
        ET.SubElement(properties, "property", name=name, value=one_line(getattr(report, name)))
    ET.SubElement(properties, "property", name="verdict", value=report.verdict(fail_on))
    suite.extend(cases)
    ET.SubElement(suite, "system-out").text = summary(report)
    top = ET.Element("testsuites", {**suite.attrib, "name": "klingmock"})
    top.append(suite)
    ET.indent(top)
    told = ET.tostring(top, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{told}'


def _cases(report: Report, fail_on: Level) -> Iterator[ET.Element]:
    if report.incomplete:
        case = _case(report, "looked")
        ET.SubElement(case, "error", type="inconclusive", message=one_line(report.incomplete))
        yield case
    elif not report.found:
        yield _case(report, "looked")
    for one in worst_first(report.found):
        case = _case(report, one.finding.fingerprint)
        told = _told(one)
        if one.finding.level >= fail_on:
            failure = ET.SubElement(
                case, "failure", type=str(one.finding.level), message=told.partition("\n")[0]
            )
            failure.text = told
        else:
            ET.SubElement(case, "system-out").text = told
        yield case
    for waiver in report.waived:
        case = _case(report, waiver.found.finding.fingerprint)
        ET.SubElement(case, "skipped", message=f"waived: {one_line(waiver.reason)}")
        yield case
    for rule in report.not_looked:
        case = _case(report, rule.rule)
        ET.SubElement(case, "skipped", message=f"not looked at: {one_line(rule.why)}")
        yield case


def _case(report: Report, name: str) -> ET.Element:
    classname = f"klingmock.{report.command.replace(' ', '-')}"
    return ET.Element("testcase", classname=classname, name=one_line(name, LONGEST_NAME))


def _told(one: Found) -> str:
    told = one.finding.to_json()
    seen, documented, pointer = (one_line(told[name]) for name in ("seen", "documented", "pointer"))
    place = f"{pointer}: " if pointer else ""
    lines = [f"{place}{seen}; documented: {documented}"]
    lines += [f"sources: {one_line(' '.join(told['sources']))}"] if told["sources"] else []
    return "\n".join([*lines, *notes(one)])
