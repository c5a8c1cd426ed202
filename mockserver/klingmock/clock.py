"""Where a world gets its time from. Unix seconds, and never backwards."""

import time
from math import inf
from threading import Lock
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


class Movable:
    """A clock of a world: it goes `speed` seconds a second of its base, 0 stands still, and can be advanced.

    `start` is where it begins, Unix seconds; None for where its base is.
    """

    def __init__(self, start: float | None = None, speed: float = 1.0, base: Clock | None = None) -> None:
        self._base: Clock = base or System()
        since = self._base.now()
        self._state = (since if start is None else start, since, speed)  # one name: threads read it whole
        self._moving = Lock()

    def now(self) -> float:
        """The time, in Unix seconds."""
        begun, since, speed = self._state
        return begun + (self._base.now() - since) * speed if speed else begun

    @property
    def speed(self) -> float:
        """Seconds a second; 0 while it stands still."""
        return self._state[2]

    @property
    def mode(self) -> str:
        """It is "manual" while it stands still, "system" at the machine's own speed, else "scaled"."""
        return {0.0: "manual", 1.0: "system"}.get(self.speed, "scaled")

    def run(self, speed: float = 1.0) -> float:
        """Go on from here at so many seconds a second, and return the time; ValueError for less than 0."""
        if not 0 <= speed < inf:
            raise ValueError(f"A clock goes forward only, not at speed {speed}. Give 0 or more.")
        return self._set(0.0, speed)

    def freeze(self) -> float:
        """Stand still until it is advanced, and return the time."""
        return self.run(0.0)

    def advance(self, seconds: float) -> float:
        """Go forward and return the new time; ValueError for a step back."""
        if not 0 <= seconds < inf:
            raise ValueError(f"A clock goes forward only, not by {seconds} seconds. Give 0 or more.")
        return self._set(seconds)

    def advance_to(self, moment: float) -> float:
        """Go forward to a time in Unix seconds and return it; one that has passed changes nothing."""
        return self._set(0.0, moment=moment)

    def _set(self, seconds: float, speed: float | None = None, moment: float = 0.0) -> float:
        with self._moving:
            now = max(self.now() + seconds, moment)
            self._state = (now, self._base.now(), self.speed if speed is None else speed)
            return now


class Manual(Movable):
    """A clock that stands still until it is advanced, or told to run."""

    def __init__(self, start: float = 1_767_225_600.0) -> None:  # 2026-01-01T00:00:00Z
        super().__init__(start, 0.0)
