"""Hypothesis strategies from a contract: bodies that keep it, bodies that break one rule, replies, histories.

Everything is derived from the contract's document; a new revision needs no new code. `contract` is a
revision's name, the path of a document, or a loaded Contract with the readings of your choice.
"""

from typing import Any

from hypothesis.strategies import SearchStrategy

from klingcontracts.bodies import valid_bodies
from klingcontracts.breaks import breaks_of, broken
from klingcontracts.contract import Contract, load
from klingcontracts.document import DEFAULT
from klingcontracts.exchange import Reply
from klingcontracts.histories import History, illegal, legal, replies_of
from klingcontracts.machine import TaskMachine
from klingcontracts.problem import unknown
from klingcontracts.raw import hostile
from klingcontracts.rule import Rule

__all__ = [
    "History",
    "TaskMachine",
    "bodies",
    "breakable",
    "broken_bodies",
    "histories",
    "illegal_histories",
    "raw_bodies",
    "replies",
]


def bodies(
    contract: Contract | str = DEFAULT, operation: str = "submit", *, noted: bool = False
) -> SearchStrategy[Any]:
    """JSON bodies that the contract accepts; a failure shrinks to the smallest documented one.

    With `noted`, also those that are accepted with a remark: unknown fields, a data: prefix, ten seconds
    with masks. Raises Problem for an operation without a body.
    """
    return valid_bodies(_loaded(contract), operation, notes=noted)


def broken_bodies(
    rule: str | None = None,
    contract: Contract | str = DEFAULT,
    operation: str = "submit",
    *,
    noted: bool = False,
) -> SearchStrategy[tuple[Any, Rule]]:
    """Pairs of a JSON body that breaks exactly one rule, and this rule: any that refuses, or the one named.

    With `noted`, also rules that only lead to a remark. Raises Problem for a rule that is not known, or that
    no body can break alone.
    """
    found = breaks_of(_loaded(contract), operation)
    names = [rule] if rule else list(found.arms) if noted else found.refused
    if rule and rule not in found.arms:
        raise unknown("Rule of a body", rule, found.arms, "Name one that a body can break.")
    return broken(_loaded(contract), operation, names)


def breakable(
    contract: Contract | str = DEFAULT, operation: str = "submit", *, noted: bool = False
) -> list[str]:
    """The ids of the rules that `broken_bodies` can break, in the order of the page; for `parametrize`."""
    found = breaks_of(_loaded(contract), operation)
    return list(found.arms) if noted else found.refused


def raw_bodies(contract: Contract | str = DEFAULT, operation: str = "submit") -> SearchStrategy[bytes]:
    """Bytes that no client means to send: cut short, not UTF-8, not JSON, nested, twice the same field."""
    return hostile(valid_bodies(_loaded(contract), operation, notes=True))


def replies(
    operation: str, status: int | None = None, contract: Contract | str = DEFAULT
) -> SearchStrategy[Reply]:
    """Documented replies of an operation, with their headers, of any documented status or of this one.

    Raises Problem for an operation or a status that the contract does not have.
    """
    return replies_of(_loaded(contract), operation, status)


def histories(contract: Contract | str = DEFAULT) -> SearchStrategy[History]:
    """Whole lives of a task as its polls see them: repeats, missed statuses, errors between, a late 404."""
    return legal(_loaded(contract))


def illegal_histories(contract: Contract | str = DEFAULT) -> SearchStrategy[tuple[History, Rule]]:
    """Lives that no task has: one that goes back, leaves its end or is another's; and the rule it breaks.

    Raises Problem when the contract's lifecycle allows any order.
    """
    return illegal(_loaded(contract))


def _loaded(contract: Contract | str) -> Contract:
    return contract if isinstance(contract, Contract) else load(contract)
