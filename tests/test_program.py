"""klingmock.program: foreign programs are run and watched, and nothing of them is left."""

import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from klingcontracts.problem import Problem
from klingmock import program
from klingmock.printed import KEPT
from klingmock.program import MARK, Interrupted, Programs

ENVIRON = dict(os.environ)
LONG = 60.0  # seconds that nothing here takes


def python(code):
    return [sys.executable, "-c", code]


def is_alive(pid):
    """Whether a process runs; one that has ended, and that nobody asked for its exit code, does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def pids(output):
    return [int(word) for word in output.split()]


@pytest.mark.parametrize("code", [0, 3])
def test_a_program_that_ends_by_itself(code):
    ran = Programs().run(python(f"import sys; print('said'); sys.exit({code})"), ENVIRON, LONG)
    assert (ran.exit_code, ran.output) == (code, b"said\n")
    assert 0 < ran.seconds < LONG


def test_a_signal_is_an_exit_code_below_zero():
    ran = Programs().run(["sh", "-c", "kill -9 $$"], ENVIRON, LONG)
    assert ran.exit_code == -signal.SIGKILL


def test_both_outputs_are_kept_and_there_is_no_input():
    code = "import sys; print(repr(sys.stdin.read()), file=sys.stderr)"
    assert Programs().run(python(code), ENVIRON, LONG).output == b"''\n"


def test_of_much_output_the_end_is_kept():
    ran = Programs().run(python("print('x' * 10**6); print('end')"), ENVIRON, LONG)
    assert len(ran.output) == KEPT
    assert ran.output.endswith(b"x\nend\n")


def test_its_environment_is_the_one_that_is_given_and_a_mark():
    code = f"import os; print(os.environ['MINE'], len(os.environ['{MARK}']), 'HOME' in os.environ)"
    assert Programs().run(python(code), {"MINE": "1"}, LONG).output.split() == [b"1", b"16", b"False"]


@pytest.mark.parametrize("word", ["/nowhere/at-all", "/etc", "a\0b"])
def test_what_can_not_be_run_is_told(word):
    with pytest.raises(Problem, match=r"can't be run: "):
        Programs().run([word], ENVIRON, LONG)


TRAPS = "trap '' TERM INT HUP; "
CHILDREN = (
    "sleep 1000 & echo $!; setsid sleep 1000 & echo $!; "
    "(setsid sh -c 'sleep 1000 & echo $!; sleep 1000' &) ; "
)


@pytest.mark.parametrize("traps", ["", TRAPS])
def test_a_program_that_hangs_is_ended_with_its_children(monkeypatch, need, traps):
    need("setsid")
    monkeypatch.setattr(program, "GRACE", 0.2)
    ran = Programs().run(["sh", "-c", f"{traps}{CHILDREN} echo $$; sleep 1000"], ENVIRON, 2.0)
    assert ran.exit_code is None
    assert ran.seconds >= 2.0
    found = pids(ran.output)
    assert len(found) == 4
    assert not any(map(is_alive, found))


def test_what_a_program_leaves_behind_is_ended_too(need):
    need("setsid")
    ran = Programs().run(
        ["sh", "-c", f"{CHILDREN} wait_for_it=1; while [ ! -e /proc/$! ]; do :; done"], ENVIRON, LONG
    )
    assert ran.exit_code == 0
    assert not any(map(is_alive, pids(ran.output)))


def test_an_output_that_nobody_closes_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(program, "_marked", lambda _: iter(()))  # as where there is no /proc
    monkeypatch.setattr(program, "DRAIN", 0.1)
    code = "from subprocess import *; print(Popen(['sleep', '1000'], start_new_session=True).pid)"
    ran = Programs().run(python(code), ENVIRON, LONG)
    (left,) = pids(ran.output)
    try:
        assert (ran.exit_code, is_alive(left)) == (0, True)
    finally:
        os.kill(left, signal.SIGKILL)


def test_what_never_ends_to_appear_is_not_looked_for_without_an_end(monkeypatch):
    looks = []
    monkeypatch.setattr(program, "_marked", lambda mark: looks.append(mark) or iter([2**22 + 1]))
    assert Programs().run(["true"], ENVIRON, LONG).exit_code == 0
    assert len(looks) == program.ROUNDS


def test_to_stop_ends_all_and_starts_no_other(monkeypatch):
    monkeypatch.setattr(program, "GRACE", 0.2)
    programs, found = Programs(), []

    def run(code):
        try:
            programs.run(["sh", "-c", code], ENVIRON, LONG)
        except Interrupted:
            found.append(code)

    codes = ["sleep 1000", f"{TRAPS}sleep 1000 & wait; sleep 1000"]
    threads = [threading.Thread(target=run, args=(code,)) for code in codes]
    for thread in threads:
        thread.start()
    while len(programs._running) < 2:
        pass
    running = [process.pid for process in programs._running.values()]
    programs.stop()
    for thread in threads:
        thread.join(LONG)
    assert sorted(found) == sorted(codes)
    assert not any(map(is_alive, running))
    with pytest.raises(Interrupted):
        programs.run(["true"], ENVIRON, LONG)
