"""What a scenario's exchanges were, in the words of a report: lane, look, status, faults, what was told."""

from collections.abc import Sequence
from typing import NamedTuple

from klingcontracts.exchange import Reply
from klingcontracts.strictjson import BadJson, parse
from klingcontracts.words import value_at
from klingmock.certificate import Played
from klingmock.journal import Entry

LANES = {"submit": "submit", "task": "poll", "video": "download"}  # operation -> what a client calls it
OTHER = "other"
GOOD, REFUSED, LOST = "good", "refused", "lost"
_WIRES = {"drop": "no reply", "truncate": "broke off"}
_LONGEST = 60  # characters of a status or message that somebody made up


class Mark(NamedTuple):
    """One exchange. `at` and `lasted` are seconds, from the start of the program.

    `look` is "good", "refused" (a status from 400 on) or "lost" (no reply, or half of one); `status` is what
    came back in a word, `told` what its JSON says; `faults` are those of the script that it met;
    `is_blamed` when a check names it.
    """

    number: int
    at: float
    lasted: float
    lane: str
    look: str
    status: str
    told: str = ""
    faults: Sequence[str] = ()
    is_blamed: bool = False


def marks(played: Played) -> list[Mark]:
    """The exchanges of a scenario in their order."""
    blamed = {number for check in played.blamed for number in check.exchanges}
    return [_mark(played, entry, entry.exchange.number in blamed) for entry in played.entries]


def _mark(played: Played, entry: Entry, is_blamed: bool) -> Mark:
    number, reply = entry.exchange.number, entry.exchange.reply
    return Mark(
        number,
        max(0.0, entry.exchange.at - played.started),
        reply.delay + reply.seconds,
        LANES.get(entry.operation, OTHER),
        LOST if reply.wire in _WIRES else REFUSED if reply.status >= 400 else GOOD,
        _answer(reply),
        "" if reply.wire in _WIRES else _told(entry),
        faults(played, entry),
        is_blamed,
    )


def _answer(reply: Reply) -> str:
    """What came back, as far as it did; where nothing did, there was no status either."""
    status = "" if reply.wire == "drop" else str(reply.status)
    return " ".join(filter(None, (status, _WIRES.get(reply.wire, ""))))


def faults(played: Played, entry: Entry) -> list[str]:
    """The faults of the scenario's script that an exchange met, as they were asked for."""
    noted = {note.removesuffix(" (changed nothing)") for note in entry.hint.split("; ")}
    return [one.text for one in played.faults if f"script: {one.text}" in noted]


def _told(entry: Entry) -> str:
    """The status of a task, or the message of an error."""
    try:
        told = parse(bytes(entry.exchange.reply.body))
    except BadJson:
        return ""
    found = value_at(told, ["data", "status"]) or value_at(told, ["message"])
    return found[:_LONGEST] if isinstance(found, str) else ""
