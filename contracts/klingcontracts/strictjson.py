"""JSON as RFC 8259 has it: what Python's parser lets through beyond that is refused here."""

import json
import math
import re
from itertools import accumulate
from typing import Any, NoReturn

# Nesting is bounded so that no later step can recurse without end. Ours: the vendor documents no bound.
MAX_DEPTH = 64

# Possessive, and content with an unclosed end: every byte is looked at once, whatever a body holds.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_NOT_BRACKET = bytes(set(range(256)) - set(b"[]{}"))
_STEP = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")  # read as signed bytes: one down, one up
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


class BadJson(ValueError):
    """The bytes are not JSON; the text says why, for people."""


def _constant(name: str) -> NoReturn:
    raise BadJson(f"{name} is not a JSON number")


def _finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise BadJson("a number is larger than a double can hold")
    return value


_DECODER = json.JSONDecoder(parse_constant=_constant, parse_float=_finite)


def parse(raw: bytes) -> Any:
    """Parse UTF-8 JSON of bounded depth; a lone surrogate comes out as U+FFFD, the last of equal keys wins.

    Raises BadJson for anything else.
    """
    # A body with fewer brackets than the bound can't be deeper than it: the usual case costs two counts.
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and _deep(raw):
        raise BadJson(f"nested deeper than {MAX_DEPTH} levels")
    if b"\\u" in raw:
        raw = _ESCAPE.sub(_whole, raw)
    try:
        return _DECODER.decode(raw.decode())
    except UnicodeDecodeError as error:
        raise BadJson(f"byte {error.start} is not UTF-8") from error
    except BadJson:
        raise
    except json.JSONDecodeError as error:
        raise BadJson(f"{error.msg} at character {error.pos}") from error
    except ValueError as error:  # an integer with more digits than the interpreter converts
        raise BadJson("an integer has too many digits") from error


def _deep(raw: bytes) -> bool:
    steps = _STRING.sub(b"", raw).translate(_STEP, _NOT_BRACKET)
    return max(accumulate(memoryview(steps).cast("b")), default=0) > MAX_DEPTH


def _whole(match: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if match[1] else match[0]
