"""The bodies that are paid for: each carries as much as one job can, and no two carry the same."""

from collections.abc import Iterator, Mapping
from typing import Any

from klingcontracts.contract import Contract
from klingcontracts.probe import PAID, Probe, posted
from klingcontracts.probe_bodies import Bodies
from klingcontracts.probe_values import LONGEST, good, text

RULE = "submit.reply.status"
AGAIN = "the first job once more"


def jobs(contract: Contract, bodies: Bodies) -> list[Probe]:
    """The jobs in the order in which a budget is best spent on them."""
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
    return [Probe(RULE, what, posted(submit, body), cost=PAID) for what, body in named]


def _filled(contract: Contract, bodies: Bodies, *, last: bool) -> dict[str, Any]:
    """The minimal body with every field that can stand beside the others, and leaves nothing to remark on.

    `last` begins with the fields that come last, and takes the lower edges and the last options.
    """
    named: Mapping[str, Any] = bodies.shape.schema.get("properties", {})
    body = dict(bodies.minimal)
    for name in reversed(list(named)) if last else named:
        for value in _edges(named[name], last=last):
            with_it = {**body, name: value}
            if not bodies.breaks(with_it) and not remarks(contract, with_it):
                body = with_it
                break
    return {name: body[name] for name in named if name in body}


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
    last = {name: schema["enum"][-1] for name, schema in named.items() if "enum" in (schema or {})}
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
