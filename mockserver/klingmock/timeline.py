"""Where on a line the moments of a story stand: waits look like waits, and marks keep clear of each other."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import ceil, floor, inf
from statistics import median
from typing import NamedTuple

LONG = 3.0  # times the usual wait; a longer one is drawn as if it were that long
INSTANT = 0.05  # seconds; less is no wait
BLINK = 1e-6  # seconds; a story of less takes no room
WORTH = 0.25  # of the whole, from which on it is worth it to draw long waits shorter
STEPS = tuple(base * 10.0**power for power in range(-2, 7) for base in (1, 2, 5))  # seconds between ticks
TICKS_APART = 56.0
_HALVINGS = 40


class Moment(NamedTuple):
    """Something that happens `at` so many seconds; those of one `lane` are kept apart, of "" they are not."""

    at: float
    lane: str = ""


class Gap(NamedTuple):
    """A wait that is drawn shorter than it was: from where to where, and its seconds."""

    begins: float
    ends: float
    seconds: float


class Timeline:
    """Seconds -> places from 0 to `width`, straight from each moment to the next.

    Moments of one lane are `clear` apart as long as there is room for it; if there is not, the line
    `is_crowded`, and places follow the seconds alone.
    """

    def __init__(self, moments: Sequence[Moment], width: float, clear: float) -> None:
        order = sorted(range(len(moments)), key=moments.__getitem__)
        self._moments = [Moment(0.0), *(moments[nth] for nth in order)]
        self._width = width
        self._seconds = [moment.at for moment in self._moments]
        waits = [later - earlier for earlier, later in pairwise(self._seconds)]
        self._longest = _longest(waits)
        self._drawn = sum(min(wait, self._longest) for wait in waits)
        self.is_crowded = self._laid(0.0, clear)[-1] > width
        self._places = self._fitted(0.0 if self.is_crowded else clear)
        standing = dict(zip(order, self._places[1:], strict=True))
        self.places = [standing[nth] for nth in range(len(moments))]  # of the moments, as they were given

    def at(self, seconds: float) -> float:
        """Where a moment stands; what is before the first or behind the last stands where that does."""
        nth = bisect_right(self._seconds, seconds)
        if nth in {0, len(self._seconds)}:
            return self._places[-1 if nth else 0]
        begins, ends = self._seconds[nth - 1 : nth + 1]
        left, right = self._places[nth - 1 : nth + 1]
        return left + (right - left) * (seconds - begins) / (ends - begins)

    @property
    def gaps(self) -> list[Gap]:
        """The waits that are drawn shorter than they were."""
        lines = pairwise(zip(self._places, self._seconds, strict=True))
        every = (Gap(left, right, ends - begins) for (left, begins), (right, ends) in lines)
        return [gap for gap in every if gap.seconds > self._longest]

    def ticks(self) -> list[tuple[float, float]]:
        """Round seconds and their places, not too close to each other, and none in a gap."""
        kept: list[tuple[float, float]] = []
        for seconds in self._round():
            place = self.at(seconds)
            if not kept or place - kept[-1][1] >= TICKS_APART * 0.7:
                kept.append((seconds, place))
        return kept

    def _round(self) -> Iterator[float]:
        apart = self._drawn / self._width * TICKS_APART  # seconds
        step = next((step for step in STEPS if step >= apart), STEPS[-1])
        for begins, ends in pairwise(self._seconds):
            if ends - begins <= self._longest:
                yield from (nth * step for nth in range(ceil(begins / step), floor(ends / step) + 1))

    def _fitted(self, clear: float) -> list[float]:
        """The places with as many units a second as there is room for."""
        low, high = 0.0, self._width / self._drawn if self._drawn > BLINK else 0.0
        for _ in range(_HALVINGS if clear else 0):
            middle = (low + high) / 2
            low, high = (low, middle) if self._laid(middle, clear)[-1] > self._width else (middle, high)
        return self._laid(low if clear else high, clear)

    def _laid(self, scale: float, clear: float) -> list[float]:
        places, last = [0.0], dict.fromkeys((moment.lane for moment in self._moments), -inf)
        for earlier, moment in pairwise(self._moments):
            place = places[-1] + scale * min(moment.at - earlier.at, self._longest)
            if moment.lane:
                place = last[moment.lane] = max(place, last[moment.lane] + clear)
            places.append(place)
        return places


def _longest(waits: Sequence[float]) -> float:
    """The longest wait that is drawn as it is."""
    real = [wait for wait in waits if wait > INSTANT]
    if len(real) < 3:
        return inf
    longest = LONG * median(real)
    saved = sum(max(0.0, wait - longest) for wait in real)
    return longest if saved > WORTH * sum(real) else inf
