"""What happened on the wire: a call, its reply, and both together; redacted before it is kept or shown."""

import html
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from klingcontracts.strictjson import BadJson, parse

REDACTED = "<redacted>"
_SECRET = re.compile(
    r"authorization|credential|auth[-_]?key|api[-_]?key|access[-_]?key|cookie|token|secret|passw|signature|^key$",
    re.IGNORECASE,
)

# A text of this many characters that holds nothing but the Base64 alphabet is an image, not a prompt.
BASE64_FROM = 200
# Longer than any text a contract takes: kept as its digest, whatever it holds.
LONGEST_TEXT = 10_000
_BASE64_OF = (b64encode, urlsafe_b64encode)
LONGEST_NAME = 100  # characters of a name that are looked at
_BASE64 = re.compile(r"(data:[^,\s]{0,100};base64,)?[A-Za-z0-9+/_\r\n-]{100,}={0,2}\s*")


# In how many pieces a body comes that is late, or slow; each after its share of the reply's seconds.
PIECES: Mapping[str, int] = {"stall": 1, "drip": 10}


class Call(NamedTuple):
    """One HTTP request, as the server or a recording saw it."""

    method: str
    path: str  # percent-decoded, without the query
    headers: Mapping[str, str]  # names in lower case
    body: bytes = b""
    query: str = ""
    origin: str = "http://127.0.0.1"  # scheme and host the caller used, without a trailing slash
    oversize: bool = False  # the body was larger than the server takes and was not read to its end

    def json(self) -> Any:
        """What the body says; BadJson (a ValueError) when it is no JSON."""
        return parse(self.body)


class Reply(NamedTuple):
    """One HTTP response; `delay`, `wire` and `seconds` are carried out by whoever sends it.

    `delay` are the seconds until it begins. `wire` is what becomes of it on its way: "" it arrives,
    "truncate" the connection closes behind half the body, "drop" it closes without a byte, "stall" the body
    comes `seconds` after the headers, "drip" it comes in pieces over `seconds`. Status 0, with "drop", is a
    reply that never was.
    """

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes | memoryview = b""
    delay: float = 0.0
    wire: str = ""
    seconds: float = 0.0


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
                "query": redacted_query(call.query),
                "headers": redacted(call.headers),
                "body": body_to_json(call.body),
            },
            "reply": {
                "status": reply.status,
                "headers": redacted(reply.headers),
                "body": body_to_json(reply.body),
                **({"wire": reply.wire} if reply.wire else {}),
            },
        }


def redacted(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers with the values of those that carry secrets taken out."""
    return {name: REDACTED if is_secret(name) else value for name, value in headers.items()}


@lru_cache(maxsize=512)
def is_secret(name: str) -> bool:
    """Whether what goes by this name is not to be shown."""
    return _SECRET.search(name) is not None


def spellings(secret: str) -> set[str]:
    """The secret as it may come back: as it is, escaped for a URL, HTML or JSON, or in Base64."""
    raw, bearer = secret.encode(), f"Bearer {secret}".encode()
    # Without the end of Base64 that would be another one if something followed.
    encoded = [encode(text[: len(text) // 3 * 3]) for text in (raw, bearer) for encode in _BASE64_OF]
    escaped = [quote(secret), quote(secret, safe=""), html.escape(secret), secret.replace("/", "\\/")]
    return {secret, *(one for one in [*escaped, *(text.decode() for text in encoded)] if len(one) >= 6)}


def redacted_query(query: str) -> str:
    """The query with the values of the parameters that carry secrets taken out."""
    pairs = [part.partition("=") for part in query.split("&")] if query else []
    return "&".join(
        f"{name}={REDACTED}" if is_secret(unquote(name)) else name + equals + value
        for name, equals, value in pairs
    )


def body_to_json(body: bytes | memoryview) -> Any:
    """A body for showing: JSON as JSON with images shortened, anything else as its digest and length."""
    if not body:
        return None
    try:
        return shortened(parse(bytes(body)))
    except BadJson:
        return digest(bytes(body), f"{len(body)} bytes")


def shortened(value: Any) -> Any:
    """The value with a digest for each text that is an image in Base64, or too long for anything else."""
    if isinstance(value, str):
        return _short(value)
    if isinstance(value, Mapping):
        return {
            _short(key): REDACTED if is_secret(key[:LONGEST_NAME]) else shortened(inner)
            for key, inner in value.items()
        }
    if isinstance(value, Sequence):
        return [shortened(inner) for inner in value]
    return value


def _short(text: str) -> str:
    if text.startswith(("http://", "https://")) and "?" in text and len(text) <= LONGEST_TEXT:
        address, _, query = text.partition("?")
        return f"{address}?{redacted_query(query)}"
    if len(text) < BASE64_FROM:
        return text
    of_what = " of Base64" if _BASE64.fullmatch(text) else ""
    if of_what or len(text) > LONGEST_TEXT:
        return digest(text.encode("utf-8", "surrogatepass"), f"{len(text)} characters{of_what}")
    return text


def digest(raw: bytes, what: str) -> str:
    """What stands for something large: what it was, and the start of its SHA-256."""
    return f"<{what}, sha256 {sha256(raw).hexdigest()[:16]}>"
