"""A journal file, one exchange a line -> exchanges, and what was found as they came."""

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from math import inf, isfinite
from pathlib import Path
from typing import Any, NamedTuple

from klingcontracts.contract import Contract
from klingcontracts.exchange import Call, Exchange, Reply
from klingcontracts.finding import Finding
from klingcontracts.problem import COULD_NOT_LOOK, Problem
from klingcontracts.strictjson import BadJson, parse

MOST_SHOWN = 40  # characters of a value that is none
REMEDY = "Give a file that `klingmock serve --journal FILE` has written."


Line = tuple[int, Mapping[str, Any]]


class Recorded(NamedTuple):
    """The exchanges of a file in their order, and what was found in each, by its number: that of its line.

    `unfinished` is the number of a last line that breaks off, and so tells of none; 0 where none does.
    """

    exchanges: Sequence[Exchange]
    findings: Mapping[int, Sequence[Finding]]
    unfinished: int = 0


def read(path: str, contract: Contract, world: int | None = None) -> Recorded:
    """Read a journal file, or standard input for "-".

    A server gives each key a world, and numbers them: `world` is the one that is meant, 0 for calls that had
    no accepted key. A last line that breaks off is left out: its writer was ended, or writes on. Raises
    Problem for a file that can't be read or is no journal, for one that knows rules which the contract has
    not, and for one of several worlds where none is named, or one that it has not.
    """
    exchanges: list[Exchange] = []
    findings: dict[int, Sequence[Finding]] = {}
    texts, unfinished = _lines(path)
    lines = [(nth, _told(path, nth, line)) for nth, line in enumerate(texts, 1)]
    for nth, told in _of_world(path, lines, world):
        # Two runs that append to one file both count from 1.
        exchange = _exchange(path, nth, told)._replace(number=nth)
        exchanges.append(exchange)
        findings[nth] = [_finding(contract, one) for one in told.get("findings", ())]
    return Recorded(exchanges, findings, unfinished)


def _of_world(path: str, lines: Sequence[Line], world: int | None) -> Sequence[Line]:
    """The lines of one world; where there is only one, all, also those that had no key."""
    many = Counter(told.get("world", 0) for _, told in lines)
    if world is None and len(many.keys() - {0}) <= 1:
        return lines
    if world in many:
        return [(nth, told) for nth, told in lines if told.get("world", 0) == world]
    which = ", ".join(
        f"{name} ({number} exchange{'s' * (number > 1)})" for name, number in sorted(many.items())
    )
    named = f"no world {world}, but" if world is not None else "the exchanges of several worlds:"
    raise Problem(
        f"{path!r} has {named} {which or 'no exchange'}.",
        "Each key has a world, and each reset begins another. Name one with --world; 0 had no accepted key.",
    )


def _lines(path: str) -> tuple[list[str], int]:
    """The lines, and the number of one behind them that breaks off."""
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Problem(
            f"{path!r} can't be read: {reason}.", "Name a file that is there.", COULD_NOT_LOOK
        ) from error
    lines = [line for line in text.removeprefix("\ufeff").splitlines() if line.strip()]
    breaks_off = len(lines) > 1 and text.endswith(lines[-1]) and _breaks_off(lines[-1])
    return (lines[:-1], len(lines)) if breaks_off else (lines, 0)


def _breaks_off(line: str) -> bool:
    try:
        parse(line.encode())
    except BadJson:
        return line.startswith("{")
    return False


def _told(path: str, nth: int, line: str) -> Mapping[str, Any]:
    try:
        told = parse(line.encode())
    except BadJson as error:
        raise Problem(f"{path!r}, line {nth}, is no JSON: {error}.", REMEDY, COULD_NOT_LOOK) from error
    if not isinstance(told, dict) or not isinstance(told.get("findings", []), list) or not _is_number(told):
        raise Problem(f"{path!r}, line {nth}, is no exchange.", REMEDY, COULD_NOT_LOOK)
    return told


def _is_number(told: Mapping[str, Any]) -> bool:
    return isinstance(told.get("world", 0), int)


def _exchange(path: str, nth: int, told: Mapping[str, Any]) -> Exchange:
    try:
        return exchange_of(told)
    except (KeyError, ValueError) as error:
        why = f"it has no {error}" if isinstance(error, KeyError) else error
        raise Problem(f"{path!r}, line {nth}, is no exchange: {why}.", REMEDY, COULD_NOT_LOOK) from error


def exchange_of(told: Mapping[str, Any]) -> Exchange:
    """The exchange that one line of a journal tells of.

    Raises KeyError with what is missing, or ValueError with what is wrong, when it tells of none.
    """
    call, reply = _object(told, "call"), _object(told, "reply")
    asked = Call(
        str(call["method"]),
        str(call["path"]),
        dict(_object(call, "headers")),
        _body(call["body"]),
        str(call["query"]),
    )
    answered = Reply(
        status_of(reply["status"]),
        dict(_object(reply, "headers")),
        _body(reply["body"]),
        wire=str(reply.get("wire", "")),
    )
    return Exchange(asked, answered, moment(told["at"]))


def _object(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    if isinstance(told[name], Mapping):
        return dict(told[name])
    raise ValueError(f"its {name!r} is {_shown(told[name])}, and no object")


def status_of(told: Any) -> int:
    """An HTTP status, 0 for none; ValueError for what is no whole number."""
    try:
        return int(told)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"its 'status' is {_shown(told)}; write a whole number, as in 200") from error


def moment(told: Any) -> float:
    """Unix seconds, from such a number or a time in ISO 8601, in UTC where it names no zone.

    ValueError for anything else.
    """
    try:
        seconds = inf if isinstance(told, bool) else _seconds(told)
    except (TypeError, ValueError, OverflowError):
        seconds = inf
    if not isfinite(seconds):
        raise ValueError(
            f"its 'at' is {_shown(told)}; write Unix seconds, or ISO 8601 as in '2026-01-01T00:00:00Z'"
        )
    return seconds


def _seconds(told: Any) -> float:
    with suppress(ValueError):
        return float(told)
    found = datetime.fromisoformat(told)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _shown(told: Any) -> str:
    return json.dumps(told)[:MOST_SHOWN]


def _body(told: Any) -> bytes:
    return b"" if told is None else json.dumps(told).encode()


def _finding(contract: Contract, told: Any) -> Finding:
    name = str(told["rule"]) if isinstance(told, dict) and "rule" in told else ""
    if name not in contract.rules:
        fact = f"The journal has a finding of {name!r}, which is no rule of revision {contract.revision}."
        raise Problem(fact, "Name the revision that was served with --revision.", COULD_NOT_LOOK)
    operation, pointer, seen, documented = (
        str(told.get(key, "")) for key in ("operation", "pointer", "seen", "documented")
    )
    return Finding(contract.rules[name], operation, pointer, seen, documented, {})
