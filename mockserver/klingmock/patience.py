"""Waiting with a bound that costs nothing when there is nothing to wait for."""

import asyncio
from collections.abc import Awaitable, Generator
from typing import Any, Generic, TypeVar

Got = TypeVar("Got")


class Patient(Generic[Got]):
    """`await Patient(awaitable, seconds)` is what the awaitable gives, or None when that takes longer.

    A timer for each request would cost 5 us, and nearly every body is there before it is asked for: so the
    awaitable is started first, and only one that has to wait gets its timer.
    """

    def __init__(self, awaitable: Awaitable[Got], seconds: float) -> None:
        self._awaitable = awaitable
        self._seconds = seconds

    def __await__(self) -> Generator[Any, Any, Got | None]:
        steps = self._awaitable.__await__()
        try:
            waits_for = next(steps)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
        return (yield from self._bounded(steps, waits_for).__await__())

    async def _bounded(self, steps: Generator[Any, Any, Got], waits_for: Any) -> Got | None:
        try:
            async with asyncio.timeout(self._seconds):
                return await _Started(steps, waits_for)
        except TimeoutError:
            return None


class _Started(Generic[Got]):
    """The rest of an awaitable that waits for something already."""

    def __init__(self, steps: Generator[Any, Any, Got], waits_for: Any) -> None:
        self._steps = steps
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, Got]:
        waits_for = self._waits_for
        while True:
            try:
                try:
                    sent = yield waits_for
                except BaseException as error:  # noqa: BLE001 - a cancellation too belongs to who waits
                    waits_for = self._steps.throw(error)
                else:
                    waits_for = self._steps.send(sent)
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]
