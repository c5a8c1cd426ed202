"""Readings of open questions as people give them, and contracts read so."""

from collections.abc import Iterable, Mapping, Sequence

from klingcontracts.contract import Contract, load
from klingcontracts.problem import Problem, unknown


def readings(texts: Iterable[str]) -> dict[str, str]:
    """Question to reading, from texts like image-required=either; Problem for a text of another form."""
    chosen: dict[str, str] = {}
    for question, reading in map(_pair, texts):
        if chosen.setdefault(question, reading) != reading:
            raise Problem(f"Open question {question!r} is read in two ways.", "Choose one reading of it.")
    return chosen


def _pair(text: str) -> tuple[str, str]:
    question, equals, reading = text.partition("=")
    if not equals:
        raise Problem(f"Reading {text!r} has no equals sign.", "Write QUESTION=READING.")
    return question, reading


def load_each(names: Sequence[str], chosen: Mapping[str, str]) -> list[Contract]:
    """The revisions of these names, each with the chosen readings of those open questions that it has.

    Raises Problem for a question that is open in none of them, and whatever `load` raises.
    """
    open_in = {name: load(name).questions for name in names}
    asked = dict.fromkeys(question for questions in open_in.values() for question in questions)
    for question in chosen:
        if question not in asked:
            remedy = "Show them with: klingmock contract show --format questions"
            raise unknown("Open question", question, asked, remedy)
    return [load(name, {q: r for q, r in chosen.items() if q in open_in[name]}) for name in names]
