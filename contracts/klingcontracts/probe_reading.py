"""The open questions, asked of a live API: what each reading foretells, and which one the answers follow."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

from klingcontracts.any_reading import AnyReading
from klingcontracts.contract import Contract
from klingcontracts.document import read, revisions
from klingcontracts.probe import Outcome, Probe
from klingcontracts.probe import foretold as told_of
from klingcontracts.probe_bodies import Bodies, Point

Load = Callable[[Mapping[str, str]], Contract]  # the contract with these readings of its questions
Choice = tuple[str, str]  # a question and one of its readings

Answered = tuple[Probe, Outcome]

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
        """Whether any reading takes these bytes: of this contract, or of any revision of the same model."""
        own = dict(self._load({}).document)
        known = [read(name) for name in revisions()]
        paths = {path for document in known for path in document["paths"]}
        ours = self.contract.operation("submit").path in paths
        # It is asked about the same body when it is planned, when it is sent, and when it is sent again.
        return lru_cache(maxsize=10_000)(AnyReading([own, *known] if ours else [own]).takes)

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
        """The readings that the answers follow, where they are not the ones in force: as few as explain them.

        Each explains an answer that is odd without it, and more answers than it makes odd.
        """
        asked, found = list(seen), dict[str, str]()
        while True:
            here = [agrees(outcome, told_of(self.following(found), probe)) for probe, outcome in asked]
            odd = [one for one, fine in zip(asked, here, strict=True) if not fine]
            gains = [(self._agreeing(other, found, asked, odd) - sum(here), other) for other in self.others]
            best = max(gains, key=lambda one: one[0], default=None) if odd else None
            if best is None or best[0] <= 0:
                return found
            found[best[1].question] = best[1].reading

    def _agreeing(
        self, other: Read, found: Mapping[str, str], asked: Sequence[Answered], odd: Sequence[Answered]
    ) -> int:
        """How many answers agree with this reading too in force; 0 where it explains none of the odd."""
        if other.question in found:
            return 0
        contract = self.following({**found, other.question: other.reading})
        if not any(agrees(outcome, told_of(contract, probe)) for probe, outcome in odd):
            return 0
        return sum(agrees(outcome, told_of(contract, probe)) for probe, outcome in asked)

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
