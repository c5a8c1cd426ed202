"""Waiting with a bound: what is there comes at once, what comes later comes, what never comes gives None."""

import asyncio

import pytest

from klingmock.patience import Patient

LONG, SHORT = 60.0, 0.01  # seconds


async def at_once() -> str:
    return "here"


def test_what_is_there_needs_no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_timer(_: float) -> None:
        raise AssertionError("a timer was set")

    monkeypatch.setattr(asyncio, "timeout", no_timer)

    async def main() -> str | None:
        return await Patient(at_once(), LONG)

    assert asyncio.run(main()) == "here"


def test_what_comes_later_comes() -> None:
    async def main() -> str | None:
        coming: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        async def later() -> str:
            await asyncio.sleep(0)
            return await coming

        asyncio.get_running_loop().call_soon(coming.set_result, "late")
        return await Patient(later(), LONG)

    assert asyncio.run(main()) == "late"


def test_what_never_comes_is_none_and_is_ended() -> None:
    ended: list[str] = []

    async def never() -> str:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.append("ended")
        return "never"

    async def main() -> str | None:
        return await Patient(never(), SHORT)

    assert asyncio.run(main()) is None
    assert ended == ["ended"]


@pytest.mark.parametrize("waits", [False, True])
def test_an_error_goes_to_who_waits(waits: bool) -> None:
    async def fails() -> str:
        if waits:
            await asyncio.sleep(0)
        raise LookupError("told")

    async def main() -> str | None:
        return await Patient(fails(), LONG)

    with pytest.raises(LookupError, match="told"):
        asyncio.run(main())


def test_a_cancellation_reaches_what_is_waited_for() -> None:
    seen: list[str] = []

    async def patient() -> str:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise
        return ""

    async def main() -> None:
        async def wait() -> str | None:
            return await Patient(patient(), LONG)

        task = asyncio.ensure_future(wait())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert seen == ["cancelled"]
