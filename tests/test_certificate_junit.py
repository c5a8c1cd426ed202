"""klingmock.certificate_junit: a suite for each scenario, a case for each check."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klingcontracts.rule import Level
from klingmock.certificate import Certificate, Check, Played
from klingmock.certificate_junit import junit

FAILED = Check("submits-once", "fail", 'submitted "again" & <again>', "once", "Do it once.", (1, 2))
WARNED = Check("gives-up", "warn", "on and on", "an end", "End.")
PASSED = Check("authenticates", "pass")
SILENT = Check("polls-politely", "not judged", "no task was polled twice")


def played(*checks, **more):
    told = {"says": "it", "script": "", "good": "success", "exit_code": 0, "seconds": 1.5, "started": 1.0}
    return Played(**{"name": "plain", "ended": "exited", "checks": checks, **told, **more})


def suite(one, level=Level.WARNING, hint=""):
    (found,) = ET.fromstring(junit(Certificate("client", "", [one], hint=hint), level)).findall("testsuite")
    return found


def test_each_check_is_a_case():
    found = suite(played(FAILED, WARNED, PASSED, SILENT))
    assert found.attrib == {
        "name": "plain",
        "tests": "4",
        "failures": "2",
        "errors": "0",
        "skipped": "1",
        "time": "1.500",
    }
    cases = {case.get("name"): case for case in found.findall("testcase")}
    failure = cases["submits-once"].find("failure")
    assert failure.get("message") == 'submitted "again" & <again>'
    assert failure.text == "expected: once\nadvice: Do it once.\nexchanges: 1, 2"
    assert cases["gives-up"].find("failure").text.endswith("exchanges: none")
    assert cases["polls-politely"].find("skipped").get("message") == "not judged: no task was polled twice"
    assert list(cases["authenticates"]) == []
    assert cases["authenticates"].get("classname") == "klingmock.certify.plain"


def test_what_only_warns_is_skipped_where_errors_alone_fail():
    found = suite(played(FAILED, WARNED), Level.ERROR)
    assert (found.get("failures"), found.get("skipped")) == ("1", "1")
    assert "warns: on and on" in ET.tostring(found, "unicode")


def test_a_client_that_never_called_is_an_error():
    found = suite(played(SILENT, ended="never called", output="Traceback <x>"), hint="Point it <here>.")
    assert (found.get("errors"), found.get("tests"), found.get("skipped")) == ("1", "2", "1")
    assert found.find("testcase/error").text == "Point it <here>."
    assert found.find("system-out").text == "Traceback <x>"


def test_a_client_that_was_ended_without_a_verdict_is_an_error():
    why = Check("ends", "not judged", "a reply was still on its way")
    found = suite(played(PASSED, why, ended="timed out", exit_code=None))
    assert (found.get("errors"), found.get("failures"), found.get("tests")) == ("1", "0", "3")
    assert found.find("testcase/error").get("message") == "a reply was still on its way"


@pytest.mark.parametrize("level", Level)
@given(words=st.lists(st.text("<>&\"']]>ab é\n\t"), min_size=4, max_size=4))
def test_it_is_xml_whatever_was_seen(level, words):
    seen, expected, advice, output = words
    check = Check("ends", "fail", seen, expected, advice)
    assert suite(played(check, output=output), level).find("testcase/failure") is not None
