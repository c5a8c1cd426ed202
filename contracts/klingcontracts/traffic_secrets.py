"""What is secret in a recorded exchange, taken out of everything that is told of it."""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote_plus

from klingcontracts.drift import Found
from klingcontracts.exchange import LONGEST_NAME, REDACTED, Exchange, is_secret, spellings
from klingcontracts.strictjson import BadJson, parse

SHORTEST = 6  # characters of a text that is taken out wherever it stands
# What stands in such headers and tells nothing.
_ORDINARY = frozenset({"bearer", "secure", "httponly", "strict", "samesite=lax", "path=/", REDACTED})


# A body without any of this has no such name, and is not read. A name may be written with escapes.
_MAYBE = re.compile(rb"auth|cred|key|cookie|token|secret|passw|signature|\\u|%", re.IGNORECASE)


def secrets_of(exchange: Exchange) -> set[str]:
    """What stands under the name of a secret in headers, cookies, the query and both bodies."""
    found: set[str] = set()
    for headers in (exchange.call.headers, exchange.reply.headers):
        for name, value in headers.items():
            if is_secret(name):
                words = value.replace(";", " ").replace(",", " ").split()
                found |= {value, *words, *(word.partition("=")[2] for word in words)}
    found |= _of_pairs(exchange.call.query)
    for body in (exchange.call.body, bytes(exchange.reply.body)):
        if _MAYBE.search(body):
            found |= _of_body(body)
    return {one for one in found if len(one) >= SHORTEST and one.lower() not in _ORDINARY}


def _of_pairs(query: str) -> set[str]:
    found: set[str] = set()
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if value and len(name) <= LONGEST_NAME and is_secret(unquote_plus(name)):
            found |= {value, unquote_plus(value)}
    return found


def _of_body(body: bytes) -> set[str]:
    try:
        return set(_under(parse(body), secret=False))
    except BadJson:
        return _of_pairs(body.decode("utf-8", "replace"))


def _under(value: Any, *, secret: bool) -> Iterator[str]:
    if isinstance(value, str):
        if secret:
            yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _under(inner, secret=secret or is_secret(name[:LONGEST_NAME]))
    elif isinstance(value, list):
        for inner in value:
            yield from _under(inner, secret=secret)


def without(found: Found, secrets: Iterable[str]) -> Found:
    """The finding with a mark in place of each of these texts, wherever it stands."""
    finding, evidence = found
    seen, pointer, shown = finding.seen, finding.pointer, dict(evidence)
    everything = "\n".join([seen, pointer, *_texts(shown)])
    for secret in _there(everything, secrets):
        seen, pointer = seen.replace(secret, REDACTED), pointer.replace(secret, REDACTED)
        shown = _replaced(shown, secret)
    return Found(finding._replace(seen=seen, pointer=pointer), shown)


def text_without(text: str, secrets: Iterable[str]) -> str:
    """The text with a mark in place of each of these."""
    for secret in _there(text, secrets):
        text = text.replace(secret, REDACTED)
    return text


def spelled(secrets: Iterable[str]) -> list[str]:
    """The secrets in each of their spellings, the longest first."""
    found = {text for secret in secrets for text in spellings(secret) if len(text) >= SHORTEST}
    return sorted(found, key=len, reverse=True)


def _there(text: str, secrets: Iterable[str]) -> list[str]:
    return sorted((one for one in secrets if one in text), key=len, reverse=True)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from (name, *_texts(inner))
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _replaced(value: Any, secret: str) -> Any:
    if isinstance(value, str):
        return value.replace(secret, REDACTED)
    if isinstance(value, dict):
        return {_replaced(name, secret): _replaced(inner, secret) for name, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, secret) for inner in value]
    return value
