"""A certificate as JUnit XML: a suite for each scenario, a case for each check."""

from xml.sax.saxutils import escape, quoteattr

from klingcontracts.rule import Level
from klingcontracts.verdict import FAIL, NOT_JUDGED, WARN
from klingmock.certificate import NEVER_CALLED, Certificate, Check, Played


def junit(certificate: Certificate, fail_on: Level = Level.WARNING) -> str:
    """The report; a check that warns is a failure where `fail_on` is a warning, else it is skipped."""
    suites = [_suite(one, certificate.hint, fail_on) for one in certificate.played]
    head = ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites name="klingmock certify">']
    return "\n".join([*head, *suites, "</testsuites>"])


def _suite(one: Played, hint: str, fail_on: Level) -> str:
    never = one.ended == NEVER_CALLED
    errors = int(never or bool(one.undecided))
    cases = [_case(one, check, fail_on) for check in one.checks]
    if never:
        cases.insert(
            0, _wrapped(one, "calls", f'<error message="the client never called us">{escape(hint)}</error>')
        )
    if one.undecided:
        cases.insert(0, _wrapped(one, "judged", f"<error message={quoteattr(one.undecided)}/>"))
    failures = sum("<failure" in case for case in cases)
    skipped = sum("<skipped" in case for case in cases)
    head = (
        f"<testsuite name={quoteattr(one.name)} tests={quoteattr(str(len(cases)))} "
        f'failures="{failures}" errors="{errors}" skipped="{skipped}" time="{one.seconds:.3f}">'
    )
    output = f"<system-out>{escape(one.output)}</system-out>" if one.output else ""
    return "\n".join([head, *cases, *filter(None, [output]), "</testsuite>"])


def _case(one: Played, check: Check, fail_on: Level) -> str:
    if check.verdict == NOT_JUDGED:
        return _wrapped(one, check.id, f"<skipped message={quoteattr(f'not judged: {check.seen}')}/>")
    if check.verdict == FAIL or (check.verdict == WARN and fail_on is not Level.ERROR):
        told = f"expected: {check.expected}\nadvice: {check.advice}\nexchanges: {_numbers(check)}"
        return _wrapped(one, check.id, f"<failure message={quoteattr(check.seen)}>{escape(told)}</failure>")
    if check.verdict == WARN:
        return _wrapped(one, check.id, f"<skipped message={quoteattr(f'warns: {check.seen}')}/>")
    return _wrapped(one, check.id)


def _wrapped(one: Played, name: str, inner: str = "") -> str:
    where = quoteattr(f"klingmock.certify.{one.name}")
    return f"<testcase classname={where} name={quoteattr(name)}>{inner}</testcase>"


def _numbers(check: Check) -> str:
    return ", ".join(map(str, check.exchanges)) or "none"
