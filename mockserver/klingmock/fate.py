"""How a fault at `outcome` changes the future of a task that is just being accepted."""

from collections.abc import Callable
from typing import NamedTuple

from klingmock.task import Task


class Lot(NamedTuple):
    """What a fault was given: a word, or seconds."""

    value: str = ""
    seconds: float = 0.0


Fate = Callable[[Task, Lot], Task]


def as_always(task: Task, lot: Lot) -> Task:
    """As it was planned."""
    return task


def failed(task: Task, lot: Lot) -> Task:
    """It ends as failed."""
    return task._replace(outcome="failed")


def stuck(task: Task, lot: Lot) -> Task:
    """It stays in the status that `value` names, until it is released."""
    return task._replace(held=lot.value)


def slow(task: Task, lot: Lot) -> Task:
    """Its last status before the end takes that many seconds longer."""
    skips = task.processing_at == task.ends_at  # processing is not shown, or takes no time
    starts_at = task.processing_at + lot.seconds if skips else task.processing_at
    return task._replace(processing_at=starts_at, ends_at=task.ends_at + lot.seconds)


def expiring(task: Task, lot: Lot) -> Task:
    """It is forgotten that many seconds after its end."""
    return task._replace(kept=lot.seconds)
