"""HAR 1.2, as browsers and proxies write it: one entry for each exchange."""

from base64 import b64decode
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from klingcontracts.exchange import Exchange, Reply
from klingcontracts.taken import Taken, called, headers_of


def from_har(entry: Mapping[str, Any]) -> Taken:
    """One entry of a HAR; raises ValueError, KeyError or TypeError when it is none.

    A browser leaves bodies out that it has not kept, and the header with the key; status 0 is a reply that
    never came.
    """
    request, response = entry["request"], entry["response"]
    sent, body = _posted(request)
    got, answered = _content(response.get("content") or {})
    status = int(response["status"])
    reply = Reply(status, headers_of(response["headers"]), answered, wire="" if status else "drop")
    call = called(request["method"], request["url"], request["headers"], body)
    return Taken(Exchange(call, reply, _at(entry.get("startedDateTime"))), sent=sent, got=got)


def _posted(request: Mapping[str, Any]) -> tuple[bool, bytes]:
    posted = request.get("postData")
    if posted is None:
        return request.get("bodySize", 0) == 0 or request["method"] == "GET", b""
    if "text" in posted:
        return True, _text(posted)
    pairs = [(one["name"], one.get("value", "")) for one in posted.get("params", ())]
    return bool(pairs), urlencode(pairs).encode()


def _content(content: Mapping[str, Any]) -> tuple[bool, bytes]:
    if content.get("text") is None:
        return content.get("size") == 0, b""
    return True, _text(content)


def _text(told: Mapping[str, Any]) -> bytes:
    text = str(told["text"])
    return (
        b64decode(text, validate=True)
        if told.get("encoding") == "base64"
        else text.encode("utf-8", "replace")
    )


def _at(told: Any) -> float:
    try:
        return datetime.fromisoformat(told).timestamp()
    except (TypeError, ValueError):
        return 0.0
