"""Drift: which deviations of the vendor's stand-in are found, at which cost, beside `st run`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median

from bench.beside import EXAMPLES, Looked, st_runs
from bench.progress import say
from bench.table import NOTHING, markdown
from klingcontracts.rule import Level
from vendor.deviation import Deviation, Needs
from vendor.looks import Look, found, look
from vendor.twin import DEVIATIONS

# Of the deviations of a kind, `st run` looks at one in so many: each takes it ten seconds.
EVERY, EVERY_FOURTH = {"request": 2, "auth": 2}, 4
WAYS: Mapping[str, Callable[[str | None], Look]] = {
    "spend 0": look,
    "unfunded key": lambda name: look(name, unfunded=True),
    "spend 1": lambda name: look(name, 1),
    "spend 3": lambda name: look(name, 3),
}
SEEABLE = tuple(row for row in DEVIATIONS.values() if row.needs < Needs.HARMLESS)
HARMLESS = tuple(row for row in DEVIATIONS.values() if row.needs == Needs.HARMLESS)


def tables(*, beside: bool = True) -> str:
    """Measure all of it; two tables."""
    looks = {way: _looks(way) for way in WAYS}
    ran = {one.name: one for one in st_runs(_sample())} if beside else {}
    return f"{_found(looks, ran)}\n\n{_costs(looks, ran)}"


def _looks(way: str) -> Mapping[str, Look]:
    found_so_far = {}
    for nth, name in enumerate([None, *DEVIATIONS]):
        say(f"{way}: {nth} of {len(DEVIATIONS)}")
        one = WAYS[way](name)
        found_so_far[one.name] = one
    return found_so_far


def _sample() -> list[str | None]:
    kinds = dict.fromkeys(row.kind for row in DEVIATIONS.values())
    rows = {kind: [row.name for row in (*SEEABLE, *HARMLESS) if row.kind == kind] for kind in kinds}
    return [None, *(name for kind, names in rows.items() for name in names[:: EVERY.get(kind, EVERY_FOURTH)])]


def _found(looks: Mapping[str, Mapping[str, Look]], ran: Mapping[str, Looked]) -> str:
    kinds = list(dict.fromkeys(row.kind for row in SEEABLE))
    groups = [(kind, [row for row in SEEABLE if row.kind == kind]) for kind in kinds]
    needs = (
        ("what refused requests can show", Needs.REFUSED),
        ("what one job shows", Needs.JOB),
        ("what needs more jobs", Needs.JOBS),
    )
    groups += [(f"**{title}**", [row for row in SEEABLE if row.needs == need]) for title, need in needs]
    groups.append(("**all**", list(SEEABLE)))
    head = ("deviations found", "of", *WAYS, f"`st run -n {EXAMPLES}`")
    return markdown(head, [_row(title, rows, looks, ran) for title, rows in groups])


def _row(
    title: str,
    rows: Sequence[Deviation],
    looks: Mapping[str, Mapping[str, Look]],
    ran: Mapping[str, Looked],
) -> list[str]:
    ours = [sum(found(each[row.name], each[""]) for row in rows) for each in looks.values()]
    tried = [ran[row.name].found for row in rows if row.name in ran]
    return [title, str(len(rows)), *map(str, ours), f"{sum(tried)} of {len(tried)}" if tried else NOTHING]


def _costs(looks: Mapping[str, Mapping[str, Look]], ran: Mapping[str, Looked]) -> str:
    each: Mapping[str, Mapping[str, Look | Looked]] = {**looks, f"`st run -n {EXAMPLES}`": ran}
    alarms = [str(_alarms(one)) for one in looks.values()]
    healthy = [row.name for row in HARMLESS if row.name in ran] + [""] * ("" in ran)
    alarms.append(f"{sum(ran[name].found for name in healthy)} of {len(healthy)}" if ran else NOTHING)
    rows = [
        ["requests, healthy", *(_of(one, "requests", [""], max) for one in each.values())],
        ["requests, median", *(_of(one, "requests", one, median) for one in each.values())],
        ["requests, most", *(_of(one, "requests", one, max) for one in each.values())],
        ["jobs accepted, healthy", *(_of(one, "accepted", [""], max) for one in each.values())],
        ["jobs accepted, most", *(_of(one, "accepted", one, max) for one in each.values())],
        [f"alarms on the unchanged and {len(HARMLESS)} that only add", *alarms],
    ]
    return markdown(("cost", *each), rows)


def _of(
    looked: Mapping[str, Look | Looked],
    what: str,
    names: Iterable[str],
    how: Callable[[Iterable[int]], float],
) -> str:
    told = [int(getattr(looked[name], what)) for name in names if name in looked]
    return f"{how(told):.0f}" if told else NOTHING


def _alarms(looks: Mapping[str, Look]) -> int:
    names = ["", *(row.name for row in HARMLESS)]
    return sum(bool(looks[name].report.at(Level.WARNING)) for name in names)
