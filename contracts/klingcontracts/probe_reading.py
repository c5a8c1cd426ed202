"""The open questions, asked of a live API: what each reading foretells, and which one the answers follow."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from klingcontracts.any_reading import AnyReading
from klingcontracts.contract import Contract
from klingcontracts.document import read, revisions
from klingcontracts.probe import Outcome, Probe
from klingcontracts.probe import foretold as told_of
from klingcontracts.probe_bodies import Bodies, Point

Load = Callable[[Mapping[str, str]], Contract]  # the contract with these readings of its questions
Choice = tuple[str, str]  # a question and one of its readings

MOST_FOR_A_READING = 3  # bodies that are asked for one reading alone


class Read(NamedTuple):
    """The contract in one reading that is not the one in force."""

    question: str
    reading: str
    contract: Contract
    bodies: Bodies


class Readings:
    """A contract in all of its readings, one question at a time."""

    def __init__(self, load: Load, chosen: Mapping[str, str]) -> None:
        self._load, self._chosen = load, dict(chosen)
        self.contract = load(chosen)
        self.bodies = Bodies(self.contract)

    @cached_property
    def others(self) -> Sequence[Read]:
        """Each reading that is not in force, by itself."""
        found = []
        for question in self.contract.questions.values():
            for reading in question.readings:
                if reading != question.chosen:
                    contract = self._load({**self._chosen, question.id: reading})
                    found.append(Read(question.id, reading, contract, Bodies(contract)))
        return found

    @cached_property
    def takes(self) -> Callable[[bytes], bool]:
        """Whether any reading, of this contract or of any revision that comes with us, takes these bytes."""
        documents = [dict(self._load({}).document), *(read(name) for name in revisions())]
        return AnyReading(documents).takes

    @cached_property
    def points(self) -> Sequence[Point]:
        """What is asked about bodies: the rules broken, the edges, and where the readings differ."""
        found = [*self.bodies.broken(), *self.bodies.edges()]
        seen = {repr(point.body) for point in found}
        for other in self.others:
            for point in list(self._told_apart(other, seen))[:MOST_FOR_A_READING]:
                seen.add(repr(point.body))
                found.append(point)
        return found

    def _told_apart(self, other: Read, seen: set[str]) -> Iterator[Point]:
        if other.bodies.shape.schema == self.bodies.shape.schema:
            return
        for point in (*other.bodies.broken(), *other.bodies.edges()):
            if repr(point.body) not in seen and self._differs(other, point):
                broken = self.bodies.breaks(point.body) or other.bodies.breaks(point.body)
                yield point._replace(rule=broken[0])

    def _differs(self, other: Read, point: Point) -> bool:
        return bool(other.bodies.breaks(point.body)) != bool(self.bodies.breaks(point.body))

    def followed(self, seen: Iterable[tuple[Probe, Outcome]]) -> dict[str, str]:
        """The reading of each question that most answers agree with, where that is not the one in force."""
        asked = [(probe, outcome, agrees(outcome, told_of(self.contract, probe))) for probe, outcome in seen]
        odd = [(probe, outcome) for probe, outcome, here in asked if not here]
        found: dict[str, tuple[int, str]] = {}
        for other in self.others:
            if not any(agrees(outcome, told_of(other.contract, probe)) for probe, outcome in odd):
                continue  # it explains nothing
            there = [agrees(outcome, told_of(other.contract, probe)) for probe, outcome, _ in asked]
            gain = sum(there) - sum(here for *_, here in asked)
            if gain > found.get(other.question, (0, ""))[0]:
                found[other.question] = (gain, other.reading)
        return {question: reading for question, (_, reading) in found.items()}

    def following(self, followed: Mapping[str, str]) -> Contract:
        """The contract with these readings in force."""
        return self._load({**self._chosen, **followed})


def agrees(outcome: Outcome, foretold: Iterable[Outcome]) -> bool:
    """Whether what became of a call was foretold; an error that names no field names no other one."""
    return any(_same(outcome, told) for told in foretold)


def _same(outcome: Outcome, told: Outcome) -> bool:
    if outcome.accepted or told.accepted:
        return outcome.accepted and told.accepted
    # An error without a category has another envelope, which is told of by itself.
    same = outcome.status == told.status and outcome.category in {"", told.category}
    return same and not (outcome.fields and told.fields and outcome.fields.isdisjoint(told.fields))
