"""Cassettes of VCR: those of vcrpy, and those of the Ruby library that it is named after."""

from collections.abc import Mapping
from typing import Any

from klingcontracts.exchange import Exchange, Reply
from klingcontracts.taken import Taken, body_of, called, headers_of, unpacked

LISTS = ("interactions", "http_interactions")  # what the two call their exchanges


def from_vcr(told: Mapping[str, Any]) -> Taken:
    """One interaction of a cassette; raises ValueError, KeyError or TypeError when it is none."""
    request, response = told["request"], told["response"]
    status = response["status"] if "status" in response else response["status_code"]
    code = int(status["code"] if isinstance(status, Mapping) else status)
    # Older recordings of httpx have their body under "content".
    body = body_of(response.get("body", response.get("content")))
    reply, got = unpacked(Reply(code, headers_of(response.get("headers")), body))
    call = called(request["method"], request["uri"], request.get("headers"), body_of(request.get("body")))
    return Taken(Exchange(call, reply), got=got)
