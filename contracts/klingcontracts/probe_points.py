"""Asking about bodies: guards are asserted first, and trusted as far as they let something through."""

from collections import Counter
from collections.abc import Sequence

from klingcontracts.drift import NotLooked
from klingcontracts.probe import FREE, ORACLE, PAID, UNTOLD, Outcome, Probe, foretold
from klingcontracts.probe_ask import Asking
from klingcontracts.probe_bodies import Point
from klingcontracts.probe_guard import NoReply, NotSent
from klingcontracts.probe_guarded import guards, holds
from klingcontracts.probe_judge import Seen
from klingcontracts.probe_plan import alone, calibration, point_probe
from klingcontracts.probe_reading import Readings

NO_OBJECT = -1  # the stage of a body that is no object: that is seen before anything else


def assert_guards(asking: Asking) -> list[Seen]:
    """Ask for each guard by itself, behind one that holds already where that can tell; returns the latter."""
    readings, behind = asking.readings, []
    for guard in guards(readings):
        point = Point(guard.rule, "a guard", {**readings.bodies.minimal, **guard.more})
        seen = asking.look(next(asking.behind(point), alone(readings, guard)))
        if seen is not None and holds(guard, seen.outcome):
            asking.guards.append(guard._replace(seen=seen.outcome))
        if seen is not None and seen.probe.guard:
            behind.append(seen)
    return behind


def calibrated(asking: Asking) -> bool:
    """Whether the key without money tells what would be accepted: a bad body is 400, a good one 402."""
    bad, good = calibration(asking.readings)
    try:
        refusal = asking.asked(bad)
        if refusal.exchange.reply.status != 400:
            why = f"a bad body is {refusal.outcome}"
        else:
            taken = asking.asked(good)
            if taken.exchange.reply.status == 402:
                if good.rule in asking.readings.contract.rules:
                    asking.brought.seen.append(taken._replace(outcome=Outcome(402)))
                return True
            why = f"a bad body is {refusal.outcome}, a good one is {taken.outcome}"
    except (NotSent, NoReply) as reason:
        why = str(reason)
    asking.brought.unlooked.append(NotLooked(good.rule, f"oracle unavailable: {why}"))
    return False


def ask_points(asking: Asking, probes: Sequence[Probe], before: Sequence[Seen] = ()) -> list[Probe]:
    """Ask about bodies; what a guard does not tell for certain behind another one, or without.

    Returns what none of this settles and might be accepted, which is for money then.

    A guard that answers for a body which should have been refused before may only be looked at earlier than
    we think. So it is believed where something of the same kind was refused for itself. `before` are the
    guards that were asked for behind others.
    """
    asked = [*before]
    asked += [seen for seen in map(asking.look, (one for one in probes if one.guard)) if seen is not None]
    doubtful, sure = _doubtful(asking.readings, asked)
    bare = [probe for one in doubtful for probe in _settled(asking, one, sure)]
    rest, left = [], []
    for probe in [*(one for one in probes if not one.guard), *bare]:
        if probe.cost == PAID:
            left.append(probe)
        elif probe.cost == ORACLE and asking.spending.charged:
            rest.append(probe)
        elif not asking.was_asked(probe):
            asking.look(probe)
    return left + (ask_points(asking, _without_oracle(asking, rest)) if rest else [])


def _without_oracle(asking: Asking, probes: Sequence[Probe]) -> list[Probe]:
    """The same questions as they are put without an oracle, but for those that could be accepted."""
    points = [Point(probe.rule, probe.what, probe.subject.json()) for probe in probes]
    asked = [point_probe(asking.readings, point, asking.guards, oracle=False) for point in points]
    for probe in asked:
        if probe.cost == PAID:
            asking.leave(probe, "the key without money was charged, and without it a job may be accepted")
    return [probe for probe in asked if probe.cost != PAID]


def _doubtful(readings: Readings, asked: Sequence[Seen]) -> tuple[list[Seen], set[str]]:
    """What a guard does not tell for certain, and the guards that let something through."""
    stages = [(one, _stage(readings, one.probe)) for one in asked if one.outcome != UNTOLD]
    # Where more of a kind pass than are refused, not that many rules have gone: the order is another.
    balance: Counter[tuple[str, int | None]] = Counter()
    for one, stage in stages:
        balance[one.probe.guard, stage] += -1 if one.outcome.accepted else 1
    known = {kind for kind, more in balance.items() if more > 0 and kind[1] is not None}
    sure = {guard for guard, stage in known if stage != NO_OBJECT}
    doubtful = [one for one in asked if one.outcome == UNTOLD]
    doubtful += [
        one
        for one, stage in stages
        if ((one.probe.guard, stage) not in known if stage is not None else one.probe.guard not in sure)
    ]
    return doubtful, sure


def _stage(readings: Readings, probe: Probe) -> int | None:
    """The stage at which the server refuses what is asked; None for what it takes."""
    told = foretold(readings.contract, probe)[0]
    rule = readings.contract.rules.get(probe.rule)
    if told.accepted or rule is None:
        return None
    return rule.order[0] if rule.field else NO_OBJECT


def _settled(asking: Asking, one: Seen, sure: set[str]) -> list[Probe]:
    """Ask behind a guard of another kind; the question without one, where even that does not settle it."""
    asking.brought.seen.remove(one)
    point = Point(one.probe.rule, one.probe.what, one.probe.subject.json())
    stages = {guard.rule: guard.stage for guard in asking.guards}
    others = [probe for probe in asking.behind(point) if stages[probe.guard] != stages[one.probe.guard]]
    believed = bool(others) and one.outcome.accepted and one.probe.guard in sure
    again = asking.look(others[0]) if believed else None
    if again is not None and again.outcome != UNTOLD:
        return []
    call = one.probe.subject
    cost = PAID if asking.readings.takes(bytes(call.body)) else FREE
    return [one.probe._replace(call=call, about=None, guard="", cost=cost)]
