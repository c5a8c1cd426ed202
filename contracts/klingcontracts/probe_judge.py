"""What the answers say: the readings that they follow, and every difference from the contract, once each."""

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from klingcontracts.check import check_reply, route
from klingcontracts.contract import Contract
from klingcontracts.drift import Found
from klingcontracts.exchange import Call, Exchange, is_secret, shortened
from klingcontracts.finding import Finding
from klingcontracts.probe import ORACLE, UNTOLD, Outcome, Probe, foretold
from klingcontracts.probe_free import NO_KEY
from klingcontracts.probe_guarded import message_of
from klingcontracts.probe_reading import Readings, agrees
from klingcontracts.rule import ASSUMED, Level, Provenance, Rule
from klingcontracts.strictjson import BadJson, parse

MOST_NAMED = 3  # differences of one kind that are told one by one
LONGEST_BODY = 1000  # characters of a body that is part of a command
LEFT_OUT = "body.json"  # what stands for a longer one
LONGEST_MESSAGE = 120  # characters of the vendor's text that are repeated


class Seen(NamedTuple):
    """A probe, what happened, and what that says; `unsure` when it was answered otherwise the second time."""

    probe: Probe
    exchange: Exchange
    outcome: Outcome
    unsure: bool = False


def stated(name: str, says: str, level: Level, told: Provenance = ASSUMED, operation: str = "task") -> Rule:
    """A rule of what the contract says without a schema, such as how long a task is kept."""
    return Rule(name, operation, says, level, told)


def found(rule: Rule, documented: str, seen: str, exchange: Exchange | None = None, at: str = "") -> Found:
    """A finding of a live run with what shows it."""
    finding = Finding(rule, rule.operation, at, seen, documented, {})
    return Found(finding, evidence(exchange) if exchange else {})


def evidence(exchange: Exchange) -> dict[str, Any]:
    """The request to repeat it, without its key, and what was exchanged."""
    return {"curl": curl(exchange.call), "exchange": exchange.to_json()}


def curl(call: Call) -> str:
    """The call as a command line; a key is left out as $MODELLIX_API_KEY, a long body as a file."""
    parts = ["curl", "-sS", "-X", call.method]
    for name, value in call.headers.items():
        scheme, space, _ = value.partition(" ")
        if is_secret(name) and NO_KEY not in value:
            parts += ["-H", f'"{name}: {scheme if space else ""}{space}$MODELLIX_API_KEY"']
        else:
            parts += ["-H", shlex.quote(f"{name}: {value}")]
    whole = _whole(call.body)
    if call.body:
        parts += ["--data-binary", shlex.quote(whole) if whole else f"@{LEFT_OUT}"]
    parts.append(shlex.quote(call.origin + call.path))
    if call.body and not whole:
        parts.append(f"# {LEFT_OUT} has {len(call.body)} bytes, left out here")
    return " ".join(parts)


def _whole(body: bytes) -> str:
    """The body as text; "" where that is none, long, or has what is not shown."""
    try:
        told = parse(body)
        text = json.dumps(told, ensure_ascii=False) if shortened(told) == told else ""
    except BadJson:
        text = body.decode(errors="ignore")
        text = text if text.encode() == body else ""
    return text if len(text) <= LONGEST_BODY and text.isprintable() else ""


def judged(readings: Readings, seen: Iterable[Seen]) -> tuple[list[Found], Contract]:
    """The findings of all that was seen, and the contract in the readings that the answers follow."""
    asked = [one for one in seen if one.outcome != UNTOLD]
    sure = [one for one in asked if not one.unsure]
    followed = readings.followed((one.probe, one.outcome) for one in sure)
    contract = readings.following(followed)
    told = [*_questions(readings, followed), *_mismatches(contract, sure), *_flaky(contract, asked)]
    for one in asked:
        told += [found_of(finding, one.exchange) for finding in replied(contract, one)]
    return once(told), contract


def _questions(readings: Readings, followed: Mapping[str, str]) -> Iterator[Found]:
    for name, reading in followed.items():
        question = readings.contract.questions[name]
        rule = stated(f"question.{name}", question.text, Level.INFO, question.provenance, "submit")
        yield found(rule, question.readings[question.chosen], question.readings[reading])


def _mismatches(contract: Contract, seen: Iterable[Seen]) -> Iterator[Found]:
    groups: dict[tuple[str, ...], list[tuple[Seen, Outcome]]] = {}
    for one in seen:
        told, *others = foretold(contract, one.probe)
        if not agrees(one.outcome, [told, *others]):
            groups.setdefault(_kind(one, told), []).append((one, told))
    for alike in groups.values():
        (first, told), *_ = alike
        rules = list(dict.fromkeys(one.probe.rule for one, _ in alike))
        whats = list(dict.fromkeys(one.probe.what for one, _ in alike))
        more = f", and {len(whats) - MOST_NAMED} more" if len(whats) > MOST_NAMED else ""
        seen_as = f"{'; '.join(whats[:MOST_NAMED])}{more}: {_seen(first)}"
        rule = _rule(contract, first, told)
        documented = f"{told}: {rule.says}" if told.accepted or not rules[1:] else str(told)
        yield found(rule, documented, seen_as, first.exchange)


def _kind(one: Seen, told: Outcome) -> tuple[str, ...]:
    """What makes two differences the same one: another status or category for all of a kind of refusal."""
    here = one.outcome
    if here.accepted or told.accepted:
        return ("rule", one.probe.rule, str(here.accepted))
    if here.status != told.status:
        return ("status", str(told.status), str(here.status))
    if here.category != told.category:
        return ("category", told.category, here.category)
    return ("field", *sorted(here.fields))


def _rule(contract: Contract, one: Seen, told: Outcome) -> Rule:
    probe, loosened = one.probe, one.outcome.accepted
    says = f"{probe.what} is {told}"
    rule = contract.rules.get(probe.rule) or stated(probe.rule, says, Level.ERROR, operation="submit")
    body = ".body." in rule.id
    level = Level.WARNING if loosened and body else Level.ERROR
    return replace(rule, level=level, operation="submit" if body else rule.operation)


def _seen(one: Seen) -> str:
    message = message_of(one.exchange.reply)[:LONGEST_MESSAGE]
    status = one.exchange.reply.status
    if _by_its_guard(one):
        return f"passes: only the other rule that the body breaks is told of ({status} {message})"
    return f"accepted ({status})" if one.outcome.accepted else f"{status} {message}".strip()


def _by_its_guard(one: Seen) -> bool:
    """Whether it passed, and its guard was refused: how, is told of the guard."""
    return one.outcome.accepted and one.exchange.reply.status >= 400


def _flaky(contract: Contract, seen: Iterable[Seen]) -> Iterator[Found]:
    for one in seen:
        if one.unsure:
            rule = replace(_rule(contract, one, one.outcome), level=Level.INFO)
            yield found(
                rule, "one answer each time", f"{one.probe.what}: answered otherwise when asked again"
            )


def found_of(finding: Finding, exchange: Exchange) -> Found:
    """A finding of `check` with what shows it."""
    return Found(finding, evidence(exchange))


def replied(contract: Contract, one: Seen) -> Iterator[Finding]:
    """What a reply itself breaks: content type, JSON, shape, headers; and what it has beyond them."""
    probe, (call, reply, *_) = one.probe, one.exchange
    operation = route(contract, probe.call)[0] or contract.operation("submit")
    if call.method == "HEAD" or reply.status >= 500 or (probe.cost == ORACLE and reply.status == 402):
        return
    if reply.status in operation.replies:
        yield from check_reply(contract, operation, probe.call, reply)
        yield from additive(operation.replies[reply.status].schema, operation.id, reply.status, reply.body)
    elif not _by_its_guard(one) and agrees(one.outcome, foretold(contract, probe)):
        yield from check_reply(contract, operation, probe.call, reply)


def additive(
    schema: Mapping[str, Any], operation: str, status: int, body: bytes | memoryview
) -> Iterator[Finding]:
    """The fields of a reply that its schema does not list, each as info."""
    try:
        value = parse(bytes(body))
    except BadJson:
        return
    prefix = f"{operation}.reply" if status < 400 else "error.envelope"
    for path in _unlisted(schema, value, ()):
        name = ".".join(path)
        rule = stated(
            f"{prefix}.{name}.listed", f"{name} is a documented field", Level.INFO, operation=operation
        )
        yield Finding(rule, operation, "/" + "/".join(path), f"a field {name}", "not stated", {})


def _unlisted(schema: Any, value: Any, at: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if not isinstance(schema, Mapping):
        return
    if isinstance(value, Mapping) and "properties" in schema:
        for name, inner in value.items():
            if name in schema["properties"]:
                yield from _unlisted(schema["properties"][name], inner, (*at, name))
            else:
                yield (*at, name[:LONGEST_MESSAGE])
    elif isinstance(value, list) and value and "items" in schema:
        yield from _unlisted(schema["items"], value[0], (*at, "0"))


def once(told: Iterable[Found]) -> list[Found]:
    """Each finding once, the gravest first; what was seen first stands for the rest."""
    kept: dict[str, Found] = {}
    for one in sorted(told, key=lambda one: -one.finding.level):
        kept.setdefault(one.finding.fingerprint, one)
    return list(kept.values())
