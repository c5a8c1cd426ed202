"""klingmock.for_pytest: a test that uses the fake never calls the vendor, in a pytest run of its own."""

import os
import re
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

INNER = Path(__file__).parent / "inner"
SENTENCE = (
    "This test uses the fake, but its client called the real host {host}. Let the client take its address "
    "from {variable} or klingmock.url, or use the fixture klingmock_router."
)
USUAL = SENTENCE.format(host="api.modellix.ai", variable="MODELLIX_BASE_URL")
OUTCOMES = {
    "test_at_once": {"FAILED"},
    "test_marker_alone": {"FAILED"},
    "test_client_that_catches_exceptions": {"FAILED"},
    "test_client_that_catches_everything": {"PASSED", "ERROR"},
    "test_twice": {"PASSED", "ERROR"},
    "test_in_a_thread": {"PASSED", "ERROR"},
    "test_other_host_of_the_vendor": {"FAILED"},
    "test_by_a_proxy": {"FAILED"},
    "test_in_an_example": {"FAILED"},
    "test_in_setup": {"ERROR"},
    "test_and_fails_otherwise": {"FAILED", "ERROR"},
    "test_this_machine_is_reached": {"PASSED"},
    "test_without_a_world": {"PASSED"},
    "test_another_world": {"PASSED"},
}


@pytest.fixture
def run(pytester, monkeypatch):
    """Runs inner/calls_home.py as a process that ends with 99 at the first real look-up."""
    monkeypatch.setenv("PYTHONPATH", str(INNER), prepend=os.pathsep)
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    (pytester.path / "test_calls_home.py").write_text((INNER / "calls_home.py").read_text())

    def run(*flags):
        plugins = ("no_lookups", "around", "no:schemathesis", "no:hypothesispytest", "no:cacheprovider")
        with_plugins = [word for plugin in plugins for word in ("-p", plugin)]
        return pytester.runpytest_subprocess("-W", "error", "--color=no", "-r", "pfE", *with_plugins, *flags)

    return run


def test_each_call_of_the_vendor_fails_its_test_with_one_sentence(run):
    result = run()
    assert result.ret == 1
    told, summary = re.split(r"^=+ short test summary info =+$", result.stdout.str(), flags=re.MULTILINE)
    outcomes = {}
    for outcome, name in re.findall(r"^([A-Z]+) test_calls_home\.py::(\w+)", summary, re.MULTILINE):
        outcomes.setdefault(name, set()).add(outcome)
    assert outcomes == OUTCOMES
    others = (("cdn.modellix.ai", "MODELLIX_BASE_URL"), ("api.modellix.ai", "VIDEO_URL"))
    for host, variable in others:
        assert told.count(SENTENCE.format(host=host, variable=variable)) == 1
    bad = [outcomes for outcomes in OUTCOMES.values() if outcomes != {"PASSED"}]
    assert told.count(USUAL) == len(bad) - len(others)  # once for each test
    assert told.count("for a reason of its own") == 2  # the line of the test and its error
    assert "guard.py" not in told
