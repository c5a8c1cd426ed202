"""Cassettes of VCR: those of vcrpy, and those of the Ruby library that it is named after."""

from collections.abc import Mapping
from typing import Any

from klingcontracts.exchange import Exchange, Reply
from klingcontracts.taken import Taken, body_of, called, field, headers_of, part, status_in, unpacked

LISTS = ("interactions", "http_interactions")  # what the two call their exchanges


def from_vcr(told: Mapping[str, Any]) -> Taken:
    """One interaction of a cassette; raises BadField when it is none."""
    method, uri = field(told, "request.method"), field(told, "request.uri")
    request, response = told["request"], part(told, "response")
    # Older recordings of httpx have their body under "content".
    body = "body" if "body" in response else "content"
    answered = body_of(response.get(body), f"response.{body}")
    headers = headers_of(response.get("headers"), "response.headers")
    reply, got = unpacked(Reply(_code(response), headers, answered))
    sent = body_of(request.get("body"), "request.body")
    call = called(method, uri, request.get("headers"), sent, "request.", "uri")
    return Taken(Exchange(call, reply), got=got)


def _code(response: Mapping[str, Any]) -> int:
    name = "status" if "status" in response or "status_code" not in response else "status_code"
    if isinstance(response.get(name), Mapping):
        name = f"{name}.code"
    return status_in(field({"response": response}, f"response.{name}"), f"response.{name}")
