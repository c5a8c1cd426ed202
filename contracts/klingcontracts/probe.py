"""What a live API is asked: one request with the rule it looks at, what it can cost, and what is foretold."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from klingcontracts.check import check_call
from klingcontracts.contract import Contract, Operation
from klingcontracts.exchange import Call
from klingcontracts.rule import Rule

FREE = "free"  # no reading of the contract takes it
GUARDED = "guarded"  # nor this one: beside what is asked it breaks a rule that was seen to hold
ORACLE = "oracle"  # asked with a key that has no money
PAID = "paid"  # it may be accepted

FIRST, SECOND, UNFUNDED, NOBODY = "first", "second", "unfunded", ""  # whose key is added to a call

Body = Mapping[str, Any]


class Outcome(NamedTuple):
    """What became of a call: its status, the category of its error, and the fields that the error names.

    A body that is taken has status 200. Status 0 is one of which nothing can be said.
    """

    status: int
    category: str = ""
    fields: frozenset[str] = frozenset()

    @property
    def accepted(self) -> bool:
        """Whether it was taken; an error may come with status 200."""
        return 200 <= self.status < 300 and not self.category

    def __str__(self) -> str:
        if self.accepted:
            return "accepted"
        return f"refused with {self.status} {self.category}".strip()


ACCEPTED = Outcome(200)
UNTOLD = Outcome(0)


class Probe(NamedTuple):
    """One request.

    `call` carries no key; `key` says whose is added when it is sent, in place of "{key}" where a header has
    that. `about` is the call that the question is about, where `call` is another: the same with a broken rule
    (`guard`, its id) that the server looks at later.
    `origin` is where it is sent, where that is not the API: a scheme and a host.
    """

    rule: str
    what: str
    call: Call
    key: str = FIRST
    cost: str = FREE
    about: Call | None = None
    guard: str = ""
    origin: str = ""

    @property
    def subject(self) -> Call:
        """The call that the question is about."""
        return self.about or self.call

    @property
    def jobs(self) -> int:
        """How many jobs it makes at worst, where the contract is right about what it refuses."""
        return int(self.cost == PAID)


def posted(operation: Operation, body: Any, raw: bytes | None = None) -> Call:
    """A call of an operation with this body, without a key."""
    sent = json.dumps(body, ensure_ascii=False).encode() if raw is None else raw
    headers = {"content-type": "application/json"}
    return Call(operation.method, operation.path, headers, sent)


def got(path: str, method: str = "GET") -> Call:
    """A call without a body."""
    return Call(method, path, {})


def foretold(contract: Contract, probe: Probe) -> tuple[Outcome, ...]:
    """What the contract says becomes of the call that a probe is about.

    Of a guarded one there may be two: that it is refused, and that its guard is refused before that.
    """
    rule = contract.rules.get(probe.rule)
    if ".body." not in probe.rule and rule is not None and rule.error:
        return (refused(contract, rule),)
    about = outcome(contract, probe.subject)
    if not probe.guard:
        return (about,)
    first = first_broken(contract, probe.call)
    return (about, ACCEPTED) if first is not None and first.id == probe.guard else (about,)


def outcome(contract: Contract, call: Call) -> Outcome:
    """What the contract says becomes of a call that carries a good key."""
    first = first_broken(contract, call)
    return refused(contract, first) if first is not None else ACCEPTED


def first_broken(contract: Contract, call: Call) -> Rule | None:
    """The rule for which a call with a good key is refused; None when it is not."""
    return _first_broken(contract, call.method, call.path, call.body)


# Each reading of each open question is asked about each call, some of them again and again.
@lru_cache(maxsize=10_000)
def _first_broken(contract: Contract, method: str, path: str, body: bytes) -> Rule | None:
    found = check_call(contract, Call(method, path, {"authorization": "Bearer KEY"}, body))
    return next((finding.rule for finding in found if finding.rule.error), None)


def refused(contract: Contract, rule: Rule) -> Outcome:
    """How the contract says that a break of this rule is answered."""
    error = contract.errors[rule.error]
    return Outcome(error.status, error.category, fields_of(rule))


def fields_of(rule: Rule) -> frozenset[str]:
    """The fields of a body that an error about this rule names."""
    names = {*rule.field.split("' or '"), rule.other}
    return frozenset(name.partition("[")[0].partition(".")[0] for name in names if name)
