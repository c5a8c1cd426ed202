"""Foreign programs that are run, watched, and ended with whatever they have started."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from threading import Lock, Thread
from typing import IO, NamedTuple

from klingcontracts.problem import Problem
from klingmock.printed import KEPT

MARK = "KLINGMOCK_CERTIFY"  # the variable by which a program's children are found again
GRACE = 1.0  # seconds that a program has to end by itself when it is told to
DRAIN = 1.0  # seconds that its output is waited for after its end
PIECE = 65536
ROUNDS = 10  # of looking for what is left
RUNNABLE = "Give a program of this machine and its arguments, as in: klingmock certify -- python client.py"


class Ran(NamedTuple):
    """How a program ended: `exit_code` None when it was ended by us, its seconds, the end of its output."""

    exit_code: int | None
    seconds: float
    output: bytes


class Interrupted(Exception):
    """No program is started any more."""


class Programs:
    """Programs that run at the same time, from several threads; `stop` ends them all, for good."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._stopped = False

    def run(self, words: Sequence[str], environ: Mapping[str, str], patience: float) -> Ran:
        """Run a program to its end, or for so many seconds; then nothing that it has started is left.

        Its input is empty. Raises Problem when it can't be started, and Interrupted after `stop`.
        """
        mark, begun = token_hex(8), time.monotonic()
        process = self._start(words, {**environ, MARK: mark}, mark)
        tail = bytearray()
        reader = Thread(target=_read, args=(process.stdout, tail), daemon=True)
        reader.start()
        code: int | None = None
        try:
            with suppress(subprocess.TimeoutExpired):
                code = process.wait(patience)
            seconds = time.monotonic() - begun
        finally:
            _end(process, mark)
            with self._lock:
                del self._running[mark]
        reader.join(DRAIN)
        if self._stopped:
            raise Interrupted
        return Ran(code, seconds, bytes(tail))

    def stop(self) -> None:
        """End all of them, and start no other one."""
        with self._lock:
            self._stopped = True
            running = dict(self._running)
        try:
            for process in running.values():
                _signal(process.pid, signal.SIGTERM)
            until = time.monotonic() + GRACE
            for process in running.values():
                with suppress(subprocess.TimeoutExpired):
                    process.wait(max(0.0, until - time.monotonic()))
        finally:  # also when we are interrupted once more
            for mark, process in running.items():
                _kill(process, mark)

    def _start(self, words: Sequence[str], environ: Mapping[str, str], mark: str) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._stopped:
                raise Interrupted
            try:
                process = subprocess.Popen(  # noqa: S603 - to run a foreign program is what this is for
                    list(words),
                    env=dict(environ),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or str(error)
                raise Problem(f"{words[0]!r} can't be run: {reason}.", RUNNABLE) from error
            self._running[mark] = process
            return process


def _read(stream: IO[bytes], tail: bytearray) -> None:
    """Keep the end of a stream: a program that prints without an end fills no memory."""
    with stream:
        while piece := stream.read1(PIECE):  # type: ignore[attr-defined]  # Popen's pipes are buffered readers
            tail += piece
            del tail[:-KEPT]


def _end(process: subprocess.Popen[bytes], mark: str) -> None:
    """End a program, if it still runs, and everything that it has started."""
    if process.poll() is None:
        _signal(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
    _kill(process, mark)


def _kill(process: subprocess.Popen[bytes], mark: str) -> None:
    _signal(process.pid, signal.SIGKILL)
    for _ in range(ROUNDS):  # a child may have gone into a session of its own, and have children there
        left = list(_marked(mark))
        for pid in left:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if not left:
            break
    process.wait()


def _signal(group: int, number: signal.Signals) -> None:
    with suppress(OSError):  # nobody is left in it
        os.killpg(group, number)


def _marked(mark: str) -> Iterator[int]:
    """The processes that have this mark in their environment; Linux alone can tell."""
    wanted = f"{MARK}={mark}".encode()
    for place in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if wanted in place.read_bytes().split(b"\0"):
                yield int(place.parent.name)
