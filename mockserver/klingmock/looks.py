"""What the control API tells of a world, as plain JSON: exchanges, tasks, time, faults, money, verdict."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from klingcontracts.conduct import Outcome
from klingcontracts.problem import Problem
from klingcontracts.verdict import judge
from klingmock.accepted import TaskNow
from klingmock.asked import Asked
from klingmock.double_charge import charged_again
from klingmock.journal import Entry
from klingmock.ledger import dollars
from klingmock.script import Account
from klingmock.steered import Steered

PAGE = 100  # exchanges that are told at once, where no limit is asked for
LARGEST_PAGE = 1000
WIDTH = 120  # characters of a line of text: whose terminal it is for, nobody knows
VIDEO = "video"  # the operation of a download

Json = dict[str, Any]


def requests(world: Steered, asked: Asked) -> Json:
    """The exchanges that fit, oldest first: {"total", "kept", "matched", "requests", "next"}.

    `total` counts all exchanges of the world, `kept` those that are remembered, `matched` those that fit and
    come behind the `after`-th. `next` is the `after` of the next page, null behind the last one.
    """
    after, limit = asked.whole("after", 0), asked.whole("limit", PAGE, LARGEST_PAGE)
    wanted = {name: asked.text(name) for name in ("method", "path", "task_id")}
    wanted["operation"] = asked.one_of("operation", _operations(world))
    status, findings = asked.whole("status", -1, 999), asked.flag("findings")
    entries = world.journal
    # By the ledger: the reply to a submission may be lost, or tell of another task.
    submitted = {charge.number: charge.task_id for charge in world.charges} if wanted["task_id"] else {}
    found = [
        entry
        for entry in entries
        if entry.exchange.number > after
        and _fits(entry, wanted, submitted.get(entry.exchange.number))
        and status in {-1, entry.exchange.reply.status}
        and findings in {None, bool(entry.findings)}
    ]
    page = found[:limit]
    more = page[-1].exchange.number if page and len(found) > len(page) else None
    counts = {"total": world.total, "kept": len(entries), "matched": len(found)}
    return {**counts, "requests": [entry.to_json() for entry in page], "next": more}


def _operations(world: Steered) -> list[str]:
    return list(dict.fromkeys([name for one in world.served for name in one.contract.operations] + [VIDEO]))


def _fits(entry: Entry, wanted: Mapping[str, str | None], submitted: str | None) -> bool:
    call = entry.exchange.call
    name = call.path.rpartition("/")[2]
    told = {"operation": entry.operation, "method": call.method, "path": call.path}
    ids = {None, submitted or name, name.rpartition("_")[0] or name}  # that of a video has more behind it
    return wanted["task_id"] in ids and all(wanted[one] in {None, value} for one, value in told.items())


def tasks(world: Steered, _: Asked) -> Json:
    """The accepted jobs in the order of their submission: {"total", "tasks"}; the last 10,000 are told."""
    return {"total": world.jobs, "tasks": [_task(one) for one in world.tasks]}


def task(world: Steered, asked: Asked) -> Json:
    """One task; Problem when there is none of this id."""
    return _task(world.task(asked.task_id))


def _task(one: TaskNow) -> Json:
    task = one.task
    return {
        "task_id": one.id,
        "status": one.status,
        "held": task.held,
        "outcome": task.outcome,
        "revision": task.contract.revision,
        "submitted_at": task.submitted_at,
        "processing_at": _moment(task.processing_at),
        "ends_at": _moment(task.runs_until),
        "expires_at": _moment(task.expires_at),
        "price": dollars(task.price),
    }


def _moment(at: float) -> float | None:
    return at if isfinite(at) else None


def clock(world: Steered, _: Asked) -> Json:
    """The time: {"now": Unix seconds, "mode": "system", "manual" or "scaled", "speed": seconds a second}."""
    return {"now": world.now, "mode": world.clock.mode, "speed": world.clock.speed}


def script(world: Steered, _: Asked) -> Json:
    """What became of each fault: {"faults": [{"fault", "asked", "fired", "left"}], "left"}.

    `asked` and `left` are null for one that fires for ever.
    """
    accounts = world.faults()
    return {"faults": [_fault(one) for one in accounts], "left": sum(one.left for one in accounts)}


def _fault(one: Account) -> Json:
    asked, left = (one.asked, one.left) if one.asked else (None, None)
    return {"fault": one.text, "asked": asked, "fired": one.fired, "left": left}


def ledger(world: Steered, asked: Asked) -> Json:
    """What jobs cost, in US dollars at prices that are made up, and which were paid for twice.

    What a key began with, less `spent`, with `returned`, is `balance` less `overdrawn`. `jobs=N` says how
    many jobs of one body were meant, 1 where it is not given. `double_charges` is null when there were more
    exchanges than are kept: the rest does not tell.
    """
    charges, jobs = world.charges, _jobs(asked)
    return {
        "currency": "USD",
        "synthetic": True,
        "balance": dollars(world.balance(asked.key)),
        "overdrawn": dollars(world.overdrawn(asked.key)),
        "jobs": world.jobs,
        "spent": dollars(world.spent),
        "returned": dollars(sum(charge.returned for charge in charges)),
        "charges": [
            {
                "request": charge.number,
                "at": charge.at,
                "task_id": charge.task_id,
                "price": charge.dollars,
                "returned": dollars(charge.returned),
            }
            for charge in charges
        ],
        "double_charges": _twice(world, jobs) if world.kept == world.total else None,
    }


def _twice(world: Steered, jobs: int) -> list[Json]:
    return [
        {"requests": [first.number, second.number], "task_ids": [first.task_id, second.task_id]}
        for first, second in charged_again(world.charges, world.journal, jobs)
    ]


def _jobs(asked: Asked) -> int:
    jobs = asked.whole("jobs", 1)
    if not jobs:
        raise Problem("jobs: 0 is no number of jobs.", "Give 1 or more.")
    return jobs


def verdict(world: Steered, asked: Asked) -> Json | str:
    """What a client did wrong, rule by rule: `outcome` is what it said in the end, "success" or "failure".

    As JSON, or as a table with format=text; `jobs` is how many jobs of one body were meant. Problem where
    exchanges are missing: whoever is judged by the rest is blamed for what nobody can see.
    """
    outcome, form = asked.one_of("outcome", Outcome), asked.one_of("format", ("json", "text"))
    entries = world.whole()
    findings = {entry.exchange.number: entry.findings for entry in entries}
    exchanges = [entry.exchange for entry in entries]
    found = judge(world.contract, exchanges, outcome, jobs=_jobs(asked), findings=findings)
    return found.text(WIDTH) if form == "text" else found.to_json()
