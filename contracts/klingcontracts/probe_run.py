"""A run: what is asked, in its order, within the budget; and the report of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from klingcontracts.contract import load
from klingcontracts.document import revisions
from klingcontracts.drift import NotLooked, Report
from klingcontracts.probe import FREE, ORACLE, PAID, UNFUNDED, UNTOLD, Outcome, Probe, foretold, posted
from klingcontracts.probe_canary import Canary, looked_after
from klingcontracts.probe_follow import Brought, Job, Patience, follow, value_of
from klingcontracts.probe_free import first_probes
from klingcontracts.probe_guard import Halt, NoReply, NotSent, Spending
from klingcontracts.probe_guarded import Guard, decoded, guarded, guards, holds, said
from klingcontracts.probe_jobs import price
from klingcontracts.probe_judge import Seen, found, judged, once
from klingcontracts.probe_money import Money
from klingcontracts.probe_plan import Plan, alone, calibration, planned, unlooked
from klingcontracts.probe_reading import Readings, agrees
from klingcontracts.probe_rest import by_replies, headers_told, reads_told, same_ids
from klingcontracts.strictjson import parse

ENOUGH = 2  # probes in a row without any answer, after which nothing more is asked


@dataclass
class Run:
    """One look at a live API. `run` does it; what it has brought is there even when it is interrupted."""

    readings: Readings
    spending: Spending
    patience: Patience
    canary: Canary | None = None
    picture: str | None = None
    brought: Brought = field(default_factory=lambda: Brought([], [], []))
    jobs: list[Job] = field(default_factory=list)
    incomplete: str = ""
    expected: int = 1  # requests, as far as that can be told
    _silent: int = 0
    _again: set[str] = field(default_factory=set)
    _guards: list[Guard] = field(default_factory=list)

    def run(self) -> None:
        """Ask everything that the budget allows."""
        try:
            self._first()
            self._all()
        except Halt as reason:
            self.incomplete = str(reason)

    def report(self, target: str, contract: str) -> Report:
        """What was found, what was not looked at, what was spent."""
        told, following = judged(self.readings, self.brought.seen)
        told += [*self.brought.told, *headers_told(following, self.brought.seen)]
        told += [*reads_told(following, self.brought.seen), *same_ids(following, self.brought.seen)]
        known = list(dict.fromkeys(self.brought.unlooked))
        looked = by_replies(following, self.brought.seen)
        rest = unlooked(following, looked, known, self.incomplete)
        spending = self.spending
        return Report(
            "drift live",
            contract,
            target,
            once(told),
            rest,
            spending.accepted,
            spending.requests,
            self.incomplete,
        )

    def _first(self) -> None:
        """Whether there is an API that takes the key, and where jobs are submitted."""
        contract = self.readings.contract
        submit = contract.operation("submit")
        seen = [self._must(probe) for probe in first_probes(contract, self.readings.bodies)]
        if not any(isinstance(value_of(one.exchange), dict) for one in seen) and not self._alike(seen):
            self._elsewhere(seen[0])
        if seen[-1].exchange.reply.status == 404:
            self._moved(submit.path, seen[-1])

    def _must(self, probe: Probe) -> Seen:
        try:
            seen = self._asked(probe)
        except (NoReply, NotSent) as reason:
            raise Halt(f"Nothing could be asked: {reason}.") from reason
        self.brought.seen.append(seen)
        return seen

    def _alike(self, seen: Sequence[Seen]) -> bool:
        """Whether everything has the status that was foretold, so that this is the API, whatever it says."""
        told = [foretold(self.readings.contract, one.probe)[0].status for one in seen]
        return told == [one.exchange.reply.status for one in seen]

    def _elsewhere(self, seen: Seen) -> None:
        reply = seen.exchange.reply
        location = urlsplit(reply.headers.get("location", ""))
        origin = f"{location.scheme}://{location.netloc}"
        if 300 <= reply.status < 400 and (not location.netloc or origin == seen.exchange.call.origin):
            raise Halt(f"Everything is redirected: {reply.status}.")  # by the API itself, which is drift
        self.brought.seen.clear()
        if 300 <= reply.status < 400:
            raise Halt(f"It redirects to {origin}: give that address.")
        kind = reply.headers.get("content-type", "no content type")
        raise Halt(f"What answers there is not this API: status {reply.status}, {kind}.")

    def _moved(self, path: str, seen: Seen) -> None:
        """Look for the submission where other revisions have it."""
        contract, submit = self.readings.contract, self.readings.contract.operation("submit")
        rule = contract.rules["route.unknown-path"]
        self.brought.seen.remove(seen)
        for name in revisions():
            elsewhere = load(name).operation("submit").path
            if elsewhere == path:
                continue
            other = Probe(rule.id, f"the path of {name}", posted(submit, {})._replace(path=elsewhere))
            exchange = self.spending.ask(other)
            if exchange.reply.status == 400:
                self.spending.moved[path] = elsewhere
                told = f"{submit.method} {elsewhere}, as in revision {name}"
                self.brought.told.append(found(rule, f"{submit.method} {path}", told, seen.exchange))
                return
        self.brought.told.append(
            found(rule, f"{submit.method} {path}", "404: the path is gone", seen.exchange)
        )
        raise Halt(f"There is nothing at {submit.method} {path}, nor where other revisions have it.")

    def _all(self) -> None:
        money = Money(self.readings.contract, self.spending)
        money.before()
        if self.canary is not None:
            self.brought.told.extend(
                looked_after(self.readings.contract, self.spending, self.canary, self.brought)
            )
        self._assert_guards()
        oracle = self.spending.has(UNFUNDED) and self._calibrated()
        plan = planned(self.readings, self._guards, oracle=oracle, picture=self.picture)
        self.expected = self.spending.requests + len(plan.free) + len(plan.points)
        for probe in plan.free:
            self._look(probe)
        self._points(plan)
        self._paid(plan)
        self.brought.told.extend(money.after(self.jobs_paid()))

    def jobs_paid(self) -> list[Seen]:
        """The jobs that were accepted."""
        return [one for one in self.brought.seen if one.probe.cost == PAID and one.outcome.accepted]

    def money(self) -> float:
        """What the jobs that were accepted cost, as documented."""
        prices = [
            price(self.readings.contract, parse(bytes(one.probe.call.body))) for one in self.jobs_paid()
        ]
        return sum(amount or 0.0 for amount in prices)

    def _assert_guards(self) -> None:
        for guard in guards(self.readings):
            probe = self._behind_another(guard) or alone(self.readings, guard)
            seen = self._look(probe)
            if seen is not None and holds(guard, seen.outcome):
                self._guards.append(guard._replace(seen=seen.outcome))

    def _behind_another(self, guard: Guard) -> Probe | None:
        """A guard that is asked for behind one that holds can't be accepted."""
        body = {**self.readings.bodies.minimal, **guard.more}
        point = next((one for one in self.readings.bodies.broken() if one.body == body), None)
        probes = (guarded(point, other, self.readings) for other in self._guards) if point else ()
        return next((probe for probe in probes if probe is not None), None)

    def _calibrated(self) -> bool:
        bad, good = calibration(self.readings)
        try:
            refusal = said(self.spending.ask(bad).reply, ())
            taken = said(self.spending.ask(good).reply, ()) if refusal.status == 400 else UNTOLD
        except (NotSent, NoReply) as reason:
            self.brought.unlooked.append(NotLooked("balance.insufficient", f"oracle unavailable: {reason}"))
            return False
        if taken.status != 402:
            why = f"oracle unavailable: a bad body is {refusal}, a good one is {taken}"
            self.brought.unlooked.append(NotLooked("balance.insufficient", why))
        return taken.status == 402

    def _points(self, plan: Plan) -> None:
        """Ask about bodies; where a guard turns out to be looked at too early, ask without it."""
        behind = [probe for probe in plan.points if probe.guard]
        asked = [seen for seen in map(self._look, behind) if seen is not None]
        stages = [(one, self._stage(one.probe)) for one in asked]
        told = {
            (one.probe.guard, stage)
            for one, stage in stages
            if not one.outcome.accepted and one.outcome != UNTOLD
        }
        sure = {guard for guard, _ in told}
        doubtful = [
            one
            for one, stage in stages
            if ((one.probe.guard, stage) not in told if stage is not None else one.probe.guard not in sure)
        ]
        for one in doubtful:
            self.brought.seen.remove(one)
        bare = [self._bare(one.probe) for one in doubtful]
        for probe in [*(one for one in plan.points if not one.guard), *bare]:
            if probe.cost == PAID:
                why = f"{probe.what}: the guard is looked at too early, and without it a job may be accepted"
                self.brought.unlooked.append(NotLooked(probe.rule, why))
            elif not self._was_asked(probe):
                self._look(probe)

    def _stage(self, probe: Probe) -> int | None:
        """The stage at which the server refuses what is asked; None for what it takes."""
        told = foretold(self.readings.contract, probe)[0]
        rule = self.readings.contract.rules.get(probe.rule)
        return None if told.accepted or rule is None else rule.order[0]

    def _bare(self, probe: Probe) -> Probe:
        call = probe.subject
        cost = PAID if self.readings.takes(bytes(call.body)) else FREE
        return probe._replace(call=call, about=None, guard="", cost=cost)

    def _was_asked(self, probe: Probe) -> bool:
        return any(one.probe.call == probe.call and one.probe.key == probe.key for one in self.brought.seen)

    def _paid(self, plan: Plan) -> None:
        for probe in (*plan.risky, *plan.jobs):
            seen = self._look(probe)
            if seen is not None and seen.outcome.accepted:
                job = follow(self.readings.contract, self.spending, seen, self.patience, self.brought)
                if job is not None:
                    self.jobs.append(job)

    def _look(self, probe: Probe) -> Seen | None:
        """Ask, ask again what is answered otherwise than foretold, and keep what was seen."""
        try:
            seen = self._asked(probe)
            self._silent = 0
            if self._needs_asking_again(seen):
                seen = self._asked_again(seen)
        except NotSent as reason:
            self.brought.unlooked.append(NotLooked(probe.rule, f"{probe.what}: {reason}"))
            return None
        except NoReply as reason:
            self._silent += 1
            if self._silent >= ENOUGH:
                raise Halt(f"No answer any more: {reason}.") from reason
            self.brought.unlooked.append(NotLooked(probe.rule, f"{probe.what}: {reason}"))
            return None
        self.brought.seen.append(seen)
        return seen

    def _asked(self, probe: Probe) -> Seen:
        exchange = self.spending.ask(probe)
        told = said(exchange.reply, self.readings.bodies.shape.schema.get("properties", ()))
        return Seen(probe, exchange, self._meaning(probe, told))

    def _meaning(self, probe: Probe, told: Outcome) -> Outcome:
        if probe.cost == ORACLE and told.status == 402:
            return Outcome(200)
        guard = next((one for one in self._guards if one.rule == probe.guard), None)
        if told.status == 429 and probe.cost == PAID:
            return UNTOLD
        return decoded(told, guard) if guard else told

    def _needs_asking_again(self, seen: Seen) -> bool:
        if seen.probe.cost == PAID or seen.outcome == UNTOLD or 200 <= seen.exchange.reply.status < 300:
            return False
        contracts = [self.readings.contract, *(other.contract for other in self.readings.others)]
        if any(agrees(seen.outcome, foretold(one, seen.probe)) for one in contracts):
            return False
        kind = f"{seen.outcome.status} {seen.outcome.category} {seen.exchange.reply.status}"
        kind = seen.probe.rule if seen.outcome.accepted else kind
        fresh = kind not in self._again
        self._again.add(kind)
        return fresh

    def _asked_again(self, seen: Seen) -> Seen:
        other = self._otherwise(seen.probe)
        again = self._asked(other)
        return seen if again.outcome == seen.outcome else again._replace(unsure=True)

    def _otherwise(self, probe: Probe) -> Probe:
        """The same question behind another guard, where there is one."""
        if not probe.about or ".body." not in probe.rule:
            return probe
        point = next((one for one in self.readings.points if one.what == probe.what), None)
        rest = [one for one in self._guards if one.rule != probe.guard]
        found_others = [guarded(point, one, self.readings) for one in rest] if point else []
        return next((one for one in found_others if one is not None), probe)
