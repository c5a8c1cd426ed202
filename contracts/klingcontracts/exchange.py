"""What happened on the wire: a call, its reply, and both together; redacted before it is kept or shown."""

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from klingcontracts.strictjson import BadJson, parse

REDACTED = "<redacted>"
SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key"})

# A text of this many characters that holds nothing but the Base64 alphabet is an image, not a prompt.
BASE64_FROM = 200
_BASE64 = re.compile(r"(data:[\w./+-]*;base64,)?[A-Za-z0-9+/_-]{100,}={0,2}")


class Call(NamedTuple):
    """One HTTP request, as the server or a recording saw it."""

    method: str
    path: str  # percent-decoded, without the query
    headers: Mapping[str, str]  # names in lower case
    body: bytes = b""
    query: str = ""
    origin: str = "http://127.0.0.1"  # scheme and host the caller used, without a trailing slash
    oversize: bool = False  # the body was larger than the server takes and was not read to its end


class Reply(NamedTuple):
    """One HTTP response; `delay` (seconds) is carried out by whoever sends it."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes | memoryview = b""
    delay: float = 0.0


class Exchange(NamedTuple):
    """A call and its reply; `at` is Unix time in seconds, `number` counts from 1 in its journal."""

    call: Call
    reply: Reply
    at: float = 0.0
    number: int = 0

    def to_json(self) -> dict[str, Any]:
        """As plain JSON: secrets redacted, images shortened to a digest and a length."""
        call, reply = self.call, self.reply
        return {
            "number": self.number,
            "at": self.at,
            "call": {
                "method": call.method,
                "path": call.path,
                "query": call.query,
                "headers": redacted(call.headers),
                "body": body_to_json(call.body),
            },
            "reply": {
                "status": reply.status,
                "headers": redacted(reply.headers),
                "body": body_to_json(reply.body),
            },
        }


def redacted(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers with the values of those that carry secrets taken out."""
    kept = dict(headers)
    for name in SECRET_HEADERS & kept.keys():
        kept[name] = REDACTED
    return kept


def body_to_json(body: bytes | memoryview) -> Any:
    """A body for showing: JSON as JSON with images shortened, anything else as its digest and length."""
    if not body:
        return None
    try:
        return shortened(parse(bytes(body)))
    except BadJson:
        return _digest(bytes(body), f"{len(body)} bytes")


def shortened(value: Any) -> Any:
    """The value with every text that is an image in Base64 replaced by its digest and length."""
    if isinstance(value, str):
        is_image = len(value) >= BASE64_FROM and _BASE64.fullmatch(value)
        return _digest(value.encode(), f"{len(value)} characters of Base64") if is_image else value
    if isinstance(value, Mapping):
        return {key: shortened(inner) for key, inner in value.items()}
    if isinstance(value, Sequence):
        return [shortened(inner) for inner in value]
    return value


def _digest(raw: bytes, what: str) -> str:
    return f"<{what}, sha256 {sha256(raw).hexdigest()[:16]}>"
