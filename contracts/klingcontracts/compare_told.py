"""How a comparison tells of a change: what was documented, what is seen now, and how much it matters."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from klingcontracts.finding import Finding
from klingcontracts.rule import ASSUMED, Level, Provenance, Rule

SUBMIT = "submit"
NOT_STATED = "not stated"


def told(
    rule: Rule, level: Level, documented: str, seen: str, pointer: str = "", operation: str = ""
) -> Finding:
    """A finding about a rule, at this level; of the rule's operation, where no other is given."""
    return Finding(replace(rule, level=level), operation or rule.operation, pointer, seen, documented, {})


def stated(
    rule_id: str,
    says: str,
    level: Level,
    documented: str,
    seen: str,
    pointer: str = "",
    operation: str = SUBMIT,
    origin: Provenance = ASSUMED,
) -> Finding:
    """A finding about what no rule says, such as a default: its id is where that would stand."""
    field = pointer.strip("/").replace("/", ".")
    return told(Rule(rule_id, operation, says, level, origin, field=field), level, documented, seen, pointer)


def merged(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The same change of several operations or statuses as one finding, of the operation "*"."""
    found: dict[tuple[str, str, str, str], Finding] = {}
    for one in findings:
        key = (one.rule.id, one.pointer, one.documented, one.seen)
        first = found.setdefault(key, one)
        if first.operation != one.operation:
            found[key] = first._replace(operation="*")
    yield from found.values()
