"""klingmock.virtual: a client's sleep moves the clock, and every clock that it reads agrees."""

import asyncio
import subprocess
import sys
import threading
import time
from contextlib import suppress
from importlib import import_module
from time import sleep as kept_sleep

import anyio
import httpx
import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import klingmock
from klingcontracts.contract import load
from klingcontracts.problem import Problem
from klingmock.clock import Manual
from klingmock.virtual import Endless, virtual_time

SUBMIT = load().operation("submit").path
IMAGE = {"image": "https://example.com/mountain.jpg"}
BACK_OFF = [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60]  # over 900 s


@pytest.fixture
def fake():
    with klingmock.running(timing=(300, 600)) as fake:
        yield fake


def headers(fake):
    return {"Authorization": f"Bearer {fake.api_key}"}


def rendered(fake, library=httpx, sleep=None):
    """A synchronous client with a back-off; the seconds that it measured."""
    with library.Client(base_url=fake.url, headers=headers(fake)) as client:
        began, pause = time.monotonic(), 1
        task = client.post(SUBMIT, json=IMAGE).json()["data"]
        while client.get(f"/api/v1/tasks/{task['task_id']}").json()["data"]["status"] != "success":
            (sleep or time.sleep)(pause)
            pause = min(2 * pause, 60)
        return time.monotonic() - began


async def rendered_later(fake, library, sleep):
    """An asynchronous client with a back-off; the seconds that it measured by the loop, and by time.time."""
    loop = asyncio.get_running_loop()
    async with library.AsyncClient(base_url=fake.url, headers=headers(fake)) as client:
        began, pause = (loop.time(), time.time()), 1
        task = (await client.post(SUBMIT, json=IMAGE)).json()["data"]
        while (await client.get(f"/api/v1/tasks/{task['task_id']}")).json()["data"]["status"] != "success":
            await sleep(pause)
            pause = min(2 * pause, 60)
        return loop.time() - began[0], time.time() - began[1]


def asked(fake):
    return [wait.seconds for wait in fake.waits]


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_a_synchronous_client_waits_for_nothing(fake, library):
    with fake.virtual_time():
        measured = rendered(fake, library)
    assert asked(fake) == BACK_OFF[: len(fake.waits)]
    assert sum(asked(fake)) == pytest.approx(measured, abs=30)
    assert {wait.by for wait in fake.waits} == {"time.sleep"}
    assert fake.waits[1].at == fake.waits[0].at + 1


def test_a_sleep_that_was_imported_by_name_is_met_too(fake):
    with fake.virtual_time():
        rendered(fake, sleep=import_module(__name__).kept_sleep)
    assert asked(fake) == BACK_OFF[: len(fake.waits)]


@pytest.mark.parametrize("library", [httpx, httpx2])
@pytest.mark.parametrize("by", ["asyncio.sleep", "anyio.sleep"])
def test_an_asynchronous_client_waits_for_nothing(fake, library, by):
    run = {"asyncio.sleep": asyncio.run, "anyio.sleep": lambda one: anyio.run(lambda: one)}[by]
    with fake.virtual_time():
        sleep = asyncio.sleep if by == "asyncio.sleep" else anyio.sleep
        by_loop, by_time = run(rendered_later(fake, library, sleep))
    assert asked(fake) == BACK_OFF[: len(fake.waits)]
    assert by_time == sum(asked(fake))
    assert by_loop == pytest.approx(by_time, abs=30)
    assert {wait.by for wait in fake.waits} == {by}


def test_deadlines_agree(fake):
    with fake.virtual_time():
        wall, ticks, fine = time.time(), time.monotonic(), time.perf_counter()
        exact, exacter, exactest = time.time_ns(), time.monotonic_ns(), time.perf_counter_ns()
        time.sleep(90)
        assert time.time() == wall + 90 == fake.now
        assert time.monotonic() - ticks == pytest.approx(90, abs=5)
        assert time.perf_counter() - fine == pytest.approx(90, abs=5)
        assert time.time_ns() - exact == pytest.approx(90e9, abs=1e6)
        assert time.monotonic_ns() - exacter == pytest.approx(90e9, abs=5e9)
        assert time.perf_counter_ns() - exactest == pytest.approx(90e9, abs=5e9)
    assert abs(time.time() - wall) > 10**6  # the world began on another day


@pytest.mark.parametrize("limit", ["timeout", "wait_for", "fail_after"])
def test_the_deadline_of_an_event_loop_is_met_at_its_time(fake, limit):
    async def limited():
        client = rendered_later(fake, httpx, asyncio.sleep)
        if limit == "wait_for":
            await asyncio.wait_for(client, 90)
        elif limit == "timeout":
            async with asyncio.timeout(90):
                await client
        else:
            with anyio.fail_after(90):
                await client

    before = fake.now
    with fake.virtual_time(), pytest.raises(TimeoutError):
        asyncio.run(limited())
    assert 85 <= fake.now - before <= 95


def test_tasks_of_one_loop_sleep_at_the_same_time(fake):
    async def several():
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(rendered_later(fake, httpx, asyncio.sleep)) for _ in range(4)]
        return [task.result()[1] for task in tasks]

    before = fake.now
    with fake.virtual_time():
        assert len(asyncio.run(several())) == 4
    assert fake.now - before < 1200
    assert len(fake.tasks) == 4


def test_who_sleeps_less_long_wakes_first():
    clock, woke = Manual(0.0), []

    async def sleeper(seconds):
        await asyncio.sleep(seconds)
        woke.append((seconds, clock.now()))

    async def several():
        await asyncio.gather(*(sleeper(seconds) for seconds in (7, 3, 3, 5)))

    with virtual_time(clock, lambda _: None, lambda: 0):
        asyncio.run(several())
    assert woke == [(3, 3.0), (3, 3.0), (5, 5.0), (7, 7.0)]


def test_a_sleeper_that_is_cancelled_leaves_no_trace():
    clock = Manual(0.0)

    async def several():
        first = asyncio.create_task(asyncio.sleep(5))
        second = asyncio.create_task(asyncio.sleep(50))
        await asyncio.sleep(0)
        first.cancel()
        await second
        assert first.cancelled()

    with virtual_time(clock, lambda _: None, lambda: 0):
        asyncio.run(several())
    assert clock.now() == 50


def test_a_result_is_passed_on():
    with virtual_time(Manual(0.0), lambda _: None, lambda: 0):
        assert asyncio.run(asyncio.sleep(3, "result")) == "result"
        assert asyncio.run(asyncio.sleep(0, "result")) == "result"
        anyio.run(anyio.sleep, 0)


def test_threads_that_were_there_go_on_in_real_time(fake):
    go, seen = threading.Event(), []

    def there_before():
        go.wait()
        time.sleep(0.001)
        seen.append(time.time())

    thread = threading.Thread(target=there_before)
    thread.start()
    with fake.virtual_time():
        go.set()
        thread.join()
        inner = threading.Thread(target=lambda: (time.sleep(40), seen.append(time.time())))
        inner.start()
        inner.join()
    assert seen[1] == fake.now
    assert abs(seen[0] - time.time()) < 3600
    assert asked(fake) == [40]


def test_a_process_has_one_virtual_time(fake):
    with fake.virtual_time(), pytest.raises(Problem, match="on already"), fake.virtual_time():
        raise AssertionError("two at once")
    with fake.virtual_time():
        time.sleep(5)
    assert asked(fake) == [5]


def test_another_event_loop_is_refused(fake, need_library):
    need_library("uvloop")
    uvloop = import_module("uvloop")
    with fake.virtual_time(), pytest.raises(Problem, match="a clock of its own"):
        uvloop.run(rendered_later(fake, httpx, asyncio.sleep))


def test_a_sleep_outside_of_asyncio_is_refused(fake):
    with fake.virtual_time():
        sleeping = anyio.sleep(5)
        with pytest.raises(Problem, match=r"anyio\.sleep was called in an event loop"):
            sleeping.send(None)


@pytest.mark.parametrize(
    ("seconds", "error"), [(-1, ValueError), ("5", TypeError), (float("nan"), ValueError)]
)
def test_what_no_sleep_takes_is_refused_as_ever(fake, seconds, error):
    with pytest.raises(error):
        time.sleep(seconds)
    with fake.virtual_time(), pytest.raises(error):
        time.sleep(seconds)
    assert not fake.waits


def test_no_sleep_at_all_is_none(fake):
    with fake.virtual_time():
        time.sleep(0)
        asyncio.run(asyncio.sleep(-1))
    assert not fake.waits


def test_a_very_long_sleep_is_quick(fake):
    before = fake.now
    with fake.virtual_time():
        asyncio.run(asyncio.sleep(1e9))
    assert fake.now == before + 1e9


def functions():
    names = ("sleep", "time", "monotonic", "perf_counter", "time_ns", "monotonic_ns", "perf_counter_ns")
    found = {f"time.{name}": getattr(time, name) for name in names}
    return {**found, "asyncio.sleep": asyncio.sleep, "anyio.sleep": anyio.sleep, "kept": kept_sleep}


def fails_inside(before):
    assert not set(before.values()) & set(functions().values())
    raise KeyError


def test_all_is_as_it_was_at_the_end(fake):
    before = functions()
    with pytest.raises(KeyError), fake.virtual_time():
        fails_inside(before)
    assert functions() == before


def test_what_was_kept_from_inside_is_real_outside(fake):
    with fake.virtual_time():
        kept, clock = time.sleep, time.monotonic
    kept(0.001)
    assert clock() == pytest.approx(time.monotonic(), abs=60)
    assert not fake.waits


LATE = """
import sys, time, klingmock
with klingmock.running(timing="quick") as fake:
    with fake.virtual_time():
        import anyio, late
        anyio.run(anyio.sleep, 30)
        late.nap(12)
    assert [wait.seconds for wait in fake.waits] == [30, 12], fake.waits
assert late.sleep is time.sleep
import asyncio
from anyio._backends import _asyncio
assert _asyncio.sleep is asyncio.sleep
"""


def test_a_module_that_is_imported_inside_is_met_and_left_again(tmp_path):
    (tmp_path / "late.py").write_text("from time import sleep\n\n\ndef nap(seconds):\n    sleep(seconds)\n")
    (tmp_path / "main.py").write_text(LATE)
    done = subprocess.run(
        [sys.executable, "main.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def endless():
    while True:
        with suppress(Exception):  # such clients there are
            time.sleep(60)


def test_a_client_without_an_end_is_ended(fake):
    with (
        fake.virtual_time(longest=600),
        pytest.raises(Endless, match=r"slept for 660 seconds of virtual time"),
    ):
        endless()
    assert len(fake.waits) == 11


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(0.001, 1e4), max_size=8))
def test_sleeps_add_up(seconds):
    clock, waits = Manual(), []
    with virtual_time(clock, waits.append, lambda: 0):
        before = time.time()
        for one in seconds:
            time.sleep(one)
        assert time.time() - before == pytest.approx(sum(seconds), rel=1e-6, abs=1e-5)
    assert [wait.seconds for wait in waits] == seconds
