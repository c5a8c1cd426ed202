"""Which keys are accepted. A key that looks real is refused and not kept: this is no place for one."""

from collections.abc import Iterable
from typing import NamedTuple

from klingcontracts.check import bearer

PREFIX = "mock-"
LONGEST_KEY = 1024  # characters; ours, so that a header of megabytes is not kept as the name of a world
MOST_TAKEN = 4096  # accepted headers that are remembered, so that each is taken apart once


class Admission(NamedTuple):
    """Whose call it is, or the rule that it breaks; `hint` is for the person who debugs it."""

    owner: str = ""
    rule: str = ""
    hint: str = ""


class Special(NamedTuple):
    """A key with a meaning of its own; keys that begin with it share the meaning."""

    key: str
    rule: str
    means: str


SPECIAL = (
    Special("mock-invalid", "auth.unknown-key", "refused with 401, like a key that does not exist"),
    Special("mock-expired", "auth.expired-key", "refused with 401, like a key that has expired"),
    Special(
        "mock-unfunded", "", "accepted, with a balance of 0: a submission is 402 where the revision has 402"
    ),
)
UNFUNDED = SPECIAL[2].key

_FORM = "send exactly: Authorization: Bearer KEY"
_REAL = (
    f"this fake takes keys that begin with {PREFIX} and those named by --api-key; a real key stays at home"
)


class Keys:
    """The keys that a server takes: all that begin with `mock-`, and those named on top of that."""

    def __init__(self, named: Iterable[str] = ()) -> None:
        self._named = frozenset(named)
        self._taken: dict[str, Admission] = {}  # by header; of accepted keys alone

    def admit(self, header: str | None) -> Admission:
        """Whose call this Authorization header makes it."""
        if header is None:
            return Admission(rule="auth.missing-key", hint=_FORM)
        taken = self._taken.get(header)
        return taken or self._look(header)

    def _look(self, header: str) -> Admission:
        key = bearer(header)
        if key is None or len(key) > LONGEST_KEY:
            return Admission(rule="auth.bad-scheme", hint=_FORM)
        if key not in self._named:
            if not key.startswith(PREFIX):
                return Admission(rule="auth.unknown-key", hint=_REAL)
            for special in SPECIAL:
                if special.rule and key.startswith(special.key):
                    return Admission(rule=special.rule, hint=f"{special.key}: {special.means}")
        if len(self._taken) < MOST_TAKEN:
            self._taken[header] = Admission(owner=key)
        return Admission(owner=key)
