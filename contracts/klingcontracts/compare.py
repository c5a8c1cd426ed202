"""A contract held against a contract: every change of what is documented is one finding."""

from collections.abc import Iterator

from klingcontracts.compare_calls import calls
from klingcontracts.compare_numbers import numbers
from klingcontracts.compare_prose import prose
from klingcontracts.compare_told import NOT_STATED, merged, stated
from klingcontracts.contract import Contract, Question, of_document
from klingcontracts.document import merged as patched
from klingcontracts.finding import Finding
from klingcontracts.rule import Level


def compare(old: Contract, new: Contract) -> list[Finding]:
    """What `new` documents otherwise than `old`; nothing for two that say the same.

    An error breaks a client that keeps to `old`: what it may send is refused, or what it gets is nothing
    that it knows. A warning is another change that such a client can meet, or that lets it do more: tests
    against `old` are stricter than need be. Info is what it need not care for. `documented` is what `old`
    says, `seen` what `new` does. Descriptions, examples, provenance, our own notes and what the fake makes
    up (the opening balance, where videos lie) are no changes.
    """
    found = list(_said(old, new))
    return [*found, *_read(old, new)]


def _said(old: Contract, new: Contract) -> Iterator[Finding]:
    found = list(merged([*calls(old, new), *numbers(old, new)]))
    yield from found
    yield from prose(old, new, found)


def _read(old: Contract, new: Contract) -> Iterator[Finding]:
    for name in dict.fromkeys([*old.questions, *new.questions]):
        one, other = old.questions.get(name), new.questions.get(name)
        if one is None or other is None:
            was, now = (_open(question) for question in (one, other))
            yield _question(f"{name}.listed", Level.INFO, was, now, old if other is None else new)
        elif one.chosen != other.chosen and not (_seen(new, one) or _seen(old, other)):
            was, now = (
                f"{question.chosen}: {question.readings[question.chosen]}" for question in (one, other)
            )
            yield _question(f"{name}.reading", Level.WARNING, was, now, new)


def _open(question: Question | None) -> str:
    return NOT_STATED if question is None else f"open: {question.text}"


def _question(rule: str, level: Level, documented: str, seen: str, of: Contract) -> Finding:
    origin = of.questions[rule.rpartition(".")[0]].provenance
    says = "how an open question is read"
    return stated(f"question.{rule}", says, level, documented, seen, "", "*", origin)


def _seen(contract: Contract, question: Question) -> bool:
    """Whether the contract says something else when it is read as the other one is: that is told already."""
    readings = contract.document["x-questions"][question.id]["readings"]
    patch = readings.get(question.chosen, {}).get("patch", {})
    read = of_document(patched(contract.document, patch), "The contract as the other one is read")
    return any(_said(read, contract))
