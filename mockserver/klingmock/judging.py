"""What a scenario says of a client: the rules of a good one, and what only who ran it can know."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from klingcontracts.conduct import Outcome
from klingcontracts.contract import Contract
from klingcontracts.exchange import Exchange
from klingcontracts.verdict import FAIL, NOT_JUDGED, PASS, RULES, WARN, Judgement, judge
from klingmock.certificate import CHECKS, ENDS, Check
from klingmock.journal import Entry
from klingmock.scenario import Scenario
from klingmock.script import Account

ADVICE = {
    **{rule.id: rule.advice for rule in RULES},
    ENDS: "End when the job has ended or can't be known, or give it more time: --timeout.",
}
MOST_SEEN = 4  # lapses of one rule that are told of one by one
ONE_JOB = b"the one job"  # in place of each submission's body
DEADLINE = "Give the whole wait a deadline, shorter than --timeout; the vendor's own client has 5 minutes."
GONE = "the program was ended before it said anything"


class Seen(NamedTuple):
    """What there is to judge one scenario by.

    `exit_code` is None when the program was ended after `seconds`; `until` is when that was, on the clock of
    the entries; `said` how its outcome is called; `speed` is how many of those seconds pass in one of a wait
    for a reply.
    """

    scenario: Scenario
    contract: Contract
    entries: Sequence[Entry]
    faults: Sequence[Account]
    exit_code: int | None
    seconds: float
    until: float
    said: str = ""
    speed: float = 1.0

    @property
    def outcome(self) -> Outcome | None:
        """What the program said, None when it was ended."""
        if self.exit_code is None:
            return None
        return Outcome.FAILURE if self.exit_code else Outcome.SUCCESS

    @property
    def untried(self) -> list[str]:
        """The faults that never met a call."""
        return [account.text for account in self.faults if not account.fired]


def checks(seen: Seen) -> list[Check]:
    """One check for each rule of a good client, and whether the program ended by itself."""
    if not seen.entries:
        return [Check(name, NOT_JUDGED, "nothing was asked") for name in CHECKS]
    findings = {entry.exchange.number: entry.findings for entry in seen.entries}
    exchanges = [_of_one_job(entry) for entry in seen.entries]
    verdict = judge(seen.contract, exchanges, seen.outcome, findings=findings)
    by_rule: dict[str, list[Judgement]] = {}
    for one in verdict.judgements:
        by_rule.setdefault(one.rule.id, []).append(one)
    found = {name: _check(name, judgements) for name, judgements in by_rule.items()}
    found[ENDS] = Check(ENDS, PASS)
    for correct in (_foreign_key, _ended_by_us, _outcome, _untried):
        for check in correct(seen, found):
            found[check.id] = check
    return [found[name] for name in CHECKS]


def _of_one_job(entry: Entry) -> Exchange:
    """The exchange; submissions are those of one job, however their bodies differ."""
    exchange = entry.exchange
    if entry.operation != "submit":
        return exchange
    return exchange._replace(call=exchange.call._replace(body=ONE_JOB))


def _check(name: str, judgements: Sequence[Judgement]) -> Check:
    first = judgements[0]
    seen = "; ".join(one.seen for one in judgements[:MOST_SEEN])
    left = len(judgements) - MOST_SEEN
    if left > 0:
        seen = f"{seen}; and {left} more"
    if first.verdict not in {FAIL, WARN}:
        return Check(name, first.verdict, GONE if "outcome was not given" in seen else seen)
    numbers = sorted({number for one in judgements for number in one.exchanges})
    advice = " ".join(dict.fromkeys(one.advice for one in judgements))
    return _blame(name, first.verdict, seen, numbers, advice)


def _blame(name: str, verdict: str, seen: str, exchanges: Sequence[int] = (), advice: str = "") -> Check:
    return Check(name, verdict, seen, CHECKS[name], advice or ADVICE[name], exchanges)


def _foreign_key(seen: Seen, found: dict[str, Check]) -> Iterator[Check]:
    """A key that is not the one that the program was given."""
    rules = {"auth.unknown-key", "auth.expired-key"}
    numbers = [
        entry.exchange.number
        for entry in seen.entries
        if any(finding.rule.id in rules for finding in entry.findings)
    ]
    if numbers and not found["authenticates"].blames:
        yield _blame("authenticates", FAIL, "another key was sent than the one that was given", numbers)


def _ended_by_us(seen: Seen, found: dict[str, Check]) -> Iterator[Check]:
    """A program that took longer than it may: it polled on and on, or it hung."""
    if seen.exit_code is not None:
        return
    last = seen.entries[-1]
    told, number = f"after {seen.seconds:.0f} s (see --timeout)", last.exchange.number
    reply = last.exchange.reply
    if last.exchange.at + (reply.delay + reply.seconds) * seen.speed > seen.until:
        yield Check(ENDS, NOT_JUDGED, f"ended {told}, when a reply was still on its way")
    elif last.operation == "task" and found["stops-at-terminal"].verdict == NOT_JUDGED:
        yield Check(ENDS, NOT_JUDGED, f"still polling {told}: see gives-up")
        # A rule that warns of long patience: who had none of its own to the end of ours has failed.
        yield _blame("gives-up", FAIL, f"still polling {told}", [number], DEADLINE)
    else:
        yield _blame(ENDS, FAIL, f"still running {told}", [number])


def _outcome(seen: Seen, found: dict[str, Check]) -> Iterator[Check]:
    """An outcome that is not the scenario's, where nothing else that was done explains it."""
    good, said = seen.scenario.good, seen.outcome
    explained = any(one.verdict == FAIL for one in found.values())
    if said is None or good in {"either", said} or seen.untried or explained:
        return
    if said is Outcome.SUCCESS:
        yield _blame("reports-failure", FAIL, f"said success{seen.said}, and there is nothing to be had")
    else:
        yield _blame("reports-success", FAIL, f"said failure{seen.said}, and the job succeeds")


def _untried(seen: Seen, found: dict[str, Check]) -> Iterator[Check]:
    """What a scenario is there for says nothing where it did not happen."""
    for name in seen.scenario.tries if seen.untried else ():
        if found[name].verdict == PASS:
            yield Check(name, NOT_JUDGED, f"not tried: {', '.join(seen.untried)} never met a call")
