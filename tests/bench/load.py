"""The load: some connections that are never idle, in a process of their own that takes jobs line by line.

Each connection has one request under way. They are read in turn, without select(): one process answers them
in the order it got them, and the time saved is what lets Python saturate a server that needs 25 us a request.
"""

import gc
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import cycle
from pathlib import Path
from time import perf_counter

from bench.talk import Connection, CouldNotMeasureError, task_of


@dataclass(frozen=True)
class Job:
    """What to send where, until a number of replies or of seconds is reached."""

    port: int
    requests: list[str]
    want: int
    seconds: float
    count: int = sys.maxsize
    connections: int = 16
    keep_every: int = 0


@dataclass(frozen=True)
class Outcome:
    """How many replies came in how long, and the task ids that were to be kept."""

    count: int
    seconds: float
    kept: list[str] = field(default_factory=list)


class Load:
    """The load's process, as its owner sees it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.load"],
            cwd=Path(__file__).resolve().parent.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, job: Job) -> Outcome:
        """Have one job done."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(job)) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline() or '{"error": "The load\'s process ended."}')
        if "error" in answer:
            raise CouldNotMeasureError(answer["error"])
        return Outcome(**answer)

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


def drive(job: Job) -> Outcome:
    """Do one job."""
    connections = [Connection(job.port) for _ in range(min(job.connections, job.count))]
    requests = cycle([request.encode("latin-1") for request in job.requests])
    kept: list[bytes] = []
    started = perf_counter()
    try:
        count = _keep_busy(connections, requests, job, kept)
    finally:
        for connection in connections:
            connection.close()
    return Outcome(count, perf_counter() - started, [task_of(body) for body in kept])


def _keep_busy(connections: list[Connection], requests: Iterator[bytes], job: Job, kept: list[bytes]) -> int:
    sent, received, stop = len(connections), 0, perf_counter() + job.seconds
    for connection in connections:
        connection.send(next(requests))
    while sent:
        more = sent < job.count and perf_counter() < stop
        for connection in connections:
            status, body = connection.receive()
            if more:
                connection.send(next(requests))
            if status != job.want:
                raise CouldNotMeasureError(f"Wanted {job.want}, got {status}: {body[:200]!r}")
            received += 1
            if job.keep_every and received % job.keep_every == 0:
                kept.append(body)
        if not more:
            break
        sent += len(connections)
    return received


def main() -> None:
    """Do the jobs that come in, one a line, until there are no more."""
    gc.disable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the owner too, who ends this process
    for line in sys.stdin:
        try:
            answer = asdict(drive(Job(**json.loads(line))))
        except (CouldNotMeasureError, OSError) as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
