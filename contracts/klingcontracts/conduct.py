"""What one client did, as a verdict reads it: its submissions, the polls of each task, its downloads."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple

from klingcontracts.check import check_call, of_the_call, route
from klingcontracts.contract import Contract
from klingcontracts.exchange import PIECES, Call, Exchange, Reply
from klingcontracts.finding import Finding
from klingcontracts.strictjson import BadJson, parse
from klingcontracts.words import value_at

NO_REPLY, LATE = "no reply", "a reply that came"  # how `unclear` begins
LONGEST_NAME = 100  # characters of a name or status that somebody made up, as far as it is kept
# The statuses with which a submission is refused for sure, so that nothing was made and nothing charged (C4).
REFUSED = frozenset({400, 401, 402, 403, 404, 405, 413, 415, 422, 429})
# The statuses of a poll that tell of the moment and not of the task (C4).
TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})


class Outcome(StrEnum):
    """What the client itself says in the end: it has the video or its URL, or it has failed."""

    SUCCESS = "success"
    FAILURE = "failure"


class Step(NamedTuple):
    """One exchange of a client. `broken` is what its call broke, `told` what the reply's JSON says.

    `operation` is the contract's, "video" for a download and "" for anything else; `task_id` the task that a
    poll is about, or that a submission was told of; `unclear` why the client can't know how it went, "" when
    it can.
    """

    number: int
    at: float  # Unix seconds
    exchange: Exchange
    operation: str
    broken: Sequence[Finding] = ()
    told: Any = None
    task_id: str = ""
    unclear: str = ""

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.exchange.reply.status

    @property
    def task_status(self) -> str:
        """The status that a poll was told of its task, "" when it was told none."""
        status = value_at(self.told, ["data", "status"]) if self.status == 200 and not self.unclear else None
        return status if isinstance(status, str) else ""

    @property
    def is_transient(self) -> bool:
        """Whether a poll failed in a way that says nothing of its task."""
        return bool(self.unclear) or self.status in TRANSIENT


class Conduct:
    """The steps of a client, in their order.

    `outcome` is what the client said in the end, None when nobody has told; `jobs` how many jobs of one body
    it was meant to submit.
    """

    def __init__(
        self, contract: Contract, steps: Sequence[Step], outcome: Outcome | None = None, jobs: int = 1
    ) -> None:
        self.contract = contract
        self.steps = steps
        self.outcome = outcome
        self.jobs = jobs
        lifecycle = contract.document["x-lifecycle"]["statuses"]
        self.statuses: Mapping[str, bool] = {name: bool(one["terminal"]) for name, one in lifecycle.items()}

    @cached_property
    def submissions(self) -> list[Step]:
        """The calls that submit a job."""
        return [step for step in self.steps if step.operation == "submit"]

    @cached_property
    def downloads(self) -> list[Step]:
        """The calls that fetch a video."""
        return [step for step in self.steps if step.operation == "video"]

    @cached_property
    def polls(self) -> Mapping[str, list[Step]]:
        """The calls that ask for a task, by its id."""
        found: dict[str, list[Step]] = {}
        for step in self.steps:
            if step.operation == "task":
                found.setdefault(step.task_id, []).append(step)
        return found

    @cached_property
    def known(self) -> set[str]:
        """The ids of the tasks that the client was told of."""
        return {step.task_id for step in self.submissions if step.task_id}

    @cached_property
    def stopped(self) -> list[Step]:
        """The last that the client was told of each task which it left before its end."""
        last = {step.task_id: step for step in self.submissions if step.task_id}
        last |= {task_id: polls[-1] for task_id, polls in self.polls.items()}
        return [step for step in last.values() if not self.ended(step)]

    def ended(self, step: Step) -> bool:
        """Whether a poll told of its task's end."""
        return step.operation == "task" and self.statuses.get(step.task_status, False)

    def seen(self, status: str) -> list[Step]:
        """The polls that told of this status."""
        return [step for polls in self.polls.values() for step in polls if step.task_status == status]

    def is_strange(self, step: Step) -> bool:
        """Whether a poll told of a status that is not documented."""
        return step.operation == "task" and bool(step.task_status) and step.task_status not in self.statuses

    def additions(self, step: Step) -> list[str]:
        """Where a reply has fields that are not documented; an error is not looked at."""
        operation = self.contract.operations.get(step.operation)
        if operation is None or step.status != 200 or step.unclear or 200 not in operation.replies:
            return []
        return list(_additions(operation.replies[200].schema, step.told, ""))


def _additions(schema: Any, value: Any, place: str) -> Iterator[str]:
    if isinstance(value, list) and isinstance(schema, Mapping):
        for nth, item in enumerate(value):
            yield from _additions(schema.get("items"), item, f"{place}/{nth}")
    if isinstance(value, dict) and isinstance(schema, Mapping) and "properties" in schema:
        for name, inner in value.items():
            if name in schema["properties"]:
                yield from _additions(schema["properties"][name], inner, f"{place}/{name}")
            else:
                yield f"{place}/{name[:LONGEST_NAME]}"


def conduct(
    contract: Contract,
    exchanges: Iterable[Exchange],
    findings: Mapping[int, Sequence[Finding]] | None = None,
    *,
    outcome: Outcome | None = None,
    jobs: int = 1,
) -> Conduct:
    """Read the exchanges of one client.

    `findings` are what was found as the calls came, by the exchanges' numbers; without them each call is held
    against the contract now, which a call with a redacted key does not stand.
    """
    numbered = [(exchange.number or nth, exchange) for nth, exchange in enumerate(exchanges, 1)]
    asked = {_asked(contract, exchange.call) for _, exchange in numbered}
    again: dict[tuple[str, str, bytes], float] = {}  # when a call was made the next time
    steps = []
    for number, exchange in reversed(numbered):
        found = check_call(contract, exchange.call) if findings is None else findings.get(number, ())
        same = (exchange.call.method, exchange.call.path, bytes(exchange.call.body))
        steps.append(_step(contract, number, exchange, found, _Later(again.get(same), asked)))
        again[same] = exchange.at
    return Conduct(contract, steps[::-1], outcome, jobs)


class _Later(NamedTuple):
    """What tells whether a reply was waited for: when its call was made again, what tasks were asked for."""

    again: float | None
    asked: Container[str]


def _asked(contract: Contract, call: Call) -> str:
    """The task that a poll asks for, "" for another call."""
    operation, _ = route(contract, call)
    found = operation.match(call.path) if operation is not None else None
    return str((found or {}).get("task_id", ""))


def _step(
    contract: Contract, number: int, exchange: Exchange, findings: Sequence[Finding], later: _Later
) -> Step:
    operation, _ = route(contract, exchange.call)
    is_video = operation is None and exchange.call.path.startswith(contract.media)
    name = operation.id if operation is not None else "video" if is_video else ""
    told, unclear = _told(name, exchange.reply)
    given = value_at(told, ["data", "task_id"]) if name == "submit" and not unclear else None
    if not unclear and _is_late(name, exchange, given, later):
        unclear = (
            f"{LATE} after {exchange.reply.delay + exchange.reply.seconds:g} s, when the client had gone on"
        )
        told = given = None
    broken = [] if is_video else [finding for finding in findings if of_the_call(finding.rule)]
    task_id = given if isinstance(given, str) else _asked(contract, exchange.call)
    return Step(number, exchange.at, exchange, name, broken, told, task_id, unclear)


def _told(operation: str, reply: Reply) -> tuple[Any, str]:
    """What a reply's JSON says, and why it says too little, "" when it does not."""
    if reply.wire == "drop":
        return None, NO_REPLY
    if reply.wire and reply.wire not in PIECES:
        # The status comes first, so what refuses for sure has been seen.
        return None, "" if reply.status in REFUSED else "a reply that broke off"
    if operation == "video":
        return None, ""
    try:
        told = parse(bytes(reply.body))
    except BadJson:
        told = None
    return told, _unclear(operation, reply.status, told)


def _unclear(operation: str, status: int, told: Any) -> str:
    if status >= 500 or (operation == "submit" and 400 <= status < 500 and status not in REFUSED):
        return f"status {status}"
    if not 200 <= status < 300 or operation not in {"submit", "task"}:
        return ""
    if not isinstance(told, dict):
        return f"status {status} with a body that is no JSON object"
    code = told.get("code")
    if operation == "task" and isinstance(code, int) and code in REFUSED - TRANSIENT:
        return ""  # an error that HTTP calls a success, and a definite one
    wanted = "task_id" if operation == "submit" else "status"
    is_told = isinstance(value_at(told, ["data", wanted]), str)
    return "" if is_told else f"status {status} without what it is for"


def _is_late(operation: str, exchange: Exchange, given: Any, later: _Later) -> bool:
    """Whether nobody waited for a reply until it was there, as far as can be told.

    Only the same call tells that its client had gone on: others may be those of another thread. An id that
    is asked for has arrived; that of a submission which nothing follows may not have.
    """
    lasted = exchange.reply.delay + exchange.reply.seconds
    if not lasted or (isinstance(given, str) and given in later.asked):
        return False
    if later.again is None:
        return operation == "submit"
    return exchange.at + lasted > later.again
