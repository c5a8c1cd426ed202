"""What the replies of one run have told so far: statuses of tasks, and how much of a limit was left."""

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from threading import Lock
from time import monotonic
from typing import Generic, NamedTuple, TypeVar

MOST_TASKS = 10_000
MOST_CALLS = 10_000
MOST_KEYS = 1_000
MOST_WINDOWS = 64  # replies of one key that the next one is held against

T = TypeVar("T")


class Span(NamedTuple):
    """From when to when a call lasted, in seconds of one clock. With threads, only this tells the order."""

    begun: float
    ended: float


class Window(NamedTuple):
    """What a reply's headers say of the limit; `reset` is Unix time in seconds."""

    limit: int
    remaining: int
    reset: int

    def follows(self, earlier: "Window") -> bool:
        """Whether a later reply may say this: each counts, and in one window the limit stays."""
        if self.reset != earlier.reset:
            return True
        return self.limit == earlier.limit and self.remaining <= max(earlier.remaining - 1, 0)


class _Recent(Generic[T]):
    """Values by key; the ones that were not looked at for the longest time are let go."""

    def __init__(self, most: int, make: Callable[[], T]) -> None:
        self._most = most
        self._make = make
        self._kept: OrderedDict[Hashable, T] = OrderedDict()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._kept

    def __getitem__(self, key: Hashable) -> T:
        if key not in self._kept:
            self._kept[key] = self._make()
        self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return self._kept[key]


class Seen:
    """One run's memory, of bounded size and for any number of threads."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._spans = _Recent[dict[str, float]](MOST_CALLS, dict)
        self._statuses = _Recent[dict[str, float]](MOST_TASKS, dict)
        self._owners = _Recent[dict[str, float]](MOST_TASKS, dict)
        self._windows = _Recent[deque[tuple[float, Window]]](MOST_KEYS, lambda: deque(maxlen=MOST_WINDOWS))

    def begin(self, call: str) -> None:
        """A call of this id begins."""
        with self._lock:
            span = self._spans[call]
            span.clear()
            span["begun"] = self._clock()

    def end(self, call: str) -> None:
        """The call of this id has ended."""
        with self._lock:
            self._spans[call]["ended"] = self._clock()

    def span(self, call: str) -> Span:
        """How long a call lasted; one whose ends nobody told of counts as made just now."""
        with self._lock:
            now, span = self._clock(), self._spans[call]
            return Span(span.get("begun", now), span.get("ended", now))

    def status(self, task: Hashable, status: str, span: Span) -> list[str]:
        """Note a task's status; which ones it was known to have had before this call began, oldest first."""
        with self._lock:
            known = self._statuses[task]
            before = sorted((ended, one) for one, ended in known.items() if ended <= span.begun)
            known[status] = min(span.ended, known.get(status, span.ended))
            return [one for _, one in before]

    def submitted(self, task: Hashable, key: str, span: Span) -> None:
        """Note that this key has submitted this task."""
        with self._lock:
            self._owners[task][key] = min(span.begun, self._owners[task].get(key, span.begun))

    def owner(self, task: Hashable) -> tuple[str, float] | None:
        """The key that has submitted a task, and how many seconds ago; None for a task of nobody known."""
        with self._lock:
            if task not in self._owners:
                return None
            key, at = next(iter(self._owners[task].items()))
            return key, self._clock() - at

    def tells(self, key: Hashable) -> bool:
        """Whether a reply to this key has told of its limit."""
        with self._lock:
            return key in self._windows

    def window(self, key: Hashable, window: Window, span: Span) -> Window | None:
        """Note what a reply told of the limit; the earlier one that it can't follow, else None."""
        with self._lock:
            known = self._windows[key]
            before = [earlier for ended, earlier in known if ended <= span.begun]
            known.append((span.ended, window))
        return next((earlier for earlier in reversed(before) if not window.follows(earlier)), None)
