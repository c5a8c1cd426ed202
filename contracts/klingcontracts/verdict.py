"""The exchanges of one client -> what it did wrong, rule by rule, and what can't be told."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from klingcontracts import client_calls as calls
from klingcontracts import client_results as results
from klingcontracts.client_calls import Lapse, Unjudged
from klingcontracts.conduct import Conduct, Outcome, conduct
from klingcontracts.contract import Contract
from klingcontracts.exchange import Exchange
from klingcontracts.finding import Finding
from klingcontracts.problem import Problem, unknown
from klingcontracts.rule import Level
from klingcontracts.table import table, terminal_width

SCHEMA_VERSION = 1
WIDEST = 140  # columns
MOST_SHOWN = 6  # exchanges of one lapse
NOTHING_ASKED = "nothing was asked"
PASS, FAIL, WARN, NOT_JUDGED = "pass", "fail", "warn", "not judged"


class ClientRule(NamedTuple):
    """One thing that a good client does; `source` as in a contract's provenance."""

    id: str
    level: Level
    says: str
    advice: str
    source: str
    lapses: Callable[[Conduct], Iterator[Lapse]]


class Judgement(NamedTuple):
    """What became of one rule: pass, fail, warn or not judged, what was seen, and in which exchanges.

    `own` is what to do where the rule's advice is none for what was seen.
    """

    rule: ClientRule
    verdict: str
    seen: str = ""
    exchanges: Sequence[int] = ()
    own: str = ""

    @property
    def advice(self) -> str:
        """What to do."""
        return self.own or self.rule.advice

    def to_json(self) -> dict[str, Any]:
        """{"id", "verdict", "detail", "exchanges"}."""
        told = {"id": self.rule.id, "verdict": self.verdict, "detail": self.seen}
        return {**told, "exchanges": list(self.exchanges)}


class BadClient(AssertionError):
    """A client does what a good one does not; the text is a table."""


class Verdict(NamedTuple):
    """One judgement for each rule, or for each lapse of one that was not kept."""

    judgements: Sequence[Judgement]

    def blamed(self, level: Level = Level.WARNING) -> list[Judgement]:
        """The lapses at or above a level."""
        return [one for one in self.judgements if one.verdict in {FAIL, WARN} and one.rule.level >= level]

    def to_json(self) -> dict[str, Any]:
        """{"schema_version", "summary": {verdict: count}, "checks": [...]}."""
        found = [one.verdict for one in self.judgements]
        summary = {name: found.count(name) for name in (PASS, FAIL, WARN, NOT_JUDGED)}
        checks = [one.to_json() for one in self.judgements]
        return {"schema_version": SCHEMA_VERSION, "summary": summary, "checks": checks}

    def text(self, width: int | None = None) -> str:
        """A table with a row for each judgement, as wide as the terminal where no width is given."""
        rows = [_row(one) for one in self.judgements]
        heads = ("rule", "verdict", "exchanges", "seen", "expected", "advice")
        return table(heads, rows, width or min(WIDEST, terminal_width()), whole=["rule", "verdict"])


def _row(one: Judgement) -> list[str]:
    more = "…" if len(one.exchanges) > MOST_SHOWN else ""
    numbers = ", ".join(map(str, one.exchanges[:MOST_SHOWN])) + more
    expected = (one.rule.says, one.advice) if one.verdict in {FAIL, WARN} else ("", "")
    return [one.rule.id, one.verdict, numbers, one.seen, *expected]


def judge(
    contract: Contract,
    exchanges: Iterable[Exchange],
    outcome: Outcome | str | None = None,
    *,
    jobs: int = 1,
    findings: Mapping[int, Sequence[Finding]] | None = None,
) -> Verdict:
    """Judge what one client did, in the order in which it was done.

    `outcome` is "success" or "failure", as the client said in the end; rules that need it are not judged
    without. `jobs` is how many jobs of one and the same body were meant. `findings` are those of the calls,
    by number, for exchanges whose keys are redacted. Raises Problem for another outcome, and for no job.
    """
    if jobs < 1:
        raise Problem(f"{jobs} jobs are none.", "Give how many jobs of one body were meant, from 1 on.")
    seen = conduct(contract, exchanges, findings, outcome=said(outcome), jobs=jobs)
    return Verdict([one for rule in RULES for one in _judged(rule, seen)])


def said(outcome: Outcome | str | None) -> Outcome | None:
    """The outcome of this name, None where it was not said; Problem for another one."""
    if outcome is not None and outcome not in set(Outcome):
        raise unknown("Outcome", str(outcome), [one.value for one in Outcome], "Or leave it out.")
    return None if outcome is None else Outcome(outcome)


def _judged(rule: ClientRule, seen: Conduct) -> list[Judgement]:
    if not seen.steps:
        return [Judgement(rule, NOT_JUDGED, NOTHING_ASKED)]
    try:
        lapses = list(rule.lapses(seen))
    except Unjudged as why:
        return [Judgement(rule, NOT_JUDGED, str(why))]
    blame = FAIL if rule.level is Level.ERROR else WARN
    same: dict[tuple[str, str], dict[int, None]] = {}  # what is done again and again is one row
    for seen_so, exchanges, advice in lapses:
        same.setdefault((seen_so, advice), {}).update(dict.fromkeys(exchanges))
    rows = [Judgement(rule, blame, told, list(numbers), own) for (told, own), numbers in same.items()]
    return rows or [Judgement(rule, PASS)]


def assert_good_client(verdict: Verdict, level: Level = Level.WARNING) -> None:
    """Raise BadClient, with a table, when a rule at or above the level was not kept, or nothing was asked."""
    __tracebackhide__ = True
    if all(one.seen == NOTHING_ASKED for one in verdict.judgements):
        raise BadClient("The client has asked for nothing, so there is nothing to judge.")
    blamed = verdict.blamed(level)
    if blamed:
        many = len({one.rule.id for one in blamed})
        head = f"The client does not keep {many} of {len(RULES)} rules:"
        raise BadClient(f"{head}\n\n{Verdict(blamed).text()}")


RULES = (
    ClientRule(
        "submits-once",
        Level.ERROR,
        "a job that was, or may have been, accepted is not submitted again",
        "Submit again only after a definite refusal; else report that nobody knows.",
        "documented C4,K12",
        calls.submits_once,
    ),
    ClientRule(
        "request-conforms",
        Level.ERROR,
        "each call is as documented",
        "Send what the contract documents.",
        "documented S0,P1",
        calls.request_conforms,
    ),
    ClientRule(
        "authenticates",
        Level.ERROR,
        "each call of the API carries its key",
        "Send Authorization: Bearer KEY with every call but downloads.",
        "documented S0",
        calls.authenticates,
    ),
    ClientRule(
        "key-stays-home",
        Level.ERROR,
        "the key goes to the API alone",
        "Fetch the video without Authorization: its URL is open, its host another.",
        "observed T1",
        calls.key_stays_home,
    ),
    ClientRule(
        "polls-its-task",
        Level.ERROR,
        "a poll asks for a task that the client was told of",
        "Take data.task_id from the reply to the submission as it is.",
        "documented S0,P1",
        calls.polls_its_task,
    ),
    ClientRule(
        "polls-politely",
        Level.WARNING,
        "polls are a second or more apart, and calls wait as long as a reply asks",
        "Wait 2 to 10 s between polls, and until Retry-After or X-RateLimit-Reset with each call.",
        "documented K3,K5,C4",
        calls.polls_politely,
    ),
    ClientRule(
        "stops-at-terminal",
        Level.WARNING,
        "a task that has ended is not polled again",
        "Stop at success and at failed: no task goes on from there.",
        "documented K1,K3",
        results.stops_at_terminal,
    ),
    ClientRule(
        "survives-transient",
        Level.ERROR,
        "a poll that fails for a moment is not the end of the job",
        "Poll again after a pause: the job runs on, and is paid for.",
        "documented C4",
        results.survives_transient,
    ),
    ClientRule(
        "reports-failure",
        Level.ERROR,
        "what failed, or has no result, is reported as a failure",
        "Look at data.status: a failed task comes with HTTP 200 and code 0.",
        "documented C4,K9",
        results.reports_failure,
    ),
    ClientRule(
        "reports-success",
        Level.ERROR,
        "what succeeded is reported as a success",
        "Take data.result.resources[].url once data.status is success.",
        "documented P5",
        results.reports_success,
    ),
    ClientRule(
        "tolerates-additions",
        Level.ERROR,
        "a field that is not documented changes nothing",
        "Read the fields you need, and no others.",
        "documented K12",
        results.tolerates_additions,
    ),
    ClientRule(
        "tolerates-unknown-status",
        Level.ERROR,
        "a status that is not documented means: not ended",
        "Poll on, until a status that ends, or your deadline.",
        "documented C4",
        results.tolerates_unknown_status,
    ),
    ClientRule(
        "gives-up",
        Level.WARNING,
        "a task is polled for a limited time",
        "Give the whole wait a deadline; the vendor's own client has 5 minutes.",
        "documented C4",
        results.gives_up,
    ),
    ClientRule(
        "gets-whole-file",
        Level.ERROR,
        "a success has the whole file",
        "Compare what arrived with Content-Length, and fetch again: it broke off, or is empty.",
        "assumed",
        results.gets_whole_file,
    ),
    ClientRule(
        "fetches-what-it-paid-for",
        Level.ERROR,
        "a job that was accepted is asked for",
        "Poll each task_id until it ends: the job runs, and is charged, anyway.",
        "documented P1",
        results.fetches_what_it_paid_for,
    ),
)
