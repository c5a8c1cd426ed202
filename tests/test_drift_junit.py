"""klingcontracts.drift_junit: valid XML, a test case for each finding and each rule not looked at."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klingcontracts.drift import Found, NotLooked, Report, Waived
from klingcontracts.drift_junit import as_junit
from klingcontracts.rule import Level


def suite_of(report: Report, fail_on: Level = Level.WARNING) -> ET.Element:
    top = ET.fromstring(as_junit(report, fail_on))
    assert top.tag == "testsuites"
    (suite,) = top
    assert suite.attrib["tests"] == top.attrib["tests"]
    return suite


@pytest.fixture
def report(finding):
    found = [Found(finding(Level.INFO)), Found(finding(), {"curl": "curl x", "place": "entry 1"})]
    waived = [Waived(Found(finding(Level.WARNING)), "known")]
    return Report("drift live", "2026-02", "http://x", found, [NotLooked("a.b", "no key")], waived=waived)


def test_each_finding_is_a_test_case_and_the_level_tells_which_fail(report):
    suite = suite_of(report)
    assert suite.attrib | {"name": ""} == {
        "name": "",
        "tests": "4",
        "failures": "1",
        "errors": "0",
        "skipped": "2",
    }
    error, info, waived, unlooked = suite.findall("testcase")
    failure = error.find("failure")
    assert failure.attrib == {"type": "error", "message": "/mode: 'pro'; documented: mode is 'std'"}
    assert failure.text.splitlines()[1:] == ["sources: S0", "where: entry 1", "repeat: curl x"]
    assert info.find("system-out").text.startswith("/mode: 'pro'")
    assert waived.find("skipped").attrib == {"message": "waived: known"}
    assert unlooked.find("skipped").attrib == {"message": "not looked at: no key"}
    assert [case.attrib["name"] for case in (error, unlooked)] == ["submit.body.mode.enum@submit/mode", "a.b"]
    assert {case.attrib["classname"] for case in suite.findall("testcase")} == {"klingmock.drift-live"}
    assert {one.attrib["name"]: one.attrib["value"] for one in suite.find("properties")} == {
        "contract": "2026-02",
        "target": "http://x",
        "verdict": "drift",
    }
    assert suite.find("system-out").text.startswith("1 error; ")


def test_another_level_fails_more(report):
    assert suite_of(report, Level.INFO).attrib["failures"] == "2"


def test_a_finding_of_the_whole_body_has_no_pointer_and_maybe_no_source(finding):
    rule = finding().rule
    bare = type(rule)("a.b", "a", "so", Level.ERROR, rule.provenance._replace(sources=()))
    failure = suite_of(Report("diff", "a", "b", [Found(finding(rule=bare, pointer=""))])).find(".//failure")
    assert failure.text == "'pro'; documented: mode is 'std'"


def test_nothing_found_is_one_that_passed_and_nothing_looked_at_is_one_error():
    (passed,) = suite_of(Report("diff", "a", "b")).findall("testcase")
    assert (passed.attrib["name"], len(passed)) == ("looked", 0)
    (error,) = suite_of(Report("diff", "a", "b", incomplete="no key")).findall("testcase")
    assert error.find("error").attrib["message"] == "no key"


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_hostile_texts_are_valid_xml(hostile_reports, data):
    report = data.draw(hostile_reports)
    looked = bool(report.incomplete) or not report.found
    cases = suite_of(report).findall("testcase")
    assert len(cases) == len(report.found) + len(report.waived) + len(report.not_looked) + looked
