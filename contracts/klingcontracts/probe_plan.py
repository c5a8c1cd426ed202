"""What will be asked, in which way and at which cost, and what will not; as data, and as a table."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from klingcontracts.contract import Contract
from klingcontracts.drift import NotLooked
from klingcontracts.probe import FREE, ORACLE, PAID, UNFUNDED, Probe, outcome, posted
from klingcontracts.probe_bodies import Point
from klingcontracts.probe_free import first_probes, free_probes
from klingcontracts.probe_guarded import Guard, guarded
from klingcontracts.probe_jobs import jobs, price
from klingcontracts.probe_reading import Readings
from klingcontracts.strictjson import parse
from klingcontracts.table import table

_NEEDS = (  # what no probe asks, by the beginning of a rule's id, and why
    ("auth.expired-key", "it needs a key that has expired"),
    ("limit.rate", "it would take more requests than the limit"),
    ("limit.concurrency", "it would take more running jobs than the limit"),
    ("balance.insufficient", "it needs a key without money: --unfunded-key-env"),
    ("submit.body.size", "it would take a body larger than any server should be sent"),
    ("video.unknown", "nobody documents the host of results, nor what its paths are"),
    ("submit.reply.status", "it needs an accepted job: --spend 1"),
    ("submit.reply.data", "it needs an accepted job: --spend 1"),
    ("submit.reply.", "it needs an accepted job: --spend 1"),
    ("task.", "it needs an accepted job: --spend 1"),
    ("reply.header.", "no reply had this header"),
)


class Plan(NamedTuple):
    """The probes in the order in which they are sent."""

    first: Sequence[Probe]
    free: Sequence[Probe]
    guards: Sequence[Probe]  # each guard alone
    oracle: Sequence[Probe]  # whether the key without money tells what would be accepted
    points: Sequence[Probe]  # about bodies, free in one way or another
    risky: Sequence[Probe]  # refused as we read the contract, accepted in another reading
    jobs: Sequence[Probe]

    def all(self) -> list[Probe]:
        """Every probe."""
        return [probe for part in self for probe in part]


def planned(readings: Readings, held: Sequence[Guard], *, oracle: bool, picture: str | None = None) -> Plan:
    """The plan, given the guards that hold and whether the oracle speaks."""
    contract, points = readings.contract, readings.points
    best = held[0] if held else None
    asked = [point_probe(readings, point, held, oracle=oracle) for point in points]
    risky = [probe for probe in asked if probe.cost == PAID]
    paid = jobs(contract, readings.bodies, picture)
    if oracle:  # what may stand together is more than the pairs that the contract speaks of
        whole = {probe.call.body: probe._replace(key=UNFUNDED, cost=ORACLE) for probe in paid}
        asked += whole.values()
    return Plan(
        first_probes(contract, readings.bodies),
        free_probes(contract, readings.bodies.minimal, best),
        [alone(readings, guard) for guard in held],
        calibration(readings) if oracle else (),
        [probe for probe in asked if probe.cost != PAID],
        [probe for probe in risky if not outcome(contract, probe.call).accepted],
        [
            *paid,
            *(probe for probe in risky if outcome(contract, probe.call).accepted),
        ],
    )


def point_probe(readings: Readings, point: Point, held: Sequence[Guard], *, oracle: bool) -> Probe:
    """The cheapest way to ask a point: the oracle, behind a guard, by itself, or for money."""
    call = posted(readings.contract.operation("submit"), point.body)
    if oracle:
        return Probe(point.rule, point.what, call, UNFUNDED, ORACLE)
    for guard in held:
        probe = guarded(point, guard, readings)
        if probe is not None:
            return probe
    return Probe(point.rule, point.what, call, cost=PAID if readings.takes(bytes(call.body)) else FREE)


def alone(readings: Readings, guard: Guard) -> Probe:
    """The guard by itself: it is refused, and its error names it."""
    body = {**readings.bodies.minimal, **guard.more}
    what = f"{' with '.join(sorted(guard.more))}, as a guard"
    return Probe(guard.rule, what, posted(readings.contract.operation("submit"), body))


def calibration(readings: Readings) -> list[Probe]:
    """A bad body and a good one for the key without money: 400 and 402 make it an oracle."""
    submit, minimal = readings.contract.operation("submit"), readings.bodies.minimal
    required = next(iter(readings.bodies.broken())).rule
    return [
        Probe(required, "a bad body with the unfunded key", posted(submit, {}), UNFUNDED, ORACLE),
        Probe(
            "balance.insufficient",
            "a good body with the unfunded key",
            posted(submit, minimal),
            UNFUNDED,
            ORACLE,
        ),
    ]


def unlooked(
    contract: Contract, looked: Iterable[str], known: Sequence[NotLooked] = (), instead: str = ""
) -> list[NotLooked]:
    """Every rule that nothing was said about, and why; `instead` is the reason of a run that broke off."""
    told = {*looked, *(one.rule for one in known)}
    missing = [name for name in contract.rules if name not in told]
    return [*known, *(NotLooked(name, instead or _why(contract, name)) for name in missing)]


def _why(contract: Contract, name: str) -> str:
    if not contract.rules[name].error and ".body." in name:
        return "the contract only remarks on it"
    return next((why for start, why in _NEEDS if name.startswith(start)), "no probe could be made for it")


def shown(plan: Plan, contract: Contract, spend: int, requests: int) -> str:
    """The plan as a table, its sum, and what stays unlooked-at."""
    rows = [_row(contract, number, probe) for number, probe in enumerate(plan.all(), 1)]
    lines = [table(("no", "cost", "jobs", "money", "rule", "asks", "behind"), rows, whole=("rule",)), ""]
    paid = [*plan.risky, *plan.jobs]
    least = len(plan.all()) - len(paid)
    lines.append(
        f"{least} requests cost nothing where the contract holds; each is asked again when it is answered"
        f" otherwise. At most --max-requests {requests} are sent."
    )
    lines.append(_money(contract, plan, spend))
    looked = {probe.rule for probe in plan.all() if probe not in paid or spend}
    rest = unlooked(contract, looked | _by_any_reply(contract, spend=spend))
    rows = [(one.rule, one.why) for one in rest]
    lines += ["", table(("not looked at", "because"), rows, whole=("not looked at",))]
    return "\n".join(lines)


def _by_any_reply(contract: Contract, *, spend: int) -> set[str]:
    starts = ["error.envelope.", "reply.header."]
    starts += [f"{name}.reply." for name in contract.operations if spend or name not in {"submit", "task"}]
    starts += ["task.lifecycle"] if spend else []
    return {name for name in contract.rules if name.startswith(tuple(starts))}


def _row(contract: Contract, number: int, probe: Probe) -> tuple[str, ...]:
    money = _price(contract, probe) if probe.jobs else ""
    guard = probe.guard.removeprefix("submit.body.")
    return str(number), probe.cost, str(probe.jobs), money, probe.rule, probe.what, guard


def _price(contract: Contract, probe: Probe) -> str:
    amount = price(contract, parse(bytes(probe.call.body)))
    return f"{amount:.4f}" if amount is not None else "unknown"


def _money(contract: Contract, plan: Plan, spend: int) -> str:
    currency = contract.document.get("x-balance", {}).get("currency", "")
    known = sorted((price(contract, parse(bytes(one.call.body))) or 0.0) for one in (*plan.jobs, *plan.risky))
    most = sum(known[-spend:]) if spend else 0.0
    if not spend:
        return "With --spend 0 none of the probes that may be accepted is sent."
    return f"With --spend {spend} at most {spend} jobs are paid for: {most:.4f} {currency} at worst."
