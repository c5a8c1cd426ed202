"""klingmock.handle: the time of a world, and the life of a task."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klingcontracts.contract import load
from klingcontracts.exchange import Call
from klingcontracts.problem import Problem
from klingmock.handle import Handle
from klingmock.options import options
from klingmock.virtual import Wait

STATUSES = ("pending", "processing", "success", "failed", "expired")
SECONDS = st.floats(0, 1000) | st.sampled_from([0.0, 1.0, 86400.0])


def world(**given):
    return Handle("http://127.0.0.1:1", "mock-a", options(given), print)


def call(handle, method, path, body=b""):
    reply = handle.answer(Call(method, path, {"authorization": "Bearer mock-a"}, body))
    assert reply.status in {200, 404}
    return json.loads(reply.body).get("data")


def submit(handle):
    path = handle.contract.operation("submit").path
    return call(handle, "POST", path, b'{"image": "https://example.com/mountain.jpg"}')["task_id"]


def status(handle, task_id):
    told = call(handle, "GET", f"/api/v1/tasks/{task_id}")
    return told["status"] if told else "expired"


@pytest.mark.parametrize("timing", ["quick", "realistic", (3, 5.5)])
def test_a_task_is_led_through_its_whole_life(timing):
    handle = world(timing=timing)
    task_id = submit(handle)
    began = handle.now
    for wanted in ("pending", "processing", "success", "expired"):
        assert handle.advance_to(task_id, wanted) == handle.now
        assert status(handle, task_id) == handle.tasks[0].status == wanted
        assert handle.advance_to(task_id, wanted) == handle.now  # it is there already
    assert handle.now > began


@pytest.mark.parametrize(
    ("passed", "wanted"),
    [
        ("pending", "sucess"),
        ("pending", ""),
        ("pending", "failed"),
        ("success", "processing"),
        ("expired", "success"),
    ],
)
def test_a_status_that_never_comes_is_said(passed, wanted):
    handle = world()
    task_id = submit(handle)
    handle.advance_to(task_id, passed)
    before = handle.now
    with pytest.raises(Problem) as caught:
        handle.advance_to(task_id, wanted)
    assert caught.value.fact == f"Task {task_id} is never {wanted!r} from here on."
    assert caught.value.remedy == f"Its way: pending, processing, success, expired; it is {passed} now."
    assert handle.now == before


def test_a_task_that_is_not_there_is_said():
    handle = world()
    with pytest.raises(Problem, match=r"^There is no task 'task-1' in this world\. Submitted here: none\.$"):
        handle.advance_to("task-1", "success")
    task_id = submit(handle)
    with pytest.raises(Problem, match=f"Submitted here: {task_id}"):
        handle.advance_to("task-1", "success")


def test_a_result_that_is_gone_before_it_is_there_expires():
    handle = world(retention=0, reading={"retention-start": "submission"})
    task_id = submit(handle)
    handle.advance_to(task_id, "expired")
    assert status(handle, task_id) == "expired"


def test_time_stands_still_until_it_is_moved_and_goes_forward_only():
    handle = world()
    assert handle.now == handle.now == handle.clock.now()
    before = handle.now
    assert handle.advance(2.5) == before + 2.5 == handle.now
    with pytest.raises(ValueError, match="forward only"):
        handle.advance(-1)
    assert handle.now == before + 2.5


def test_a_sleep_that_moves_the_clock_ends_a_loop_of_polls(monkeypatch):
    handle = world(timing="realistic")
    monkeypatch.setattr("time.sleep", handle.advance)
    task_id, polls = submit(handle), 0
    while status(handle, task_id) != "success":
        time.sleep(10)
        polls += 1
    assert 3 <= polls <= 60


@given(
    timing=st.tuples(SECONDS, SECONDS),
    retention=SECONDS,
    start=st.sampled_from(["completion", "submission"]),
    visible=st.sampled_from(["yes", "no"]),
    outcome=st.sampled_from(["fail", "success"]),
    way=st.lists(st.sampled_from(STATUSES) | st.floats(0, 500), max_size=6),
)
def test_a_status_is_reached_if_and_only_if_it_ever_comes(timing, retention, start, visible, outcome, way):
    reading = {"retention-start": start, "processing-visible": visible}
    handle = world(timing=timing, retention=retention, reading=reading)
    handle.script(f"outcome: {outcome}")
    task_id = submit(handle)
    task = handle.tasks[0].task
    turns = (task.submitted_at, task.processing_at, task.ends_at, task.expires_at)
    for step in way:
        before = handle.now
        if isinstance(step, float):
            handle.advance(step)
            continue
        to_come = {task.status(max(turn, before)) or "expired" for turn in (before, *turns)}
        try:
            handle.advance_to(task_id, step)
        except Problem:
            assert step not in to_come
            assert handle.now == before
        else:
            assert status(handle, task_id) == step
            assert handle.now >= before


def test_the_contract_is_the_one_that_was_asked_for():
    handle = world(revision="2026-07", reading={"tier": "100"})
    assert (handle.contract.revision, handle.options.revision) == ("2026-07", "2026-07")
    assert handle.contract.questions["tier"].chosen == "100" != load("2026-07").questions["tier"].chosen


def test_a_world_begins_anew_with_a_clock_of_its_own():
    handle = world(script="task: 503")
    submit(handle)
    handle.advance(100)
    handle.waits.append(Wait(0.0, 1.0, "time.sleep"))
    began = handle.clock
    handle.reset()
    assert (handle.tasks, handle.journal, handle.waits) == ([], [], [])
    assert handle.now == world().now
    assert handle.clock is not began


def test_virtual_time_keeps_its_clock_when_the_world_begins_anew():
    handle = world()
    with handle.virtual_time():
        time.sleep(5)
        clock, now = handle.clock, handle.now
        handle.reset()
        assert (handle.clock, handle.now) == (clock, now)
        time.sleep(5)
        assert handle.now == now + 5


def lines_of_waits(handle, since=0):
    return [line for line in handle.told(since).splitlines() if line.startswith("waits")]


def test_waits_are_told_behind_the_exchanges():
    handle = world()
    with handle.virtual_time():
        time.sleep(1)
        assert handle.told() == ""  # nothing was asked
        submit(handle)
        for _ in range(3):
            time.sleep(5)
        time.sleep(0.5)
        time.sleep(5)
    assert lines_of_waits(handle) == [
        "waits  time.sleep 1 s, time.sleep 5 s * 3, time.sleep 0.5 s, time.sleep 5 s, 21.5 s in all"
    ]
    assert lines_of_waits(world()) == []


def test_waits_of_another_test_are_not_told():
    handle = world()
    with handle.virtual_time():
        submit(handle)
        time.sleep(5)
        task_id = submit(handle)
        assert lines_of_waits(handle, 2) == []
        time.sleep(7)
        status(handle, task_id)
    assert lines_of_waits(handle, 2) == ["waits  time.sleep 7 s, 7 s in all"]


def test_of_many_waits_the_last_ones_are_told():
    handle = world()
    with handle.virtual_time():
        submit(handle)
        for nth in range(60):
            time.sleep(1 + nth // 2)
    (line,) = lines_of_waits(handle)
    assert line.startswith("waits  (20 earlier ones are left out) time.sleep 11 s * 2, ")
    assert line.endswith("time.sleep 30 s * 2, 930 s in all")
