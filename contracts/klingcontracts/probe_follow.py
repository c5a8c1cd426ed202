"""A job that was paid for, followed to its end: what its task says, who can read it, where its result is."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from klingcontracts.check import check_history
from klingcontracts.contract import Contract
from klingcontracts.drift import Found, NotLooked
from klingcontracts.exchange import Call, Exchange
from klingcontracts.probe import NOBODY, SECOND, Probe, got
from klingcontracts.probe_ask import Brought
from klingcontracts.probe_free import task_path
from klingcontracts.probe_guard import NoReply, NotSent, Spending
from klingcontracts.probe_guarded import said
from klingcontracts.probe_judge import Seen, found, found_of, stated
from klingcontracts.rule import Level, Rule, provenance
from klingcontracts.strictjson import BadJson, parse
from klingcontracts.words import shown, value_at

STATUS = "task.reply.status"
OFTEN = 6  # polls after which the next ones come less and less often
SLOWER = 1.5  # times as long as the wait before it: jobs may take minutes, and requests are counted
SELDOM = 60.0  # seconds that such a wait has at most
AFTER_THE_END = 2  # times that a finished task is asked for again
AROUND = 3  # requests about a task that has ended: without a key, with another one, its result
OUTAGE = 10.0  # seconds before a poll that failed with 500 or more is sent again: the job is paid for
LONGER = 2  # poll intervals before each of them
END = stated("task.lifecycle.end", "a job that is as documented ends in success", Level.WARNING)
SLACK = 2.0  # seconds by which clocks may differ
SHORTEST = 2.0  # seconds of a job from which its duration can be told from another unit
HEAD_OF_FILE = "bytes=0-31"


class Job(NamedTuple):
    """A task that was followed: its id, when it was submitted and seen at its end (Unix s), how it ended."""

    id: str
    submitted: float
    ended: float
    status: str
    url: str = ""


class Patience(NamedTuple):
    """Seconds between two polls, and seconds until a job is given up."""

    interval: float = 5.0
    timeout: float = 900.0

    def before(self, poll: int) -> float:
        """Seconds before the poll of this number, from 1 on, of a job that has not ended."""
        wait = self.interval
        for _ in range(OFTEN, poll):
            wait = min(wait * SLOWER, SELDOM) if wait < SELDOM else wait
        return wait

    def requests(self) -> int:
        """Requests that a job may take, from its submission to the last look at its result."""
        polls, waited = 1, 0.0
        while waited <= self.timeout:
            waited += self.before(polls)
            polls += 1
        return 1 + polls + AFTER_THE_END + AROUND


def follow(
    contract: Contract, spending: Spending, submitted: Seen, patience: Patience, brought: Brought
) -> Job | None:
    """Poll the task of a job that was accepted until its end, and look at it from all sides.

    None when it can't be followed. Raises Halt.
    """
    task_id = text_at(submitted.exchange, "data", "task_id")
    if not task_id:
        brought.unlooked.append(NotLooked("task.lifecycle.order", "the reply to the job has no task_id"))
        return None
    brought.told.extend(_way_to_result(contract, submitted, task_id))
    try:
        polls = _polled(contract, spending, task_id, patience, brought)
        job = _job(submitted, polls, task_id)
        _around(contract, spending, job, brought)
    except (NotSent, NoReply) as reason:
        brought.unlooked.append(NotLooked("task.lifecycle.order", str(reason)))
        return None
    brought.told.extend(_said_of_time(contract, polls, job))
    return job


def value_of(exchange: Exchange) -> Any:
    """The JSON of a reply, None where it is none."""
    try:
        return parse(bytes(exchange.reply.body))
    except BadJson:
        return None


def text_at(exchange: Exchange, *path: str) -> str:
    """The text at a place of a reply's JSON, "" where there is none."""
    value = value_at(value_of(exchange), path)
    return value if isinstance(value, str) else ""


def _way_to_result(contract: Contract, submitted: Seen, task_id: str) -> Iterator[Found]:
    documented = "submit.reply.data.get_result.url.type" in contract.rules
    url = text_at(submitted.exchange, "data", "get_result", "url") if documented else ""
    parts = _split(url)
    if url and (parts is None or unquote(parts.path) != task_path(contract, task_id)):
        says = "get_result leads to the task"
        rule = stated("submit.reply.data.get_result.url.leads", says, Level.ERROR, operation="submit")
        yield found(rule, task_path(contract, task_id), url, submitted.exchange)


def _polled(
    contract: Contract, spending: Spending, task_id: str, patience: Patience, brought: Brought
) -> list[Exchange]:
    """The polls up to the end, and a few behind it; what differs is noted in `brought`."""
    ends = _ends(contract)
    began, polls, behind = spending.pace.now(), [], AFTER_THE_END
    probe = Probe(STATUS, "a poll of the job", got(task_path(contract, task_id)))
    while behind >= 0:
        exchange = answered(spending, probe)
        polls.append(exchange)
        brought.seen.append(Seen(probe, exchange, said(exchange.reply, ())))
        if exchange.reply.status != 200:
            break  # what it says instead is a difference by itself
        behind -= behind < AFTER_THE_END or _has_ended(exchange, ends)
        if spending.pace.now() - began > patience.timeout:
            seen = f"{text_at(exchange, 'data', 'status')} after --job-timeout {patience.timeout:g} seconds"
            brought.told.append(found(END, "an end", seen, exchange))
            break
        if behind >= 0:
            going = behind == AFTER_THE_END
            spending.pace.sleep(patience.before(len(polls)) if going else patience.interval * LONGER)
    statuses = [text_at(one, "data", "status") for one in polls]
    known = [status for status in statuses if status in contract.document["x-lifecycle"]["statuses"]]
    brought.told.extend(found_of(one, polls[-1]) for one in check_history(contract, known))
    brought.told.extend(_settled(polls, ends))
    if "failed" in statuses:
        brought.told.append(found(END, "success", "failed", polls[-1]))
    return polls


def answered(spending: Spending, probe: Probe) -> Exchange:
    """Ask, and again while the server is out of order, which says nothing of the job. Raises Halt."""
    exchange = spending.ask(probe)
    while exchange.reply.status >= 500:
        spending.pace.sleep(OUTAGE)
        exchange = spending.ask(probe)
    return exchange


def _has_ended(exchange: Exchange, ends: set[str]) -> bool:
    # A status that nobody documents is an end when there is a result.
    data = value_at(value_of(exchange), ["data"])
    return isinstance(data, Mapping) and (data.get("status") in ends or "result" in data)


def _ends(contract: Contract) -> set[str]:
    statuses: Mapping[str, Any] = contract.document["x-lifecycle"]["statuses"]
    return {name for name, status in statuses.items() if status["terminal"]}


def _settled(polls: list[Exchange], ends: set[str]) -> Iterator[Found]:
    done = [one for one in polls if text_at(one, "data", "status") in ends]
    for one in done[1:]:
        before, after = (value_at(value_of(poll), ["data", "result"]) for poll in (done[0], one))
        if before != after:
            rule = stated("task.lifecycle.settled", "a task that has ended stays as it is", Level.ERROR)
            yield found(rule, "the same result at each poll", "another result at a later poll", one)
            return


def _job(submitted: Seen, polls: list[Exchange], task_id: str) -> Job:
    last = polls[-1]
    resource = value_at(value_of(last), ["data", "result", "resources", 0, "url"])
    ended = next((one.at for one in polls if _has_ended(one, {"failed"})), last.at)
    url = resource if isinstance(resource, str) else ""
    return Job(task_id, submitted.exchange.at, ended, text_at(last, "data", "status"), url)


def _around(contract: Contract, spending: Spending, job: Job, brought: Brought) -> None:
    """The task as others see it, and its result."""
    path = task_path(contract, job.id)
    asked = [Probe("auth.missing-key", "a task that is there, without a key", got(path), NOBODY)]
    if spending.has(SECOND):
        asked.append(Probe("task.unknown", "a task of another key", got(path), SECOND))
    else:
        brought.unlooked.append(NotLooked("task.unknown", "of another key: it needs --second-key-env"))
    for probe in asked:
        exchange = answered(spending, probe)
        if probe.key == SECOND and exchange.reply.status == 401:
            brought.unlooked.append(NotLooked("task.unknown", "of another key: the second key is refused"))
        else:
            brought.seen.append(Seen(probe, exchange, said(exchange.reply, ())))
    if job.url:
        brought.told.extend(_result(spending, job))


def _result(spending: Spending, job: Job) -> Iterator[Found]:
    """The first bytes of the result, asked for without a key: it may be on any host."""
    parts = _split(job.url)
    rule = stated("task.reply.data.result.resources.[].url.leads", "the URL leads to a video", Level.ERROR)
    if parts is None:
        yield found(rule, "a video", f"what is no URL: {shown(job.url)}")
        return
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        return  # that it is no URL is told by the reply's schema
    call = Call("GET", unquote(parts.path), {"range": HEAD_OF_FILE}, query=parts.query)
    probe = Probe("video.unknown", "the result", call, NOBODY, origin=f"{parts.scheme}://{parts.netloc}")
    try:
        exchange = spending.ask(probe)
        if exchange.reply.status >= 500:
            spending.pace.rest()
            exchange = spending.ask(probe)
    except NoReply as reason:
        yield found(rule, "a video", str(reason))
        return
    reply = exchange.reply
    kind = reply.headers.get("content-type", "")
    if reply.status not in {200, 206}:
        yield found(rule, "a video", f"status {reply.status}", exchange)
    elif not kind.startswith(("video/", "application/octet-stream", "binary/octet-stream")):
        yield found(rule, "a video", f"content type {shown(kind)}", exchange)
    elif not reply.body:
        yield found(rule, "a video", "nothing: its body is empty", exchange)


def _split(url: str) -> SplitResult | None:
    """The parts of a URL; None where its host or its port can't be read."""
    try:
        parts = urlsplit(url)
        whole = parts.port != 0 and bool(parts.hostname or not parts.netloc)
    except ValueError:
        return None
    return parts if whole else None


def _said_of_time(contract: Contract, polls: list[Exchange], job: Job) -> Iterator[Found]:
    last = value_of(polls[-1])
    told = _number(last, "duration")
    running = [one.at for one in polls if not _has_ended(one, _ends(contract))]
    least, most = max([0.0, *(at - job.submitted for at in running)]), job.ended - job.submitted
    fits = told is None or (least - SLACK) * 500 <= told <= (most + SLACK) * 2000
    if most >= SHORTEST and not fits:
        rule = stated("task.reply.data.duration.unit", "duration is in milliseconds", Level.WARNING)
        seconds = f"between {least:.0f} and {most:.0f} seconds"
        yield found(rule, f"{seconds}, in milliseconds", str(told), polls[-1])
    times = ("submit_time", "end_time")
    begin, end = (text_at(polls[-1], "data", "result", "extensions", name) for name in times)
    if begin and end and begin > end:
        rule = stated("task.reply.data.result.extensions.order", "a job ends after it begins", Level.WARNING)
        yield found(rule, "submit_time, then end_time", f"{begin}, then {end}", polls[-1])
    expires = _number(last, "result_expires_at")
    if "task.reply.data.result_expires_at.type" not in contract.rules:
        return
    retention = contract.document["x-lifecycle"]["retention"]
    documented = retention["seconds"]
    kept = (expires or 0) / 1000 - (job.ended if retention["from"] == "completion" else job.submitted)
    if expires is not None and abs(kept - documented) > max(most + SLACK, documented / 100):
        yield found(retained(contract), f"{documented} seconds", f"{kept:.0f} seconds", polls[-1])


def _number(reply: Any, name: str) -> int | None:
    value = value_at(reply, ["data", name])
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def retained(contract: Contract) -> Rule:
    """The statement of how long a task is kept, as a rule."""
    retention = contract.document["x-lifecycle"]["retention"]
    says = f"a task is kept for {retention['seconds']} seconds from its {retention['from']}"
    return stated("task.retention", says, Level.WARNING, provenance(retention))
