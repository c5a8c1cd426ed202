"""JSON lines: our own journal, and exchanges written down by anybody."""

from collections.abc import Mapping
from typing import Any

from klingcontracts.exchange import Exchange, Reply
from klingcontracts.recorded import exchange_of, moment, status_of
from klingcontracts.taken import Taken, body_of, called, headers_of, stands_for_another, unpacked


def from_line(told: Mapping[str, Any]) -> Taken:
    """One exchange; raises ValueError, KeyError or TypeError when it is none.

    It is a line of the journal; or has "request" with "method", "url", "headers" and "body", and "response"
    with "status", "headers" and "body"; or all of that in one object, the reply's as "response_headers" and
    "response_body". A body may be text, or JSON; "at" is Unix seconds,
    or a time in ISO 8601.
    """
    if "call" in told and "reply" in told:
        return _journal(told)
    request = told.get("request", told)
    response = told.get("response", {name.removeprefix("response_"): value for name, value in _replied(told)})
    status = status_of(response["status"])
    headers = headers_of(response.get("headers"))
    reply, unzipped = unpacked(
        Reply(status, headers, body_of(response.get("body")), wire="" if status else "drop")
    )
    call = called(request["method"], request["url"], request.get("headers"), body_of(request.get("body")))
    at = moment(0 if told.get("at") is None else told["at"])
    sent = "body" in request or call.method == "GET"
    return Taken(Exchange(call, reply, at), sent=sent, got="body" in response and unzipped)


def _replied(told: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in told.items() if name == "status" or name.startswith("response_")]


def _journal(told: Mapping[str, Any]) -> Taken:
    exchange = exchange_of(told)
    bodies = [told[side]["body"] for side in ("call", "reply")]
    sent, got = (not stands_for_another(body) for body in bodies)
    return Taken(exchange, whole_key=True, sent=sent, got=got and not exchange.reply.wire)
