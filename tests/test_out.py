"""Standard output: written, full, or with nobody left to read it. Real pipes and a real full device."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from klingmock.out import announce, hold_open, say

PROGRAM = (
    "import sys; from klingmock.out import say; code = say('told'); sys.exit(code or say('again') or say())"
)


def run(stdout: int) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr


def test_a_text_is_written_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert say("told") == 0
    assert capsys.readouterr().out == "told\n"


def test_nothing_more_is_written_without_a_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert say() == 0
    assert capsys.readouterr().out == ""


def test_a_reader_who_left_has_seen_enough() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert run(writing) == (0, "")
    finally:
        os.close(writing)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_device_is_said_once_in_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        code, told = run(full.fileno())
    assert code == 3
    assert told == "klingmock: The output can't be written: No space left on device. Make room for it.\n"


def test_a_failure_in_this_process_leaves_no_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    # the same paths in process, on a stream of our own, so that the test run's own output stays
    for error, code in ((BrokenPipeError(), 0), (OSError(28, "No space left on device"), 3)):
        with (tmp_path / "out").open("w") as stream:

            class Failing:
                fileno = staticmethod(stream.fileno)

                def write(self, _: str, error: OSError = error) -> None:
                    raise error

            with monkeypatch.context() as patch:
                patch.setattr(sys, "stdout", Failing())
                assert say("told") == code
    assert "can't be written" in capsys.readouterr().err


def test_a_closed_output_can_not_hold_a_result(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", None)
        assert (say("told"), say(), announce("told")) == (3, 0, 0)
    told = capsys.readouterr().err
    assert told == "klingmock: The output can't be written: it is closed. Open it, or send it to a file.\n"
    assert announce("told") == 0
    assert capsys.readouterr().out == "told\n"


def test_what_was_closed_is_held_open(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = os.dup(0)
    os.close(0)
    try:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", None)
            patch.setattr(sys, "stderr", None)
            hold_open()
            opened = (sys.stdin, sys.stderr)
            assert sys.stdin.read() == ""
            print("to nobody", file=sys.stderr)
        assert os.get_inheritable(0)
        for one in opened:
            one.close()
    finally:
        os.dup2(kept, 0)
        os.close(kept)
    before = (sys.stdin, sys.stderr)
    hold_open()
    assert before == (sys.stdin, sys.stderr)


@pytest.mark.skipif(os.name == "nt", reason="needs a shell that can close an output")
@pytest.mark.parametrize(("closed", "code"), [(">&-", 3), (">&- 2>&-", 3), ("<&- >&- 2>&-", 3), ("2>&-", 0)])
def test_a_command_whose_output_is_closed(closed: str, code: int) -> None:
    command = f'exec "$0" -m klingmock contract list {closed}'
    done = subprocess.run(
        ["sh", "-c", command, sys.executable], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == code
    assert ("it is closed" in done.stderr) == (closed == ">&-")
    assert ("2026-02" in done.stdout) == (code == 0)


@pytest.mark.parametrize(("encoding", "told"), [("ascii", r"a \u2026 \u5b57"), ("utf-8", "a … 字")])
def test_what_the_output_can_not_show_is_written_out(encoding: str, told: str) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run(
        [sys.executable, "-c", "from klingmock.out import say; say('a \u2026 \u5b57')"],
        env=environment,
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.decode(encoding).rstrip() == told
