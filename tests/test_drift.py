"""klingcontracts.drift: what a look says in the end."""

import pytest

from klingcontracts.drift import Found, NotLooked, Report, without_evidence
from klingcontracts.finding import Finding
from klingcontracts.rule import Level, Provenance, Rule


def finding(level: Level) -> Finding:
    rule = Rule("submit.body.mode.enum", "submit", "mode is 'std'", level, Provenance("documented", ("S0",)))
    return Finding(rule, "submit", "/mode", "'pro'", rule.says, {})


@pytest.mark.parametrize(
    ("levels", "incomplete", "fail_on", "verdict", "code"),
    [
        ([], "", Level.WARNING, "conforms", 0),
        ([Level.INFO], "", Level.WARNING, "conforms", 0),
        ([Level.INFO], "", Level.INFO, "drift", 1),
        ([Level.INFO, Level.WARNING], "", Level.WARNING, "drift", 1),
        ([Level.WARNING], "", Level.ERROR, "conforms", 0),
        ([], "no key", Level.WARNING, "inconclusive", 3),
        ([Level.ERROR], "no key", Level.WARNING, "drift", 1),
    ],
)
def test_the_verdict_and_its_exit_code(levels, incomplete, fail_on, verdict, code):
    found = without_evidence(map(finding, levels))
    report = Report("diff", "2026-02", "2026-04", found, incomplete=incomplete)
    assert (report.verdict(fail_on), report.exit_code(fail_on)) == (verdict, code)
    assert ("incomplete" in report.to_json(fail_on)) is bool(incomplete)


def test_as_json():
    found = [Found(finding(Level.ERROR), {"curl": "curl ..."})]
    report = Report(
        "drift live", "2026-02", "http://127.0.0.1:1", found, [NotLooked("task.a", "no key")], 1, 9
    )
    assert report.to_json() == {
        "schema_version": 1,
        "command": "drift live",
        "contract": "2026-02",
        "target": "http://127.0.0.1:1",
        "verdict": "drift",
        "spent": {"accepted": 1, "requests": 9},
        "findings": [
            {
                "rule": "submit.body.mode.enum",
                "level": "error",
                "operation": "submit",
                "pointer": "/mode",
                "seen": "'pro'",
                "documented": "mode is 'std'",
                "sources": ["S0"],
                "fingerprint": "submit.body.mode.enum@submit/mode",
                "evidence": {"curl": "curl ..."},
            }
        ],
        "not_looked": [{"rule": "task.a", "why": "no key"}],
    }
