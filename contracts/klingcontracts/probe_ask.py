"""Asking: a probe is sent, asked again when the answer was not foretold, and what it says is kept."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from klingcontracts.drift import Found, NotLooked
from klingcontracts.exchange import Reply
from klingcontracts.probe import FREE, ORACLE, PAID, UNTOLD, Outcome, Probe, foretold
from klingcontracts.probe_bodies import Point
from klingcontracts.probe_guard import READS, Halt, NoReply, NotSent, Spending
from klingcontracts.probe_guarded import Guard, decoded, guarded, is_taken, message_of, said
from klingcontracts.probe_judge import Seen, found, stated
from klingcontracts.probe_reading import Readings, agrees
from klingcontracts.rule import Level

ENOUGH = 2  # probes in a row without any answer, after which nothing more is asked
GATEWAY = frozenset({502, 503, 504})  # by who stands before the server, or for all that is asked
FUNDED = stated("oracle.funded", "the key without money has none", Level.WARNING, operation="submit")


class Brought(NamedTuple):
    """What a run has brought so far: what was seen, what is told beyond that, what was not looked at."""

    seen: list[Seen]
    told: list[Found]
    unlooked: list[NotLooked]


class Asking:
    """Asks within a budget; `guards` are those that hold, `brought` is what has come of it."""

    def __init__(self, readings: Readings, spending: Spending) -> None:
        self.readings, self.spending = readings, spending
        self.brought = Brought([], [], [])
        self.guards: list[Guard] = []
        self.began: Callable[[Seen], None] = lambda _: None  # called for each job that is accepted
        self._silent = 0
        self._again: set[str] = set()

    def look(self, probe: Probe) -> Seen | None:
        """Ask and keep what was seen; None, with the reason in `brought`, when nothing was. Raises Halt."""
        try:
            seen = self.asked(probe)
            self._silent = 0
            if seen.exchange.reply.status >= 500:
                seen = self.failing(seen)
            elif self._is_odd(seen):
                seen = self._asked_again(seen)
        except NotSent as reason:
            if any(one.probe.rule == probe.rule for one in self.brought.seen):
                self.leave(probe, str(reason))  # the rule as such was looked at
            else:
                self.brought.unlooked.append(NotLooked(probe.rule, str(reason)))
            return None
        except NoReply as reason:
            self._silent += 1
            if self._silent >= ENOUGH:
                raise Halt(f"No answer any more: {reason}.") from reason
            self.leave(probe, str(reason))
            return None
        self.brought.seen.append(seen)
        return seen

    def failing(self, seen: Seen) -> Seen:
        """What a reply of 500 or more says: asked again, it counts where all else is answered as before.

        Raises NotSent where the server may be out of order, which says nothing of a rule; and NoReply, Halt.
        """
        if seen.probe.cost != PAID:
            self.spending.pace.rest()
            seen = self.asked(seen.probe)
        status = seen.exchange.reply.status
        if status >= 500 and (status in GATEWAY or not self._is_up()):
            raise NotSent(f"{seen.probe.what}: the server answered {status}")
        return seen

    def _is_up(self) -> bool:
        """Whether the server still answers what it has answered."""
        known = [one.probe for one in self.brought.seen if one.exchange.reply.status < 500]
        known.sort(key=lambda probe: probe.call.method not in READS)
        free = [probe for probe in known if probe.cost == FREE]
        return bool(free) and self.spending.ask(free[0]).reply.status < 500

    def leave(self, probe: Probe, why: str) -> None:
        """Note that a probe was not looked at, and why."""
        self.brought.unlooked.append(NotLooked(probe.rule, f"{probe.what}: {why}"))

    def asked(self, probe: Probe) -> Seen:
        """Ask once. Raises NotSent, NoReply and Halt."""
        exchange = self.spending.ask(probe)
        told = said(exchange.reply, self.readings.bodies.shape.schema.get("properties", ()))
        if probe.cost == ORACLE and told.accepted:
            charged = "the key without money was charged: a job was accepted"
            self.brought.told.append(found(FUNDED, "402 to a good body, 400 to a bad one", charged, exchange))
        seen = Seen(probe, exchange, self._meaning(probe, told, exchange.reply))
        if is_taken(exchange.reply) and probe.call.method not in READS:
            self.began(seen)
        return seen

    def was_asked(self, probe: Probe) -> bool:
        """Whether the same call was seen already."""
        return any(one.probe.call == probe.call and one.probe.key == probe.key for one in self.brought.seen)

    def behind(self, point: Point, besides: str = "") -> Iterator[Probe]:
        """The point behind each guard that holds and can tell, but for the one called `besides`."""
        others: Sequence[Guard] = [guard for guard in self.guards if guard.rule != besides]
        for guard in others:
            probe = guarded(point, guard, self.readings)
            if probe is not None:
                yield probe

    def _meaning(self, probe: Probe, told: Outcome, reply: Reply) -> Outcome:
        if probe.cost == ORACLE and told.status == 402:
            return Outcome(200)
        if probe.cost == PAID and told.status == 429:
            self.leave(probe, f"429 {message_of(reply)}")
            return UNTOLD
        guard = next((one for one in self.guards if one.rule == probe.guard), None)
        return decoded(told, guard) if guard else told

    def _is_odd(self, seen: Seen) -> bool:
        """Whether it is answered as no reading foretells, and nothing like it has been asked again yet."""
        if seen.probe.cost == PAID or seen.outcome == UNTOLD or 200 <= seen.exchange.reply.status < 300:
            return False
        contracts = [self.readings.contract, *(other.contract for other in self.readings.others)]
        if any(agrees(seen.outcome, foretold(one, seen.probe)) for one in contracts):
            return False
        kind = seen.probe.rule if seen.outcome.accepted else f"{seen.outcome.status} {seen.outcome.category}"
        fresh = kind not in self._again
        self._again.add(kind)
        return fresh

    def _asked_again(self, seen: Seen) -> Seen:
        """Ask a second time, behind another guard where there is one: it is unsure when that differs."""
        again = self.asked(self._otherwise(seen.probe))
        if again.outcome != seen.outcome and again.probe != seen.probe:
            again = self.asked(seen.probe)  # the guards may disagree, which is no chance
        return seen if again.outcome == seen.outcome else again._replace(unsure=True)

    def _otherwise(self, probe: Probe) -> Probe:
        if probe.about is None or ".body." not in probe.rule:
            return probe
        point = next((one for one in self.readings.points if one.what == probe.what), None)
        return next(self.behind(point, probe.guard), probe) if point else probe
