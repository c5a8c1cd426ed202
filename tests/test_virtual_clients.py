"""klingmock.virtual: clients of every kind, over a render of 15 minutes that nobody waits for."""

import asyncio
import subprocess
import sys
import time
from collections import Counter
from importlib import import_module
from itertools import pairwise
from time import sleep as kept_sleep
from xml.etree import ElementTree as ET

import anyio
import httpx
import httpx2
import pytest

from klingcontracts.contract import load
from klingcontracts.problem import Problem
from klingmock.answer import Mock
from klingmock.kit import Kit

SUBMIT = load().operation("submit").path
IMAGE = {"image": "https://example.com/mountain.jpg"}
BACK_OFF = [1, 2, 4, 8, 16, 32] + [60] * 14  # 903 seconds
DRIFT = 60  # seconds of real time by which a clock may have gone on besides


@pytest.fixture(scope="module")
def kit():
    kit = Kit()
    yield kit
    kit.close()


@pytest.fixture
def fake(kit):
    with kit.open({"timing": (300, 600)}) as fake:
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


async def rendered_later(fake, library=httpx, sleep=None):
    """An asynchronous client with a back-off; the seconds that it measured by the loop, and by time.time."""
    loop = asyncio.get_running_loop()
    async with library.AsyncClient(base_url=fake.url, headers=headers(fake)) as client:
        began, pause = (loop.time(), time.time()), 1
        task = (await client.post(SUBMIT, json=IMAGE)).json()["data"]
        while (await client.get(f"/api/v1/tasks/{task['task_id']}")).json()["data"]["status"] != "success":
            await (sleep or asyncio.sleep)(pause)
            pause = min(2 * pause, 60)
        return loop.time() - began[0], time.time() - began[1]


def asked(fake):
    return [wait.seconds for wait in fake.waits]


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_a_synchronous_client_waits_for_nothing(fake, library):
    with fake.virtual_time():
        measured = rendered(fake, library)
    assert asked(fake) == BACK_OFF
    assert measured == pytest.approx(903, abs=DRIFT)
    assert {wait.by for wait in fake.waits} == {"time.sleep"}
    polls = [entry.exchange.at for entry in fake.journal if entry.operation == "task"]
    assert [later - earlier for earlier, later in pairwise(polls)] == BACK_OFF
    assert [wait.at for wait in fake.waits] == polls[:-1]


def test_a_sleep_that_was_imported_by_name_is_met_too(fake):
    with fake.virtual_time():
        rendered(fake, sleep=import_module(__name__).kept_sleep)
    assert asked(fake) == BACK_OFF
    assert kept_sleep is time.sleep


def test_a_client_that_is_imported_in_the_block_is_met_and_left_again(fake, tmp_path, monkeypatch):
    (tmp_path / "late_client.py").write_text(
        "from asyncio import sleep as later\nfrom time import sleep, time\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with fake.virtual_time():
        late = import_module("late_client")
        rendered(fake, sleep=late.sleep)
        asyncio.run(late.later(7))
        assert late.time() == fake.now
    assert asked(fake) == [*BACK_OFF, 7]
    assert (late.sleep, late.later, late.time) == (time.sleep, asyncio.sleep, time.time)
    del sys.modules["late_client"]


@pytest.mark.parametrize("library", [httpx, httpx2])
@pytest.mark.parametrize(
    ("module", "run"),
    [(asyncio, asyncio.run), (anyio, lambda client: anyio.run(lambda: client))],
    ids=["asyncio", "anyio"],
)
def test_an_asynchronous_client_waits_for_nothing(fake, library, module, run):
    with fake.virtual_time():
        by_loop, by_time = run(rendered_later(fake, library, module.sleep))
    assert asked(fake) == BACK_OFF
    assert by_time == 903
    assert by_loop == pytest.approx(903, abs=DRIFT)
    assert {wait.by for wait in fake.waits} == {f"{module.__name__}.sleep"}


def test_a_block_can_stand_within_a_coroutine(fake):
    async def main():
        with fake.virtual_time():
            return await rendered_later(fake)

    assert asyncio.run(main())[1] == 903
    assert asked(fake) == BACK_OFF


@pytest.mark.parametrize("limit", ["timeout", "wait_for", "fail_after", "move_on_after"])
def test_the_deadline_of_an_event_loop_is_met_at_its_time(fake, limit):
    async def limited():
        if limit == "wait_for":
            await asyncio.wait_for(rendered_later(fake), 90)
        elif limit == "timeout":
            async with asyncio.timeout(90):
                await rendered_later(fake)
        elif limit == "fail_after":
            with anyio.fail_after(90):
                await rendered_later(fake, sleep=anyio.sleep)
        else:
            with anyio.move_on_after(90) as scope:
                await rendered_later(fake, sleep=anyio.sleep)
            raise TimeoutError if scope.cancelled_caught else AssertionError

    before = fake.now
    with fake.virtual_time():
        with pytest.raises(TimeoutError):
            asyncio.run(limited())
        # A loop's clock goes on in real time too; a task of its own (wait_for) is looked at less often.
        assert 80 < fake.now - before <= (96 if limit == "wait_for" else 91)
        assert asked(fake) == BACK_OFF[:7]


@pytest.mark.parametrize("group", ["gather", "TaskGroup"])
def test_five_clients_of_one_loop_sleep_at_the_same_time(fake, group):
    async def several():
        if group == "gather":
            return await asyncio.gather(*(rendered_later(fake) for _ in range(5)))
        async with asyncio.TaskGroup() as tasks:
            clients = [tasks.create_task(rendered_later(fake)) for _ in range(5)]
        return [client.result() for client in clients]

    before = fake.now
    with fake.virtual_time():
        measured = [by_time for _, by_time in asyncio.run(several())]
    assert 900 <= fake.now - before < 2 * 903
    assert all(900 <= seconds < 2 * 903 for seconds in measured)
    assert len(fake.tasks) == 5
    assert max(Counter(wait.at for wait in fake.waits).values()) > 1


def test_who_gives_up_leaves_the_others_alone(fake):
    async def several():
        hasty = asyncio.create_task(rendered_later(fake))
        patient = asyncio.create_task(rendered_later(fake))
        await asyncio.sleep(100)
        hasty.cancel()
        return await patient, hasty.cancelled()

    with fake.virtual_time():
        (_, by_time), gave_up = asyncio.run(several())
    assert gave_up
    assert 900 <= by_time < 2 * 903


def test_a_slow_server_costs_no_client_its_timeout(fake, monkeypatch):
    real_sleep, answer = time.sleep, Mock.answer
    monkeypatch.setattr(Mock, "answer", lambda *call: real_sleep(0.03) or answer(*call))

    async def several():
        return await asyncio.gather(*(rendered_later(fake) for _ in range(3)))

    with fake.virtual_time():
        measured = [by_time for _, by_time in asyncio.run(several())]
    assert all(900 <= seconds < 2 * 903 for seconds in measured)


def test_the_server_answers_in_real_time(fake):
    with fake.virtual_time():
        task_id = httpx.post(fake.url + SUBMIT, json=IMAGE, headers=headers(fake)).json()["data"]["task_id"]
        for wanted, seconds in (("pending", 300), ("processing", 600), ("success", 86_400), (None, 1)):
            reply = httpx.get(f"{fake.url}/api/v1/tasks/{task_id}", headers=headers(fake)).json()
            assert reply.get("data", {}).get("status") == wanted
            time.sleep(seconds)
    assert asked(fake) == [300, 600, 86_400, 1]  # none of them the server's


def test_another_event_loop_is_refused(fake, need_library):
    need_library("uvloop")
    uvloop = import_module("uvloop")
    with fake.virtual_time():
        for module in (asyncio, anyio):
            with pytest.raises(Problem, match=rf"{module.__name__}\.sleep .* a clock of its own"):
                uvloop.run(rendered_later(fake, sleep=module.sleep))
        assert uvloop.run(asyncio.sleep(0, "no wait")) == "no wait"
    assert not fake.waits


ANYIO = """
import sys
BEFORE = "before" in sys.argv
if BEFORE:
    import anyio
import asyncio, time, klingmock
with klingmock.running() as fake:
    with fake.virtual_time():
        import anyio
        import sched
        anyio.run(anyio.sleep, 30)
        anyio.run(anyio.sleep_until, time.monotonic() - 5)
    assert [(wait.seconds, wait.by) for wait in fake.waits] == [(30, sys.argv[2])], fake.waits
kept = [
    (name, key)
    for name, module in list(sys.modules.items())
    for key, value in list(vars(module).items() if hasattr(module, "__dict__") else ())
    if "VirtualTime." in getattr(value, "__qualname__", "") and name != "klingmock.virtual"
]
assert not kept, kept
"""


@pytest.mark.parametrize(("when", "by"), [("before", "anyio.sleep"), ("inside", "anyio.sleep")])
def test_it_is_all_one_when_anyio_is_imported(tmp_path, when, by):
    (tmp_path / "main.py").write_text(ANYIO)
    command = [sys.executable, "-W", "error", "main.py", when, by]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


SUITE = """
import time, pytest
@pytest.mark.klingmock(time="virtual")
def test_naps(klingmock):
    time.sleep(50_000)
    assert [wait.seconds for wait in klingmock.waits] == [50_000]
def test_afterwards():
    time.sleep(0.001)
    assert time.monotonic.__name__ == "monotonic"
"""


def test_pytest_measures_real_time(tmp_path):
    (tmp_path / "test_naps.py").write_text(SUITE)
    command = [sys.executable, "-m", "pytest", "-q", "--timeout=40", "--durations=0", "--junitxml=told.xml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    cases = ET.parse(tmp_path / "told.xml").findall(".//testcase")
    assert [case.get("name") for case in cases] == ["test_naps", "test_afterwards"]
    assert all(float(case.get("time")) < 10_000 for case in cases)
