"""The rules that no schema can say: who may call, how much, and what every reply is like."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from klingcontracts.rule import ASSUMED, Level, Provenance, Rule


class Row(NamedTuple):
    """One rule; `error` names its refusal in x-errors, "" where a reply breaks it and nobody refuses."""

    id: str
    operation: str  # "*": of every operation; "body": of each that takes one; "each": one rule for each
    error: str
    says: str
    basis: str = ""  # provenance, where there is no refusal to take it from


WIRE = (
    Row("auth.missing-key", "*", "no-key", "every call carries a key"),
    Row("auth.bad-scheme", "*", "bad-scheme", "the key is sent as Authorization: Bearer KEY"),
    Row("auth.unknown-key", "*", "bad-key", "the key is known"),
    Row("auth.expired-key", "*", "expired-key", "the key has not expired"),
    Row("route.unknown-path", "*", "unknown-path", "the path is documented, in the case it is documented in"),
    Row("route.wrong-method", "*", "wrong-method", "the method is the documented one"),
    Row("limit.rate", "*", "rate", "no more requests in a window than allowed"),
    Row("limit.concurrency", "submit", "concurrency", "no more tasks run at once than allowed"),
    Row("balance.insufficient", "submit", "balance", "the balance covers the job"),
    Row("{}.body.size", "body", "too-large", "the body is not larger than the server takes"),
    Row("{}.body.json", "body", "bad-json", "the body is JSON"),
    Row("task.unknown", "task", "unknown-task", "the task exists, belongs to this key and has not expired"),
    Row("video.unknown", "task", "unknown-video", "the video exists and has not expired"),
    Row("{}.reply.status", "each", "", "the status is a documented one", "documented P2,P3"),
    Row("{}.reply.content-type", "each", "", "the reply is application/json", "documented S0,P2"),
    Row("{}.reply.json", "each", "", "the reply's body is JSON", "documented S0,P2"),
    Row("task.reply.data.task_id.echo", "task", "", "the reply is about the task asked for", "observed C4"),
    Row(
        "task.lifecycle.order", "task", "", "a task never goes back and never leaves its end", "documented K3"
    ),
)


# What the texts of errors may name, beside what a broken statement of a body tells (words.refusal).
_FILLS = {
    "unknown-path": {"path"},
    "wrong-method": {"method"},
    "rate": {"limit", "seconds"},
    "concurrency": {"limit"},
    "too-large": {"limit"},
    "unknown-task": {"task_id"},
    "unknown-video": {"path"},
}
_STATEMENTS = frozenset({"field", "other", "got", "expected", "bounds", "allowed"})


def may_fill(error: str) -> frozenset[str]:
    """The blanks that the text of this error may have."""
    of_no_schema = error in {row.error for row in WIRE} | {"internal", "unavailable"}
    return frozenset(_FILLS.get(error, set())) if of_no_schema else _STATEMENTS


def wire_rules(
    operations: Mapping[str, bool], errors: Mapping[str, Provenance], enforced: frozenset[str]
) -> Iterator[Rule]:
    """The rows that hold for a contract.

    `operations` maps each id to whether it takes a body, `errors` each refusal to its provenance;
    a refusal that the contract does not know, or does not enforce, makes no rule.
    """
    for row in WIRE:
        if row.error and row.error not in enforced:
            continue
        basis, _, sources = row.basis.partition(" ")
        stated = Provenance(basis, tuple(sources.split(","))) if basis else ASSUMED
        origin = errors.get(row.error, stated)
        for name in _names(row, operations):
            yield Rule(row.id.format(name), name, row.says, Level.ERROR, origin, error=row.error)


def _names(row: Row, operations: Mapping[str, bool]) -> list[str]:
    if row.operation == "each":
        return list(operations)
    if row.operation == "body":
        return [name for name, body in operations.items() if body]
    return [row.operation] if row.operation in {"*", *operations} else []
