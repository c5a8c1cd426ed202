"""Where everything of one scenario stands in its picture: lanes, calls that are told apart, the end."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from klingmock.certificate import Played
from klingmock.marks import GOOD, LOST, OTHER, REFUSED, Mark, marks
from klingmock.timeline import Moment, Timeline

WIDTH, LEFT, RIGHT, TOP, LANE, FOOT = 960.0, 92.0, 92.0, 6.0, 36.0, 30.0
RADIUS = 9.0
CLEAR = 2 * RADIUS + 4  # from one call to the next of its lane
# Where there is no room for that: half a mark, a row of marks in one, and what is one place.
TINY, LONGEST, SAME = 3.0, 64.0, 1.0
LANES = ("program", "submit", "poll", "download", OTHER, "fault", "charge")
WORST = (LOST, REFUSED, GOOD)


class Spot(NamedTuple):
    """One exchange in the picture, or several that stand too close to each other to be told apart."""

    marks: Sequence[Mark]
    left: float  # of the first, its middle
    right: float  # of the last
    pad: float = TINY  # how far the mark goes beyond both

    @property
    def lane(self) -> str:
        """Of all of them."""
        return self.marks[0].lane

    @property
    def faults(self) -> list[str]:
        """That they met."""
        return [fault for mark in self.marks for fault in mark.faults]

    @property
    def look(self) -> str:
        """The worst look of them."""
        return min((mark.look for mark in self.marks), key=WORST.index)

    @property
    def is_blamed(self) -> bool:
        """Whether a check names one of them."""
        return any(mark.is_blamed for mark in self.marks)

    @property
    def name(self) -> str:
        """Their numbers."""
        first, last = self.marks[0].number, self.marks[-1].number
        return str(first) if first == last else f"{first}–{last}"

    @property
    def says(self) -> str:
        """What they were, in a line."""
        first, last = self.marks[0], self.marks[-1]
        told = [f"{self.name}: {first.lane}", f"{first.status} {first.told}".strip(), *first.faults]
        if last is not first:
            told = [f"{self.name}: {len(self.marks)} calls", f"until {last.at:.2f} s"]
        return f"{', '.join(told)}, at {first.at:.2f} s"


class Picture:
    """Where everything of a scenario stands."""

    def __init__(self, played: Played) -> None:
        self.played = played
        self.marks = marks(played)
        ends = [min(mark.at + mark.lasted, played.seconds) for mark in self.marks]
        moments = [Moment(mark.at, mark.lane) for mark in self.marks]
        moments += [*map(Moment, ends), Moment(played.seconds)]
        self.line = Timeline(moments, WIDTH - LEFT - RIGHT, CLEAR)
        self.places = [LEFT + place for place in self.line.places]
        self.ends = self.places[len(self.marks) : -1]
        self.end = max(self.places)
        used = {mark.lane for mark in self.marks}
        self.lanes = [lane for lane in LANES if lane != OTHER or OTHER in used]
        self.spots = [spot for lane in self.lanes for spot in _roomy(list(self._spots(lane)))]

    @property
    def height(self) -> float:
        """Of the whole picture."""
        return TOP + LANE * len(self.lanes) + FOOT

    def middle(self, lane: str) -> float:
        """How far down a lane's middle is."""
        return TOP + LANE * (self.lanes.index(lane) + 0.5)

    def at(self, seconds: float) -> float:
        """How far right a moment is."""
        return LEFT + self.line.at(seconds)

    def place_of(self, number: int) -> float:
        """How far right the exchange of this number is; LEFT when it is not kept."""
        found = (x for mark, x in zip(self.marks, self.places, strict=False) if mark.number == number)
        return next(found, LEFT)

    def _spots(self, lane: str) -> Iterator[Spot]:
        found = ((mark, x) for mark, x in zip(self.marks, self.places, strict=False) if mark.lane == lane)
        close: list[tuple[Mark, float]] = []
        for mark, x in found:
            if close and not (self.line.is_crowded and _is_close(close, mark, x)):
                yield _spot(close)
                close = []
            close.append((mark, x))
        if close:
            yield _spot(close)


def _roomy(spots: Sequence[Spot]) -> Iterator[Spot]:
    """The spots of a lane, each single call in full size where its neighbours leave room for it."""
    lefts = [-WIDTH, *(spot.right for spot in spots)]
    rights = [*(spot.left for spot in spots[1:]), 2 * WIDTH]
    for spot, before, behind in zip(spots, lefts, rights, strict=False):
        has_room = min(spot.left - before, behind - spot.right) >= 2 * RADIUS
        yield spot._replace(pad=RADIUS) if len(spot.marks) == 1 and has_room else spot


def _is_close(close: Sequence[tuple[Mark, float]], mark: Mark, x: float) -> bool:
    """Whether a call has no place of its own, or is one more of its like."""
    last, place = close[-1]
    is_like = (last.look, last.is_blamed, last.faults) == (mark.look, mark.is_blamed, mark.faults)
    return x - close[0][1] < SAME or (is_like and x - place < CLEAR and x - close[0][1] < LONGEST)


def _spot(close: Sequence[tuple[Mark, float]]) -> Spot:
    return Spot([mark for mark, _ in close], close[0][1], close[-1][1])
