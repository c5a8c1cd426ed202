"""The servers that are compared: how each is started, what it has used, and that it ends."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep

from bench.talk import MINIMAL, Connection, CouldNotMeasureError, submission

HERE = Path(__file__).resolve().parent
START_SECONDS = 30
NO_LIMIT = "1000000000"
OURS_TIMING = {
    "quick": ["--timing", "quick"],
    "pending": ["--timing", "realistic", "--speed", "0.001"],
    "finished": ["--timing", "instant"],
}
PENDING_SECONDS = {"quick": "5", "pending": "1000000", "finished": "0"}


def ours(port: int, timing: str) -> list[str]:
    """The command line of our fake: everything on, the limits out of reach."""
    limits = ["--rate-limit", NO_LIMIT, "--concurrency", NO_LIMIT, "--balance", NO_LIMIT]
    return [
        "klingmock",
        "serve",
        "--port",
        str(port),
        "--log-level",
        "warning",
        *limits,
        *OURS_TIMING[timing],
    ]


SERVERS: dict[str, Callable[[int, str], list[str]]] = {
    "ours": ours,
    "bare": lambda port, _: ["bare", str(port)],
    "hand-written": lambda port, timing: ["handwritten", str(port), PENDING_SECONDS[timing]],
    "bare Starlette": lambda port, _: ["bare_starlette", str(port)],
}


@dataclass(frozen=True)
class Server:
    """A server that has answered its first submission, and how long that took from its start."""

    name: str
    pid: int
    port: int
    start_seconds: float

    def cpu_seconds(self) -> float:
        """The processor time it has used, its own and the kernel's."""
        fields = _proc(self.pid, "stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> int:
        """The bytes it has in memory."""
        return int(_proc(self.pid, "statm").split()[1]) * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def running(name: str, timing: str = "quick") -> Iterator[Server]:
    """Start a server, wait for its first answer, and end it afterwards."""
    port = _free_port()
    with tempfile.TemporaryFile() as said:
        started = perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", *SERVERS[name](port, timing)],
            cwd=HERE,
            env=_environment(),
            stdout=subprocess.DEVNULL,
            stderr=said,
        )
        try:
            _await_first_submission(name, process, port, said.fileno())
            yield Server(name, process.pid, port, perf_counter() - started)
        finally:
            _end(process)


def _await_first_submission(name: str, process: subprocess.Popen[bytes], port: int, said: int) -> None:
    try:
        connection = _connect(process, port)
        connection.succeed(submission(MINIMAL))
        connection.close()
    except CouldNotMeasureError as error:
        raise CouldNotMeasureError(f"Server '{name}': {error}{_last_words(said)}") from None


def _connect(process: subprocess.Popen[bytes], port: int) -> Connection:
    deadline = perf_counter() + START_SECONDS
    while process.poll() is None:
        try:
            return Connection(port)
        except ConnectionRefusedError:
            sleep(0.001)
        if perf_counter() > deadline:
            raise CouldNotMeasureError(f"It did not listen in {START_SECONDS} s.")
    raise CouldNotMeasureError(f"It ended with code {process.returncode} when started.")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _last_words(descriptor: int) -> str:
    size = os.fstat(descriptor).st_size
    text = os.pread(descriptor, 500, max(0, size - 500)).decode(errors="replace").strip()
    return f" Its last words: {text}" if text else ""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment() -> dict[str, str]:
    parts = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return os.environ | {"PYTHONPATH": os.pathsep.join(str(Path(part).absolute()) for part in parts if part)}


def _proc(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        raise CouldNotMeasureError(f"/proc/{pid}/{name} is not there: this needs Linux.") from None
