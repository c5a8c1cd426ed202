"""What a contract says beside its calls, otherwise than another: lifecycle, limits, money, errors."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from klingcontracts.compare_told import NOT_STATED, stated
from klingcontracts.contract import Contract
from klingcontracts.finding import Finding
from klingcontracts.rule import Level, Provenance, provenance
from klingcontracts.words import shown

ERROR, WARNING, INFO = Level.ERROR, Level.WARNING, Level.INFO


class Row(NamedTuple):
    """One statement of the document: where it stands, what it is called, and what is hard on a client.

    `order` has the words of a choice, the hardest last; a number that has none is hard when it is `smaller`,
    or else when it is larger. What is hard has this `level`, what is easy is info.
    """

    path: tuple[str, str, str]
    rule: str
    says: str
    level: Level = WARNING
    order: Sequence[Any] = ()
    smaller: bool = False
    operation: str = "*"
    default: Any = None


ROWS = (
    Row(
        ("x-lifecycle", "retention", "seconds"),
        "task.retention.seconds",
        "results are kept for {} seconds",
        level=ERROR,
        smaller=True,
        operation="task",
    ),
    Row(
        ("x-lifecycle", "retention", "from"),
        "task.retention.from",
        "results are kept from {} on",
        level=ERROR,
        order=("completion", "submission"),
        operation="task",
    ),
    Row(
        ("x-limits", "rate", "requests"),
        "limit.rate.requests",
        "{} requests in a window, for each key",
        smaller=True,
    ),
    Row(("x-limits", "rate", "seconds"), "limit.rate.seconds", "a window has {} seconds"),
    Row(
        ("x-limits", "rate", "scope"),
        "limit.rate.scope",
        "the limit of requests holds for a {}",
        order=("key", "team"),
    ),
    Row(
        ("x-limits", "rate", "headers"),
        "limit.rate.headers",
        "headers tell of the limit: {}",
        order=("always", "refused"),
    ),
    Row(("x-limits", "global", "requests"), "limit.global.requests", "{} requests in a window", smaller=True),
    Row(("x-limits", "global", "seconds"), "limit.global.seconds", "its window has {} seconds"),
    Row(
        ("x-limits", "global", "enforced"),
        "limit.global.enforced",
        "the limit for all keys is enforced: {}",
        order=(False, True),
    ),
    Row(
        ("x-limits", "concurrency", "tasks"),
        "limit.concurrency.tasks",
        "{} tasks run at once",
        smaller=True,
        operation="submit",
    ),
    Row(
        ("x-balance", "", "enforced"),
        "balance.enforced",
        "a job that the balance does not cover is refused: {}",
        order=(False, True),
        operation="submit",
    ),
    Row(
        ("x-balance", "", "failed"),
        "balance.failed",
        "a job that failed is {}",
        order=("refunded", "charged"),
        operation="submit",
        default="charged",
    ),
    Row(
        ("x-balance", "", "currency"),
        "balance.currency",
        "the currency is {}",
        operation="submit",
        default="not stated",
    ),
)


def numbers(old: Contract, new: Contract) -> Iterator[Finding]:
    """What `new` says otherwise than `old` of lifecycle, retention, limits, balance, prices and errors."""
    yield from _lifecycle(_part(old, "x-lifecycle", "statuses"), _part(new, "x-lifecycle", "statuses"))
    for row in ROWS:
        yield from _row(row, _part(old, *row.path[:2]), _part(new, *row.path[:2]))
    yield from _prices(_part(old, "x-price"), _part(new, "x-price"))
    yield from _errors(_part(old, "x-errors"), _part(new, "x-errors"))


def _part(contract: Contract, *path: str) -> Mapping[str, Any]:
    node: Any = contract.document
    for name in filter(None, path):
        node = node.get(name, {})
    return dict(node)


def _row(row: Row, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Finding]:
    name = row.path[2]
    before, after = old.get(name, row.default), new.get(name, row.default)
    if before != after:
        level = row.level if _harder(row, before, after) else INFO
        documented, seen = (row.says.format(_word(value)) for value in (before, after))
        says = row.says.format("…")
        yield stated(row.rule, says, level, documented, seen, "", row.operation, provenance(new, name))


def _harder(row: Row, old: Any, new: Any) -> bool:
    if row.order:
        return row.order.index(new) > row.order.index(old)
    if isinstance(old, str):
        return True  # others, in no order
    return bool(new < old) == row.smaller


def _word(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _lifecycle(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Finding]:
    for status in dict.fromkeys([*old, *new]):
        if status not in new:
            yield from _status_went(status, old[status])
        elif status not in old:
            yield from _status_came(status, new[status])
        else:
            yield from _status(status, old, new)


def _status_went(status: str, node: Mapping[str, Any]) -> Iterator[Finding]:
    level = WARNING if node["terminal"] else INFO  # a client may wait for an end
    yield _life(f"{status}.listed", level, f"{status} is a status", NOT_STATED, provenance(node))


def _status_came(status: str, node: Mapping[str, Any]) -> Iterator[Finding]:
    # A client that does not know an end asks on for ever.
    level = ERROR if node["terminal"] else WARNING
    seen = f"{status} is a status" + (" that a task ends with" if node["terminal"] else "")
    yield _life(f"{status}.listed", level, f"{status} is not a status", seen, provenance(node))


def _status(status: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Finding]:
    before, after = old[status], new[status]
    origin = provenance(after)
    if before["terminal"] != after["terminal"]:
        was, now = (
            f"a task {'ends' if one['terminal'] else 'goes on'} at {status}" for one in (before, after)
        )
        yield _life(f"{status}.terminal", ERROR, was, now, origin)
    # Ways from or to a status that came or went are told with it.
    ways = [{name for name in one["next"] if name in old and name in new} for one in (before, after)]
    if ways[0] != ways[1]:
        level = WARNING if ways[1] - ways[0] else INFO
        was, now = (f"after {status}: {', '.join(sorted(way)) or 'nothing'}" for way in ways)
        yield _life(f"{status}.next", level, was, now, origin)


def _life(name: str, level: Level, documented: str, seen: str, origin: Provenance) -> Finding:
    return stated(f"task.lifecycle.{name}", documented, level, documented, seen, "", "task", origin)


def _prices(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Finding]:
    before, after = _jobs(old), _jobs(new)
    for job in dict.fromkeys([*before, *after]):
        one, other = before.get(job), after.get(job)
        if one is None or other is None or Decimal(one) != Decimal(other):
            dearer = other is None or (one is not None and Decimal(other) > Decimal(one))
            was, now = (f"{job} costs {price}" if price else "no price is stated" for price in (one, other))
            origin = provenance(new if other else old)
            level = WARNING if dearer else INFO
            yield stated(f"price.{job}", "what a job costs", level, was, now, "", "submit", origin)


def _jobs(prices: Mapping[str, Any]) -> dict[str, str]:
    modes = {mode: jobs for mode, jobs in prices.items() if not mode.startswith("x-")}
    return {f"{mode}-{seconds}": price for mode, jobs in modes.items() for seconds, price in jobs.items()}


def _errors(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Finding]:
    for name in dict.fromkeys([*old, *new]):
        one, other = old.get(name), new.get(name)
        if one is None or other is None:
            was, now = (f"{name} is an error" if node else NOT_STATED for node in (one, other))
            yield _error(f"{name}.listed", INFO, was, now, one or other)
            continue
        if one["status"] != other["status"]:
            was, now = (f"{name} is answered with {node['status']}" for node in (one, other))
            yield _error(f"{name}.status", ERROR, was, now, other)
        if one["category"] != other["category"]:
            was, now = (f"{name} is called {shown(node['category'])}" for node in (one, other))
            yield _error(f"{name}.category", WARNING, was, now, other)


def _error(name: str, level: Level, documented: str, seen: str, node: Any) -> Finding:
    says = "how a refusal is answered"
    return stated(f"error.{name}", says, level, documented, seen, "", "*", provenance(node))
