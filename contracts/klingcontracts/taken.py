"""One exchange as a recording of somebody's has it, and what the recording leaves open."""

import json
import re
import zlib
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from klingcontracts.exchange import Call, Exchange, Reply

MOST_BYTES = 64 * 1024 * 1024  # of a body, once it is unpacked

_REDACTED = re.compile(
    r"redact|dummy|filter|hidden|mask|remov|scrub|censor|placeholder|secret|example|x{3,}|\*{2,}|\.{3}|…|[<\[({$%]",
    re.IGNORECASE,
)
# In a body, where words may be the vendor's, only what nobody would take for one.
_MARK = re.compile(
    r"<[^<>]*>|\[[A-Za-z _-]+\]|\*{3,}|[xX]{4,}|…|\.{3}"
    r"|(?:[A-Z]+[_-])*(?:REDACTED|DUMMY|FILTERED|SCRUBBED|PLACEHOLDER)(?:[_-][A-Z0-9]+)*|redacted|dummy"
)
_KEY_FROM = 16  # characters of a single word that may be a key without its scheme


class Taken(NamedTuple):
    """An exchange of a recording, at a `place` of its file, and in a `line`, 0 where that is not known.

    `whole_key` says whether the recording would have the call's key if there was one; `sent` and `got`
    whether it has the bodies of the call and of the reply.
    """

    exchange: Exchange
    place: str = ""
    line: int = 0
    whole_key: bool = False
    sent: bool = True
    got: bool = True


def called(method: Any, url: Any, headers: Any, body: bytes) -> Call:
    """The call to a URL; ValueError when it is none."""
    parts = urlsplit(str(url))
    if not parts.path.startswith("/") or not isinstance(method, str):
        raise ValueError(f"{str(url)[:60]!r} is no address of a call")
    host = parts.netloc.rpartition("@")[2]
    return Call(
        method.upper(),
        unquote(parts.path),
        headers_of(headers),
        body,
        parts.query,
        f"{parts.scheme}://{host}",
    )


def headers_of(told: Any) -> dict[str, str]:
    """Headers as recordings have them: a mapping to texts or lists, or a list of names and values.

    Names come in lower case, what stands there more than once joined by commas, as HTTP has it.
    """
    found: dict[str, list[str]] = {}
    for name, value in _pairs(told):
        if not str(name).startswith(":"):  # HTTP/2 has its request line there
            found.setdefault(str(name).lower(), []).extend(_texts(value))
    return {name: ", ".join(values) for name, values in found.items()}


def _pairs(told: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(told, Mapping):
        yield from told.items()
        return
    for one in told or ():
        yield (one["name"], one["value"]) if isinstance(one, Mapping) else (one[0], one[1])


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [one.decode("latin-1") if isinstance(one, bytes) else str(one) for one in values]


def body_of(told: Any) -> bytes:
    """A body as recordings have it: text, bytes, JSON, or text and Base64 under their names."""
    if isinstance(told, Mapping) and "base64_string" in told:
        return b64decode(str(told["base64_string"]))
    if isinstance(told, Mapping) and "string" in told:
        return body_of(told["string"])
    if isinstance(told, bytes):
        return told
    if isinstance(told, str):
        return told.encode("utf-8", "replace")
    return b"" if told is None else json.dumps(told).encode()


def unpacked(reply: Reply) -> tuple[Reply, bool]:
    """The reply with its body unpacked, and whether that could be done."""
    packing = reply.headers.get("content-encoding", "identity").strip().lower()
    if packing in ("", "identity") or not reply.body:
        return reply, True
    if packing not in ("gzip", "x-gzip", "deflate"):
        return reply, False
    try:
        # 47: a head of gzip or of zlib, whichever is there
        body = zlib.decompressobj(47).decompress(bytes(reply.body), MOST_BYTES)
    except zlib.error:  # the recorder has unpacked it, and has kept the header
        return reply, True
    return reply._replace(body=body), True


def stands_for_another(value: Any) -> bool:
    """Whether a value is what somebody has put in place of the one that was there."""
    return isinstance(value, str) and _MARK.fullmatch(value) is not None


def key_is_told(header: str) -> bool:
    """Whether an Authorization header is as it was sent, as far as can be told, and not made unreadable."""
    scheme, _, rest = header.strip().partition(" ")
    if _REDACTED.search(header):
        return False
    return bool(rest) or (len(scheme) >= _KEY_FROM and any(letter.isdigit() for letter in scheme))
