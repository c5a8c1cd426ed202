"""klingcontracts.client_results: what a good client makes of replies."""

import json

import pytest

from klingcontracts import client_results as results
from klingcontracts.client_calls import Lapse, Unjudged
from klingcontracts.client_results import DEADLINE, HASTE, LONGEST_POLLING, MOST_POLLS
from klingcontracts.conduct import LONGEST_NAME, Outcome, conduct
from klingcontracts.contract import load
from klingcontracts.exchange import Call, Exchange, Reply

CONTRACT = load()
SUBMIT = CONTRACT.operation("submit").path
KEY = {"authorization": "Bearer mock-a"}
JSON = {"content-type": "application/json"}
VIDEO = {"content-type": "video/mp4"}
RESULT = {"resources": [{"url": "https://media.example.com/one.mp4", "type": "video"}]}
DONE = {"code": 0, "data": {"status": "success", "result": RESULT}}
ADDED = {"code": 0, "x_new": 1, "data": {"status": "pending"}}
DONE_ADDED = {**DONE, "x_new": 1}
SUCCESS, FAILURE = Outcome


def exchange(call, status, at, told, **more):
    raw = told if isinstance(told, bytes) else json.dumps(told).encode()
    return Exchange(call, Reply(status, more.pop("headers", JSON), raw, **more), at)


def submit(told="task-1", at=0.0, status=200, body=b"{}", **more):
    value = {"code": 0, "data": {"task_id": told}} if isinstance(told, str) else told
    return exchange(Call("POST", SUBMIT, KEY, body), status, at, value, **more)


def poll(told="pending", at=0.0, task_id="task-1", status=200, **more):
    value = {"code": 0, "data": {"status": told}} if isinstance(told, str) else told
    return exchange(Call("GET", f"/api/v1/tasks/{task_id}", KEY), status, at, value, **more)


def fetch(status=200, headers=VIDEO, body=b"mp4", method="GET", path="/aigc/video/one.mp4", **more):
    return exchange(Call(method, path, {}), status, 9.0, body, headers=headers, **more)


def lapses(rule, *exchanges, outcome=None):
    return list(rule(conduct(CONTRACT, exchanges, {}, outcome=outcome)))


def unjudged(rule, *exchanges, outcome=None):
    with pytest.raises(Unjudged) as why:
        lapses(rule, *exchanges, outcome=outcome)
    return str(why.value)


BUSY = poll({}, status=503)


def test_polls_stop_at_the_end():
    assert unjudged(results.stops_at_terminal, submit(), poll()) == "no task was seen to end"
    assert lapses(results.stops_at_terminal, poll(), poll("success"), poll(task_id="b"), fetch()) == []
    assert lapses(results.stops_at_terminal, poll("queued"), poll("failed")) == []


@pytest.mark.parametrize("end", ["success", "failed"])
def test_polls_after_the_end_are_named(end):
    exchanges = [submit(), poll(), poll(end), poll(task_id="b"), poll(end), BUSY]
    assert lapses(results.stops_at_terminal, *exchanges) == [Lapse(f"polled again after {end}", [3, 5, 6])]


def test_a_poll_whose_end_nobody_saw_is_asked_again():
    assert lapses(results.stops_at_terminal, poll("success", wire="truncate"), poll("success")) == []


@pytest.mark.parametrize(
    "exchanges",
    [
        [BUSY, poll()],
        [poll(), BUSY, BUSY, poll("failed")],
        [BUSY, BUSY, BUSY],  # so often that it is no mistake to give up
        [poll(), poll(wire="drop"), BUSY, poll(b"<html>")],
        [BUSY, poll({}, status=404)],
        [poll("success"), BUSY],  # a mistake, but not this one
        [poll(), poll({}, at=HASTE, status=503)],  # it may have been the client's deadline
        [poll({}, status=503, headers={"retry-after": f"{DEADLINE:.0f}"})],
        [poll({}, status=429, headers={"x-ratelimit-reset": "3600"})],
        [poll("success", delay=30.0), poll("success", at=10.0)],
    ],
)
def test_a_poll_that_failed_for_a_moment_is_survived(exchanges):
    assert lapses(results.survives_transient, submit(), *exchanges) == []


@pytest.mark.parametrize("last", [poll(), poll({}, status=404), poll({}, status=401), poll({"code": 404})])
def test_without_such_a_poll_nothing_is_survived(last):
    assert (
        unjudged(results.survives_transient, submit(status=503), poll(), last)
        == "no poll failed for a moment"
    )


@pytest.mark.parametrize(
    ("last", "why"),
    [
        (BUSY, "status 503"),
        (poll({}, status=429), "status 429"),
        (poll({}, status=408), "status 408"),
        (poll(b"", status=502), "status 502"),
        (poll(wire="drop"), "no reply"),
        (poll(wire="truncate"), "a reply that broke off"),
        (poll(b"<html>"), "status 200 with a body that is no JSON object"),
        (poll({"code": 0, "data": None}), "status 200 without what it is for"),
        (poll({"code": 503}), "status 200 without what it is for"),
        (poll({}, status=503, headers={"retry-after": f"{DEADLINE - 1:.0f}"}), "status 503"),
        (poll({}, at=HASTE - 1, status=503), "status 503"),
    ],
)
def test_who_gives_up_at_a_poll_that_failed_for_a_moment_is_named(last, why):
    assert lapses(results.survives_transient, submit(), poll(), last) == [Lapse(f"gave up after {why}", [3])]
    twice = lapses(results.survives_transient, poll(), BUSY, last, fetch())
    assert twice == [Lapse(f"gave up after {why}", [2, 3])]


FAILED, PENDING, EMPTY = poll("failed"), poll("pending"), poll("success")


@pytest.mark.parametrize(
    "exchanges", [[FAILED], [PENDING], [EMPTY], [submit(wire="drop")], [poll({}, status=404)]]
)
def test_what_failed_is_judged_by_what_the_client_says(exchanges):
    assert lapses(results.reports_failure, *exchanges, outcome=FAILURE) == []
    assert len(lapses(results.reports_failure, *exchanges, outcome=SUCCESS)) == 1
    assert unjudged(results.reports_failure, *exchanges) == "the client's outcome was not given"


@pytest.mark.parametrize(
    ("exchanges", "why", "numbers", "advice"),
    [
        ([submit(), FAILED], "the task failed", [2], ""),
        ([submit(), PENDING], "no task was seen to succeed with a result", [], "only when a poll says"),
        ([submit()], "no task was seen to succeed with a result", [], "Poll the task until it ends"),
        ([submit({}, status=400)], "no task was seen to succeed with a result", [], "no data.task_id"),
        ([poll("success", wire="truncate")], "no task was seen to succeed with a result", [], "only when a"),
    ],
)
def test_a_success_that_was_not_seen_is_named(exchanges, why, numbers, advice):
    (found,) = lapses(results.reports_failure, *exchanges, outcome=SUCCESS)
    assert found[:2] == (f"said success, and {why}", numbers)
    assert advice in found.advice
    assert bool(advice) == bool(found.advice)


@pytest.mark.parametrize(
    "result",
    [
        None,
        [],
        {},
        "https://media.example.com/one.mp4",
        {"resources": None},
        {"resources": {}},
        {"resources": []},
        {"resources": ["https://media.example.com/one.mp4"]},
        {"resources": [{}]},
        {"resources": [{"url": None}]},
        {"resources": [{"url": ""}]},
        {"resources": [{"url": 5}]},
        {"resources": [None, [], {"url": ["u"]}]},
    ],
)
def test_a_success_without_a_url_is_none(result):
    empty = poll({"data": {"status": "success", "result": result}})
    found = lapses(results.reports_failure, submit(), empty, outcome=SUCCESS)
    assert [one[:2] for one in found] == [
        ("said success, and no task was seen to succeed with a result", [2])
    ]
    assert "has no URL" in found[0].advice
    assert lapses(results.reports_failure, submit(), empty, outcome=FAILURE) == []
    assert unjudged(results.reports_success, submit(), empty, outcome=FAILURE).startswith("no task succeeded")


@pytest.mark.parametrize(
    ("exchanges", "why"),
    [
        ([poll(DONE)], "no task failed"),
        ([poll("queued")], "no task failed"),
        ([FAILED, submit("b"), poll(DONE, task_id="b")], "one task failed, and another succeeded"),
    ],
)
@pytest.mark.parametrize("outcome", [SUCCESS, FAILURE, None])
def test_where_nothing_failed_or_not_all_did_no_failure_is_reported(exchanges, why, outcome):
    assert unjudged(results.reports_failure, submit(), *exchanges, outcome=outcome) == why


def test_a_success_is_reported():
    assert lapses(results.reports_success, submit(), poll(DONE), outcome=SUCCESS) == []
    assert unjudged(results.reports_success, submit(), poll(DONE)) == "the client's outcome was not given"
    found = lapses(results.reports_success, submit(), poll(DONE), fetch(), outcome=FAILURE)
    assert found == [Lapse("said failure, and the task succeeded", [2])]


@pytest.mark.parametrize("exchanges", [[PENDING], [poll(DONE), FAILED], [poll(DONE_ADDED)], [EMPTY]])
def test_a_success_that_is_none_is_not_to_be_reported(exchanges):
    why = "no task succeeded as documented, or one failed"
    assert unjudged(results.reports_success, *exchanges, outcome=FAILURE) == why


def test_a_file_that_never_came_is_a_reason_to_say_failure():
    assert lapses(results.reports_success, poll(DONE), fetch(404, JSON), outcome=FAILURE) == []


@pytest.mark.parametrize(
    ("exchanges", "outcome"),
    [
        ([poll(ADDED), poll("failed")], FAILURE),
        ([submit({**ADDED, "data": {"task_id": "task-1"}}), PENDING], FAILURE),
        ([poll(DONE_ADDED)], SUCCESS),
        ([poll(DONE_ADDED)], None),
        ([poll(DONE_ADDED), fetch(404, JSON)], FAILURE),  # the file is the reason
        ([poll({**ADDED, "data": {"status": "failed"}})], FAILURE),
        ([poll({**ADDED, "data": {"status": "queued"}})], FAILURE),  # the status is the reason
        ([poll(ADDED), poll(ADDED), poll(ADDED)], FAILURE),
        ([poll(ADDED), poll(ADDED, at=HASTE)], FAILURE),
    ],
)
def test_additions_that_changed_nothing(exchanges, outcome):
    assert lapses(results.tolerates_additions, *exchanges, outcome=outcome) == []


@pytest.mark.parametrize(
    ("exchanges", "seen", "number"),
    [
        ([submit({**ADDED, "data": {"task_id": "task-1"}})], "/x_new", 1),
        ([submit(), poll(ADDED)], "/x_new", 2),
        ([submit(), poll({"data": {"status": "pending", "eta": 5, "why": 1}})], "/data/eta", 2),
        ([submit(), PENDING, poll(DONE_ADDED)], "/x_new", 3),
    ],
)
def test_who_stops_at_a_reply_with_additions_is_named(exchanges, seen, number):
    found = lapses(results.tolerates_additions, *exchanges, outcome=FAILURE)
    assert found == [Lapse(f"stopped at a reply with {seen}", [number])]


SUBMITTED = submit({**ADDED, "data": {"task_id": "task-1"}})


@pytest.mark.parametrize(
    ("exchanges", "outcome", "stopped"),
    [
        ([SUBMITTED], FAILURE, True),
        ([SUBMITTED], None, True),
        ([SUBMITTED], SUCCESS, False),
        ([SUBMITTED, poll(task_id="another")], FAILURE, False),
        ([poll(task_id="another"), SUBMITTED], FAILURE, True),
    ],
)
def test_who_polls_or_claims_a_success_has_not_stopped_at_an_addition(exchanges, outcome, stopped):
    added = lapses(results.tolerates_additions, *exchanges, outcome=outcome)
    never = lapses(results.fetches_what_it_paid_for, *exchanges, outcome=outcome)
    assert (bool(added), bool(never)) == (stopped, not stopped)


@pytest.mark.parametrize("reply", [PENDING, poll({"x_new": 1}, status=404), poll({"x_new": 1}, status=503)])
def test_replies_as_documented_and_errors_have_no_additions(reply):
    assert unjudged(results.tolerates_additions, submit(), reply) == "no reply had more than is documented"


STRANGE = poll("queued")


@pytest.mark.parametrize(
    "exchanges",
    [
        [STRANGE, PENDING],
        [STRANGE, STRANGE, STRANGE],
        [STRANGE, poll("queued", at=HASTE)],
        [STRANGE, BUSY],
        [STRANGE, poll(DONE)],
    ],
)
def test_an_unknown_status_that_was_polled_on(exchanges):
    assert lapses(results.tolerates_unknown_status, submit(), *exchanges) == []


def test_who_stops_at_an_unknown_status_is_named():
    assert lapses(results.tolerates_unknown_status, submit(), PENDING, STRANGE, poll("paused")) == [
        Lapse("stopped at the status 'paused'", [3, 4])
    ]
    long = lapses(results.tolerates_unknown_status, poll("x" * 9999))
    assert long == [Lapse(f"stopped at the status {'x' * LONGEST_NAME!r}", [1])]
    known = unjudged(results.tolerates_unknown_status, submit(), PENDING)
    assert known == "no task had a status that is not documented"


def test_a_task_that_goes_on_is_given_up():
    many = [poll(at=nth * 10.0) for nth in range(MOST_POLLS)]
    assert lapses(results.gives_up, *many, outcome=FAILURE) == []
    assert lapses(results.gives_up, poll(at=0.0), poll(at=LONGEST_POLLING), outcome=FAILURE) == []
    for outcome, exchanges in (
        (SUCCESS, [PENDING]),
        (None, many),
        (FAILURE, [submit()]),
        (FAILURE, [FAILED]),
    ):
        assert unjudged(results.gives_up, *exchanges, outcome=outcome) == "no task went on without an end"


def test_a_task_that_is_polled_for_ever_is_named():
    many = [poll(at=nth * 2.0) for nth in range(MOST_POLLS + 1)]
    assert lapses(results.gives_up, submit(), *many, poll(task_id="b")) == [
        Lapse("501 polls over 1000 s", [2, 502])
    ]
    long = [poll(at=0.0), poll(at=9.0), poll(at=LONGEST_POLLING + 1)]
    assert lapses(results.gives_up, *long, outcome=FAILURE) == [Lapse("3 polls over 86401 s", [1, 3])]


PAGE = {"content-type": "text/html"}
FIRST = {**VIDEO, "content-range": "bytes 0-2/6"}
SECOND = {**VIDEO, "content-range": "bytes 3-5/6"}


@pytest.mark.parametrize(
    "downloads",
    [
        [fetch()],
        [fetch(headers={"content-type": "Video/MP4; codecs=avc1"})],
        [fetch(404, JSON), fetch()],
        [fetch(wire="truncate"), fetch(206, SECOND)],
        [fetch(206, FIRST), fetch(206, SECOND)],
        [fetch(206, FIRST), fetch(206, SECOND, wire="truncate"), fetch(206, SECOND)],
        [fetch(), fetch(404, JSON)],
        [fetch(304, {}, b"")],
        [fetch(302, {}, b""), fetch()],
        [fetch(404, JSON, method="HEAD")],
        [fetch(body=b"", method="HEAD"), fetch(wire="drip", seconds=5.0)],
    ],
)
def test_a_file_that_arrived_whole(downloads):
    assert lapses(results.gets_whole_file, *downloads, outcome=SUCCESS) == []
    assert lapses(results.gets_whole_file, *downloads) == []


@pytest.mark.parametrize(
    ("download", "seen", "advice"),
    [
        (fetch(404, JSON), "status 404 with application/json", "Look at the status"),
        (fetch(200, PAGE), "status 200 with text/html", "Look at Content-Type"),
        (fetch(200, {}), "status 200 with nothing", "Look at Content-Type"),
        (fetch(200, VIDEO, b""), "status 200 with an empty body", ""),
        (fetch(302, {}, b""), "status 302 with an empty body", "Follow the redirect"),
        (fetch(503, VIDEO), "status 503 with video/mp4", "Look at the status"),
        (fetch(wire="truncate"), "a reply that broke off", ""),
        (fetch(206, FIRST, wire="truncate"), "a reply that broke off", ""),
        (fetch(0, {}, b"", wire="drop"), "no reply", ""),
    ],
)
def test_a_success_with_half_a_file_is_named(download, seen, advice):
    other = fetch(path="/aigc/video/two.mp4")
    found = lapses(results.gets_whole_file, other, fetch(wire="truncate"), download, outcome=SUCCESS)
    assert [one[:2] for one in found] == [(f"said success, and the download was {seen}", [3])]
    assert found[0].advice.startswith(advice)
    assert bool(found[0].advice) == bool(advice)
    assert lapses(results.gets_whole_file, download, outcome=FAILURE) == []
    assert unjudged(results.gets_whole_file, download) == "the client's outcome was not given"


def test_every_file_counts():
    two, three = "/aigc/video/two.mp4", "/aigc/video/three.mp4"
    downloads = [fetch(wire="drop", path=two), fetch(), fetch(404, JSON, path=three)]
    found = lapses(results.gets_whole_file, *downloads, outcome=SUCCESS)
    assert [one[:2] for one in found] == [
        ("said success, and the download was status 404 with application/json", [1, 3])
    ]
    assert unjudged(results.gets_whole_file, submit(), poll(DONE)) == "nothing was downloaded"


def test_a_job_that_was_paid_for_is_asked_for():
    rule = results.fetches_what_it_paid_for
    assert lapses(rule, submit(), submit("b"), poll(task_id="b"), poll(status=404)) == []
    assert lapses(rule, submit(), submit("b"), poll()) == [Lapse("never asked for b", [2])]
    assert lapses(rule, submit({**ADDED, "data": {"task_id": "task-1"}})) == []  # told by another rule
    for lost in (submit(wire="drop"), submit({}, status=429), submit(delay=30.0), poll()):
        assert unjudged(rule, lost) == "no job was accepted and told of"
