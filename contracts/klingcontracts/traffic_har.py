"""HAR 1.2, as browsers and proxies write it: one entry for each exchange."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from klingcontracts.exchange import Exchange, Reply
from klingcontracts.taken import BadField, Taken, called, field, headers_of, part, status_in, unbased


def from_har(entry: Mapping[str, Any]) -> Taken:
    """One entry of a HAR; raises BadField when it is none.

    A browser leaves bodies out that it has not kept, and the header with the key; status 0 is a reply that
    never came.
    """
    method, url, asked = (field(entry, f"request.{name}") for name in ("method", "url", "headers"))
    status = status_in(field(entry, "response.status"), "response.status")
    headers = headers_of(field(entry, "response.headers"), "response.headers")
    sent, body = _posted(entry, entry["request"])
    got, answered = _content(entry["response"])
    call = called(method, url, asked, body, "request.")
    reply = Reply(status, headers, answered, wire="" if status else "drop")
    return Taken(Exchange(call, reply, _at(entry.get("startedDateTime"))), sent=sent, got=got)


def _posted(entry: Mapping[str, Any], request: Mapping[str, Any]) -> tuple[bool, bytes]:
    if request.get("postData") is None:
        return request.get("bodySize", 0) == 0 or request["method"] == "GET", b""
    posted = part(entry, "request.postData")
    if "text" in posted:
        return True, _text(posted, "request.postData.text")
    pairs = list(_params(posted.get("params") or []))
    return bool(pairs), urlencode(pairs, errors="replace").encode()


def _params(told: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(told, list):
        raise BadField("request.postData.params is no list")
    for one in told:
        if not isinstance(one, Mapping) or "name" not in one:
            raise BadField("request.postData.params has an item without a name")
        yield str(one["name"]), str(one.get("value", ""))


def _content(response: Mapping[str, Any]) -> tuple[bool, bytes]:
    content = response.get("content") or {}
    if not isinstance(content, Mapping):
        raise BadField("response.content is no object")
    if content.get("text") is None:
        return content.get("size") == 0, b""
    return True, _text(content, "response.content.text")


def _text(told: Mapping[str, Any], name: str) -> bytes:
    if told.get("encoding") == "base64":
        return unbased(told["text"], name)
    return str(told["text"]).encode("utf-8", "replace")


def _at(told: Any) -> float:
    try:
        return datetime.fromisoformat(told).timestamp()
    except (TypeError, ValueError):
        return 0.0
