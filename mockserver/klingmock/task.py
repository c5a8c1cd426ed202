"""A task, made once at submission with its whole future; what it is at a moment is a pure function."""

import math
from hashlib import blake2b
from typing import NamedTuple

from klingcontracts.contract import Contract


class Task(NamedTuple):
    """One accepted job. Times are Unix seconds; `price` is in ten-thousandths of a US dollar."""

    id: str
    owner: str
    contract: Contract
    seconds: int  # length of the clip
    price: int
    request_id: str
    submitted_at: float
    processing_at: float
    ends_at: float
    kept: float  # seconds after `ends_at` until the task and its video are gone; can be negative
    outcome: str = "success"
    held: str = ""  # the status that it does not leave until it is released; "" for none
    fate: str = ""  # the fault of a script that its polls tell of, once it has ended
    refund: int = 0  # what comes back when it fails, in ten-thousandths of a US dollar

    def status(self, now: float) -> str | None:
        """The documented status at this time; None when the task has expired."""
        if now < self.processing_at or self.held == "pending":
            return "pending"
        if now < self.ends_at or self.held:
            return "processing"
        return self.outcome if now < self.expires_at else None

    def told(self, now: float) -> str:
        """The status at this time; "expired" once it is forgotten."""
        return self.status(now) or "expired"

    @property
    def runs_until(self) -> float:
        """When it ends, Unix seconds; infinity while it is held."""
        return math.inf if self.held else self.ends_at

    @property
    def expires_at(self) -> float:
        """When the task and its video are gone, Unix seconds; infinity while it is held."""
        return self.runs_until + self.kept

    def released(self, now: float) -> "Task":
        """The task as it goes on from where it was held."""
        begins = max(self.processing_at, now) if self.held == "pending" else self.processing_at
        ends = (
            begins + self.ends_at - self.processing_at if self.held == "pending" else max(self.ends_at, now)
        )
        return self._replace(held="", processing_at=begins, ends_at=ends) if self.held else self

    def ended(self, now: float, outcome: str) -> "Task":
        """The task as it ends now, so or so."""
        begins = min(self.processing_at, now)
        return self._replace(held="", processing_at=begins, ends_at=now, outcome=outcome)

    def returned(self, now: float) -> int:
        """What has come back of its price by now, in ten-thousandths of a US dollar."""
        return self.refund if self.outcome == "failed" and self.runs_until <= now else 0

    @property
    def elapsed_ms(self) -> int:
        """Milliseconds from submission to the end."""
        return round((self.ends_at - self.submitted_at) * 1000)


class Timing(NamedTuple):
    """How long a task waits and how long it takes, in seconds; `spread` is the sigma of a log-normal."""

    pending: float
    processing: float
    spread: float = 0.0

    def draw(self, luck: "Luck") -> tuple[float, float]:
        """The two durations of one task."""
        if not self.spread:
            return self.pending, self.processing
        scale = math.exp(self.spread * luck.normal())
        return self.pending * scale * (0.5 + luck.share), self.processing * scale


# realistic: median 135 s in all, between the 110 s that the vendor measured for a sibling model and the 164 s
# that ComfyUI's nodes plan for image-to-video; one tenth of it in the queue is our assumption.
TIMINGS = {
    "quick": Timing(1.0, 4.0),
    "realistic": Timing(13.5, 121.5, spread=0.25),
    "instant": Timing(0.0, 0.0),
}


class Luck:
    """What chance gives the n-th submission of a key: the same from the same seed, on any machine."""

    __slots__ = ("_raw",)

    def __init__(self, seed: str, owner: str, nth: int) -> None:
        self._raw = blake2b(f"{seed}\n{owner}\n{nth}".encode(), digest_size=32).digest()

    @property
    def task_id(self) -> str:
        """An id in the alphabet that every known client takes."""
        return f"task-{self._raw[:12].hex()}"

    @property
    def share(self) -> float:
        """A number from 0 up to 1."""
        return int.from_bytes(self._raw[12:18]) / 2**48

    def normal(self) -> float:
        """A number from the standard normal distribution (Box and Muller)."""
        first = (int.from_bytes(self._raw[18:24]) + 1) / 2**48
        second = int.from_bytes(self._raw[24:30]) / 2**48
        return math.sqrt(-2 * math.log(first)) * math.cos(math.tau * second)
