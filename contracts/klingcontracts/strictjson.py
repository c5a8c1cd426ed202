"""JSON as RFC 8259 has it: what Python's parser lets through beyond that is refused here."""

import json
import math
import re
from itertools import accumulate
from typing import Any, NoReturn

# Nesting is bounded so that no later step can recurse without end. Ours: the vendor documents no bound.
MAX_DEPTH = 64
# So is the number of arrays and objects: a body of nothing else would hold up everybody while it is parsed.
MOST_CONTAINERS = 1_000_000

# Possessive, and content with an unclosed end: every byte is looked at once, whatever a body holds.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_NOT_BRACKET = bytes(set(range(256)) - set(b"[]{}"))
_STEP = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")  # read as signed bytes: one down, one up
_TOO_DEEP = re.compile(rb"\x01{%d}" % (MAX_DEPTH + 1))
_LONE = re.compile("[\ud800-\udfff]")


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
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH:
        _bound(raw)
    try:
        value = _DECODER.decode(raw.decode())
    except UnicodeDecodeError as error:
        raise BadJson(f"byte {error.start} is not UTF-8") from error
    except BadJson:
        raise
    except json.JSONDecodeError as error:
        raise BadJson(f"{error.msg} at character {error.pos}") from error
    except ValueError as error:  # an integer with more digits than the interpreter converts
        raise BadJson("an integer has too many digits") from error
    # Pairs are one character by now, so what is left of surrogates is lone, and no reply could carry it.
    return _whole(value) if b"\\ud" in raw or b"\\uD" in raw else value


def _bound(raw: bytes) -> None:
    steps = _STRING.sub(b"", raw).translate(_STEP, _NOT_BRACKET)
    if steps.count(1) > MOST_CONTAINERS:
        raise BadJson(f"more than {MOST_CONTAINERS} arrays and objects")
    if _TOO_DEEP.search(steps) or max(accumulate(memoryview(steps).cast("b")), default=0) > MAX_DEPTH:
        raise BadJson(f"nested deeper than {MAX_DEPTH} levels")


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return _LONE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_whole(inner) for inner in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(inner) for key, inner in value.items()}
    return value
