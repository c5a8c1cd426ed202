"""klingmock.for_pytest: its fixtures and its marker, in pytest runs of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

INNER = Path(__file__).parent / "inner"
HEAVY = {"starlette", "uvicorn", "jsonschema_rs", "hypothesis", "httpx", "httpx2", "respx"}

PASSING = {"worlds": 13, "marks": 5, "names": 2}

SENTENCES = (
    "klingmock: The marker takes keywords only, and was given 'instant'. "
    "Write it as in @pytest.mark.klingmock(timing='instant').",
    "klingmock: Option 'tming' is not known. Nearest: 'timing'.",
    "klingmock: Timing 'instnt' is not known. Nearest: 'instant'.",
    "klingmock: Revision '2026-03' is not known.",
    "Nearest: 'either'.",
    "klingmock: Option balance: 5 is no text. Give a str.",
    "klingmock: Option limits: 5 is neither a bool nor a mapping. Give True, False or {'rate': 5}.",
    "klingmock: klingmock_config gives ['instant'], and no mapping. Let it return a dictionary of options.",
    "klingmock: Option 'base_url_variabel' is not known. Nearest: 'base_url_variable'.",
)


@pytest.fixture
def run(pytester, monkeypatch):
    """Runs pytest as a process of its own, in which no foreign name can be looked up."""
    monkeypatch.setenv("PYTHONPATH", str(INNER), prepend=os.pathsep)
    monkeypatch.setenv("MODELLIX_BASE_URL", "before")
    monkeypatch.delenv("MODELLIX_API_KEY", raising=False)

    def run(*flags):
        plugins = ("no_lookups", "around", "no:schemathesis", "no:cacheprovider")
        with_plugins = [word for plugin in plugins for word in ("-p", plugin)]
        return pytester.runpytest_subprocess(
            "-W", "error", "--color=no", "--strict-markers", *with_plugins, *flags
        )

    return run


def copy(pytester, *names):
    for name in names:
        (pytester.path / f"test_{name}.py").write_text((INNER / f"{name}.py").read_text())


def test_a_suite_passes_alone_and_with_workers_and_its_keys_are_the_same(pytester, run):
    copy(pytester, *PASSING)
    pytester.makefile(".note", other="a test that is no function")
    told, seen = pytester.path / "told.txt", []
    for flags in ((), ("-n", "2")):
        result = run(*flags)
        result.assert_outcomes(passed=sum(PASSING.values()) + 1)
        assert (result.ret, result.stderr.str()) == (0, "")
        seen.append(sorted(told.read_text().splitlines()))
        told.unlink()
    assert seen[0] == seen[1]
    rows = [line.split() for line in seen[0]]
    assert [len(set(column)) for column in zip(*rows, strict=True)] == [3, 3, 3]


def test_what_makes_no_sense_is_one_sentence(pytester, run):
    copy(pytester, "wrong_marks", "wrong_list", "wrong_config")
    result = run("-r", "N")
    result.assert_outcomes(passed=1, failed=1, errors=8)
    told = result.stdout.str()
    assert {sentence: told.count(sentence) for sentence in SENTENCES} == dict.fromkeys(SENTENCES, 1)
    for trace in ("Traceback", "for_pytest.py", "options.py", "Problem", "Error\n"):
        assert trace not in told
    lines = [line for line in told.splitlines() if line.startswith("klingmock: ")]
    assert len(lines) == len(SENTENCES)


WITHOUT = """
import os

def test_other():
    assert os.environ["MODELLIX_BASE_URL"] == "before"

def test_it(klingmock): ...
"""


def test_without_the_plugin_the_fixture_is_unknown_and_nothing_else_breaks(pytester, run):
    pytester.makepyfile(test_without=WITHOUT)
    result = run("-p", "no:klingmock")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*fixture 'klingmock' not found*"])


UNUSED = """
import sys

def test_other():
    ours = {name for name in sys.modules if name.startswith(("klingmock.", "klingcontracts"))}
    assert ours == {"klingmock.for_pytest"}
    assert not {HEAVY} & sys.modules.keys()
"""


def test_a_suite_that_does_not_use_it_loads_nothing(pytester, run):
    pytester.makepyfile(test_unused=UNUSED.replace("{HEAVY}", repr(HEAVY)))
    others = [flag for name in ("hypothesispytest", "respx", "xdist") for flag in ("-p", f"no:{name}")]
    result = run(*others)
    result.assert_outcomes(passed=1)
    assert "klingmock" not in result.stdout.str().partition("collected 1 item")[2]


def test_the_plugin_alone_loads_nothing():
    code = "import json, sys, klingmock.for_pytest; print(json.dumps(sorted(sys.modules)))"
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    loaded = json.loads(done.stdout)
    assert "klingmock.for_pytest" in loaded
    assert not HEAVY & set(loaded)
    assert [name for name in loaded if name.startswith("klingcontracts")] == []


def test_the_marker_is_told_with_its_options(pytester, run):
    told = run("--markers").stdout.str()
    for name in ("revision", "reading", "timing", "limits", "retention", "balance", "seed", "script", "time"):
        assert name in told.partition("@pytest.mark.klingmock(")[2].partition(")")[0].split(", ")
