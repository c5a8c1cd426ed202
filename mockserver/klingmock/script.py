"""Faults to come: which of them meets the n-th call of a kind, and what became of each."""

from collections import deque
from random import Random
from threading import Lock
from typing import NamedTuple

from klingmock.faults import Fault
from klingmock.grammar import parse

MOST_FAULTS = 10_000  # that one script remembers


class Account(NamedTuple):
    """What became of one fault: how often it was asked for (0 for ever), has fired, and is still to come."""

    text: str
    asked: int
    fired: int
    left: int


class _Line:
    """A fault of the script, and how far it has come."""

    __slots__ = ("fault", "fired", "luck", "passed")

    def __init__(self, fault: Fault, seed: str) -> None:
        self.fault = fault
        self.passed = 0
        self.fired = 0
        self.luck = Random(f"{seed}\n{fault.text}") if fault.chance < 1 else None

    @property
    def meets(self) -> bool:
        """Whether the call that is counted now meets the fault."""
        if self.passed < self.fault.after:
            self.passed += 1
            return False
        return self.luck is None or self.luck.random() < self.fault.chance

    @property
    def account(self) -> Account:
        """What became of it so far."""
        asked = self.fault.times
        return Account(self.fault.text, asked, self.fired, max(0, asked - self.fired))


class Script:
    """The faults to come, at each place in the order they were asked for. Safe to use from any thread.

    `active` is whether any is left; the engine looks at nothing else where none is. The same `seed` gives
    faults of a chance at the same calls.
    """

    def __init__(self, text: str = "", seed: str = "0") -> None:
        self.active = False
        self._seed = seed
        self._lock = Lock()
        self._lines: deque[_Line] = deque(maxlen=MOST_FAULTS)
        self._ahead: dict[str, deque[_Line]] = {}  # by place; most worlds have none
        self.add(text)

    def add(self, text: str) -> None:
        """Append the faults of this text, all of them or, with a Problem, none."""
        self.extend(parse(text))

    def extend(self, faults: list[Fault]) -> None:
        """Append faults that were read before."""
        lines = [_Line(fault, self._seed) for fault in faults]
        with self._lock:
            self._lines += lines
            for line in lines:
                self._ahead.setdefault(line.fault.place, deque()).append(line)
            self._look()

    def next(self, operation: str) -> Fault | None:
        """Count a call (at outcome: an accepted task), and return the fault that it meets, if any."""
        with self._lock:
            ahead = self._ahead.get(operation)
            if not ahead:
                return None
            line = ahead[0]
            if not line.meets:
                return None
            line.fired += 1
            if line.fired == line.fault.times:
                ahead.popleft()
                self._look()
            return line.fault

    def accounts(self) -> list[Account]:
        """One for each fault since the last `clear`, in the order they were asked for."""
        with self._lock:
            return [line.account for line in self._lines]

    def clear(self) -> None:
        """Forget all faults, those that have fired too."""
        with self._lock:
            self._lines.clear()
            for ahead in self._ahead.values():
                ahead.clear()
            self._look()

    def _look(self) -> None:
        self.active = any(self._ahead.values())
