"""Scripted faults: what goes wrong, where, and in which order. One table, one grammar."""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from threading import Lock
from typing import NamedTuple

from klingcontracts.problem import Problem, unknown
from klingcontracts.words import choice

EXAMPLE = "submit: 429 retry-after=2, 503*2; task: drop, truncate, delay=1.5s; outcome: fail"
REMEDY = f"Write it as in: {EXAMPLE}"

PLACES = {
    "submit": "calls that submit a job",
    "task": "calls that ask for a task",
    "media": "calls that fetch a video",
    "outcome": "how accepted tasks end",
}
_CALLS = ("submit", "task", "media")


class Option(NamedTuple):
    """What may stand behind a fault's word, with its value: `delay=1.5s`."""

    name: str
    metavar: str
    says: str
    form: re.Pattern[str]
    least: int
    most: int

    def read(self, text: str) -> float:
        """The value; Problem when it is none."""
        found = self.form.fullmatch(text)
        value = float(found[1]) if found else -1.0
        if not self.least <= value <= self.most:
            kind = "a whole number" if self.form is _WHOLE else "a number of seconds"
            fact = f"{self.name} takes {kind} from {self.least} to {self.most}, not {text!r}."
            raise Problem(fact, REMEDY)
        return value


_STATUS = re.compile(r"[45][0-9][0-9]")
_WHOLE = re.compile(r"(\d{1,9})", re.ASCII)
_SECONDS = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s?", re.ASCII)
LONGEST_WAIT = 86_400  # seconds

TIMES = Option("*", "N", "the fault N times", _WHOLE, 1, 10**6)
OPTIONS = (
    Option("after", "N", "N calls pass first", _WHOLE, 0, 10**6),
    Option("delay", "SECONDS", "the reply comes after that many seconds", _SECONDS, 0, LONGEST_WAIT),
    Option("retry-after", "SECONDS", "the header Retry-After", _WHOLE, 0, LONGEST_WAIT),
)
_OPTIONS = {option.name: option for option in OPTIONS}


class Kind(NamedTuple):
    """A word of the grammar. What it does is in the fields: who carries it out asks for no name."""

    name: str
    places: Sequence[str]
    says: str
    options: Sequence[str] = ("after", "delay")  # a word that is called like one has its value: delay=2
    carried_out: bool = True  # whether the operation does what it does without the fault
    wire: str = ""  # as in Reply
    outcome: str = ""  # how the task ends, one of the documented statuses


_NOTHING, _CLOSES = "nothing is carried out", "the connection closes without a byte of the reply"
STATUS = Kind(
    "STATUS",
    _CALLS,
    f"a reply with this status, 400 to 599, in the vendor's envelope; {_NOTHING}",
    options=("after", "delay", "retry-after"),
    carried_out=False,
)
FAULTS = (
    STATUS,
    Kind("drop", _CALLS, f"{_NOTHING}, {_CLOSES}", carried_out=False, wire="drop"),
    Kind("lost", ("submit",), f"the job is accepted and charged, {_CLOSES}", wire="drop"),
    Kind("truncate", _CALLS, "the connection closes behind half of the reply's body", wire="truncate"),
    Kind("delay", _CALLS, "the reply comes after that many seconds"),
    Kind("fail", ("outcome",), "the task ends as failed", ("after",), outcome="failed"),
    Kind("success", ("outcome",), "the task ends as always", ("after",), outcome="success"),
)
_KINDS = {kind.name: kind for kind in FAULTS if kind is not STATUS}


class Fault(NamedTuple):
    """One fault as it was asked for; `text` names place, word and options."""

    text: str
    place: str
    kind: Kind
    status: int = 0  # HTTP status in place of the operation's reply; 0 for none
    times: int = 1
    after: int = 0  # calls that pass first
    delay: float = 0.0  # seconds
    retry_after: int | None = None  # seconds


class Account(NamedTuple):
    """What became of one fault of a script: how often it was asked for, has fired, and is still to come."""

    text: str
    asked: int
    fired: int
    left: int


def rows() -> list[tuple[str, str, str]]:
    """The grammar as a table: what is written, where it may stand, and what it does."""
    told = [(_written(kind), ", ".join(kind.places), kind.says) for kind in FAULTS]
    told.append((f"{TIMES.name}{TIMES.metavar}", "behind any word", TIMES.says))
    for option in OPTIONS:
        takers = [kind for kind in FAULTS if option.name in kind.options]
        behind = choice(kind.name for kind in takers) if len(takers) < len(FAULTS) else "any fault"
        told.append((f"{option.name}={option.metavar}", f"behind {behind}", option.says))
    return told


def _written(kind: Kind) -> str:
    return f"{kind.name}={_OPTIONS[kind.name].metavar}" if kind.name in _OPTIONS else kind.name


def parse(text: str) -> list[Fault]:
    """The faults of a script in the order they are written; Problem when it can't be read."""
    return [fault for part in text.split(";") if part.strip() for fault in _part(part)]


def _part(part: str) -> Iterator[Fault]:
    place, colon, faults = (piece.strip() for piece in part.partition(":"))
    if not colon:
        fact = f"{place!r} does not say where: one of {', '.join(PLACES)} and a colon come first."
        raise Problem(fact, REMEDY)
    if place not in PLACES:
        raise unknown("Place of a fault", place, PLACES, REMEDY)
    for fault in faults.split(","):
        words = fault.split()
        if not words:
            raise Problem(f"A fault is missing at {place}.", REMEDY)
        yield _fault(place, *words)


def _fault(place: str, first: str, *more: str) -> Fault:
    word, star, times = first.partition("*")
    name, equals, _ = word.partition("=")
    kind = _kind(name)
    if place not in kind.places:
        raise Problem(f"{name!r} can't be at {place}, only at {choice(kind.places)}.", REMEDY)
    if equals and kind.name not in _OPTIONS:
        raise Problem(f"{name!r} takes no value, and {word!r} has one.", REMEDY)
    values = _values(kind, [word, *more] if kind.name in _OPTIONS else more)
    return Fault(
        " ".join((f"{place}:", first, *more)),
        place,
        kind,
        int(name) if kind is STATUS else 0,
        int(TIMES.read(times)) if star else 1,
        int(values.get("after", 0)),
        values.get("delay", 0.0),
        int(values["retry-after"]) if "retry-after" in values else None,
    )


def _kind(name: str) -> Kind:
    if _STATUS.fullmatch(name):
        return STATUS
    if name == STATUS.name or name.isdigit():
        raise Problem(f"{name!r} is no status from 400 to 599.", REMEDY)
    if name not in _KINDS:
        raise unknown("Fault", name, [kind.name for kind in FAULTS], REMEDY)
    return _KINDS[name]


def _values(kind: Kind, written: Sequence[str]) -> dict[str, float]:
    values: dict[str, float] = {}
    for pair in written:
        name, _, value = pair.partition("=")
        if name not in _OPTIONS:
            raise unknown("Option of a fault", name, kind.options, REMEDY)
        if name not in kind.options:
            raise Problem(f"{kind.name!r} takes no {name}, only {choice(kind.options)}.", REMEDY)
        if name in values:
            raise Problem(f"{name} is given twice for {kind.name!r}.", REMEDY)
        values[name] = _OPTIONS[name].read(value)
    return values


class _Line:
    """A fault of the script, and how far it has come."""

    __slots__ = ("fault", "fired", "passed")

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.passed = 0
        self.fired = 0


class Script:
    """The faults to come, at each place in the order they were asked for. Safe to use from any thread.

    `active` is whether any is left; the engine looks at nothing else where none is.
    """

    def __init__(self, text: str = "") -> None:
        self.active = False
        self._lock = Lock()
        self._lines: list[_Line] = []
        self._ahead: dict[str, deque[_Line]] = {place: deque() for place in PLACES}
        self.add(text)

    def add(self, text: str) -> None:
        """Append the faults of this text, all of them or, with a Problem, none."""
        lines = [_Line(fault) for fault in parse(text)]
        with self._lock:
            self._lines += lines
            for line in lines:
                self._ahead[line.fault.place].append(line)
            self._look()

    def next(self, operation: str) -> Fault | None:
        """Count a call (at outcome: an accepted task), and return the fault that it meets, if any."""
        with self._lock:
            ahead = self._ahead.get(operation)
            if not ahead:
                return None
            line = ahead[0]
            if line.passed < line.fault.after:
                line.passed += 1
                return None
            line.fired += 1
            if line.fired == line.fault.times:
                ahead.popleft()
                self._look()
            return line.fault

    def accounts(self) -> list[Account]:
        """One for each fault since the last `clear`, in the order they were asked for."""
        with self._lock:
            return [
                Account(line.fault.text, line.fault.times, line.fired, line.fault.times - line.fired)
                for line in self._lines
            ]

    def clear(self) -> None:
        """Forget all faults, those that have fired too."""
        with self._lock:
            self._lines.clear()
            for ahead in self._ahead.values():
                ahead.clear()
            self._look()

    def _look(self) -> None:
        self.active = any(self._ahead.values())
