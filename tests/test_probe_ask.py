"""klingcontracts.probe_ask: asking again, and what is kept."""

import pytest

from klingcontracts.contract import load
from klingcontracts.exchange import Reply
from klingcontracts.probe import PAID, UNTOLD, Probe, got, posted
from klingcontracts.probe_guard import Halt, NoReply

SUBMIT = load().operation("submit")
TASK = Probe("task.unknown", "a task", got("/api/v1/tasks/x"))
FINE = Reply(404, {}, b'{"code": 404, "message": "Resource not found: x"}')


def in_turn(*replies):
    left = list(replies)

    def send(_):
        reply = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(reply, Exception):
            raise reply
        return reply

    return send


def test_what_was_foretold_is_asked_once(look):
    one = look(in_turn(FINE))
    assert one.asking.look(TASK).outcome.status == 404
    assert len(one.calls) == 1
    assert one.asking.was_asked(TASK)
    assert not one.asking.was_asked(TASK._replace(key="second"))


def test_what_was_not_is_asked_again_and_each_kind_once(look):
    one = look(in_turn(FINE._replace(status=410)))
    assert [one.asking.look(TASK).unsure for _ in range(2)] == [False, False]
    assert len(one.calls) == 3


def test_another_answer_the_second_time_is_unsure(look):
    seen = look(in_turn(FINE._replace(status=410), FINE)).asking.look(TASK)
    assert (seen.unsure, seen.outcome.status) == (True, 404)


def test_silence_is_kept_as_what_was_not_looked_at_and_ends_the_run_when_it_lasts(look):
    one = look(in_turn(FINE, NoReply("lost"), NoReply("lost"), FINE, NoReply("gone")))
    assert one.asking.look(TASK) is not None
    assert one.asking.look(TASK) is None
    assert one.asking.brought.unlooked == [("task.unknown", "a task: lost")]
    assert one.asking.look(TASK) is not None
    assert one.asking.look(TASK) is None
    with pytest.raises(Halt, match="No answer any more: gone"):
        one.asking.look(TASK)


def test_a_crowd_says_nothing_of_a_job(look):
    one = look(in_turn(Reply(429, {}, b'{"code": 429, "message": "Concurrent limit exceeded: 3"}')), spend=1)
    job = Probe("submit.reply.status", "a job", posted(SUBMIT, {"image": "x"}), cost=PAID)
    assert one.asking.look(job).outcome == UNTOLD
    [left] = one.asking.brought.unlooked
    assert left.why == "a job: 429 Concurrent limit exceeded: 3"


UP = Probe("route.unknown-path", "a path", got("/api/v1/nothing"))
DOWN = Reply(500, {}, b'{"code": 500, "message": "Internal error: x"}')


def failing(look, broken, status=500):
    """A server that answers this call alone with a failure."""
    return look(lambda call: DOWN._replace(status=status) if call.path == broken.call.path else FINE)


def test_a_failure_is_an_answer_where_all_else_is_answered(look):
    one = failing(look, TASK)
    assert one.asking.look(UP).outcome.status == 404
    assert one.asking.look(TASK).outcome.status == 500
    assert [call.path for call in one.calls[1:]] == [TASK.call.path, TASK.call.path, UP.call.path]


@pytest.mark.parametrize(("status", "known"), [(503, True), (500, False)])
def test_a_failure_says_nothing_where_the_server_may_be_out_of_order(look, status, known):
    one = failing(look, TASK, status)
    if known:
        one.asking.look(UP)
    assert one.asking.look(TASK) is None
    assert one.asking.brought.unlooked == [("task.unknown", f"a task: the server answered {status}")]


def test_a_job_that_fails_is_not_repeated(look):
    job = Probe("submit.reply.status", "a job", posted(SUBMIT, {"image": "x"}), cost=PAID)
    one = look(in_turn(FINE, DOWN, FINE), spend=1)
    one.asking.look(TASK)
    assert one.asking.look(job).outcome.status == 500
    assert [call.method for call in one.calls] == ["GET", "POST", "GET"]
