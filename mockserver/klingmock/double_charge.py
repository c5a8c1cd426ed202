"""Which jobs were paid for twice, and what came between."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from klingcontracts.conduct import Conduct
from klingmock.accepted import Charge
from klingmock.journal import Entry
from klingmock.loglines import record

MOST_TOLD = 20  # exchanges between two charges that are shown


class DoubleCharge(AssertionError):
    """One job was charged more than once."""


def assert_charged_once(charges: Sequence[Charge], entries: Sequence[Entry], conduct: Conduct) -> None:
    """Raise DoubleCharge for the first two submissions of one body that were both charged."""
    __tracebackhide__ = True
    for first, second in charged_again(charges, entries, conduct.jobs):
        between = [entry for entry in entries if first.number <= entry.exchange.number <= second.number]
        unclear = next((step.unclear for step in conduct.steps if step.number == first.number), "")
        known = (
            f"{unclear}, so the job may have been accepted"
            if unclear
            else f"the reply told of {first.task_id}"
        )
        raise DoubleCharge(
            f"One job was charged twice: {first.dollars} USD in exchange {first.number} ({first.task_id}), "
            f"and {second.dollars} USD in exchange {second.number} ({second.task_id}).\n"
            + "\n".join(_told(between))
            + f"\nWhat the client could have known after exchange {first.number}: {known}."
        )


def _told(between: Sequence[Entry]) -> list[str]:
    """The exchanges as text: of many, the first and the last ones."""
    left_out = len(between) - MOST_TOLD
    if left_out <= 0:
        return list(map(record, between))
    last = map(record, between[left_out + 1 :])
    return [record(between[0]), f"({left_out} exchanges are left out)", *last]


def charged_again(
    charges: Sequence[Charge], entries: Sequence[Entry], jobs: int = 1
) -> Iterator[tuple[Charge, Charge]]:
    """Pairs of charges that follow each other for one and the same body, beyond so many that were meant."""
    bodies: Mapping[int, bytes] = {entry.exchange.number: entry.exchange.call.body for entry in entries}
    same: dict[bytes, list[Charge]] = {}
    for charge in charges:
        if charge.number in bodies:
            same.setdefault(bodies[charge.number], []).append(charge)
    for found in same.values():
        yield from pairwise(found[jobs - 1 :])
