"""Recorded exchanges, one by one and in their order: what the server did, and what only the client did."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from klingcontracts.check import check, check_history, of_the_call
from klingcontracts.contract import Contract
from klingcontracts.curl import as_curl
from klingcontracts.drift import Found
from klingcontracts.exchange import Reply
from klingcontracts.finding import Finding
from klingcontracts.rule import ASSUMED, Level, Rule
from klingcontracts.strictjson import BadJson, parse
from klingcontracts.taken import Taken, key_is_told, stands_for_another
from klingcontracts.traffic_secrets import secrets_of, without
from klingcontracts.words import shown, value_at

REFUSED = "traffic.refused"  # a call that keeps to every rule, and was refused
REFUSALS = (400, 422)  # statuses that say that a body is wrong

ACCEPTED = "The server took what the contract refuses."
MISTAKE = "The client did it, and the server refused it: no drift."
IGNORED = "The client did it, and the server is documented to take it: no drift."
REFUSAL = "The server refused what the contract allows."


class Told(NamedTuple):
    """A recorded exchange with a path of the contract, and its file."""

    file: str
    taken: Taken
    operation: str  # "" where the method is another one


def judged(contract: Contract, told: Told) -> Iterator[Found]:
    """What one exchange has otherwise than the contract, as far as its recording tells."""
    exchange = told.taken.exchange
    found = [one for one in check(contract, exchange) if _is_known(told.taken, one)]
    own = [one for one in found if of_the_call(one.rule)]
    if told.operation and exchange.reply.status in REFUSALS and _is_whole(told.taken) and not own:
        yield _shown(told, _refused(told), REFUSAL)
    for one in found:
        if one not in own:
            yield _shown(told, one)
        elif not _is_taken(exchange.reply):
            yield _shown(told, at_level(one, Level.INFO), MISTAKE)
        elif not one.rule.error:
            yield _shown(told, at_level(one, Level.INFO), IGNORED)
        else:
            yield _shown(told, one, ACCEPTED)


def _is_taken(reply: Reply) -> bool:
    """Whether a reply says that the call was taken: an error with HTTP 200 says so in its code."""
    code = value_at(parsed(reply.body), ["code"])
    return 0 < reply.status < 400 and not (isinstance(code, int) and code >= 400)


def at_level(finding: Finding, level: Level) -> Finding:
    """The finding at another level than its rule has."""
    return finding._replace(rule=dataclasses.replace(finding.rule, level=level))


def _is_whole(taken: Taken) -> bool:
    """Whether the body that was sent is known, and nothing in it stands for something else."""
    body = parsed(taken.exchange.call.body)
    values = list(body.values()) if isinstance(body, dict) else []
    return taken.sent and bool(taken.exchange.call.body) and not any(map(stands_for_another, values))


def _is_known(taken: Taken, finding: Finding) -> bool:
    """Whether the recording holds enough to say so."""
    for part, known in _KNOWN.items():
        if part in f"{finding.rule.id}.":
            return known(taken, finding)
    return taken.got and not _is_replaced(taken.exchange.reply.body, finding.pointer)


def _has_asked_and_told(taken: Taken, _: Finding) -> bool:
    asked = taken.exchange.call.path.rpartition("/")[2]
    return not stands_for_another(asked) and not _is_replaced(taken.exchange.reply.body, "/data/task_id")


_KNOWN: Mapping[str, Callable[[Taken, Finding], bool]] = {
    "route.": lambda _taken, _finding: True,
    "auth.missing-key.": lambda taken, _: taken.whole_key,
    "auth.bad-scheme.": lambda taken, _: key_is_told(taken.exchange.call.headers["authorization"]),
    ".body.": lambda taken, one: taken.sent and not _is_replaced(taken.exchange.call.body, one.pointer),
    ".reply.status.": lambda _taken, _finding: True,
    ".reply.content-type.": lambda taken, _: bool(taken.exchange.reply.headers),
    "reply.header.": lambda _taken, _finding: True,
    ".echo.": _has_asked_and_told,
}


def _is_replaced(body: bytes | memoryview, pointer: str) -> bool:
    return stands_for_another(value_at(parsed(body), _path(pointer)))


def _path(pointer: str) -> list[str | int]:
    parts = (part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])
    return [int(part) if part.isdecimal() and len(part) < 10 else part for part in parts]


def parsed(body: bytes | memoryview) -> Any:
    """The JSON of a body, None when it is none."""
    try:
        return parse(bytes(body))
    except BadJson:
        return None


def _refused(told: Told) -> Finding:
    says = "a call that keeps to every rule is not refused"
    rule = Rule(REFUSED, told.operation, says, Level.WARNING, ASSUMED)
    reply = told.taken.exchange.reply
    message = value_at(parsed(reply.body), ["message"])
    seen = f"{reply.status}: {shown(message, 200) if isinstance(message, str) else 'no message'}"
    return Finding(rule, told.operation, "", seen, says, {})


def _shown(told: Told, finding: Finding, means: str = "", after: str = "") -> Found:
    taken = told.taken
    call = taken.exchange.call
    evidence = located(told.file, f"{taken.place}{after}", taken.line)
    if means:
        evidence["means"] = means
    evidence["curl"] = as_curl(call, keyed="authorization" in call.headers or not taken.whole_key)
    evidence["exchange"] = taken.exchange.to_json()
    return without(Found(finding, evidence), secrets_of(taken.exchange))


def located(file: str, place: str, line: int) -> dict[str, Any]:
    """The evidence of where something stands, its line only once."""
    if line:
        place = place.removeprefix(f"line {line}").removeprefix(", ")
    return {"file": file} | ({"place": place} if place else {}) | ({"line": line} if line else {})


def histories(contract: Contract, told: Sequence[Told]) -> Iterator[Found]:
    """Where a task went back, or left its end, from one reply that tells its status to the next.

    Over several files where the recordings have the time, else within each.
    """
    seen: dict[tuple[str, str], list[tuple[Told, str]]] = {}
    for one in told:
        task_id, status = _status(contract, one)
        if task_id and status:
            seen.setdefault(("" if one.taken.exchange.at else one.file, task_id), []).append((one, status))
    for polls in seen.values():
        polls.sort(key=lambda poll: poll[0].taken.exchange.at)  # stable: without a time, the files' order
        for (before, earlier), (one, later) in pairwise(polls):
            for finding in check_history(contract, (earlier, later)):
                other = f" of {before.file}" if before.file != one.file else ""
                yield _shown(one, finding, after=f", after {before.taken.place}{other}")


def _status(contract: Contract, told: Told) -> tuple[str, str]:
    """The task that a reply is about and its status, "" where it tells none."""
    call, reply = told.taken.exchange.call, told.taken.exchange.reply
    data = value_at(parsed(reply.body), ["data"]) if reply.status == 200 and told.taken.got else None
    if not isinstance(data, dict) or not told.operation:
        return "", ""
    asked = contract.operation(told.operation).match(call.path) or {}
    task_id, status = asked.get("task_id", data.get("task_id")), data.get("status")
    if not isinstance(task_id, str) or not isinstance(status, str) or stands_for_another(task_id):
        return "", ""
    return task_id, status
