"""A run: what is asked, in its order, within the budget; and the report of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from klingcontracts.drift import NotLooked, Report
from klingcontracts.probe import FIRST, PAID, UNFUNDED, Probe
from klingcontracts.probe_ask import Asking
from klingcontracts.probe_canary import Canary, begun, looked_after
from klingcontracts.probe_first import first_look
from klingcontracts.probe_follow import Job, Patience, follow
from klingcontracts.probe_guard import Halt, Spending
from klingcontracts.probe_jobs import price
from klingcontracts.probe_judge import Seen, judged, once
from klingcontracts.probe_money import Money
from klingcontracts.probe_pace import TooLong
from klingcontracts.probe_plan import planned, unlooked
from klingcontracts.probe_points import ask_points, assert_guards, calibrated
from klingcontracts.probe_rest import by_replies, headers_told, models_told, reads_told, same_ids, types_told
from klingcontracts.strictjson import parse


@dataclass
class Run:
    """One look at a live API. `run` does it; what it has brought is there even when it is interrupted.

    `picture` is the URL of the image that jobs are made of. `expected` are the requests, as far as known.
    `began` hears of each job that is accepted, paid for on purpose or not, at once; `tasks` are their ids.
    """

    asking: Asking
    patience: Patience
    canary: Canary | None = None
    picture: str | None = None
    jobs: list[Job] = field(default_factory=list)
    incomplete: str = ""
    expected: int = 1
    tasks: list[str] = field(default_factory=list)
    began: Callable[[Canary], None] = lambda _: None

    @property
    def spending(self) -> Spending:
        """Who holds the money."""
        return self.asking.spending

    def run(self) -> None:
        """Ask everything that the budget allows."""
        self.asking.began = self._begin
        try:
            first_look(self.asking)
            self._all()
        except (Halt, TooLong) as reason:
            self.incomplete = str(reason)
        if self.spending.exhausted and not self.incomplete:
            self.incomplete = f"--max-requests {self.spending.budget.requests} was reached."
        if self.spending.budget.spend and not self.paid() and not self.incomplete:
            self.incomplete = "No job was accepted, so nothing was seen of the life of one."

    def report(self, target: str, contract: str) -> Report:
        """What was found, what was not looked at, what was spent."""
        brought, spending = self.asking.brought, self.spending
        told, following = judged(self.asking.readings, brought.seen)
        told += [*brought.told, *headers_told(following, brought.seen)]
        told += [*reads_told(following, brought.seen), *same_ids(following, brought.seen)]
        told += types_told(following, brought.seen)
        told += models_told(following, brought.seen)
        known = list(dict.fromkeys(brought.unlooked))
        rest = unlooked(following, by_replies(following, brought.seen), known, self.incomplete)
        spent = spending.accepted, spending.requests
        return Report("drift live", contract, target, once(told), rest, *spent, self._why_incomplete())

    def _why_incomplete(self) -> str:
        """Why it is incomplete, and the jobs that it has left behind."""
        tasks = f" Accepted: {', '.join(self.tasks)}." if self.tasks else ""
        return self.incomplete and f"{self.incomplete}{tasks}"

    def paid(self) -> list[Seen]:
        """The jobs that were accepted for money."""
        return [one for one in self.asking.brought.seen if one.probe.cost == PAID and one.outcome.accepted]

    def money(self) -> float:
        """What the jobs that were accepted cost, as documented."""
        contract = self.asking.readings.contract
        return sum(price(contract, parse(bytes(one.probe.call.body))) or 0.0 for one in self.paid())

    def _all(self) -> None:
        asking = self.asking
        contract = asking.readings.contract
        money = Money(contract, self.spending)
        money.before()
        if self.canary is not None:
            asking.brought.told.extend(looked_after(contract, self.spending, self.canary, asking.brought))
        asserted = assert_guards(asking)
        oracle = self.spending.has(UNFUNDED) and calibrated(asking)
        plan = planned(asking.readings, asking.guards, oracle=oracle, picture=self.picture)
        self.expected = self.spending.requests + len(plan.free) + len(plan.points)
        for probe in plan.free:
            asking.look(probe)
        left = ask_points(asking, plan.points, asserted)
        self._pay([*plan.risky, *plan.jobs, *left])
        asking.brought.told.extend(money.after(self.paid()))

    def _pay(self, probes: Sequence[Probe]) -> None:
        asking = self.asking
        for probe in probes:
            if self._is_too_late(probe):
                continue
            seen = asking.look(probe)
            if seen is not None and seen.outcome.accepted:
                job = follow(asking.readings.contract, self.spending, seen, self.patience, asking.brought)
                if job is not None:
                    self.jobs.append(job)

    def _begin(self, seen: Seen) -> None:
        kept = begun(seen)
        if kept is not None:
            self.tasks.append(kept.task_id)
            if seen.probe.key == FIRST and "authorization" not in seen.probe.call.headers:
                self.began(kept)  # a job of another key is none that the next run can read

    def _is_too_late(self, probe: Probe) -> bool:
        """Whether the requests that are left might not carry a job to its end: then it is not paid for."""
        spending, needs = self.spending, self.patience.requests()
        if spending.left() <= 0 or spending.requests + needs <= spending.budget.requests:
            return False
        spending.exhausted = True
        most = f"--max-requests {spending.budget.requests}"
        why = f"a job may take {needs} requests, which is more than {most} has left"
        self.asking.brought.unlooked.append(NotLooked(probe.rule, why))
        return True
