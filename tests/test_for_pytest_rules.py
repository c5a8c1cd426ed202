"""klingmock.for_pytest: the rules that a suite exercised, in pytest runs of their own."""

import json
import os
import re
from pathlib import Path

import pytest

from klingcontracts.contract import load

pytest_plugins = ["pytester"]

INNER = Path(__file__).parent / "inner"
PASSING = 8
TITLE = re.compile(r"^=+ klingmock rules =+$", re.MULTILINE)
CRASH = """
import os

def test_crash(klingmock):
    os._exit(3)
"""
UNUSED = "def test_other(): ..."


@pytest.fixture
def run(pytester, monkeypatch):
    """Runs pytest as a process of its own in a folder with inner/rules.py."""
    monkeypatch.setenv("PYTHONPATH", str(INNER), prepend=os.pathsep)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*flags):
        plugins = ("no_lookups", "around", "no:schemathesis", "no:hypothesispytest", "no:cacheprovider")
        with_plugins = [word for plugin in plugins for word in ("-p", plugin)]
        return pytester.runpytest_subprocess("-W", "error", "--color=no", *with_plugins, *flags)

    return run


@pytest.fixture
def suite(pytester):
    (pytester.path / "test_rules.py").write_text((INNER / "rules.py").read_text())
    return pytester.path


def table_of(result):
    """The lines under our title."""
    _, told = TITLE.split(result.stdout.str())
    return re.split(r"^=", told, flags=re.MULTILINE)[0].strip().splitlines()


def test_a_row_for_each_revision_and_a_file_that_cannot_be_written(suite, run):
    result = run("--klingmock-rules", "--klingmock-rules-json", "none/rules.json")
    result.assert_outcomes(passed=PASSING)
    assert result.ret == 0
    heads, _, *rows, said = table_of(result)
    assert heads.split()[:3] == ["revision", "rules", "exercised"]
    assert [row.split()[0] for row in rows] == ["2026-02", "2026-07"]
    path = suite / "none" / "rules.json"
    reason = "No such file or directory. Name a file that can be written."
    assert said == f"klingmock: {str(path)!r} can't be written: {reason}"
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


def test_more_is_told_with_v_and_the_same_as_json_alone_and_with_workers(suite, run):
    seen = []
    for flags in (("-v", "--klingmock-rules"), ("-n", "2")):
        result = run("--klingmock-rules-json", "rules.json", *flags)
        result.assert_outcomes(passed=PASSING)
        seen.append((result, json.loads((suite / "rules.json").read_text())))
        (suite / "rules.json").unlink()
    (alone, told), (workers, merged) = seen
    assert merged == told
    assert not TITLE.search(workers.stdout.str())
    assert list(told["revisions"]) == ["2026-02", "2026-07"]
    rules = told["revisions"]["2026-02"]["rules"]
    assert rules["submit.body.json"] == {
        "says": load().rules["submit.body.json"].says,
        "kept": 6,
        "broken": 0,
    }
    broken = {rule for rule, numbers in rules.items() if numbers["broken"]}
    assert broken == {"submit.body.mode.enum", "submit.body.image-or-image_tail.required"}
    left = [rule for rule, numbers in rules.items() if not numbers["kept"] + numbers["broken"]]
    lines = table_of(alone)
    first, second = (lines.index(line) for line in lines if line.startswith("not exercised of "))
    assert [line.split()[0] for line in lines[first + 2 : second - 1]] == left


def test_a_worker_that_crashes_takes_its_counts_along_and_nothing_else(suite, run):
    (suite / "test_a_crash.py").write_text(CRASH)
    result = run("-n", "2", "--klingmock-rules", "--klingmock-rules-json", "rules.json")
    result.assert_outcomes(passed=PASSING, failed=1)
    result.stdout.fnmatch_lines(["*worker 'gw?' crashed while running 'test_a_crash.py::test_crash'*"])
    assert "INTERNALERROR" not in result.stdout.str()
    assert table_of(result)[0].startswith("revision")
    told = json.loads((suite / "rules.json").read_text())["revisions"]
    assert 0 < told["2026-02"]["exercised"] < told["2026-02"]["of"]
    assert told["2026-02"]["rules"]["submit.body.json"]["kept"] <= 6


def test_a_suite_that_asked_nothing_is_told_so(pytester, run):
    pytester.makepyfile(test_other=UNUSED)
    result = run("--klingmock-rules")
    result.assert_outcomes(passed=1)
    assert table_of(result) == ["no exchange with the fake"]


def test_without_a_flag_nothing_is_told(suite, run):
    result = run("-v")
    result.assert_outcomes(passed=PASSING)
    assert not TITLE.search(result.stdout.str())
    assert [path.name for path in suite.glob("*.json")] == []


def test_what_the_suite_would_have_cost_is_told_alone_and_with_workers(suite, run):
    line = re.compile(
        r"^klingmock: (\d+) jobs accepted, (\d+\.\d{4}) USD at made-up prices, none paid$", re.MULTILINE
    )
    alone, workers = (line.findall(run(*flags).stdout.str()) for flags in ((), ("-n", "2")))
    assert len(alone) == 1
    assert alone == workers
    assert int(alone[0][0]) * 0.14 == pytest.approx(float(alone[0][1]))
    assert not line.findall(run("-q").stdout.str())


def test_a_suite_that_spends_nothing_is_not_told_of_money(pytester, run):
    (pytester.path / "test_none.py").write_text(
        "def test_none(klingmock):\n    assert not klingmock.charges\n"
    )
    result = run()
    result.assert_outcomes(passed=1)
    assert "USD" not in result.stdout.str()
