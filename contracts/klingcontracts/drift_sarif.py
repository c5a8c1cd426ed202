"""A report as SARIF 2.1.0, which code scanning and editors read."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from klingcontracts.drift import Found, Report
from klingcontracts.drift_text import notes, worst_first
from klingcontracts.plain import one_line
from klingcontracts.rule import Level, Rule

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
ABOUT = "https://pypi.org/project/klingmock/"
_LEVELS: Mapping[Level, str] = {Level.INFO: "note", Level.WARNING: "warning", Level.ERROR: "error"}


def as_sarif(report: Report, fail_on: Level = Level.WARNING) -> str:
    """The report as JSON of SARIF 2.1.0; what was waived is a suppressed result.

    Code scanning wants a file for each result: where there is none, one is named after command and contract.
    """
    ordered = [*worst_first(report.found), *(one.found for one in report.waived)]
    rules = list({one.finding.rule.id: one.finding.rule for one in ordered}.values())
    places = {rule.id: nth for nth, rule in enumerate(rules)}
    results = [_result(report, one, places[one.finding.rule.id]) for one in ordered]
    for result, waived in zip(results[len(report.found) :], report.waived, strict=True):
        result["suppressions"] = [{"kind": "external", "justification": one_line(waived.reason)}]
    notices = [_notice("not-looked", f"{one.rule}: {one.why}", "note") for one in report.not_looked]
    notices += [_notice("incomplete", report.incomplete, "error")] if report.incomplete else []
    run = {
        "tool": {"driver": {"name": "klingmock", "informationUri": ABOUT, "rules": [*map(_rule, rules)]}},
        "automationDetails": {"id": f"klingmock/{report.command}/{one_line(report.contract)}/"},
        "invocations": [
            {"executionSuccessful": not report.incomplete, "toolExecutionNotifications": notices}
        ],
        "results": results,
        "properties": {
            "target": one_line(report.target),
            "verdict": report.verdict(fail_on),
            "accepted": report.accepted,
            "requests": report.requests,
        },
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": one_line(rule.id),
        "shortDescription": {"text": one_line(rule.says) or one_line(rule.id) or "a rule"},
        "properties": {"provenance": one_line(str(rule.provenance))},
    }


def _result(report: Report, one: Found, rule: int) -> dict[str, Any]:
    finding = one.finding
    told = finding.to_json()
    text = f"{told['pointer']} {told['seen']}".strip()
    said = [f"{one_line(text)}; documented: {one_line(told['documented'])}", *notes(one)]
    file = str(one.evidence.get("file") or f"klingmock/{report.command}/{report.contract}")
    physical: dict[str, Any] = {"artifactLocation": {"uri": quote(one_line(file.replace("\\", "/")))}}
    if one.evidence.get("line"):
        physical["region"] = {"startLine": one.evidence["line"]}
    return {
        "ruleId": one_line(finding.rule.id),
        "ruleIndex": rule,
        "level": _LEVELS[finding.level],
        "message": {"text": "\n".join(said)},
        "locations": [
            {
                "physicalLocation": physical,
                "logicalLocations": [
                    {"fullyQualifiedName": one_line(f"{finding.operation}{finding.pointer}")}
                ],
            }
        ],
        "partialFingerprints": {"klingmock/v1": fingerprint_of(one)},
        "properties": {
            "fingerprint": one_line(finding.fingerprint),
            "sources": [*map(one_line, told["sources"])],
        },
    }


def fingerprint_of(one: Found) -> str:
    """A finding's fingerprint as 32 hexadecimal digits, for those who bound its length and its characters."""
    return sha256(one.finding.fingerprint.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _notice(name: str, text: str, level: str) -> dict[str, Any]:
    return {"descriptor": {"id": name}, "message": {"text": one_line(text)}, "level": level}
