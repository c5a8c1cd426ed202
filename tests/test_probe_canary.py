"""klingcontracts.probe_canary: how long the last paid task is kept."""

import pytest

from klingcontracts.contract import load
from klingcontracts.exchange import Reply
from klingcontracts.probe_canary import Canary, canary_of
from klingcontracts.probe_follow import Job
from klingmock.answer import Mock
from klingmock.clock import Manual

HOUR = 3600.0
RESULT = '{"resources": [{"url": "http://a", "type": "video"}]}'
TOLD = '{"code": 0, "message": "success", "data": {"status": "%s", "task_id": "t-1", "result": %s}}'


def test_what_is_kept_of_a_job():
    assert canary_of(Job("t", 1.0, 2.0, "success", "u")) == Canary("t", 1.0, 2.0, "success")


@pytest.mark.parametrize("hours", [1, 22, 25.5])
def test_a_task_that_is_kept_as_documented_is_nothing(look, hours):
    clock = Manual()
    fake = Mock([load()], clock=clock)
    first = look(fake.answer, clock=clock, spend=1)
    first.report()
    clock.advance(hours * HOUR)
    later = look(fake.answer, clock=clock, canary=canary_of(first.run.jobs[-1]))
    assert later.loud() == {}


@pytest.mark.parametrize(
    ("hours", "reply", "told"),
    [
        (2, None, {"task.retention": "gone after 2.0 hours"}),
        (30, "success", {"task.retention": "still there after 30.0 hours"}),
        (2, "failed", {"task.lifecycle.order": "failed after 2.0 hours"}),
    ],
)
def test_a_task_that_is_not(look, hours, reply, told):
    clock = Manual()
    fake = Mock([load()], clock=clock)
    canary = Canary("t-1", clock.now() - hours * HOUR - 60, clock.now() - hours * HOUR, "success")

    def send(call):
        if call.path == "/api/v1/tasks/t-1" and reply:
            return Reply(200, {"content-type": "application/json"}, (TOLD % (reply, RESULT)).encode())
        return fake.answer(call)

    loud = look(send, clock=clock, canary=canary).loud()
    assert {name: seen for name, seen in loud.items() if name.startswith("task.")} == told


def test_a_task_that_was_left_before_its_end_has_ended_since(look):
    clock = Manual()
    fake = Mock([load()], clock=clock)
    told = []
    first = look(fake.answer, clock=clock, spend=1)
    first.run.began = told.append
    first.report()
    clock.advance(HOUR)
    assert look(fake.answer, clock=clock, canary=told[0]).loud() == {}


def test_it_is_not_asked_for_without_a_budget_of_requests(look):
    one = look("2026-02", canary=Canary("t-1", 0, 0, "success"), requests=2)
    report = one.report()
    assert ("task.retention", "--max-requests 2 was reached") in report.not_looked


def test_an_error_in_its_place_is_held_against_the_contract(look):
    clock = Manual()
    fake = Mock([load()], clock=clock)

    def send(call):
        return fake.answer(call)._replace(status=410) if call.path.endswith("t-1") else fake.answer(call)

    loud = look(send, clock=clock, canary=Canary("t-1", clock.now(), clock.now(), "success")).loud()
    assert "task.reply.status" in loud


def test_a_server_that_is_out_of_order_says_nothing_of_it(look):
    clock = Manual()
    fake = Mock([load()], clock=clock)
    failures = [2]

    def send(call):
        if call.path.endswith("t-1") and failures[0]:
            failures[0] -= 1
            return fake.answer(call)._replace(status=503)
        return fake.answer(call)

    earlier = clock.now() - 30 * 24 * HOUR
    assert look(send, clock=clock, canary=Canary("t-1", earlier, earlier, "success")).loud() == {}
