"""The bodies that are paid for: each carries as much as one job can, and no two carry the same."""

import base64
import struct
import zlib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from klingcontracts.contract import Contract
from klingcontracts.probe import PAID, Probe, posted
from klingcontracts.probe_bodies import Bodies
from klingcontracts.probe_values import LONGEST, good, text

RULE = "submit.reply.status"
AGAIN = "the first job once more"


def jobs(contract: Contract, bodies: Bodies, picture: str | None = None) -> list[Probe]:
    """The jobs in the order in which a budget is best spent on them.

    `picture` is the URL of an image that is there; else a small one is sent in Base64.
    """
    full = _filled(contract, bodies, last=False)
    other = _filled(contract, bodies, last=True)
    named = [
        (f"a job with {', '.join(full)} at their edges", full),
        (f"a job with {', '.join(name for name in other if name not in full)} and the other edges", other),
        (AGAIN, full),
        ("the smallest job", bodies.minimal),
        ("a job with the last of the options", _options(bodies)),
    ]
    submit = contract.operation("submit")
    sent = [(what, _pictured(bodies, body, picture or drawn())) for what, body in named]
    return [Probe(RULE, what, posted(submit, body), cost=PAID) for what, body in sent]


def _pictured(bodies: Bodies, body: Mapping[str, Any], picture: str) -> dict[str, Any]:
    """The body with a picture that is there in place of examples of one, where the contract takes it."""
    named: Mapping[str, Any] = bodies.shape.schema.get("properties", {})
    held = [name for name in body if isinstance(named.get(name), Mapping) and named[name].get("x-holds")]
    pictured = {**body, **dict.fromkeys(held, picture)}
    return pictured if not bodies.breaks(pictured) else dict(body)


@cache
def drawn() -> str:
    """A picture of 512 x 512 pixels as PNG in Base64: bands of grey, which compress to little."""
    size = 512
    rows = b"".join(b"\0" + bytes([row // 2]) * size for row in range(size))
    head = struct.pack(">IIBBBBB", size, size, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(chunks)).decode()


def _filled(contract: Contract, bodies: Bodies, *, last: bool) -> dict[str, Any]:
    """The minimal body with every field that can stand beside the others, and leaves nothing to remark on.

    `last` begins with the fields that come last, and takes the lower edges and the last options.
    """
    named: Mapping[str, Any] = bodies.shape.schema.get("properties", {})
    body = dict(bodies.minimal)
    for name in _tied_first(bodies, named) if last else named:
        for value in _edges(named[name], last=last):
            with_it = {**body, name: value}
            if not bodies.breaks(with_it) and not remarks(contract, with_it):
                body = with_it
                break
    return {name: body[name] for name in named if name in body}


def _tied_first(bodies: Bodies, named: Mapping[str, Any]) -> list[str]:
    ties = bodies.shape.schema.get("dependentSchemas", {})
    last_first = list(named)[::-1]
    return sorted(last_first, key=lambda name: name not in ties)


def remarks(contract: Contract, body: Any) -> bool:
    """Whether a body that is taken leaves something to remark on."""
    noted = contract.operation("submit").noted
    return noted is not None and not noted.validator.is_valid(body)


def _edges(schema: Any, *, last: bool) -> Iterator[Any]:
    if not isinstance(schema, Mapping):
        return
    if "enum" in schema:
        yield from reversed(schema["enum"]) if last else schema["enum"]
    elif schema.get("type") == "string" and "maxLength" in schema:
        most, least = schema["maxLength"], schema.get("minLength", 1)
        yield text("Chinese", least if last else min(most, LONGEST))
    elif schema.get("type") in {"number", "integer"}:
        keyword = "minimum" if last else "maximum"
        if keyword in schema:
            yield schema[keyword]
    yield good(schema)


def _options(bodies: Bodies) -> dict[str, Any]:
    named: Mapping[str, Any] = bodies.shape.schema.get("properties", {})
    last = {
        name: schema["enum"][-1]
        for name, schema in named.items()
        if isinstance(schema, Mapping) and "enum" in schema
    }
    body = {**bodies.minimal, **last}
    return body if not bodies.breaks(body) else bodies.minimal


def price(contract: Contract, body: Any) -> float | None:
    """What a job costs as far as the contract says, in its currency; None where it says nothing."""
    prices = contract.document.get("x-price", {})
    named = bodies_of(contract)
    mode = body.get("mode", named.get("mode", {}).get("default"))
    seconds = body.get("duration", named.get("duration", {}).get("default"))
    told = prices.get(mode, {}) if isinstance(mode, str) else {}
    amount = told.get(str(seconds)) if isinstance(told, Mapping) else None
    return float(amount) if amount is not None else None


def bodies_of(contract: Contract) -> Mapping[str, Any]:
    """The fields of what is submitted."""
    body = contract.operation("submit").body
    properties: Mapping[str, Any] = body.schema.get("properties", {}) if body else {}
    return properties
