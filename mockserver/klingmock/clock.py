"""Where a world gets its time from. Unix seconds, and never backwards."""

import time
from typing import Protocol


class Clock(Protocol):
    """Anything that can say what time it is, in Unix seconds."""

    def now(self) -> float:
        """The time, in Unix seconds."""


class System:
    """The machine's clock; when that is set back, this one goes on from where it was."""

    def __init__(self) -> None:
        self._last = 0.0
        self._ticks = 0.0

    def now(self) -> float:
        """The time, in Unix seconds."""
        ticks, wall = time.monotonic(), time.time()
        self._last = max(wall, self._last + ticks - self._ticks) if wall < self._last else wall
        self._ticks = ticks
        return self._last


class Manual:
    """A clock that stands still until it is advanced."""

    def __init__(self, start: float = 1_767_225_600.0) -> None:  # 2026-01-01T00:00:00Z
        self._now = start

    def now(self) -> float:
        """The time, in Unix seconds."""
        return self._now

    def advance(self, seconds: float) -> float:
        """Go forward and return the new time; ValueError for a step back."""
        if not seconds >= 0:
            raise ValueError(f"A clock goes forward only, not by {seconds} seconds. Give 0 or more.")
        self._now += seconds
        return self._now

    def advance_to(self, moment: float) -> float:
        """Go forward to a time in Unix seconds and return it; one that has passed changes nothing."""
        self._now = max(self._now, moment)
        return self._now
