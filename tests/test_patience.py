"""klingmock.patience: waiting with a bound that costs nothing when there is nothing to wait for."""

import asyncio

import pytest

from klingmock.patience import Patient

LONG, SHORT = 60.0, 0.01


async def at_once(value: object) -> object:
    return value


async def later(value: object, steps: int = 3) -> object:
    for _ in range(steps):
        await asyncio.sleep(0)
    future = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(future.set_result, value)
    return await future


async def fails(error: Exception, steps: int) -> None:
    for _ in range(steps):
        await asyncio.sleep(0)
    raise error


def run(awaitable, seconds: float = LONG):
    async def wait():
        return await Patient(awaitable, seconds)

    return asyncio.run(wait())


@pytest.mark.parametrize("value", [1, None, "x"])
@pytest.mark.parametrize("source", [at_once, later])
def test_it_gives_what_the_awaitable_gives(source, value):
    assert run(source(value)) == value


def test_what_is_there_already_needs_no_loop():
    # Not one step is handed to a loop, so no timer can have been set.
    steps = Patient(at_once("x"), LONG).__await__()
    with pytest.raises(StopIteration) as done:
        next(steps)
    assert done.value.value == "x"


@pytest.mark.parametrize("seconds", [0, SHORT])
def test_what_takes_longer_gives_nothing_and_is_cancelled(seconds):
    cancelled = []

    async def hangs():
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    assert run(hangs(), seconds) is None
    assert cancelled == [True]


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_an_error_is_passed_on(steps):
    with pytest.raises(ZeroDivisionError):
        run(fails(ZeroDivisionError(), steps))


def test_an_error_inside_may_be_dealt_with_there():
    async def recovers():
        try:
            await fails(KeyError(), 2)
        except KeyError:
            return await later("recovered")

    assert run(recovers()) == "recovered"


@pytest.mark.parametrize("comes_back", [False, True])
def test_a_cancellation_belongs_to_who_waits(comes_back):
    reached = []

    async def hangs():
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            reached.append("inside")
            await asyncio.sleep(0)  # what is cancelled may still have something to wait for
            raise

    async def outer():
        task = asyncio.create_task(
            asyncio.wait_for(_patient(hangs()), LONG) if comes_back else _patient(hangs())
        )
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async def _patient(awaitable):
        return await Patient(awaitable, LONG)

    asyncio.run(outer())
    assert reached == ["inside"]


def test_several_can_wait_side_by_side():
    async def all_of_them():
        return await asyncio.gather(*(_one(n) for n in range(20)))

    async def _one(n):
        return await Patient(later(n, steps=n), LONG)

    assert asyncio.run(all_of_them()) == list(range(20))
