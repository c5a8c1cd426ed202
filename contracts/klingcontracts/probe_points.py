"""Asking about bodies: guards are asserted first, and trusted as far as they let something through."""

from collections.abc import Sequence

from klingcontracts.drift import NotLooked
from klingcontracts.probe import FREE, PAID, UNTOLD, Probe, foretold
from klingcontracts.probe_ask import Asking
from klingcontracts.probe_bodies import Point
from klingcontracts.probe_guard import NoReply, NotSent
from klingcontracts.probe_guarded import guards, holds, said
from klingcontracts.probe_judge import Seen
from klingcontracts.probe_plan import alone, calibration
from klingcontracts.probe_reading import Readings


def assert_guards(asking: Asking) -> None:
    """Ask for each guard by itself, behind one that holds already where that can tell."""
    readings = asking.readings
    for guard in guards(readings):
        point = Point(guard.rule, "a guard", {**readings.bodies.minimal, **guard.more})
        seen = asking.look(next(asking.behind(point), alone(readings, guard)))
        if seen is not None and holds(guard, seen.outcome):
            asking.guards.append(guard._replace(seen=seen.outcome))


def calibrated(asking: Asking) -> bool:
    """Whether the key without money tells what would be accepted: a bad body is 400, a good one 402."""
    bad, good = calibration(asking.readings)
    try:
        refusal = said(asking.spending.ask(bad).reply, ())
        taken = said(asking.spending.ask(good).reply, ()) if refusal.status == 400 else UNTOLD
    except (NotSent, NoReply) as reason:
        asking.brought.unlooked.append(NotLooked(good.rule, f"oracle unavailable: {reason}"))
        return False
    if taken.status != 402:
        then = f", a good one is {taken}" if taken != UNTOLD else ""
        asking.brought.unlooked.append(
            NotLooked(good.rule, f"oracle unavailable: a bad body is {refusal}{then}")
        )
    return taken.status == 402


def ask_points(asking: Asking, probes: Sequence[Probe]) -> None:
    """Ask about bodies; what a guard does not tell for certain behind another one, or without.

    A guard that answers for a body which should have been refused before may only be looked at earlier than
    we think. So it is believed where something of the same kind was refused for itself.
    """
    asked = [seen for seen in map(asking.look, (one for one in probes if one.guard)) if seen is not None]
    doubtful = _doubtful(asking.readings, asked)
    bare = [probe for one in doubtful for probe in _settled(asking, one)]
    for probe in [*(one for one in probes if not one.guard), *bare]:
        if probe.cost == PAID:
            asking.leave(probe, "its guard is looked at too early, and without it a job may be accepted")
        elif not asking.was_asked(probe):
            asking.look(probe)


def _doubtful(readings: Readings, asked: Sequence[Seen]) -> list[Seen]:
    stages = [(one, _stage(readings, one.probe)) for one in asked]
    refused = [(one, stage) for one, stage in stages if not one.outcome.accepted and one.outcome != UNTOLD]
    known = {(one.probe.guard, stage) for one, stage in refused}
    sure = {one.probe.guard for one, _ in refused}
    return [
        one
        for one, stage in stages
        if ((one.probe.guard, stage) not in known if stage is not None else one.probe.guard not in sure)
    ]


def _stage(readings: Readings, probe: Probe) -> int | None:
    """The stage at which the server refuses what is asked; None for what it takes."""
    told = foretold(readings.contract, probe)[0]
    rule = readings.contract.rules.get(probe.rule)
    return None if told.accepted or rule is None else rule.order[0]


def _settled(asking: Asking, one: Seen) -> list[Probe]:
    """Ask behind a guard of another kind; the question without one, where even that does not settle it."""
    asking.brought.seen.remove(one)
    point = Point(one.probe.rule, one.probe.what, one.probe.subject.json())
    stages = {guard.rule: guard.stage for guard in asking.guards}
    others = [probe for probe in asking.behind(point) if stages[probe.guard] != stages[one.probe.guard]]
    again = asking.look(others[0]) if others and one.outcome.accepted else None
    if again is not None and again.outcome != UNTOLD:
        return []
    call = one.probe.subject
    cost = PAID if asking.readings.takes(bytes(call.body)) else FREE
    return [one.probe._replace(call=call, about=None, guard="", cost=cost)]
