"""klingcontracts.client_calls: what a good client's calls are like."""

import dataclasses
import json

import pytest

from klingcontracts import client_calls as calls
from klingcontracts.client_calls import Lapse, Unjudged
from klingcontracts.conduct import conduct
from klingcontracts.contract import load
from klingcontracts.exchange import REDACTED, Call, Exchange, Reply
from klingcontracts.rule import Level

CONTRACT = load()
SUBMIT = CONTRACT.operation("submit").path
KEY = {"authorization": "Bearer mock-a"}
BODY = b'{"image": "https://example.com/a.jpg"}'
JSON = {"content-type": "application/json"}


def exchange(call, reply, at, told, **more):
    raw = told if isinstance(told, bytes) else json.dumps(told).encode()
    return Exchange(call, Reply(reply, {**JSON, **more.pop("headers", {})}, raw, **more), at)


def submit(told="task-1", at=0.0, status=200, body=BODY, key=KEY, **more):
    value = {"code": 0, "data": {"task_id": told}} if isinstance(told, str) else told
    return exchange(Call("POST", SUBMIT, key, body), status, at, value, **more)


def poll(told="pending", at=0.0, task_id="task-1", status=200, key=KEY, **more):
    value = {"code": 0, "data": {"status": told}} if isinstance(told, str) else told
    return exchange(Call("GET", f"/api/v1/tasks/{task_id}", key), status, at, value, **more)


def fetch(at=0.0, key=None, path="/aigc/video/one.mp4", method="GET"):
    return exchange(Call(method, path, key or {}), 200, at, b"mp4")


def lapses(rule, *exchanges, jobs=1, findings=None):
    return list(rule(conduct(CONTRACT, exchanges, findings, jobs=jobs)))


def unjudged(rule, *exchanges):
    with pytest.raises(Unjudged) as why:
        lapses(rule, *exchanges)
    return str(why.value)


def test_without_a_submission_nothing_is_submitted_again():
    assert unjudged(calls.submits_once, poll()) == "nothing was submitted"


@pytest.mark.parametrize(
    "exchanges",
    [
        [submit()],
        [submit(status=429, told={}), submit()],
        [submit(status=429, told={}), submit(status=429, told={}), submit(at=9.0)],
        [submit(status=401, told={}), submit(status=402, told={}), submit()],
        [submit(status=400, told=b"<html>"), submit()],
        [submit(status=429, told={}, wire="truncate"), submit()],  # the status has come
        [submit(), submit("task-2", body=b"{}")],
        [submit(wire="drop")],
        [submit(status=503, told={})],
        [submit(), poll("failed"), submit("task-2")],
        [submit(), poll("failed"), submit("task-2"), poll("failed", task_id="task-2"), submit("task-3")],
    ],
)
def test_a_job_is_submitted_again_after_a_definite_refusal_or_its_failure(exchanges):
    assert lapses(calls.submits_once, *exchanges) == []


LATE = "a reply that came after 30 s, when the client had gone on"


@pytest.mark.parametrize(
    ("first", "why"),
    [
        (submit(status=408, told={}), "status 408"),
        (submit(status=409, told={}), "status 409"),
        (submit(status=500, told={}), "status 500"),
        (submit(status=503, told={}), "status 503"),
        (submit(status=504, told=b""), "status 504"),
        (submit(wire="drop"), "no reply"),
        (submit(status=0, told=b"", wire="drop"), "no reply"),
        (submit(wire="truncate"), "a reply that broke off"),
        (submit(b'{"code": 0, "da'), "status 200 with a body that is no JSON object"),
        (submit({"code": 0}), "status 200 without what it is for"),
        (submit({"code": 429}), "status 200 without what it is for"),
        (submit({"data": {"task_id": None}}), "status 200 without what it is for"),
        (submit(delay=30.0), LATE),
        (submit(wire="stall", seconds=30.0), LATE),
    ],
)
def test_a_job_that_may_have_been_accepted_is_not_submitted_again(first, why):
    found = lapses(calls.submits_once, first, submit("task-2", at=2.0))
    assert found == [Lapse(f"submitted again after {why}: it may have been accepted", [1, 2])]


@pytest.mark.parametrize("status", [200, 202])
def test_a_job_that_was_accepted_is_not_submitted_again(status):
    found = lapses(calls.submits_once, submit(status=status), poll("processing"), submit("task-2", at=9.0))
    assert found == [Lapse("submitted again after it became task-1", [1, 3])]


def test_each_repeat_is_named_with_the_last_before_it():
    found = lapses(
        calls.submits_once,
        submit(wire="drop"),
        submit(status=429, told={}),
        submit(status=503, told={}),
        submit(),
    )
    after = "submitted again after {}: it may have been accepted"
    assert found == [
        Lapse(after.format("no reply"), [1, 2]),
        Lapse(after.format("no reply"), [1, 3]),
        Lapse(after.format("status 503"), [3, 4]),
    ]


def test_a_repeat_before_the_failure_was_seen_is_one():
    found = lapses(calls.submits_once, submit(), submit("task-2"), poll("failed"))
    assert found == [Lapse("submitted again after it became task-1", [1, 2])]
    unknown = [submit(wire="drop"), poll("failed"), submit("task-2")]
    assert [lapse.exchanges for lapse in lapses(calls.submits_once, *unknown)] == [[1, 3]]


def test_as_many_jobs_of_one_body_are_submitted_as_were_meant():
    three = [submit(), submit("task-2"), submit("task-3")]
    assert lapses(calls.submits_once, *three, jobs=3) == []
    assert lapses(calls.submits_once, *three, jobs=2) == [
        Lapse("submitted again after it became task-2", [2, 3])
    ]
    failed = [submit(), submit("task-2"), poll("failed"), submit("task-3")]
    assert lapses(calls.submits_once, *failed, jobs=2) == []
    assert [one.exchanges for one in lapses(calls.submits_once, *failed)] == [[1, 2], [2, 4]]


def test_calls_as_documented_and_downloads_break_nothing():
    exchanges = [submit(), poll(), fetch()]
    assert lapses(calls.request_conforms, *exchanges) == lapses(calls.authenticates, *exchanges) == []


@pytest.mark.parametrize(
    ("wrong", "seen"),
    [
        (submit(body=b"{"), "submit.body.json: "),
        (submit(body=b"{}"), "submit.body."),
        (submit(body=b'{"image": 5}'), "submit.body.image.type: /image 5"),
        (
            exchange(Call("GET", "/api/v1/task/one", KEY), 404, 0.0, {}),
            "route.unknown-path: '/api/v1/task/one'",
        ),
        (exchange(Call("GET", SUBMIT, KEY), 405, 0.0, {}), "route.wrong-method: GET"),
    ],
)
def test_a_call_that_is_not_documented_is_named_with_its_rule(wrong, seen):
    found = lapses(calls.request_conforms, poll(), wrong, poll())
    assert found
    assert found[0].seen.startswith(seen)
    assert {tuple(lapse.exchanges) for lapse in found} == {(2,)}
    assert lapses(calls.authenticates, poll(), wrong, poll()) == []


def test_what_is_only_worth_a_note_is_no_lapse():
    finding = conduct(CONTRACT, [submit(body=b"{}")]).steps[0].broken[0]
    noted = finding._replace(rule=dataclasses.replace(finding.rule, level=Level.INFO))
    assert lapses(calls.request_conforms, submit(), findings={1: [noted]}) == []
    assert len(lapses(calls.request_conforms, submit(), findings={1: [noted, finding]})) == 1


@pytest.mark.parametrize(
    ("key", "seen"),
    [({}, "no Authorization header"), ({"authorization": "mock-a"}, "another scheme or form")],
)
def test_a_call_without_its_key_is_named(key, seen):
    exchanges = [submit(), poll(key=key), submit(key=key)]
    assert lapses(calls.authenticates, *exchanges) == [Lapse(seen, [2]), Lapse(seen, [3])]
    assert lapses(calls.request_conforms, *exchanges) == []


def test_a_key_that_a_journal_has_taken_out_is_no_lapse_with_its_findings():
    redacted = poll(key={"authorization": REDACTED})
    assert lapses(calls.authenticates, redacted, findings={}) == []
    assert lapses(calls.authenticates, redacted) == [Lapse("another scheme or form", [1])]


def test_a_download_without_a_key_keeps_it_at_home():
    assert lapses(calls.key_stays_home, submit(), fetch()) == []
    assert unjudged(calls.key_stays_home, submit(), poll()) == "nothing was downloaded"


@pytest.mark.parametrize("value", ["Bearer mock-a", "mock-a", REDACTED])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_download_with_the_key_is_named(value, method):
    found = lapses(calls.key_stays_home, fetch(), fetch(key={"authorization": value}, method=method))
    assert found == [Lapse("the key was sent along with a download", [2])]


@pytest.mark.parametrize(
    ("exchanges", "why"), [([submit()], "nothing was polled"), ([poll()], "nothing was submitted")]
)
def test_whose_task_it_is_takes_a_submission_and_a_poll(exchanges, why):
    assert unjudged(calls.polls_its_task, *exchanges) == why


def test_a_task_that_the_client_was_told_of_is_its_own():
    exchanges = [submit(), submit("task-2", body=b"{}"), poll(), poll(task_id="task-2"), poll()]
    assert lapses(calls.polls_its_task, *exchanges) == []
    assert lapses(calls.polls_its_task, submit(delay=30.0), poll()) == []


def test_a_task_that_the_client_was_never_told_of_is_named_with_its_polls():
    exchanges = [submit(), poll(task_id="None"), poll(), poll(task_id="None")]
    assert lapses(calls.polls_its_task, *exchanges) == [
        Lapse("asked for 'None', of which it was never told", [2, 4])
    ]
    null = lapses(calls.polls_its_task, submit({"data": {"task_id": None}}), poll(task_id="None"))
    assert null == [Lapse("asked for 'None', of which it was never told", [2])]
    number = submit({"data": {"task_id": 4711}})  # which is not documented, and yet what it was told
    assert lapses(calls.polls_its_task, number, poll(task_id="4711")) == []
    lost = lapses(calls.polls_its_task, submit(wire="drop"), poll())
    assert lost == [Lapse("asked for 'task-1', of which it was never told", [2])]


@pytest.mark.parametrize(
    ("exchanges", "why"),
    [
        ([submit(), poll()], "no task was polled twice"),
        ([poll(), poll(task_id="task-2")], "no task was polled twice"),
        ([poll(at=5.0), poll(at=5.0), poll(at=5.0)], "the clock of this world stood still"),
    ],
)
def test_pauses_take_two_polls_and_a_clock_that_moves(exchanges, why):
    assert unjudged(calls.polls_politely, *exchanges) == why


AT = 1767225600.0


def asking(status, wire="", delay=0.0, **headers):
    told = "pending" if status == 200 else {}
    return poll(told, AT, status=status, wire=wire, delay=delay, headers=headers)


@pytest.mark.parametrize(
    ("pause", "first"),
    [
        (1.0, poll(at=AT)),
        (0.96, poll(at=AT)),  # clocks are not exact
        (3600.0, poll(at=AT)),
        (2.0, asking(200, **{"retry-after": "2"})),
        (7.0, asking(429, **{"x-ratelimit-reset": f"{AT + 7:.0f}"})),
        (7.0, asking(429, **{"retry-after": "7", "x-ratelimit-reset": "9999999999"})),
        (1.0, asking(200, **{"x-ratelimit-reset": f"{AT + 7:.0f}"})),  # it was not refused
        (1.0, asking(429, **{"x-ratelimit-reset": f"{AT - 7:.0f}"})),
        (1.0, asking(503, **{"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT"})),
        (1.0, asking(503, **{"retry-after": "-5"})),
        (1.0, asking(503, **{"retry-after": "²"})),
        (0.0, asking(200, "drop")),  # a library repeats it
        (10.0, asking(200, delay=30.0, **{"retry-after": "60"})),
    ],
)
def test_polls_with_the_pause_that_was_asked_for(pause, first):
    exchanges = [submit(), first, poll(at=AT + pause), poll(at=AT + pause + 5)]
    assert lapses(calls.polls_politely, *exchanges) == []


@pytest.mark.parametrize(
    ("pause", "first", "seen"),
    [
        (0.5, poll(at=AT), "0.5 s between two polls, not 1 s"),
        (0.94, poll(at=AT), "0.94 s between two polls, not 1 s"),
        (2.0, asking(200, **{"retry-after": "7"}), "2 s between two polls, not 7 s"),
        (2.0, asking(503, **{"retry-after": "7"}), "2 s between two polls, not 7 s"),
        (2.0, asking(200, "truncate", **{"retry-after": "7"}), "2 s between two polls, not 7 s"),
        (2.0, asking(429, **{"x-ratelimit-reset": f"{AT + 30:.0f}"}), "2 s between two polls, not 30 s"),
        (2.0, asking(200, **{"retry-after": "9" * 5000}), "2 s between two polls, not inf s"),
        (2.0, asking(429, **{"x-ratelimit-reset": "9" * 5000}), "2 s between two polls, not inf s"),
    ],
)
def test_polls_that_follow_too_soon(pause, first, seen):
    found = lapses(calls.polls_politely, submit(), first, poll(at=AT + pause), poll(at=AT + pause + 5))
    assert found == [Lapse(seen, [2, 3])]


def test_polls_without_any_pause_are_named_once_the_clock_moves():
    found = lapses(calls.polls_politely, poll(at=1.0), poll(at=1.0), poll(at=4.0))
    assert found == [Lapse("0 s between two polls, not 1 s", [1, 2])]


def test_a_poll_without_a_reply_is_repeated_at_once_only_once():
    lost = [poll(at=at, wire="drop") for at in (0.0, 0.0, 0.2, 0.2)]
    found = lapses(calls.polls_politely, *lost, poll(at=9.0))
    assert found == [Lapse("0.2 s between two polls, not 1 s", [2, 3])]
    asked = [poll(at=at, wire="drop", headers={"retry-after": "60"}) for at in (0.0, 0.0)]
    assert lapses(calls.polls_politely, *asked, poll(at=2.0)) == []  # nobody has seen what they ask


def test_pauses_are_those_of_one_task():
    exchanges = [poll(at=0.0), poll(at=0.5, task_id="task-2"), poll(at=2.0), poll(at=2.5, task_id="task-2")]
    assert lapses(calls.polls_politely, *exchanges) == []


def test_pauses_of_one_kind_are_one_lapse_with_the_worst():
    hasty = [poll(at=AT + nth * 0.3) for nth in range(40)]
    limited = poll({}, AT + 100, status=429, headers={"retry-after": "4"})
    found = lapses(calls.polls_politely, *hasty, limited, poll(at=AT + 102))
    assert [one.seen for one in found] == [
        "39 pauses between two polls were too short, the worst: 0.3 s, not 1 s",
        "2 s between two polls, not 4 s",
    ]
    assert [list(one.exchanges) for one in found] == [list(range(1, 41)), [41, 42]]


def refused(at=AT, body=BODY, **headers):
    return submit({}, at, 429, body, headers=headers)


RESET = {"x-ratelimit-reset": f"{AT + 3:.0f}"}


@pytest.mark.parametrize("headers", [RESET, {"retry-after": "3"}])
def test_a_submission_waits_as_long_as_a_refusal_asks(headers):
    where = "between a refused submission and the next"
    again = [refused(**headers), submit(at=AT + 0.2)]
    assert lapses(calls.polls_politely, *again) == [Lapse(f"0.2 s {where}, not 3 s", [1, 2])]
    assert lapses(calls.polls_politely, refused(**headers), submit(at=AT + 3)) == []
    thrice = [refused(**headers), refused(AT + 1, **headers), submit(at=AT + 2)]
    (found,) = lapses(calls.polls_politely, *thrice)
    assert found.seen.startswith(f"2 pauses {where} were too short, the worst: ")
    assert list(found.exchanges) == [1, 2, 3]


@pytest.mark.parametrize(
    "exchanges",
    [
        [refused(), submit(at=AT + 0.2)],  # it asks for nothing
        [refused(**RESET), submit(at=AT + 0.2, body=b"{}")],  # another job
        [submit({}, AT, 503, headers={"retry-after": "3"}), submit(at=AT + 0.2)],  # told by another rule
        [refused(**RESET), poll(at=AT + 0.2)],
    ],
)
def test_a_submission_that_was_not_asked_to_wait_need_not(exchanges):
    assert unjudged(calls.polls_politely, *exchanges) == "no task was polled twice"


def test_of_several_jobs_it_is_not_known_which_was_submitted_again():
    polls = [poll(at=AT + 5), poll(at=AT + 9)]
    assert lapses(calls.polls_politely, refused(**RESET), submit(at=AT), *polls, jobs=2) == []
    assert len(lapses(calls.polls_politely, refused(**RESET), submit(at=AT), *polls)) == 1
