"""klingcontracts.probe_first: whether there is an API, and where."""

import pytest

from klingcontracts.contract import load
from klingcontracts.exchange import Exchange, Reply
from klingcontracts.probe import Outcome, Probe, got
from klingcontracts.probe_first import _settled
from klingcontracts.probe_guard import Halt, NoReply, NotSent
from klingcontracts.probe_judge import Seen
from klingcontracts.rule import Level
from klingmock.answer import Mock
from klingmock.clock import Manual

HTML = {"content-type": "text/html"}
ELSEWHERE = {"location": "https://api.test/x"}
GONE = Reply(404, {"content-type": "application/json"}, b'{"code": 404, "message": "Resource not found: x"}')


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(200, HTML, b"<html>"), "What answers there is not this API: status 200, text/html."),
        (Reply(502, {}, b""), "What answers there is not this API: status 502, no content type."),
        (
            Reply(301, ELSEWHERE),
            "It redirects to https://api.test: give that address.",
        ),
    ],
)
def test_something_else_that_answers_is_no_drift(look, reply, said):
    report = look(lambda _: reply).report()
    assert (report.incomplete, report.exit_code(), list(report.found)) == (said, 3, [])


@pytest.mark.parametrize("location", ["/v2", "http://api.test/v2"])
def test_an_api_that_redirects_within_itself_has_changed(look, location):
    report = look(lambda _: Reply(308, {"location": location})).report()
    assert (report.incomplete, report.verdict()) == ("Everything is redirected: 308.", "drift")


def test_a_path_that_is_gone_is_drift(look):
    report = look(lambda _: GONE).report()
    assert report.verdict() == "drift"
    assert "nor where other revisions have it" in report.incomplete
    assert [found.finding.seen for found in report.found][:1] == ["404: the path is gone"]


def test_nothing_is_asked_where_the_budget_ends(look):
    gone = Reply(404, {}, b"{}")
    report = look(lambda _: gone, requests=2).report()
    assert report.incomplete == "Nothing could be asked: --max-requests 2 was reached."


DOWN = Reply(503, {"content-type": "application/json"}, b'{"code": 503, "message": "Service unavailable: x"}')


@pytest.mark.parametrize("status", [500, 503])
@pytest.mark.parametrize("revision", ["2026-02", "2026-07"])
def test_a_server_that_is_out_of_order_is_no_drift(look, revision, status):
    report = look(lambda _: DOWN._replace(status=status), against=revision).report()
    assert (list(report.found), report.exit_code()) == ([], 3)
    assert report.incomplete.startswith("The server fails: ")


@pytest.mark.parametrize("status", [500, 503])
def test_an_outage_in_the_middle_is_no_drift(look, status):
    clock = Manual()
    fake, asked = Mock([load()], clock=clock), []

    def send(call):
        asked.append(call)
        return fake.answer(call) if len(asked) < 20 else DOWN._replace(status=status)

    report = look(send, clock=clock).report()
    assert (report.at(Level.WARNING), report.exit_code()) == ([], 3)
    assert report.incomplete.startswith("The server fails: ")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_moment_of_failure_at_the_beginning_is_asked_again(look, method):
    clock = Manual()
    fake, failed = Mock([load()], clock=clock), []

    def send(call):
        if call.method == method and not failed:
            failed.append(call)
            return DOWN
        return fake.answer(call)

    report = look(send, clock=clock).report()
    assert (report.at(Level.WARNING), report.exit_code()) == ([], 0)


@pytest.mark.parametrize(
    ("error", "kept"), [(NotSent("no money"), ["no money"]), (NoReply("it hung up"), ["a task: it hung up"])]
)
def test_what_failed_at_first_and_can_not_be_asked_again_is_not_looked_at(look, error, kept):
    asking = look("2026-02").asking
    asking.brought.seen.clear()
    asking.brought.unlooked.clear()
    probe = Probe("task.unknown", "a task", got("/api/v1/tasks/x"))
    for status in (500, 404):
        asking.brought.seen.append(Seen(probe, Exchange(probe.call, Reply(status, {})), Outcome(status)))

    def failing(one):
        raise error

    asking.failing = failing
    _settled(asking)
    assert [one.exchange.reply.status for one in asking.brought.seen] == [404]
    assert [one.why for one in asking.brought.unlooked] == kept


def test_where_nothing_else_is_answered_the_server_fails(look):
    asking = look("2026-02").asking
    probe = Probe("task.unknown", "a task", got("/api/v1/tasks/x"))
    asking.brought.seen[:] = [Seen(probe, Exchange(probe.call, Reply(503, {})), Outcome(503))]

    def failing(one):
        raise NotSent("no money")

    asking.failing = failing
    with pytest.raises(Halt, match="everything is answered with 503"):
        _settled(asking)
