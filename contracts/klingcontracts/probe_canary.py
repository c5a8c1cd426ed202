"""The task that was paid for last, asked for again on later days: how long it is kept."""

from collections.abc import Iterator
from typing import NamedTuple

from klingcontracts.contract import Contract
from klingcontracts.drift import Found, NotLooked
from klingcontracts.probe import Probe, got
from klingcontracts.probe_ask import Brought
from klingcontracts.probe_follow import STATUS, Job, answered, retained, text_at
from klingcontracts.probe_free import task_path
from klingcontracts.probe_guard import NoReply, NotSent, Spending
from klingcontracts.probe_guarded import said
from klingcontracts.probe_judge import Seen, found

SLACK = 3600.0  # seconds around the end of the retention in which either answer is right


class Canary(NamedTuple):
    """A task: its id, Unix seconds of its submission and its end, and its last status.

    While it runs it is as if it ended when it began: the retention allows for more than a job takes.
    """

    task_id: str
    submitted: float
    ended: float
    status: str


def canary_of(job: Job) -> Canary:
    """What is kept of a job."""
    return Canary(job.id, job.submitted, job.ended, job.status)


def begun(submitted: Seen) -> Canary | None:
    """What is kept of a job that was just accepted; None where its reply has no id."""
    task_id, at = text_at(submitted.exchange, "data", "task_id"), submitted.exchange.at
    return Canary(task_id, at, at, text_at(submitted.exchange, "data", "status")) if task_id else None


def looked_after(contract: Contract, spending: Spending, canary: Canary, brought: Brought) -> Iterator[Found]:
    """Ask for the task of an earlier run: it is there until its retention ends, and not after that."""
    retention = contract.document["x-lifecycle"]["retention"]
    begins = canary.ended if retention["from"] == "completion" else canary.submitted
    probe = Probe(STATUS, "the task of an earlier run", got(task_path(contract, canary.task_id)))
    try:
        exchange = answered(spending, probe)
    except (NotSent, NoReply) as reason:
        brought.unlooked.append(NotLooked("task.retention", str(reason)))
        return
    age = spending.pace.now() - begins
    kept, gone = exchange.reply.status == 200, exchange.reply.status == 404
    rule, hours = retained(contract), f"after {age / 3600:.1f} hours"
    if gone and age < retention["seconds"] - SLACK:
        yield found(rule, f"kept for {retention['seconds'] / 3600:g} hours", f"gone {hours}", exchange)
    elif kept and age > retention["seconds"] + SLACK:
        yield found(
            rule, f"gone after {retention['seconds'] / 3600:g} hours", f"still there {hours}", exchange
        )
    elif not gone:
        brought.seen.append(Seen(probe, exchange, said(exchange.reply, ())))
    status = text_at(exchange, "data", "status")
    known = contract.document["x-lifecycle"]["statuses"].get(canary.status)
    goes_on = known is not None and not known["terminal"]  # it was left before its end
    if kept and not goes_on and status != canary.status:
        order = contract.rules["task.lifecycle.order"]
        yield found(order, f"{canary.status}, as before", f"{status} {hours}", exchange)
