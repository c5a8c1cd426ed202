"""Scripted faults: what can go wrong, where, and with which options. One table."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from klingcontracts.problem import Problem
from klingcontracts.words import choice
from klingmock import damage, fate
from klingmock.damage import Damage
from klingmock.fate import Fate

EXAMPLE = "submit: 429 retry-after=2, 503*2; task: drop, truncate, delay=1.5s; outcome: fail"
REMEDY = f"Write it as in: {EXAMPLE}"

PLACES = {
    "submit": "calls that submit a job",
    "task": "calls that ask for a task",
    "media": "calls that fetch a video",
    "outcome": "how accepted tasks end",
}
_CALLS = ("submit", "task", "media")
_API = ("submit", "task")


class Option(NamedTuple):
    """What may stand behind a fault's word, or behind its equals sign: `503 after=2`, `delay=1.5s`."""

    name: str
    metavar: str
    says: str
    form: str  # a regular expression; its group is the value
    what: str
    least: float = 0
    most: float = 0  # 0 for a text

    def read(self, text: str) -> str:
        """The value, without its unit; Problem when it is none."""
        found = re.fullmatch(self.form, text, re.ASCII)
        if found is None or (self.most and not self.least <= float(found[1]) <= self.most):
            bounds = f" from {self.least:g} to {self.most:,.0f}".replace(",", "") if self.most else ""
            raise Problem(f"{self.name} takes {self.what}{bounds}, not {text!r}.", REMEDY)
        return found[1]


def _whole(name: str, metavar: str, says: str, least: int, most: int) -> Option:
    return Option(name, metavar, says, r"(\d{1,9})", "a whole number", least, most)


def _wait(name: str, says: str = "") -> Option:
    return Option(name, "SECONDS", says, r"(\d{1,9}(?:\.\d{1,9})?)s?", "a number of seconds", 0, LONGEST_WAIT)


def _word(name: str) -> Option:
    return Option(name, "WORD", "", r"([^\s;,*~=]{1,100})", "a word")


LONGEST_WAIT = 86_400  # seconds
TIMES = _whole("*", "N", "the fault N times", 1, 10**6)
CHANCE = Option(
    "~", "P", "with the chance P at each call; without *N for ever", r"([01](?:\.\d{1,9})?)", "a share", 0, 1
)
OPTIONS = (
    _whole("after", "N", "N calls pass first", 0, 10**6),
    _wait("delay", "the reply comes after that many seconds"),
    _whole("retry-after", "SECONDS", "the header Retry-After", 0, LONGEST_WAIT),
    _whole("reset", "SECONDS", "the header X-RateLimit-Reset, that many seconds from now", 0, LONGEST_WAIT),
    _whole("status", "STATUS", "the HTTP status", 200, 599),
)
_FIELD = Option("field", "FIELD", "", r"([A-Za-z_]\w*(?:\.\w+)*)", "a field such as data.task_id")


class Kind(NamedTuple):
    """A word of the grammar. What it does is in the fields: who carries it out asks for no name."""

    name: str
    places: Sequence[str]
    says: str
    value: Option | None = None  # what stands behind its equals sign
    options: Sequence[str] = ("after", "delay")
    status: int = 0  # of a reply that has one of its own
    carried_out: bool = True  # whether the operation does what it does without the fault
    wire: str = ""  # as in Reply
    damage: Damage | None = None  # what becomes of the reply; at outcome, of each poll that tells of the end
    fate: Fate | None = None  # what becomes of the task that is accepted

    @property
    def written(self) -> str:
        """The word as it is shown in a table."""
        return f"{self.name}={self.value.metavar}" if self.value else self.name


_NOTHING, _CLOSES = "nothing is carried out", "the connection closes without a byte of the reply"


def _outcome(
    name: str, says: str, fate: Fate, value: Option | None = None, damage: Damage | None = None
) -> Kind:
    return Kind(name, ("outcome",), says, value, ("after",), damage=damage, fate=fate)


STATUS = Kind(
    "STATUS",
    _CALLS,
    f"a reply with this status, 400 to 599, in the vendor's envelope; {_NOTHING}",
    options=("after", "delay", "retry-after", "reset"),
    carried_out=False,
)
FAULTS = (
    STATUS,
    Kind(
        "code",
        _API,
        f"HTTP 200 with this code, 400 to 599, in the vendor's envelope; {_NOTHING}",
        _whole("code", "STATUS", "", 400, 599),
        carried_out=False,
        damage=damage.accepted_error,
    ),
    Kind(
        "html",
        _CALLS,
        f"a proxy's HTML page, with status 502 if no other is given; {_NOTHING}",
        options=("after", "delay", "status"),
        status=502,
        carried_out=False,
        damage=damage.page,
    ),
    Kind("empty", _CALLS, "the reply has no body", damage=damage.empty),
    Kind("cut", _API, "the reply's JSON ends in its middle, the connection does not", damage=damage.cut),
    Kind("invalid", _API, "the reply's body is no JSON", damage=damage.invalid),
    Kind("text", _API, "the reply is called text/plain", damage=damage.text),
    Kind("added", _API, "the reply has fields that are not documented", damage=damage.added),
    Kind("missing", _API, "the reply lacks a field, as in data.task_id", _FIELD, damage=damage.missing),
    Kind("null", _API, "the reply has null in a field", _FIELD, damage=damage.null),
    Kind("mistyped", _API, "the reply has another type in a field", _FIELD, damage=damage.mistyped),
    Kind(
        "status",
        ("task",),
        "the poll tells of this status, documented or not; pending lets a task go back",
        _word("status"),
        damage=damage.status,
    ),
    Kind("other-task", ("task",), "the poll tells of another task's id", damage=damage.other_task),
    Kind("drop", _CALLS, f"{_NOTHING}, {_CLOSES}", carried_out=False, wire="drop"),
    Kind("lost", ("submit",), f"the job is accepted and charged, {_CLOSES}", wire="drop"),
    Kind(
        "late",
        ("submit",),
        "the job is accepted at once, the reply comes after that many seconds",
        _wait("late"),
        options=("after",),
    ),
    Kind("truncate", _CALLS, "the connection closes behind half of the reply's body", wire="truncate"),
    Kind("delay", _CALLS, "the reply comes after that many seconds", _wait("delay"), options=("after",)),
    Kind(
        "stall",
        _CALLS,
        "the reply's headers come, and its body after that many seconds",
        _wait("stall"),
        wire="stall",
    ),
    Kind(
        "drip", _CALLS, "the reply's body comes in pieces over that many seconds", _wait("drip"), wire="drip"
    ),
    Kind("redirect", ("media",), "a redirect to another name of this machine", damage=damage.elsewhere),
    _outcome("fail", "the task ends as failed, without a reason", fate.failed),
    _outcome(
        "reason",
        "the task ends as failed and says why in data.error, where _ is a space",
        fate.failed,
        _word("reason"),
        damage.with_reason,
    ),
    _outcome("success", "the task ends as always", fate.as_always),
    _outcome("no-url", "the task succeeds, and has no URL", fate.as_always, damage=damage.without_url),
    _outcome(
        "stuck",
        "the task stays in this status, until it is released",
        fate.stuck,
        Option("stuck", "STATUS", "", r"(pending|processing)", "pending or processing"),
    ),
    _outcome("slow", "the task takes that many seconds longer", fate.slow, _wait("slow")),
    _outcome(
        "expire", "the task is forgotten that many seconds after its end", fate.expiring, _wait("expire")
    ),
)


class Fault(NamedTuple):
    """One fault as it was asked for; `text` names place, word and options."""

    text: str
    place: str
    kind: Kind
    value: str = ""  # what stands behind the word's equals sign
    status: int = 0  # HTTP status in place of the operation's reply; 0 for none
    times: int = 1  # 0 for ever
    after: int = 0  # calls that pass first
    chance: float = 1.0  # at each call that does not pass
    delay: float = 0.0  # seconds until the reply begins
    seconds: float = 0.0  # that the rest of it takes, or of the task's life
    retry_after: int | None = None  # seconds
    reset: int | None = None  # seconds


def rows() -> list[tuple[str, str, str]]:
    """The grammar as a table: what is written, where it may stand, and what it does."""
    told = [(kind.written, ", ".join(kind.places), kind.says) for kind in FAULTS]
    told += [(f"{one.name}{one.metavar}", "behind any word", one.says) for one in (TIMES, CHANCE)]
    for option in OPTIONS:
        takers = [kind for kind in FAULTS if option.name in kind.options]
        told.append((f"{option.name}={option.metavar}", f"behind {_behind(takers)}", option.says))
    return told


def _behind(takers: Sequence[Kind]) -> str:
    at_calls = [kind for kind in FAULTS if "outcome" not in kind.places]
    others = [kind.name for kind in at_calls if kind not in takers]
    if len(takers) == len(FAULTS):
        return "any fault"
    if len(others) < len(takers):
        return f"any fault at a call but {choice(others)}"
    return choice(kind.name for kind in takers)
