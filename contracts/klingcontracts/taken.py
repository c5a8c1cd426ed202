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

MOST_SHOWN = 20  # characters of a text that is no status, or no time

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


class BadField(ValueError):
    """A field of a recording that can't be read: the text names it, and shows nothing that may be secret."""


def field(told: Mapping[str, Any], path: str) -> Any:
    """What stands under a path such as "response.status"; BadField where nothing does."""
    found: Any = told
    walked: list[str] = []
    for name in path.split("."):
        try:
            found = found[name]
        except KeyError as error:
            raise BadField(f"{'.'.join([*walked, name])} is missing") from error
        except TypeError as error:  # a list or a text has no names
            raise BadField(f"{'.'.join(walked)} is no object") from error
        walked.append(name)
    return found


def part(told: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    """The object that stands under a path; BadField where there is none."""
    found = field(told, path)
    if not isinstance(found, Mapping):
        raise BadField(f"{path} is no object")
    return found


def status_in(told: Any, name: str) -> int:
    """An HTTP status, 0 for none; BadField for what is no number."""
    try:
        return int(told)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadField(f"{wrong(told, name)} no number") from error


def wrong(told: Any, name: str) -> str:
    """The start of a sentence about a field whose value may be shown, where it is a short text."""
    if not isinstance(told, str):
        return f"{name} is"
    return f"{name} is {told[:MOST_SHOWN]!r}{'…' * (len(told) > MOST_SHOWN)}, which is"


def unbased(told: Any, name: str, *, strict: bool = True) -> bytes:
    """The bytes of a text in Base64; BadField when it is none."""
    try:
        return b64decode(str(told), validate=strict)
    except ValueError as error:
        raise BadField(f"{name} is no Base64") from error


def called(method: Any, url: Any, headers: Any, body: bytes, where: str = "", address: str = "url") -> Call:
    """The call to a URL; BadField when it is none. One that leads to no host (data:, blob:) has no path.

    The fields are called by `where` they stand, and the URL's by `address`.
    """
    if not isinstance(method, str):
        raise BadField(f"{where}method is no text, so this is no address of a call")
    try:
        parts = urlsplit(str(url))
    except ValueError:  # such as a bracket that is not closed
        parts = urlsplit("")
    if not parts.scheme:
        raise BadField(f"{where}{address} can't be read: it is no address of a call")
    host = parts.netloc.rpartition("@")[2]
    path = unquote(parts.path or "/") if host else ""
    told = headers_of(headers, f"{where}headers")
    return Call(method.upper(), path, told, body, parts.query, f"{parts.scheme}://{host}")


def headers_of(told: Any, name: str = "headers") -> dict[str, str]:
    """Headers as recordings have them: a mapping to texts or lists, or a list of names and values.

    Names come in lower case, what stands there more than once joined by commas, as HTTP has it. BadField,
    which calls them by `name`, for anything else.
    """
    found: dict[str, list[str]] = {}
    for key, value in told.items() if isinstance(told, Mapping) else _pairs(told or (), name):
        if not str(key).startswith(":"):  # HTTP/2 has its request line there
            found.setdefault(str(key).lower(), []).extend(_texts(value))
    return {key: ", ".join(values) for key, values in found.items()}


def _pairs(told: Any, name: str) -> Iterator[tuple[Any, Any]]:
    if not isinstance(told, list | tuple):
        raise BadField(f"{name} is no list of names and values")
    for one in told:
        try:
            yield (one[0], one[1]) if isinstance(one, list | tuple) else (one["name"], one["value"])
        except (LookupError, TypeError) as error:
            raise BadField(f"{name} has an item that is no name and value") from error


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [one.decode("latin-1") if isinstance(one, bytes) else str(one) for one in values]


def body_of(told: Any, name: str = "body") -> bytes:
    """A body as recordings have it: text, bytes, JSON, or text and Base64 under their names.

    BadField, which calls it by `name`, for anything else.
    """
    if isinstance(told, Mapping) and "base64_string" in told:
        return unbased(told["base64_string"], f"{name}.base64_string", strict=False)
    if isinstance(told, Mapping) and "string" in told:
        return body_of(told["string"], f"{name}.string")
    if isinstance(told, bytes):
        return told
    if isinstance(told, str):
        return told.encode("utf-8", "replace")
    try:
        return b"" if told is None else json.dumps(told).encode()
    except (TypeError, ValueError) as error:  # bytes in YAML, or an integer that can't be written down
        raise BadField(f"{name} is neither text nor JSON") from error


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
