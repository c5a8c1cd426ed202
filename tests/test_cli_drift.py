"""klingmock drift: three actions, each loaded when it is chosen."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

from klingmock.cli_drift import ACTIONS

THERE = [name for name in ACTIONS if find_spec(f"klingmock.drift_{name}")]


def test_the_actions_are_listed(run):
    code, out, err = run("drift", "--help")
    assert (code, err) == (0, "")
    assert all(f"    {name} " in out for name in ACTIONS)
    assert "traffic" in THERE


@pytest.mark.parametrize("action", THERE)
def test_each_action_has_the_flags_of_a_report(run, action):
    code, out, err = run("drift", action, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"usage: klingmock drift {action} ")
    assert all(flag in out for flag in ("--format", "--report", "--fail-on", "--allow", "--against"))


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["drift"], "ACTION"),
        (["drift", "trafic"], "trafic"),
        (["drift", "traffic"], "FILE"),
        (
            ["drift", "traffic", "a", "--formt", "json"],
            "--formt is not known. Nearest: --format. See: klingmock drift traffic",
        ),
        (["drift", "traffic", "a", "--format", "jsn"], "Nearest: 'json'"),
        (["drift", "traffic", "a", "--against", "2026-03"], "Nearest: '2026-0"),
        (["drift", "--formt"], "ACTION"),
    ],
)
def test_what_makes_no_sense_is_one_line(run, words, text):
    code, out, err = run(*words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert text in err


@pytest.mark.parametrize("words", [["--help"], ["traffic", "--help"]])
def test_no_action_loads_what_another_needs(words, tmp_path):
    others = {f"klingmock.drift_{name}" for name in ACTIONS} - {f"klingmock.drift_{words[0]}"}
    program = (
        f"import sys\nfrom klingmock.cli import main\nmain(['drift', *{words!r}])\n"
        f"sys.exit(bool({others!r} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
