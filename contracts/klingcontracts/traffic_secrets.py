"""What is secret in a recorded exchange, taken out of everything that is told of it."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

from klingcontracts.drift import Found
from klingcontracts.exchange import REDACTED, Exchange, is_secret

SHORTEST = 6  # characters of a text that is taken out wherever it stands
# What stands in such headers and tells nothing.
_ORDINARY = frozenset({"bearer", "secure", "httponly", "strict", "samesite=lax", "path=/", REDACTED})


def secrets_of(exchange: Exchange) -> set[str]:
    """What stands under the name of a secret in headers, cookies and the query."""
    found: set[str] = set()
    for headers in (exchange.call.headers, exchange.reply.headers):
        for name, value in headers.items():
            if is_secret(name):
                words = value.replace(";", " ").replace(",", " ").split()
                found |= {value, *words, *(word.partition("=")[2] for word in words)}
    for part in exchange.call.query.split("&"):
        name, _, value = part.partition("=")
        if is_secret(unquote(name)):
            found |= {value, unquote(value)}
    return {one for one in found if len(one) >= SHORTEST and one.lower() not in _ORDINARY}


def without(found: Found, secrets: Iterable[str]) -> Found:
    """The finding with a mark in place of each of these texts, wherever it stands."""
    finding, evidence = found
    seen, pointer, shown = finding.seen, finding.pointer, dict(evidence)
    for secret in sorted(secrets, key=len, reverse=True):
        seen, pointer = seen.replace(secret, REDACTED), pointer.replace(secret, REDACTED)
        shown = _replaced(shown, secret)
    return Found(finding._replace(seen=seen, pointer=pointer), shown)


def _replaced(value: Any, secret: str) -> Any:
    if isinstance(value, str):
        return value.replace(secret, REDACTED)
    if isinstance(value, dict):
        return {_replaced(name, secret): _replaced(inner, secret) for name, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, secret) for inner in value]
    return value
