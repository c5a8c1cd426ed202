"""klingcontracts.probe_follow: a job to its end."""

import json

import pytest

from klingcontracts.contract import load
from klingcontracts.exchange import Reply
from klingcontracts.probe_follow import OFTEN, SELDOM, Patience
from klingcontracts.probe_guard import NoReply
from klingmock.answer import Mock
from klingmock.clock import Manual

SUBMIT = load().operation("submit").path
GONE = b'{"code": 404, "message": "Resource not found: x"}'
SHOWN = b'{"code": 0, "message": "success", "data": {"status": "success", "task_id": "x"}}'


def altered(look, change, revision="2026-02", **chosen):
    """The fake, but for what `change` makes of a reply's JSON, its call and its status."""
    clock = Manual()
    fake = Mock([load(revision)], clock=clock)
    polls = []

    def send(call):
        reply = fake.answer(call)
        if reply.status != 200 or not call.path.startswith(
            ("/api/v1/tasks/", load(revision).operation("submit").path)
        ):
            return change(None, call, 0, reply) or reply
        told = json.loads(bytes(reply.body))
        polls.append(told.get("data", {}).get("status"))
        changed = change(told, call, len(polls), reply)
        return changed or reply._replace(body=json.dumps(told).encode())

    return look(send, clock=clock, against=revision, spend=1, **chosen)


def data(**more):
    def change(told, call, nth, reply):
        if told and call.method == "GET":
            told["data"] |= {name: make(told["data"]) for name, make in more.items()}

    return change


def finished(change):
    def changed(told, call, nth, reply):
        if told and "result" in told["data"]:
            return change(told["data"], call, nth, reply)
        return None

    return changed


RESOURCE = "task.reply.data.result.resources"
EXTENSIONS = "task.reply.data.result.extensions.order"
OTHERWISE = {
    "unknown status": ("task.reply.data.status.enum", data(status=lambda d: d["status"].replace("ss", "d"))),
    "another id": ("task.reply.data.task_id.echo", data(task_id=lambda _: "other")),
    "seconds": (
        "task.reply.data.duration.unit",
        finished(lambda d, *_: d.update(duration=d["duration"] // 1000)),
    ),
    "another result": (
        "task.lifecycle.settled",
        finished(lambda d, _, nth, __: d["result"].update(metadata={"request_id": str(nth)})),
    ),
    "no url": (
        f"{RESOURCE}.[].url.pattern",
        finished(lambda d, *_: d["result"]["resources"][0].update(url="gone")),
    ),
    "no url at all": (f"{RESOURCE}.minItems", finished(lambda d, *_: d["result"].update(resources=[]))),
    "times": (
        EXTENSIONS,
        finished(lambda d, *_: d["result"]["extensions"].update(end_time="2020-01-01T00:00:00Z")),
    ),
}


@pytest.mark.parametrize("name", OTHERWISE)
def test_what_a_task_says_otherwise(look, name):
    rule, change = OTHERWISE[name]
    assert rule in altered(look, change).loud()


def test_a_job_that_fails_and_one_that_never_ends(look):
    failing = data(status=lambda d: {"success": "failed"}.get(d["status"], d["status"]))
    assert altered(look, failing).loud()["task.lifecycle.end"] == "failed"
    stuck = data(status=lambda _: "processing", result=lambda _: None)

    def endless(told, call, nth, reply):
        stuck(told, call, nth, reply)
        if told and call.method == "GET":
            del told["data"]["result"]

    assert altered(look, endless).loud()["task.lifecycle.end"] == "processing after --job-timeout 60 seconds"


def test_a_task_that_goes_on_from_its_end(look):
    ended = []

    def change(told, call, nth, reply):
        if told and "result" in told["data"]:
            ended.append(nth)
            if len(ended) > 1:
                told["data"]["status"] = "processing"

    assert altered(look, change).loud()["task.lifecycle.order"] == "success, then processing"


def test_a_reply_without_an_id_can_not_be_followed(look):
    def change(told, call, nth, reply):
        if told and call.method == "POST":
            del told["data"]["task_id"]

    one = altered(look, change)
    assert "submit.reply.data.task_id.required" in one.loud()
    assert ("task.lifecycle.order", "the reply to the job has no task_id") in one.asking.brought.unlooked


def test_a_task_that_is_gone_at_once(look):
    def change(told, call, nth, reply):
        return Reply(404, reply.headers, GONE) if told and call.method == "GET" else None

    assert "task.reply.status" in altered(look, change).loud()


def test_polls_end_with_the_budget_of_requests_and_with_silence(look):
    one = look("2026-02", spend=1, requests=180)
    assert any("--max-requests 180" in rest.why for rest in one.report().not_looked)
    asked = []

    def silent(told, call, nth, reply):
        if told and call.method == "GET":
            asked.append(call)
            raise NoReply("lost")

    other = altered(look, silent)
    assert ("task.lifecycle.order", "lost") in other.report().not_looked


def test_another_key_must_not_see_the_task(look):
    def seen(told, call, nth, reply):
        foreign = call.headers.get("authorization") == "Bearer mock-b" and reply.status == 404
        return Reply(200, reply.headers, SHOWN) if foreign else None

    assert "task.unknown" in altered(look, seen).loud()


def test_without_a_second_key_or_with_a_wrong_one_that_is_not_looked_at(look):
    one = look("2026-02", spend=1, keys={"second": ""})
    assert ("task.unknown", "of another key: it needs --second-key-env") in one.report().not_looked
    other = look("2026-02", spend=1, keys={"second": "nobody"})
    assert ("task.unknown", "of another key: the second key is refused") in other.report().not_looked


@pytest.mark.parametrize(
    ("video", "seen"),
    [
        (Reply(404, {}, b""), "status 404"),
        (Reply(200, {"content-type": "text/html"}, b"<html>"), "content type 'text/html'"),
        (Reply(206, {"content-type": "video/mp4"}, b""), "nothing: its body is empty"),
        (NoReply("cdn.test refuses the connection"), "cdn.test refuses the connection"),
    ],
)
def test_the_result_must_be_there(look, video, seen):
    def change(told, call, nth, reply):
        if not call.path.startswith("/aigc/"):
            return None
        assert "authorization" not in call.headers
        if isinstance(video, NoReply):
            raise video
        return video

    assert altered(look, change).loud()["task.reply.data.result.resources.[].url.leads"] == seen


@pytest.mark.parametrize(
    "url", ["https://[cdn/v.mp4", "HTTP://127.0.0.1:99999/x", "http://cdn.test:0/x", "https://:80/x"]
)
def test_a_url_that_can_not_be_read_is_a_finding(look, url):
    one = altered(look, finished(lambda d, *_: d["result"]["resources"][0].update(url=url)))
    assert one.loud()["task.reply.data.result.resources.[].url.leads"] == f"what is no URL: '{url}'"
    assert len(one.run.jobs) == 1

    def elsewhere(told, call, nth, reply):
        if told and call.method == "POST":
            told["data"]["get_result"]["url"] = url

    assert "submit.reply.data.get_result.url.leads" in altered(look, elsewhere, "2026-07").loud()


@pytest.mark.parametrize("interval", [0.01, 1.0, 5.0, 100.0])
def test_polls_come_less_and_less_often(interval):
    patience = Patience(interval, 900.0)
    waits = [patience.before(poll) for poll in range(1, 60)]
    assert waits[:OFTEN] == [interval] * OFTEN
    assert waits == sorted(waits)
    assert waits[-1] == max(interval, SELDOM)
    assert sum(waits[: patience.requests()]) > 900
    assert patience.requests() < 50


def test_a_job_of_minutes_takes_few_requests(look):
    one = look("2026-02", spend=1, plan={"speed": 0.01})
    one.run.patience = Patience()
    report = one.report()
    [job] = one.run.jobs
    polls = [call for call in one.calls if call.method == "GET" and call.path.endswith(job.id)]
    assert job.ended - job.submitted > 300
    assert len(polls) <= 25 < Patience().requests()
    assert report.exit_code() == 0


def test_the_newest_revision_tells_where_the_result_is_and_until_when(look):
    def elsewhere(told, call, nth, reply):
        if told and call.method == "POST":
            told["data"]["get_result"]["url"] = "http://api.test/api/v1/tasks/other"

    loud = altered(look, elsewhere, "2026-07").loud()
    assert loud["submit.reply.data.get_result.url.leads"] == "http://api.test/api/v1/tasks/other"
    hours = finished(lambda d, *_: d.update(result_expires_at=d["result_expires_at"] - 6 * 86_400_000))
    assert altered(look, hours, "2026-07").loud().keys() == {"task.retention"}


def out_of_order(where, times):
    """The server fails so many times where `where` says of a path."""
    left = [times]

    def change(told, call, nth, reply):
        if not where(call.path) or not left[0]:
            return None
        left[0] -= 1
        return Reply(503, reply.headers, b'{"code": 503, "message": "Service unavailable"}')

    return change


def test_a_server_that_is_out_of_order_for_a_while_says_nothing_of_the_job(look):
    polls = out_of_order(lambda path: path.startswith("/api/v1/tasks/task-"), 2)
    one = altered(look, polls)
    assert one.loud() == {}
    assert [job.status for job in one.run.jobs] == ["success"]
    result = altered(look, out_of_order(lambda path: path.endswith(".mp4"), 1))
    assert result.loud() == {}
    assert len([call for call in result.calls if call.path.endswith(".mp4")]) == 2


def test_a_server_that_stays_out_of_order_ends_the_run_which_tells_of_the_job(look):
    one = altered(look, out_of_order(lambda path: path.startswith("/api/v1/tasks/task-"), 99))
    report = one.report()
    assert (report.verdict(), report.accepted, len(one.run.tasks)) == ("inconclusive", 1, 1)
    fact = "The server fails: 3 replies of 503 one after the other."
    assert report.incomplete == f"{fact} Accepted: {one.run.tasks[0]}."
