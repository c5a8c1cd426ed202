"""klingmock.for_pytest: what is shown of a test that fails, in pytest runs of their own."""

import os
import re
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

INNER = Path(__file__).parent / "inner"
# What each report tells of, by the name that it has there.
JOBS = {
    "test_first": ["job-first"],
    "test_second": ["job-second"],
    "test_asks_nothing": [],
    "test_shared[shared-a]": ["job-shared-a"],
    "test_shared[shared-b]": ["job-shared-b"],
    "test_closed": ["job-closed"],
    "test_after_closed": ["job-after-closed"],
    "test_without_a_world": [],
    "ERROR at setup of test_setup": ["job-setup"],
    "TestOfUnittest.test_of_unittest": ["job-of-unittest"],
    "ERROR at teardown of test_teardown": ["job-teardown"],
}
SHARED = ("test_shared[shared-a]", "test_shared[shared-b]")
TITLE = re.compile(r"^-+ klingmock exchanges \((\w+)\) -+$", re.MULTILINE)


@pytest.fixture
def run(pytester, monkeypatch):
    """Runs the tests of inner/failing.py as a process of its own: what it printed, and the keys it used."""
    monkeypatch.setenv("PYTHONPATH", str(INNER), prepend=os.pathsep)
    monkeypatch.delenv("MODELLIX_API_KEY", raising=False)
    (pytester.path / "test_failing.py").write_text((INNER / "failing.py").read_text())

    def run(*flags):
        plugins = ("no_lookups", "around", "no:schemathesis", "no:hypothesispytest", "no:cacheprovider")
        with_plugins = [word for plugin in plugins for word in ("-p", plugin)]
        result = pytester.runpytest_subprocess("-W", "error", "--color=no", *with_plugins, *flags)
        result.assert_outcomes(passed=2, failed=9, errors=2, xfailed=1)
        told = (pytester.path / "told.txt").read_text().splitlines()
        return result.stdout.str(), [line.split()[-1] for line in told]

    return run


def reports(text):
    """The text of each report, by its title."""
    _, *parts = re.split(r"^_+ (.+?) _+$", text.partition("short test summary")[0], flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def told_of(report):
    """What a report says under our title; "" where it has none."""
    parts = TITLE.split(report)
    return "".join(parts[2::2])


@pytest.mark.parametrize("flags", [(), ("-n", "2")], ids=" ".join)
def test_a_failure_shows_the_exchanges_of_its_test_and_no_keys(run, flags):
    text, keys = run(*flags)
    found = {
        title: re.findall(r'"prompt": "(job-[\w-]+)"', told_of(report))
        for title, report in reports(text).items()
    }
    # The world of a whole session is opened by its first test; with workers, by the first one of each.
    first = [title for title, jobs in found.items() if jobs[:1] == ["job-at-the-start"]]
    for title in first:
        found[title].pop(0)
    assert first == ["test_shared[shared-a]"] or (flags and set(first) == set(SHARED))
    assert found == JOBS
    assert len(keys) == 9
    for key in (*keys, "mock-made-1", "sk-live-0123456789"):
        assert key.startswith(("mock-", "sk-"))
        assert key not in text


def test_the_section_stands_where_it_happened(run):
    text, _ = run()
    moments = {title: TITLE.findall(report) for title, report in reports(text).items()}
    assert moments.pop("ERROR at setup of test_setup") == ["setup"]
    assert moments.pop("ERROR at teardown of test_teardown") == ["teardown"]
    assert moments == {title: ["call"] if JOBS[title] else [] for title in moments}
    second = told_of(reports(text)["test_second"])
    assert re.search(r"^1  200  POST /api/v1/image-to-video/", second, re.MULTILINE)
    assert re.search(r"^2  401  GET  /api/v1/tasks/task-none  auth\.unknown-key: ", second, re.MULTILINE)
