"""What two contracts keep of the prose of their pages: statements that no schema says, in a normal form."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from klingcontracts.compare_shapes import named_only, pointer
from klingcontracts.compare_told import NOT_STATED, SUBMIT, stated
from klingcontracts.contract import Contract, Operation
from klingcontracts.finding import Finding
from klingcontracts.page_parts import EXCLUDES, ONE_OF, ONLY_FOR, Statement, model_of
from klingcontracts.page_prose import KEY, REPLY, holds
from klingcontracts.rule import Level, provenance
from klingcontracts.shape import Shape

Prose = Mapping[str, Mapping[str, Any]]


def accepted(operation: Operation) -> Shape | None:
    """The shape of the reply to a submission that is accepted; None where the contract has none."""
    status = next((key for key in sorted(operation.replies) if 200 <= key < 300), None)
    return None if status is None else operation.replies[status]


def kept(contract: Contract) -> Prose:
    """What the contract keeps of its page's prose, by field."""
    body = contract.operation(SUBMIT).body
    found = body.schema.get("x-prose", {}) if body is not None else {}
    return found if isinstance(found, Mapping) else {}


def spoken_of(old: Contract, new: Contract) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """What prose is about, with what both keep of it; a field that came or went brings its prose along."""
    before, after = kept(old), kept(new)
    listed = _names(old), _names(new)
    for name in dict.fromkeys([*before, *after]):
        if (name in listed[0]) == (name in listed[1]):
            yield name, before.get(name, {}), after.get(name, {})


def _names(contract: Contract) -> set[str]:
    submit = contract.operation(SUBMIT)
    body = submit.body.schema if submit.body is not None else {}
    reply = accepted(submit)
    fields = reply.schema.get("properties", ()) if reply is not None else ()
    return {*(set(body.get("properties", ())) - named_only(body)), *(f"{REPLY} {name}" for name in fields)}


def prose(old: Contract, new: Contract, found: Sequence[Finding]) -> Iterator[Finding]:
    """Statements in the prose of `new` other than in that of `old`, which no rule in `found` tells."""
    model = model_of(new.operation(SUBMIT).path)[1]
    for name, before, after in spoken_of(old, new):
        lost = [text for text in before.get("says", ()) if text not in after.get("says", ())]
        added = [text for text in after.get("says", ()) if text not in before.get("says", ())]
        for kind in dict.fromkeys(text.partition(": ")[0] for text in (*lost, *added)):
            were, are = ([text for text in one if text.startswith(f"{kind}: ")] for one in (lost, added))
            level = _level(kind, name, are, model, found)
            if level is not None:
                was, now = ("; ".join(texts) or NOT_STATED for texts in (were, are))
                rule_id = f"{rule_at(name)}.{kind.replace(' ', '-')}"
                yield prose_finding(rule_id, "what stands in its text", level, was, now, name, new)


def prose_finding(
    rule_id: str, says: str, level: Level, documented: str, seen: str, name: str, new: Contract
) -> Finding:
    """A finding about the prose of what is called `name`."""
    body = new.operation(SUBMIT).body
    listed = body.schema.get("properties", {}).get(name) if body is not None else None
    at = pointer(name.removeprefix(REPLY).strip()) if name != KEY else ""
    return stated(rule_id, says, level, documented, seen, at, origin=provenance(listed))


def _level(kind: str, name: str, after: Sequence[str], model: str, found: Sequence[Finding]) -> Level | None:
    """How much it matters; None where rules have told it already."""
    if kind == EXCLUDES:
        pairs = [one.rule for one in found if one.rule.keyword.startswith("excludes.")]
        told_already = any(name in {rule.field, rule.other} for rule in pairs)
        return None if told_already else Level.INFO
    if kind == ONLY_FOR and after:
        models = tuple(after[0].partition(": ")[2].split(", "))
        return Level.WARNING if holds(Statement(kind, name, models), model) else Level.ERROR
    if kind == ONE_OF and any("' or '" in one.rule.field for one in found):
        return None
    return Level.WARNING


def rule_at(name: str) -> str:
    """What the ids of findings about the prose of `name` begin with."""
    if name == KEY:
        return "auth"
    in_reply = name.startswith(REPLY)
    at = "submit.reply" if in_reply else "submit.body"
    field = name[len(REPLY) :].strip() if in_reply else name
    return f"{at}.{field}" if field else at
