"""klingcontracts.drift_sarif: what SARIF 2.1.0 and code scanning ask for."""

import json

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klingcontracts.drift import Found, NotLooked, Report, Waived
from klingcontracts.drift_sarif import as_sarif, fingerprint_of
from klingcontracts.rule import Level

TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
# What section 3 of the standard requires of the parts that we write, and what GitHub requires on top.
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "$schema": {"type": "string", "format": "uri"},
        "runs": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/run"}},
    },
    "$defs": {
        "run": {
            "type": "object",
            "required": ["tool", "results"],
            "properties": {
                "tool": {
                    "type": "object",
                    "required": ["driver"],
                    "properties": {
                        "driver": {
                            "type": "object",
                            "required": ["name", "rules"],
                            "properties": {
                                "rules": {
                                    "type": "array",
                                    "uniqueItems": True,
                                    "items": {
                                        "type": "object",
                                        "required": ["id", "shortDescription"],
                                        "properties": {"shortDescription": TEXT},
                                    },
                                }
                            },
                        }
                    },
                },
                "automationDetails": {"type": "object", "required": ["id"]},
                "invocations": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["executionSuccessful"],
                        "properties": {
                            "toolExecutionNotifications": {
                                "type": "array",
                                "items": {
                                    "type": "object",
                                    "required": ["message"],
                                    "properties": {"level": {"enum": ["none", "note", "warning", "error"]}},
                                },
                            }
                        },
                    },
                },
                "results": {"type": "array", "items": {"$ref": "#/$defs/result"}},
            },
        },
        "result": {
            "type": "object",
            "required": ["ruleId", "message", "level", "locations", "partialFingerprints"],
            "properties": {
                "level": {"enum": ["none", "note", "warning", "error"]},
                "message": TEXT,
                "ruleIndex": {"type": "integer", "minimum": 0},
                "partialFingerprints": {
                    "type": "object",
                    "minProperties": 1,
                    "additionalProperties": {"type": "string"},
                },
                "locations": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["physicalLocation"],
                        "properties": {
                            "physicalLocation": {
                                "type": "object",
                                "required": ["artifactLocation"],
                                "properties": {
                                    "artifactLocation": {
                                        "type": "object",
                                        "required": ["uri"],
                                        "properties": {
                                            "uri": {
                                                "type": "string",
                                                "format": "uri-reference",
                                                "minLength": 1,
                                            }
                                        },
                                    },
                                    "region": {
                                        "type": "object",
                                        "required": ["startLine"],
                                        "properties": {"startLine": {"type": "integer", "minimum": 1}},
                                    },
                                },
                            }
                        },
                    },
                },
                "suppressions": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["kind"],
                        "properties": {"kind": {"enum": ["inSource", "external"]}},
                    },
                },
            },
        },
    },
}
VALIDATOR = jsonschema_rs.validator_for(SARIF, validate_formats=True)


def run_of(report: Report) -> dict:
    told = json.loads(as_sarif(report))
    VALIDATOR.validate(told)
    (run,) = told["runs"]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    return run


@pytest.fixture
def report(finding):
    found = [Found(finding(Level.INFO)), Found(finding(), {"file": "a b.har", "line": 3, "curl": "curl x"})]
    waived = [Waived(Found(finding(Level.WARNING)), "known")]
    return Report(
        "drift live", "2026-02", "http://x", found, [NotLooked("a.b", "no key")], 1, 9, "broke off", waived
    )


def test_results_have_their_rule_level_place_and_fingerprint(report):
    run = run_of(report)
    error, info, waived = run["results"]
    assert [one["level"] for one in run["results"]] == ["error", "note", "warning"]
    assert error["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "a%20b.har"},
        "region": {"startLine": 3},
    }
    assert error["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": "submit/mode"}]
    assert error["message"]["text"].splitlines() == [
        "/mode 'pro'; documented: mode is 'std'",
        "where: a b.har, line 3",
        "repeat: curl x",
    ]
    assert info["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "klingmock/drift%20live/2026-02"}
    }
    assert waived["suppressions"] == [{"kind": "external", "justification": "known"}]
    assert "suppressions" not in error
    assert error["properties"]["fingerprint"] == "submit.body.mode.enum@submit/mode"


def test_a_rule_is_listed_once_and_a_look_that_broke_off_is_one(report):
    run = run_of(report)
    assert len({one["id"] for one in run["tool"]["driver"]["rules"]}) == 1
    (invocation,) = run["invocations"]
    assert not invocation["executionSuccessful"]
    told = [one["message"]["text"] for one in invocation["toolExecutionNotifications"]]
    assert told == ["a.b: no key", "broke off"]
    assert run_of(Report("diff", "a", "b"))["invocations"][0]["executionSuccessful"]


def test_a_fingerprint_stays_the_same_as_long_as_the_place_does(finding):
    first = fingerprint_of(Found(finding()))
    assert first == fingerprint_of(Found(finding(seen="'max'"), {"file": "x"}))
    assert first != fingerprint_of(Found(finding(pointer="/modes")))
    assert len(first) == 32


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_hostile_texts_stay_in_their_place(hostile_reports, data):
    report = data.draw(hostile_reports)
    assert len(run_of(report)["results"]) == len(report.found) + len(report.waived)
