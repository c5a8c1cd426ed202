"""What one look for drift brought: findings, what was not looked at, what was spent, and the verdict."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from klingcontracts.finding import Finding
from klingcontracts.problem import COULD_NOT_LOOK
from klingcontracts.rule import Level

SCHEMA_VERSION = 1


class Found(NamedTuple):
    """A finding and what shows it.

    `evidence` is plain JSON without secrets, in these names as far as there is something to say: "curl" (the
    request to repeat it, its key left out), "exchange" (as Exchange.to_json), "file", "line", "place",
    "agree" (who says the same: page, live, contract), "means" (a sentence), "times" (how often it was seen).
    """

    finding: Finding
    evidence: Mapping[str, Any] = {}


class NotLooked(NamedTuple):
    """A rule that nothing was said about, and why."""

    rule: str
    why: str


class Waived(NamedTuple):
    """A finding that somebody has taken out of the verdict, why, and until when (YYYY-MM-DD, "" for ever)."""

    found: Found
    reason: str
    expires: str = ""


class Report(NamedTuple):
    """One look of one command.

    `contract` is the revision, or the file, that was held against `target`: another revision, a page, a base
    URL, files. `accepted` and `requests` are what was spent. `incomplete` says why it could not look, ""
    when it could: not to have looked is never to have found nothing. What is `waived` is in no verdict.
    """

    command: str  # "diff", "drift docs", "drift live" or "drift traffic"
    contract: str
    target: str
    found: Sequence[Found] = ()
    not_looked: Sequence[NotLooked] = ()
    accepted: int = 0
    requests: int = 0
    incomplete: str = ""
    waived: Sequence[Waived] = ()

    def at(self, level: Level) -> list[Found]:
        """The findings at or above a level."""
        return [one for one in self.found if one.finding.level >= level]

    def verdict(self, fail_on: Level = Level.WARNING) -> str:
        """In a word: "drift" when there is a finding at or above the level, "inconclusive", or "conforms"."""
        if self.at(fail_on):
            return "drift"
        return "inconclusive" if self.incomplete else "conforms"

    def exit_code(self, fail_on: Level = Level.WARNING) -> int:
        """For the shell: 1 for drift, 3 when it could not look, else 0."""
        return {"drift": 1, "inconclusive": COULD_NOT_LOOK, "conforms": 0}[self.verdict(fail_on)]

    def to_json(self, fail_on: Level = Level.WARNING) -> dict[str, Any]:
        """As plain JSON; its schema is drift.schema.json."""
        told: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            "command": self.command,
            "contract": self.contract,
            "target": self.target,
            "verdict": self.verdict(fail_on),
            "spent": {"accepted": self.accepted, "requests": self.requests},
            "findings": [_told(one) for one in self.found],
            "not_looked": [{"rule": one.rule, "why": one.why} for one in self.not_looked],
        }
        if self.incomplete:
            told["incomplete"] = self.incomplete
        if self.waived:
            told["waived"] = [
                {**_told(one.found), "reason": one.reason, "expires": one.expires} for one in self.waived
            ]
        return told


def _told(one: Found) -> dict[str, Any]:
    return {**one.finding.to_json(), "evidence": dict(one.evidence)}


def without_evidence(findings: Iterable[Finding]) -> list[Found]:
    """Findings as a report holds them, where there is nothing to show."""
    return [Found(finding) for finding in findings]
