"""What a good client's calls are like. Each function gives the lapses of one rule, or says why it can't."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from klingcontracts.conduct import LATE, NO_REPLY, Conduct, Step
from klingcontracts.rule import Level
from klingcontracts.words import value_at

LEAST_PAUSE = 1.0  # seconds between two polls of one task
LIMITED = 429  # the status of a call beyond a limit
SLACK = 0.05  # seconds that a pause may be too short: neither clocks nor networks are exact


class Lapse(NamedTuple):
    """What a client did wrong, in which exchanges, and what to do where that is not the rule's advice."""

    seen: str
    exchanges: Sequence[int] = ()
    advice: str = ""


class Unjudged(Exception):
    """A rule can't be judged by what there is; the text says why."""


def numbers(steps: Sequence[Step]) -> list[int]:
    """The numbers of these exchanges."""
    return [step.number for step in steps]


def submits_once(conduct: Conduct) -> Iterator[Lapse]:
    """A second submission of a job that was, or may have been, accepted."""
    if not conduct.submissions:
        raise Unjudged("nothing was submitted")
    accepted: dict[bytes, list[Step]] = {}
    for step in conduct.submissions:
        same = accepted.setdefault(bytes(step.exchange.call.body), [])
        running = [earlier for earlier in same if not _seen_to_fail(conduct, earlier, step)]
        if len(running) >= conduct.jobs:
            first = running[-1]
            after = (
                f"{first.unclear}: it may have been accepted"
                if first.unclear
                else f"it became {first.task_id}"
            )
            yield Lapse(f"submitted again after {after}", [first.number, step.number])
        if step.unclear or step.task_id:
            same.append(step)


def _seen_to_fail(conduct: Conduct, submission: Step, before: Step) -> bool:
    polls = conduct.polls.get(submission.task_id, ()) if submission.task_id else ()
    return any(poll.task_status == "failed" and poll.number < before.number for poll in polls)


def request_conforms(conduct: Conduct) -> Iterator[Lapse]:
    """A call that is not as documented."""
    for step in conduct.steps:
        for finding in step.broken:
            if finding.level >= Level.WARNING and not finding.rule.id.startswith("auth."):
                where = f"{finding.pointer} " if finding.pointer else ""
                yield Lapse(f"{finding.rule.id}: {where}{finding.seen}", [step.number])


def authenticates(conduct: Conduct) -> Iterator[Lapse]:
    """A call that does not carry its key as documented."""
    for step in conduct.steps:
        for finding in step.broken:
            if finding.rule.id.startswith("auth."):
                yield Lapse(finding.seen, [step.number])


def key_stays_home(conduct: Conduct) -> Iterator[Lapse]:
    """A download that carries the key."""
    if not conduct.downloads:
        raise Unjudged("nothing was downloaded")
    for step in conduct.downloads:
        if "authorization" in step.exchange.call.headers:
            yield Lapse("the key was sent along with a download", [step.number])


def polls_its_task(conduct: Conduct) -> Iterator[Lapse]:
    """A poll of a task that the client was never told of."""
    if not conduct.polls:
        raise Unjudged("nothing was polled")
    if not conduct.submissions:
        raise Unjudged("nothing was submitted")
    numbered = {str(value) for value in map(_task_id, conduct.submissions) if isinstance(value, int)}
    for task_id, polls in conduct.polls.items():
        if task_id not in conduct.known | numbered:
            yield Lapse(f"asked for {task_id!r}, of which it was never told", numbers(polls))


def _task_id(submission: Step) -> Any:
    return value_at(submission.told, ["data", "task_id"])


class _Pause(NamedTuple):
    """What lies between two calls, and how many seconds it should be."""

    earlier: Step
    later: Step
    asked: float

    @property
    def seconds(self) -> float:
        return self.later.at - self.earlier.at

    @property
    def is_short(self) -> bool:
        return self.seconds < self.asked - SLACK


def polls_politely(conduct: Conduct) -> Iterator[Lapse]:
    """Polls that follow each other too soon, and submissions that follow a refusal sooner than it asks."""
    polled = [
        _Pause(*pair, max(LEAST_PAUSE, asked_pause(pair[0])))
        for polls in conduct.polls.values()
        for pair in _pairs(polls)
    ]
    refused = list(_refused(conduct))
    pauses = [*polled, *refused]
    if not pauses:
        raise Unjudged("no task was polled twice")
    if not any(pause.seconds for pause in pauses):
        raise Unjudged("the clock of this world stood still")
    short = [pause for pause in polled if pause.is_short]
    yield from _short("between two polls", [pause for pause in short if pause.asked <= LEAST_PAUSE])
    yield from _short("between two polls", [pause for pause in short if pause.asked > LEAST_PAUSE])
    yield from _short("between a refused submission and the next", [one for one in refused if one.is_short])


def _refused(conduct: Conduct) -> Iterator[_Pause]:
    """The pauses behind submissions that met a limit which told for how long."""
    if conduct.jobs > 1:  # which of them is submitted again can't be told
        return
    by_job: dict[bytes, list[Step]] = {}
    for step in conduct.submissions:
        by_job.setdefault(bytes(step.exchange.call.body), []).append(step)
    for same in by_job.values():
        for earlier, later in pairwise(same):
            asked = asked_pause(earlier) if earlier.status == LIMITED else 0.0
            if asked:
                yield _Pause(earlier, later, asked)


def _short(where: str, pauses: Sequence[_Pause]) -> Iterator[Lapse]:
    """One lapse for all pauses of a kind that were too short."""
    if not pauses:
        return
    worst = min(pauses, key=lambda pause: pause.seconds - pause.asked)
    told = f"{worst.seconds:.3g} s {where}, not {worst.asked:.3g} s"
    if len(pauses) > 1:
        told = f"{len(pauses)} pauses {where} were too short, the worst: {worst.seconds:.3g} s, not "
        told += f"{worst.asked:.3g} s"
    both = (step.number for pause in pauses for step in (pause.earlier, pause.later))
    yield Lapse(told, list(dict.fromkeys(both)))


def _pairs(polls: Sequence[Step]) -> Iterator[tuple[Step, Step]]:
    """Two polls that follow each other, each time, but for what an HTTP library does by itself."""
    repeated = False
    for earlier, later in pairwise(polls):
        # A GET whose connection was closed is repeated at once, and once (RFC 9110, 9.2.2).
        repeated = earlier.unclear == NO_REPLY and not repeated
        if not repeated:
            yield earlier, later


def asked_pause(step: Step) -> float:
    """How many seconds a reply asks to wait, 0 when it asks for nothing or did not arrive in time."""
    if step.unclear.startswith((NO_REPLY, LATE)):
        return 0.0
    headers = step.exchange.reply.headers
    if headers.get("retry-after", "").isdecimal():
        return float(headers["retry-after"])
    reset = headers.get("x-ratelimit-reset", "") if step.status == LIMITED else ""
    return max(0.0, float(reset) - step.at) if reset.isdecimal() else 0.0
