"""What all replies say together: of the limits, the reads, the ids; and what they cover."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from klingcontracts.check import route
from klingcontracts.contract import Contract
from klingcontracts.drift import Found
from klingcontracts.exchange import Exchange
from klingcontracts.probe import FIRST, NOBODY, PAID, UNTOLD
from klingcontracts.probe_follow import text_at, value_of
from klingcontracts.probe_guard import READS
from klingcontracts.probe_jobs import AGAIN
from klingcontracts.probe_judge import Seen, found, stated
from klingcontracts.rule import Level
from klingcontracts.words import value_at

HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
TYPE = ("data", "result", "resources", 0, "type")
STILL = 5  # requests of one window after which fewer must be left
SLACK = 5.0  # seconds by which clocks may differ
LONGEST_NUMBER = 15  # digits of a number in a header: more are none that anybody means


class _Told(NamedTuple):
    limit: int | None
    left: int | None
    reset: int | None
    exchange: Exchange


def headers_told(contract: Contract, seen: Sequence[Seen]) -> Iterator[Found]:
    """What the headers of the limits say: that they are there, and that their numbers make sense."""
    keyed = [one.exchange for one in seen if one.probe.key == FIRST and one.exchange.reply.status < 500]
    keyed = [one for one in keyed if "authorization" in one.call.headers and one.reply.status != 401]
    named = [name for name in HEADERS if f"reply.header.{name}.type" in contract.rules]
    there = {name: [one for one in keyed if name.lower() in one.reply.headers] for name in named}
    if not keyed or not named:
        return
    if not any(there.values()):
        cheapest = min(keyed, key=lambda one: (one.call.method not in READS, len(one.call.body)))
        yield from _none(contract, cheapest)
        return
    for name, having in there.items():
        if len(having) < len(keyed):
            lacking = next(one for one in keyed if one not in having)
            rule = contract.rules[f"reply.header.{name}.type"]
            seen_as = f"not on {len(keyed) - len(having)} of {len(keyed)} replies"
            yield found(_as_warning(rule.id, f"{name} is on every reply"), "on every reply", seen_as, lacking)
    yield from _numbers(contract, [_told(one) for one in keyed])


def _none(contract: Contract, exchange: Exchange) -> Iterator[Found]:
    others = [name for name in exchange.reply.headers if "ratelimit" in name or "rate-limit" in name]
    if others:
        rule = _as_warning("reply.header.X-RateLimit-Limit.type", "the headers are called X-RateLimit-")
        yield found(rule, ", ".join(HEADERS), ", ".join(others), exchange)
        return
    question = contract.questions.get("rate-headers")
    level = Level.INFO if question else Level.WARNING
    rule = stated("question.rate-headers", question.text if question else "limits are told", level)
    seen_as = "on none: only on 429, or never"
    yield found(rule, "on every reply to an accepted key", seen_as, exchange)


def _as_warning(name: str, says: str) -> Any:
    return stated(name.replace(".type", ".told"), says, Level.WARNING, operation="*")


def _told(exchange: Exchange) -> _Told:
    limit, left, reset = (_whole(exchange.reply.headers.get(name.lower(), "")) for name in HEADERS)
    return _Told(limit, left, reset, exchange)


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else None


def _numbers(contract: Contract, told: Sequence[_Told]) -> Iterator[Found]:
    rate = contract.document["x-limits"]["rate"]
    limited = next((one for one in told if one.limit not in {None, 0, rate["requests"]}), None)
    if limited:
        rule = stated("limit.rate", "requests in a window", Level.WARNING, operation="*")
        yield found(rule, f"{rate['requests']} requests", f"{limited.limit} requests", limited.exchange)
    odd = next((one for one in told if one.reset is not None and not _soon(one, rate["seconds"])), None)
    if odd:
        rule = _as_warning(
            "reply.header.X-RateLimit-Reset.type", "X-RateLimit-Reset is the end of the window"
        )
        at = f"Unix seconds, such as {odd.exchange.at:.0f}"
        yield found(rule, at, str(odd.reset), odd.exchange)
    still = _unmoved(told)
    if still:
        rule = _as_warning("reply.header.X-RateLimit-Remaining.type", "fewer requests are left after each")
        yield found(rule, "one less after each request", f"{still.left} after each", still.exchange)


def _soon(one: _Told, seconds: float) -> bool:
    return one.reset is None or -SLACK <= one.reset - one.exchange.at <= seconds + SLACK


def _unmoved(told: Sequence[_Told]) -> _Told | None:
    for place, one in enumerate(told[STILL:], STILL):
        window = told[place - STILL : place + 1]
        if one.left is not None and {(other.left, other.reset) for other in window} == {
            (one.left, one.reset)
        }:
            return one if one.left else None
    return None


def reads_told(contract: Contract, seen: Sequence[Seen]) -> Iterator[Found]:
    """What the values of the free reads say: the key is valid, and the model is listed."""
    for one in seen:
        operation, _ = route(contract, one.probe.call)
        if operation is None or one.exchange.reply.status != 200:
            continue
        value = value_of(one.exchange)
        if operation.id == "validate-key":
            valid, right = value_at(value, ["data", "is_valid"]), one.probe.key != NOBODY
            if isinstance(valid, bool) and valid is not right:
                rule = stated(
                    "validate-key.reply.data.is_valid.true", "it tells a good key from none", Level.ERROR
                )
                yield found(rule, str(right).lower(), str(valid).lower(), one.exchange)
        elif operation.id == "models":
            yield from _listed(contract, value, one.exchange)


def _listed(contract: Contract, value: Any, exchange: Exchange) -> Iterator[Found]:
    models = value_at(value, ["models"])
    slugs = [model.get("slug") for model in models if isinstance(model, Mapping)] if models else []
    path = contract.operation("submit").path
    if slugs and not any(isinstance(slug, str) and slug in path for slug in slugs):
        rule = stated("models.listed", "the model is listed", Level.WARNING, operation="models")
        yield found(rule, f"the model of {path}", f"{len(slugs)} others", exchange)


def models_told(contract: Contract, seen: Sequence[Seen]) -> Iterator[Found]:
    """Whether a job's model_id is the slug or an opaque id, where that is an open question."""
    question = contract.questions.get("model-id")
    for one in seen:
        if question is None or one.probe.cost != PAID or not one.outcome.accepted:
            continue
        told = text_at(one.exchange, "data", "model_id")
        slug = bool(told) and told in contract.operation("submit").path.split("/")
        reading = "slug" if slug else "opaque"
        if told and reading != question.chosen and reading in question.readings:
            rule = stated("question.model-id", question.text, Level.INFO, question.provenance, "submit")
            yield found(
                rule,
                question.readings[question.chosen],
                f"{question.readings[reading]}: {told}",
                one.exchange,
            )
            return


def same_ids(contract: Contract, seen: Sequence[Seen]) -> Iterator[Found]:
    """Whether each job got an id of its own."""
    jobs = [one for one in seen if one.outcome.accepted and one.probe.cost == PAID]
    ids: dict[str, Seen] = {}
    for one in jobs:
        task_id = text_at(one.exchange, "data", "task_id")
        if not task_id or ids.setdefault(task_id, one) is one:
            continue
        question = contract.questions.get("idempotency")
        if one.probe.what == AGAIN and question:
            rule = stated("question.idempotency", question.text, Level.INFO, question.provenance, "submit")
            yield found(rule, question.readings[question.chosen], "one job: the same id", one.exchange)
        else:
            rule = stated(
                "submit.reply.data.task_id.unique", "each job has an id", Level.ERROR, operation="submit"
            )
            yield found(rule, "another id for each job", f"{task_id} again", one.exchange)


def types_told(contract: Contract, seen: Sequence[Seen]) -> Iterator[Found]:
    """Where a result has another type than the documented examples: there is no list of them."""
    for one in seen:
        operation, _ = route(contract, one.probe.call)
        if operation is None or one.exchange.reply.status != 200:
            continue
        value = value_at(value_of(one.exchange), TYPE)
        examples = _examples(operation.replies[200].schema, TYPE)
        if isinstance(value, str) and examples and value not in examples:
            name = f"{operation.id}.reply.data.result.resources.[].type.example"
            rule = stated(name, "the type of a result is that of the examples", Level.INFO)
            yield found(rule, str(examples[0]), value, one.exchange)


def _examples(schema: Any, path: Sequence[str | int]) -> Sequence[Any]:
    for part in path:
        inner = schema.get("items" if isinstance(part, int) else "properties", {})
        schema = inner if isinstance(part, int) else inner.get(part, {})
    examples: Sequence[Any] = schema.get("examples", ())
    return examples


def by_replies(contract: Contract, seen: Sequence[Seen]) -> set[str]:
    """The rules that something was said about: those asked for, and those that a reply keeps or breaks."""
    looked = {one.probe.rule for one in seen if one.outcome != UNTOLD}
    starts: set[str] = set()
    for one in seen:
        operation, _ = route(contract, one.probe.call)
        reply = one.exchange.reply
        if reply.status >= 400:
            starts.add("error.envelope.")
        elif operation is not None:
            starts.add(f"{operation.id}.reply.")
            starts |= {"task.lifecycle.order"} if operation.id == "task" else set()
        starts |= {f"reply.header.{name}." for name in HEADERS if name.lower() in reply.headers}
    return looked | {name for name in contract.rules if name.startswith(tuple(starts))}
