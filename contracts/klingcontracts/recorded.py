"""A journal file, one exchange a line -> exchanges, and what was found as they came."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from klingcontracts.contract import Contract
from klingcontracts.exchange import Call, Exchange, Reply
from klingcontracts.finding import Finding
from klingcontracts.problem import COULD_NOT_LOOK, Problem
from klingcontracts.strictjson import BadJson, parse

REMEDY = "Give a file that `klingmock serve --journal FILE` has written."


class Recorded(NamedTuple):
    """The exchanges of a file in their order, and what was found in each, by its number."""

    exchanges: Sequence[Exchange]
    findings: Mapping[int, Sequence[Finding]]


def read(path: str, contract: Contract) -> Recorded:
    """Read a journal file, or standard input for "-".

    Raises Problem for a file that can't be read or is no journal, and for one that knows rules which the
    contract has not.
    """
    exchanges: list[Exchange] = []
    findings: dict[int, Sequence[Finding]] = {}
    for nth, line in enumerate(_lines(path), 1):
        told = _told(path, nth, line)
        # Two runs that append to one file both count from 1.
        exchange = _exchange(path, nth, told)._replace(number=nth)
        exchanges.append(exchange)
        findings[nth] = [_finding(contract, one) for one in told.get("findings", ())]
    return Recorded(exchanges, findings)


def _lines(path: str) -> Iterator[str]:
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Problem(
            f"{path!r} can't be read: {reason}.", "Name a file that is there.", COULD_NOT_LOOK
        ) from error
    return (line for line in text.splitlines() if line.strip())


def _told(path: str, nth: int, line: str) -> Mapping[str, Any]:
    try:
        told = parse(line.encode())
    except BadJson as error:
        raise Problem(f"{path!r}, line {nth}, is no JSON: {error}.", REMEDY, COULD_NOT_LOOK) from error
    if not isinstance(told, dict) or not isinstance(told.get("findings", []), list):
        raise Problem(f"{path!r}, line {nth}, is no exchange.", REMEDY, COULD_NOT_LOOK)
    return told


def _exchange(path: str, nth: int, told: Mapping[str, Any]) -> Exchange:
    try:
        return exchange_of(told)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Problem(f"{path!r}, line {nth}, is no exchange: {error!r}.", REMEDY, COULD_NOT_LOOK) from error


def exchange_of(told: Mapping[str, Any]) -> Exchange:
    """The exchange that one line of a journal tells of.

    Raises KeyError, TypeError, ValueError or AttributeError when it tells of none.
    """
    call, reply = told["call"], told["reply"]
    asked = Call(
        str(call["method"]),
        str(call["path"]),
        dict(call["headers"]),
        _body(call["body"]),
        str(call["query"]),
    )
    answered = Reply(
        int(reply["status"]),
        dict(reply["headers"]),
        _body(reply["body"]),
        wire=str(reply.get("wire", "")),
    )
    return Exchange(asked, answered, float(told["at"]))


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
