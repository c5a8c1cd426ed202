"""What a run of certify brings: each scenario that a client was put through, and what each check says."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from klingcontracts.problem import COULD_NOT_LOOK
from klingcontracts.rule import Level
from klingcontracts.verdict import FAIL, NOT_JUDGED, PASS, RULES, WARN
from klingmock.accepted import Charge
from klingmock.journal import Entry
from klingmock.ledger import dollars
from klingmock.script import Account

SCHEMA_VERSION = 1
EXITED, TIMED_OUT, NEVER_CALLED = "exited", "timed out", "never called"
ENDS = "ends"  # the check that no exchange can tell of
WORST_FIRST = (FAIL, WARN, PASS, NOT_JUDGED)
# What is checked, in the order of every report: the rules of a good client, and that the program ends.
CHECKS: Mapping[str, str] = {
    **{rule.id: rule.says for rule in RULES},
    ENDS: "the program comes to an end by itself",
}


class Check(NamedTuple):
    """What one check says of one scenario.

    `verdict` is "pass", "fail", "warn" or "not judged"; `seen` is what was seen, or why nothing can be said;
    `expected` and `advice` are there when it blames; `exchanges` are their numbers in the scenario's journal.
    """

    id: str
    verdict: str
    seen: str = ""
    expected: str = ""
    advice: str = ""
    exchanges: Sequence[int] = ()

    @property
    def blames(self) -> bool:
        """Whether the client did something wrong."""
        return self.verdict in {FAIL, WARN}

    def to_json(self) -> dict[str, Any]:
        """{"id", "verdict", "detail", "exchanges"}."""
        told = {"id": self.id, "verdict": self.verdict, "detail": self.seen}
        return {**told, "exchanges": list(self.exchanges)}


class Played(NamedTuple):
    """One scenario that the client was put through.

    `good` is what a good client reports in the end: "success", "failure" or "either". `exit_code` is None
    when the program was ended by us; `started` is Unix seconds, on the same clock as `exchange.at` of the
    entries and `at` of the charges; `seconds` is how long the program ran. `ended` is "exited", "timed out"
    or "never called" (however it ended then). `output` is the end of what it printed, secrets taken out.
    """

    name: str
    says: str
    script: str
    good: str
    exit_code: int | None
    seconds: float
    started: float
    ended: str
    checks: Sequence[Check] = ()
    entries: Sequence[Entry] = ()
    charged: Sequence[Charge] = ()
    faults: Sequence[Account] = ()
    output: str = ""

    @property
    def charges(self) -> int:
        """How many jobs were accepted, and charged."""
        return len(self.charged)

    @property
    def dollars(self) -> str:
        """What they cost, at made-up prices, as in 0.1400."""
        return dollars(sum(charge.price for charge in self.charged))

    @property
    def verdict(self) -> str:
        """The worst of its checks; "not judged" when none says anything, or it was ended unblamed."""
        found = {check.verdict for check in self.checks}
        worst = next((verdict for verdict in WORST_FIRST if verdict in found), NOT_JUDGED)
        # Whoever had to be ended has not passed, whatever else was done well.
        return NOT_JUDGED if worst == PASS and self.ended == TIMED_OUT else worst

    @property
    def undecided(self) -> str:
        """Why a client that we ended has not failed, "" when it has, or ended by itself."""
        is_open = self.ended == TIMED_OUT and self.verdict != FAIL
        return self.check(ENDS).seen if is_open else ""

    @property
    def blamed(self) -> list[Check]:
        """The checks that blame the client, in the order of the report."""
        return [check for check in self.checks if check.blames]

    def check(self, name: str) -> Check:
        """The check of this id; one that is not judged when there is none."""
        return next((one for one in self.checks if one.id == name), Check(name, NOT_JUDGED))

    def to_json(self) -> dict[str, Any]:
        """{"name", "exit_code", "seconds", "charges", "checks": [...]}."""
        return {
            "name": self.name,
            "exit_code": self.exit_code,
            "seconds": round(self.seconds, 3),
            "charges": self.charges,
            "checks": [check.to_json() for check in self.checks],
        }


class Certificate(NamedTuple):
    """What one client did in all scenarios.

    `command` is how it was called, secrets taken out; `revision` the one whose paths it uses, "" when it used
    none; `seconds` how long the whole run took. `hint` says how to point a client here that never called.
    """

    command: str
    revision: str
    played: Sequence[Played]
    seconds: float = 0.0
    hint: str = ""

    @property
    def called(self) -> bool:
        """Whether the client called us in any scenario."""
        return any(one.ended != NEVER_CALLED for one in self.played)

    def blamed(self, level: Level = Level.WARNING) -> Iterator[tuple[Played, Check]]:
        """What the client did wrong at or above a level, scenario by scenario."""
        verdicts = {FAIL} if level is Level.ERROR else {FAIL, WARN}
        return ((one, check) for one in self.played for check in one.checks if check.verdict in verdicts)

    def exit_code(self, fail_on: Level = Level.WARNING) -> int:
        """For the shell: 1 when a check failed, 3 when a scenario could not be judged, else 0.

        It could not when the client never called there, or was ended before there was anything to see.
        """
        if any(self.blamed(fail_on)):
            return 1
        # Not to have been called is never to have found nothing.
        all_judged = self.played and all(
            one.ended != NEVER_CALLED and not one.undecided for one in self.played
        )
        return 0 if all_judged else COULD_NOT_LOOK

    @property
    def summary(self) -> dict[str, int]:
        """How many scenarios, how many of them without blame, and how many checks of each verdict."""
        checks = [check.verdict for one in self.played for check in one.checks]
        return {
            "scenarios": len(self.played),
            "passed": sum(one.verdict == PASS for one in self.played),
            **{verdict: checks.count(verdict) for verdict in (PASS, FAIL, WARN, NOT_JUDGED)},
        }

    def to_json(self) -> dict[str, Any]:
        """{"schema_version", "command", "revision", "summary": {...}, "scenarios": [...]}."""
        return {
            "schema_version": SCHEMA_VERSION,
            "command": self.command,
            "revision": self.revision,
            "summary": self.summary,
            "scenarios": [one.to_json() for one in self.played],
        }
