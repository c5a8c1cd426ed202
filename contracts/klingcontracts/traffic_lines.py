"""JSON lines: our own journal, and exchanges written down by anybody."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from klingcontracts.exchange import Exchange, Reply
from klingcontracts.recorded import exchange_of, moment
from klingcontracts.taken import (
    BadField,
    Taken,
    body_of,
    called,
    field,
    headers_of,
    part,
    stands_for_another,
    status_in,
    unpacked,
    wrong,
)


def from_line(told: Mapping[str, Any]) -> Taken:
    """One exchange; raises BadField when it is none.

    It is a line of the journal; or has "request" with "method", "url", "headers" and "body", and "response"
    with "status", "headers" and "body"; or all of that in one object, the reply's as "response_headers" and
    "response_body". A body may be text, or JSON; "at" is Unix seconds,
    or a time in ISO 8601.
    """
    if is_journal(told):
        return _journal(told)
    where = "request." if "request" in told else ""
    method, url = field(told, f"{where}method"), field(told, f"{where}url")
    request = told["request"] if where else told
    sent = body_of(request.get("body"), f"{where}body")
    call = called(method, url, request.get("headers"), sent, where)
    reply, got = _replied(told)
    at = _moment(0 if told.get("at") is None else told["at"])
    return Taken(Exchange(call, reply, at), sent="body" in request or call.method == "GET", got=got)


def is_journal(told: Mapping[str, Any]) -> bool:
    """Whether it is a line of the journal, as far as its names say."""
    return "call" in told and ("reply" in told or not ("method" in told or "request" in told))


def _replied(told: Mapping[str, Any]) -> tuple[Reply, bool]:
    """The reply, and whether its body is known."""
    where, is_status = ("response.", "response.status") if "response" in told else ("response_", "status")
    if "response" in told:
        response = part(told, "response")
    else:
        response = {name.removeprefix(where): value for name, value in told.items() if _is_replys(name)}
    if "status" not in response:
        raise BadField(f"{is_status} is missing")
    status = status_in(response["status"], is_status)
    headers = headers_of(response.get("headers"), f"{where}headers")
    body = body_of(response.get("body"), f"{where}body")
    reply, unzipped = unpacked(Reply(status, headers, body, wire="" if status else "drop"))
    return reply, "body" in response and unzipped


def _is_replys(name: str) -> bool:
    return name == "status" or name.startswith("response_")


def _moment(told: Any) -> float:
    try:
        return moment(told)
    except ValueError as error:
        what = "no time; write Unix seconds, or ISO 8601 as in '2026-01-01T00:00:00Z'"
        raise BadField(f"{wrong(told, 'at')} {what}") from error


_FIELDS = ("call.method", "call.path", "call.query", "call.body", "reply.body", "at")


def _journal(told: Mapping[str, Any]) -> Taken:
    exchange = _exchange(told)
    sent, got = (not stands_for_another(told[side]["body"]) for side in ("call", "reply"))
    return Taken(exchange, whole_key=True, sent=sent, got=got and not exchange.reply.wire)


def _exchange(told: Mapping[str, Any]) -> Exchange:
    """What a line of the journal tells; it is looked at closely only where it is not as we write it."""
    with suppress(KeyError, ValueError):
        found = exchange_of(told)
        headers = (*found.call.headers.values(), *found.reply.headers.values())
        if all(isinstance(value, str) for value in headers):
            return found
    return exchange_of(_checked(told))


def _checked(told: Mapping[str, Any]) -> Mapping[str, Any]:
    sides = {side: {**part(told, side), "headers": _headers(told, side)} for side in ("call", "reply")}
    for name in _FIELDS:
        field(told, name)
    sides["reply"]["status"] = status_in(field(told, "reply.status"), "reply.status")
    return {**sides, "at": _moment(told["at"])}


def _headers(told: Mapping[str, Any], side: str) -> dict[str, str]:
    return headers_of(part(told, f"{side}.headers"))
