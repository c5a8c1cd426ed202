"""What a script makes of answers, of their replies, and of the tasks that are accepted."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from klingcontracts.contract import Contract, ErrorText
from klingcontracts.exchange import Call, Reply
from klingcontracts.problem import Problem
from klingmock.damage import Scene
from klingmock.fate import Lot
from klingmock.faults import STATUS, Fault
from klingmock.grammar import parse
from klingmock.refusal import NO_HEADERS, Answer, one_line
from klingmock.replies import encode
from klingmock.scripts import almost
from klingmock.task import Task


def scripted(
    contract: Contract, fault: Fault, operation: str, values: Mapping[str, Any], now: float
) -> Answer:
    """The answer that a fault puts in place of the operation's, worded as the contract words its status.

    `values` fill the error's text: path, method, task_id, limit, seconds. There is no finding: the caller
    broke nothing.
    """
    if fault.kind.wire == "drop":
        return Answer(0, "", operation)
    error = _worded(contract, fault)
    side = "Client error" if fault.status < 500 else "Server error"
    message = error.message(values) if error else f"{side}: the request failed with status {fault.status}"
    hint = (
        ""
        if error or fault.kind is not STATUS
        else f"the contract has no words for {fault.status}, these are made up"
    )
    headers = {} if fault.retry_after is None else {"retry-after": str(fault.retry_after)}
    if fault.reset is not None:
        headers["x-ratelimit-reset"] = str(round(now) + fault.reset)
    body = encode({"code": fault.status, "message": message})
    return Answer(fault.status, body, operation, (), hint, headers)


def no_script(contract: Contract, problem: Problem, operation: str) -> Answer:
    """The answer to a call that brings along a script which can't be read; the hint says why."""
    error = contract.errors["bad-json"]  # the vendor knows no such header: its plainest refusal
    body = encode({"code": error.status, "message": f"{error.category}: the script can't be read"})
    return Answer(error.status, body, operation, (), str(problem))


# Of the errors that share a status, the one that a client meets without breaking a rule of the body.
_MISSING = {"submit": "unknown-path", "task": "unknown-task", "media": "unknown-video"}
_WORDED = ("bad-json", "bad-key", "balance", "wrong-method", "too-large", "rate", "internal", "unavailable")


def _worded(contract: Contract, fault: Fault) -> ErrorText | None:
    names = (_MISSING[fault.place], *_WORDED)
    errors = (contract.errors[name] for name in names if name in contract.errors)
    return next((error for error in errors if error.status == fault.status), None)


def faulted(answer: Answer, reply: Reply, scene: Scene) -> tuple[Answer, Reply]:
    """What the faults of a script make of an answer and its reply: damage, a hint, a delay, a wire effect."""
    told = [f"script: {fault.text}" for fault in answer.faults]
    delay = sum(fault.delay for fault in answer.faults)
    seconds = sum(fault.seconds for fault in answer.faults if fault.kind.wire)
    wire = next((fault.kind.wire for fault in answer.faults if fault.kind.wire), "")
    if not reply.status:
        return answer._replace(hint=_hint(told, answer)), Reply(0, NO_HEADERS, b"", delay, wire)
    for nth, fault in enumerate(answer.faults):
        is_to_come = fault.place == "outcome" and answer.operation == "submit"  # polls will tell of it
        if fault.kind.damage is not None and not is_to_come:
            before, reply = (
                reply,
                fault.kind.damage(reply, scene._replace(value=fault.value, status=fault.status)),
            )
            told[nth] += " (changed nothing)" if reply == before else ""
    hint = _hint(told, answer)
    headers = {**reply.headers, "x-klingmock-hint": one_line(hint)}
    return answer._replace(hint=hint), Reply(reply.status, headers, reply.body, delay, wire, seconds)


def hinted(answer: Answer, call: Call) -> Answer:
    """The answer, with a word on what looks like a directive in the call's prompt and is none."""
    advice = almost(call)
    return answer._replace(hint=_hint([advice], answer)) if advice else answer


def _hint(told: Sequence[str], answer: Answer) -> str:
    return "; ".join([*told, answer.hint] if answer.hint else told)


def fated(task: Task, fault: Fault) -> Task:
    """The task with the future that a fault at `outcome` gives it."""
    changed = fault.kind.fate(task, Lot(fault.value, fault.seconds)) if fault.kind.fate else task
    return changed._replace(fate=fault.text) if fault.kind.damage else changed


@lru_cache(maxsize=256)
def fates(text: str) -> Sequence[Fault]:
    """The fault that a task has kept as text, if any."""
    return parse(text)
