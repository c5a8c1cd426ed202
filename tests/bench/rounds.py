"""Processor time per request: every server in turn, round after round, each kept busy by the same load."""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median

from bench.load import Job, Load
from bench.progress import say
from bench.servers import Server, running
from bench.talk import FULL, MINIMAL, REFUSED, Connection, CouldNotMeasureError, query, submission, task_of

POLLED_TASKS = 16


@dataclass(frozen=True)
class Work:
    """One kind of request, with the goals for it: how many times a bare server, a hand-written fake."""

    title: str
    timing: str
    body: Mapping[str, object] | None = None
    want: int = 200
    bare_goal: float | None = None
    hand_goal: float | None = None


WORKS = (
    Work("submit, minimal body", "quick", MINIMAL, bare_goal=2.3, hand_goal=1.0),
    Work("submit, full body", "quick", FULL, bare_goal=2.3, hand_goal=1.0),
    Work("submit, refused with 400", "quick", REFUSED, 400),
    Work("poll, pending", "pending", bare_goal=1.8),
    Work("poll, finished", "finished", bare_goal=1.8),
)


@dataclass
class Costs:
    """What one server needed for a kind of request, round by round."""

    each: list[float] = field(default_factory=list)  # microseconds of processor time a request
    rates: list[float] = field(default_factory=list)  # requests a second
    busy: list[float] = field(default_factory=list)  # share of the time

    @property
    def microseconds(self) -> float:
        """The processor time of a request."""
        return median(self.each)

    def times(self, other: "Costs") -> float:
        """How many times the other's processor time: round against round, as the machine's mood changes."""
        return median(mine / its for mine, its in zip(self.each, other.each, strict=True))


def measure(work: Work, names: list[str], rounds: int, seconds: float, load: Load) -> dict[str, Costs]:
    """Measure one kind of request at each server."""
    with ExitStack() as stack:
        servers = [stack.enter_context(running(name, work.timing)) for name in names]
        jobs = {server.name: _job(work, server, seconds) for server in servers}
        found = {name: Costs() for name in names}
        for nth in range(rounds + 1):
            for server in servers:
                say(f"{work.title}: round {nth} of {rounds}, {server.name}")
                # the first one warms up
                _round(server, load, jobs[server.name], found[server.name] if nth else Costs())
    return found


def _round(server: Server, load: Load, job: Job, costs: Costs) -> None:
    before = server.cpu_seconds()
    outcome = load.run(job)
    used = server.cpu_seconds() - before
    costs.each.append(used / outcome.count * 1e6)
    costs.rates.append(outcome.count / outcome.seconds)
    costs.busy.append(used / outcome.seconds)


def _job(work: Work, server: Server, seconds: float) -> Job:
    want = 200 if server.name == "bare" else work.want
    requests = [submission(work.body)] if work.body else _polls(work, server)
    return Job(server.port, [request.decode("latin-1") for request in requests], want, seconds)


def _polls(work: Work, server: Server) -> list[bytes]:
    connection = Connection(server.port)
    tasks = [task_of(connection.succeed(submission(MINIMAL))) for _ in range(POLLED_TASKS)]
    status = json.loads(connection.succeed(query(tasks[0])))["data"]["status"]
    connection.close()
    wanted = "success" if work.timing == "finished" and server.name != "bare" else "pending"
    if status != wanted:
        raise CouldNotMeasureError(f"'{work.title}' at '{server.name}': the task is {status}, not {wanted}.")
    return [query(task) for task in tasks]
