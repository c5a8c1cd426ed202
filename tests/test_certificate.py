"""klingmock.certificate: the record of a run, its counts, its exit code, its JSON."""

import json

import pytest

from klingcontracts.exchange import Call, Exchange, Reply
from klingcontracts.rule import Level
from klingmock.accepted import Charge
from klingmock.certificate import CHECKS, Certificate, Check, Played
from klingmock.journal import Entry

ENTRY = Entry(Exchange(Call("GET", "/", {}), Reply(200, {}), 1.0, 1), "")
PASSED = Check("submits-once", "pass")
FAILED = Check("submits-once", "fail", "submitted again", "once", "Do it once.", (1, 2))
WARNED = Check("gives-up", "warn", "still there", "an end", "End.", (3,))
OPEN = Check("ends", "not judged", "ended after 60 s, when a reply was still on its way")
SILENT = Check("polls-politely", "not judged", "no task was polled twice")


def played(*checks, **more):
    told = {"script": "", "good": "success", "exit_code": 0, "seconds": 1.23456, "started": 1.0}
    return Played(
        **{"name": "plain", "says": "All is well.", "ended": "exited", **told, "checks": checks, **more}
    )


@pytest.mark.parametrize(
    ("checks", "verdict"),
    [
        ((), "not judged"),
        ((SILENT,), "not judged"),
        ((SILENT, PASSED), "pass"),
        ((PASSED, WARNED), "warn"),
        ((WARNED, PASSED, FAILED), "fail"),
    ],
)
def test_a_scenario_is_as_good_as_its_worst_check(checks, verdict):
    assert played(*checks).verdict == verdict


def test_a_scenario_knows_its_checks_and_its_charges():
    one = played(
        PASSED, WARNED, FAILED, charged=(Charge(1, 1.0, "task-1", 1400), Charge(2, 1.0, "task-2", 1400))
    )
    assert one.blamed == [WARNED, FAILED]
    assert one.check("gives-up") is WARNED
    assert one.check("ends") == Check("ends", "not judged")
    assert (one.charges, one.dollars) == (2, "0.2800")


@pytest.mark.parametrize(
    ("scenarios", "on_warning", "on_error"),
    [
        ([played(PASSED, SILENT)], 0, 0),
        ([played(PASSED), played(WARNED)], 1, 0),
        ([played(FAILED), played(ended="never called")], 1, 1),
        ([played(PASSED), played(SILENT, ended="never called")], 3, 3),
        ([played(PASSED), played(PASSED, OPEN, ended="timed out")], 3, 3),
        ([played(WARNED, OPEN, ended="timed out")], 1, 3),
        ([played(FAILED, OPEN, ended="timed out")], 1, 1),
        ([], 3, 3),
    ],
)
def test_the_exit_code(scenarios, on_warning, on_error):
    certificate = Certificate("client", "2026-02", scenarios)
    assert certificate.exit_code() == on_warning
    assert certificate.exit_code(Level.ERROR) == on_error


def test_who_had_to_be_ended_has_not_passed():
    one = played(PASSED, OPEN, ended="timed out", exit_code=None)
    assert (one.verdict, one.undecided) == ("not judged", OPEN.seen)
    assert Certificate("c", "", [one]).summary["passed"] == 0
    assert played(FAILED, OPEN, ended="timed out").undecided == played(PASSED, OPEN).undecided == ""


def test_who_called_once_has_called():
    assert Certificate("c", "", [played(ended="never called"), played()]).called
    assert not Certificate("c", "", [played(ended="never called")]).called


def test_the_json_is_as_it_is_documented():
    certificate = Certificate(
        "client --fast", "2026-02", [played(FAILED, SILENT), played(PASSED, exit_code=None)]
    )
    told = json.loads(json.dumps(certificate.to_json()))
    assert told == {
        "schema_version": 1,
        "command": "client --fast",
        "revision": "2026-02",
        "summary": {"scenarios": 2, "passed": 1, "pass": 1, "fail": 1, "warn": 0, "not judged": 1},
        "scenarios": [
            {
                "name": "plain",
                "exit_code": 0,
                "seconds": 1.235,
                "charges": 0,
                "checks": [
                    {
                        "id": "submits-once",
                        "verdict": "fail",
                        "detail": "submitted again",
                        "exchanges": [1, 2],
                    },
                    {
                        "id": "polls-politely",
                        "verdict": "not judged",
                        "detail": "no task was polled twice",
                        "exchanges": [],
                    },
                ],
            },
            {
                "name": "plain",
                "exit_code": None,
                "seconds": 1.235,
                "charges": 0,
                "checks": [{"id": "submits-once", "verdict": "pass", "detail": "", "exchanges": []}],
            },
        ],
    }


def test_each_rule_of_a_good_client_is_a_check():
    assert list(CHECKS)[:2] == ["submits-once", "request-conforms"]
    assert list(CHECKS)[-1] == "ends"
