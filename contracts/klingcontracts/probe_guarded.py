"""Questions about a body that cost nothing: it breaks another rule too, which the server looks at later."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from klingcontracts.derive import BOUND, EXCLUSION
from klingcontracts.exchange import LONGEST_TEXT, Reply
from klingcontracts.probe import ACCEPTED, GUARDED, UNTOLD, Outcome, Probe, fields_of, posted
from klingcontracts.probe_bodies import Bodies, Point
from klingcontracts.probe_reading import Readings
from klingcontracts.rule import Rule
from klingcontracts.strictjson import BadJson, parse

MOST_EXCLUSIONS, MOST_BOUNDS = 3, 3
NO_OPTION: tuple[Any, ...] = ("no-such-option", -7)  # what no vendor will come to take
_NAMED = re.compile(r"(?:parameter|field|property|argument)s?\s+['\"`]?([A-Za-z_]\w*)", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z_]\w*")


class Guard(NamedTuple):
    """A break of one rule that any body can have beside its own: the fields that make it."""

    rule: str
    more: Mapping[str, Any]
    fields: frozenset[str]  # that its error names
    stage: int
    seen: Outcome = UNTOLD  # how it was refused in this run


def guards(readings: Readings) -> list[Guard]:
    """The breaks that can guard a body, the one that the server looks at last first."""
    bodies, rules = readings.bodies, readings.contract.rules
    found = [_guard(bodies, rules[point.rule], point.body) for point in _breaks(readings)]
    last = sorted(found, key=lambda one: rules[one.rule].order, reverse=True)
    exclusions = [one for one in last if one.stage == EXCLUSION][:MOST_EXCLUSIONS]
    return exclusions + [one for one in last if one.stage == BOUND][:MOST_BOUNDS]


def _breaks(readings: Readings) -> Iterator[Point]:
    bodies = readings.bodies
    for pointer, rule in bodies.shape.rules.items():
        if rule.order[0] == EXCLUSION and rule.keyword.startswith("excludes"):
            tried = [{**bodies.with_field(rule.field), **bodies.with_field(rule.other)}]
        elif rule.keyword in {"enum", "maximum", "maxLength"} and len(pointer) == 3:
            tried = [bodies.with_field(rule.field, value) for value in _far(rule)]
        else:
            continue
        for body in tried:
            if bodies.breaks(body) == [rule.id] and not readings.takes(_bytes(body)):
                yield Point(rule.id, "guard", body)
                break


def _far(rule: Rule) -> tuple[Any, ...]:
    if rule.keyword == "maximum":
        return (int(rule.schema["maximum"]) + 1000,)
    return NO_OPTION if rule.keyword == "enum" else ()


def _guard(bodies: Bodies, rule: Rule, body: Mapping[str, Any]) -> Guard:
    more = {name: value for name, value in body.items() if bodies.minimal.get(name) != value}
    return Guard(rule.id, more, fields_of(rule), rule.order[0])


def guarded(point: Point, guard: Guard, readings: Readings) -> Probe | None:
    """The point asked behind this guard; None where the answer would not tell, or might be an acceptance."""
    both = _both(point.body, guard)
    if both is None or readings.takes(_bytes(both)) or not _tells(readings, point.body, both, guard):
        return None
    operation = readings.contract.operation("submit")
    about = posted(operation, point.body)
    return Probe(point.rule, point.what, posted(operation, both), cost=GUARDED, about=about, guard=guard.rule)


def _both(body: Any, guard: Guard) -> Any:
    if isinstance(body, list) and len(body) == 1 and isinstance(body[0], Mapping):
        return [{**guard.more, **body[0]}]  # which a server may unpack
    if not isinstance(body, Mapping) or body.keys() >= guard.more.keys():
        return None
    return {**guard.more, **body}


def _tells(readings: Readings, body: Any, both: Any, guard: Guard) -> bool:
    """Whether the server looks at what is asked first, then at the guard, and at nothing between."""
    own, all_broken = readings.bodies.breaks(body), readings.bodies.breaks(both)
    if isinstance(both, list):
        return own == all_broken
    if all_broken != [*own, guard.rule]:
        return False
    if not own:
        # An error about nothing but fields of the guard would tell nothing.
        asked = special(readings.bodies, body)
        return not (asked and asked <= guard.fields)
    rule = readings.contract.rules[own[0]]
    if fields_of(rule) <= guard.fields:
        return False
    return rule.keyword != "required" or _still_lacks(readings, body, both, guard)


def special(bodies: Bodies, body: Mapping[str, Any]) -> set[str]:
    """The fields that make a body another one than the minimal one."""
    return {name for name, value in body.items() if bodies.minimal.get(name) != value}


def _still_lacks(readings: Readings, body: Any, both: Any, guard: Guard) -> bool:
    """Whether the guard brings nothing that stands for what is missing, in any reading."""
    return not (guard.more.keys() & body.keys()) and all(
        bool(other.bodies.breaks(body)) == bool(set(other.bodies.breaks(both)) - {guard.rule})
        for other in readings.others
    )


def said(reply: Reply, names: Iterable[str]) -> Outcome:
    """What a reply says of its call; `names` are the fields that a body can have."""
    if is_taken(reply):
        return ACCEPTED._replace(status=reply.status)
    message = message_of(reply)
    category, colon, detail = message.partition(": ")
    if not colon:
        category, detail = (
            "" if reply.status >= 300 else "an error",
            message or bytes(reply.body[:LONGEST_TEXT]).decode(errors="replace"),
        )
    named = {word for word in _WORD.findall(detail) if word in set(names)} | set(_NAMED.findall(detail))
    return Outcome(reply.status, category, frozenset(named))


def is_taken(reply: Reply) -> bool:
    """Whether a reply says that the call was carried out: by its status, and by no code that denies it."""
    if not 200 <= reply.status < 300:
        return False
    value = _object(reply)
    code = value.get("code", 0)
    return "data" in value or not isinstance(code, int) or code < 400


def message_of(reply: Reply) -> str:
    """The message of an error's envelope, "" where there is none."""
    message = _object(reply).get("message")
    return message if isinstance(message, str) else ""


def _object(reply: Reply) -> Mapping[str, Any]:
    try:
        value = parse(bytes(reply.body))
    except BadJson:
        return {}
    return value if isinstance(value, dict) else {}


def decoded(told: Outcome, guard: Guard) -> Outcome:
    """What a reply to a guarded body says of the body without its guard.

    When the guard answers, everything that the server looks at before it was well.
    """
    if told.accepted:
        return told
    like = (told.status, told.category) == (guard.seen.status, guard.seen.category)
    if like and told.fields == guard.seen.fields:
        return ACCEPTED
    return UNTOLD if like and not told.fields else told


def holds(guard: Guard, told: Outcome) -> bool:
    """Whether a guard alone was refused, and its error names all of it."""
    return 400 <= told.status < 500 and told.fields == guard.fields


def _bytes(body: Any) -> bytes:
    return json.dumps(body).encode()
