"""klingcontracts.conduct: how the exchanges of a client are read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klingcontracts.conduct import LONGEST_NAME, REFUSED, Outcome, conduct
from klingcontracts.contract import load
from klingcontracts.exchange import REDACTED, Call, Exchange, Reply

CONTRACT = load()
SUBMIT = CONTRACT.operation("submit").path
KEY = {"authorization": "Bearer mock-a"}
JSON = {"content-type": "application/json"}


def said(status=200, told=None, at=0.0, path=f"{SUBMIT}", method="POST", body=b'{"image": "x"}', **reply):
    return Exchange(Call(method, path, KEY, body), Reply(status, JSON, as_bytes(told), **reply), at)


def as_bytes(told):
    return told if isinstance(told, bytes) else json.dumps(told).encode()


def accepted(task_id="task-1", at=0.0, **reply):
    return said(told={"code": 0, "data": {"task_id": task_id, "status": "pending"}}, at=at, **reply)


def polled(told, at=0.0, task_id="task-1", status=200, **reply):
    value = {"code": 0, "data": {"status": told}} if isinstance(told, str) else told
    return said(status, value, at, f"/api/v1/tasks/{task_id}", "GET", b"", **reply)


def fetched(status=200, at=0.0, method="GET", **reply):
    return said(status, b"mp4", at, "/aigc/video/one.mp4", method, b"", **reply)


def read(*exchanges, **more):
    return conduct(CONTRACT, exchanges, {}, **more)


def unclear(*exchanges):
    return [step.unclear for step in read(*exchanges).steps]


def test_each_call_is_what_the_contract_calls_it():
    seen = read(accepted(), polled("pending", 2.0), fetched(at=4.0), said(404, {}, 5.0, "/else", "GET"))
    assert [step.operation for step in seen.steps] == ["submit", "task", "video", ""]
    assert [step.task_id for step in seen.steps] == ["task-1", "task-1", "", ""]
    assert [step.number for step in seen.steps] == [1, 2, 3, 4]
    assert [step.at for step in seen.steps] == [0.0, 2.0, 4.0, 5.0]
    assert seen.submissions == [seen.steps[0]]
    assert seen.polls == {"task-1": [seen.steps[1]]}
    assert seen.downloads == [seen.steps[2]]
    assert seen.known == {"task-1"}
    assert [step.told is None for step in seen.steps] == [False, False, True, False]


def test_numbers_are_those_of_the_journal_where_it_has_any():
    seen = read(accepted()._replace(number=41), polled("pending"))
    assert [step.number for step in seen.steps] == [41, 2]


def test_polls_are_sorted_by_their_task():
    seen = read(polled("pending", task_id="a"), polled("failed", task_id="b"), polled("success", task_id="a"))
    assert {name: [step.number for step in polls] for name, polls in seen.polls.items()} == {
        "a": [1, 3],
        "b": [2],
    }
    assert [step.number for step in seen.seen("success")] == [3]
    assert [seen.ended(step) for step in seen.steps] == [False, True, True]


@pytest.mark.parametrize("status", sorted(REFUSED))
def test_a_submission_that_is_refused_is_clear(status):
    assert unclear(said(status, {"code": status})) == [""]


@pytest.mark.parametrize("status", [408, 409, 418, 425, 499, 500, 502, 503, 504, 599])
def test_a_submission_that_may_have_been_accepted_is_not(status):
    assert unclear(said(status, {"code": status})) == [f"status {status}"]


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (b"<html>", "with a body that is no JSON object"),
        (b"", "with a body that is no JSON object"),
        ([], "with a body that is no JSON object"),
        (None, "with a body that is no JSON object"),
        ("task-1", "with a body that is no JSON object"),
        ({}, "without what it is for"),
        ({"data": None}, "without what it is for"),
        ({"data": [{"task_id": "task-1"}]}, "without what it is for"),
        ({"data": {"task_id": 5, "status": 5}}, "without what it is for"),
        ({"data": {"task_id": None, "status": None}}, "without what it is for"),
        ({"code": 503}, "without what it is for"),
        ({"code": 429}, "without what it is for"),
        ({"code": [404]}, "without what it is for"),
    ],
)
@pytest.mark.parametrize("status", [200, 202])
def test_a_success_that_does_not_say_what_it_is_for_is_unclear(told, why, status):
    why = f"status {status} {why}"
    seen = read(said(status, told), polled(as_bytes(told), status=status))
    assert [step.unclear for step in seen.steps] == [why] * 2
    assert seen.known == set()
    assert seen.steps[1].is_transient
    assert seen.steps[1].task_status == ""


def test_a_definite_error_that_http_calls_a_success_ends_a_poll_but_refuses_no_job():
    told = {"code": 404, "message": "Not Found: no such task"}
    seen = read(said(told=told), polled(told))
    assert [step.unclear for step in seen.steps] == ["status 200 without what it is for", ""]
    assert not seen.steps[1].is_transient


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 501, 599])
def test_a_poll_that_fails_for_a_moment(status):
    assert read(polled({}, status=status)).steps[0].is_transient


@pytest.mark.parametrize("status", [200, 401, 403, 404, 302])
def test_a_poll_that_says_something_of_its_task(status):
    step = read(polled("pending", status=status)).steps[0]
    assert not step.is_transient
    assert step.task_status == ("pending" if status == 200 else "")


@pytest.mark.parametrize(
    ("wire", "why"),
    [("drop", "no reply"), ("truncate", "a reply that broke off"), ("stall", ""), ("drip", "")],
)
def test_what_becomes_of_a_reply_on_its_way(wire, why):
    seen = read(accepted(wire=wire), polled("pending", wire=wire), fetched(wire=wire))
    assert [step.unclear for step in seen.steps] == [why] * 3
    assert seen.known == (set() if why else {"task-1"})
    assert [step.told is None for step in seen.steps] == [bool(why), bool(why), True]


@pytest.mark.parametrize("wire", ["truncate", "else"])
def test_a_status_that_refuses_for_sure_comes_before_a_reply_breaks_off(wire):
    seen = read(
        said(429, {}, wire=wire), polled({}, status=404, wire=wire), polled({}, status=429, wire=wire)
    )
    assert [step.unclear for step in seen.steps] == [""] * 3
    assert [step.told for step in seen.steps] == [None] * 3
    assert [step.is_transient for step in seen.steps[1:]] == [False, True]
    assert unclear(said(503, {}, wire=wire)) == ["a reply that broke off"]


LATE = "a reply that came after 5 s, when the client had gone on"


@pytest.mark.parametrize(
    "late", [{"delay": 5.0}, {"wire": "stall", "seconds": 5.0}, {"delay": 2.0, "seconds": 3.0}]
)
def test_a_late_reply_is_none_when_the_call_was_made_again_before(late):
    assert unclear(accepted(**late), accepted("task-2", at=4.9)) == [LATE, ""]
    assert unclear(accepted(**late), accepted("task-2", at=5.0)) == ["", ""]
    assert unclear(polled("success", **late), polled("success", at=4.9)) == [LATE, ""]
    assert unclear(polled("success", **late), polled("success", at=5.0)) == ["", ""]
    assert unclear(fetched(**late), fetched(at=1.0)) == [LATE, ""]


def test_a_late_submission_that_nothing_comes_of_may_not_have_been_waited_for():
    seen = read(accepted(delay=5.0))
    assert (seen.steps[0].unclear, seen.steps[0].task_id, seen.known) == (LATE, "", set())
    assert unclear(said(429, {}, delay=5.0)) == [LATE]


def test_a_late_reply_whose_task_is_asked_for_has_arrived():
    # The next call may be another thread's, or the clock may be one that stands still while a server waits.
    seen = read(accepted(delay=5.0), polled("pending", task_id="task-0"), polled("pending"))
    assert (seen.steps[0].unclear, seen.known) == ("", {"task-1"})


def test_calls_of_another_kind_do_not_make_a_reply_late():
    assert unclear(polled("success", delay=5.0), fetched(at=0.1)) == ["", ""]
    other = accepted("task-2", at=1.0)
    other = other._replace(call=other.call._replace(body=b"{}"))
    seen = read(accepted(delay=5.0), other, polled("pending", at=6.0))
    assert [step.unclear for step in seen.steps] == ["", "", ""]


def test_what_the_client_left_before_its_end():
    seen = read(
        accepted("a"),
        accepted("b"),
        accepted("c"),
        accepted("d"),
        polled("processing", task_id="a"),
        polled("success", task_id="b"),
        polled("failed", task_id="c"),
        polled("pending", task_id="e"),
    )
    assert sorted(step.number for step in seen.stopped) == [4, 5, 8]


@pytest.mark.parametrize(
    ("status", "strange"),
    [("pending", False), ("success", False), ("queued", True), ("Success", True), ("", False)],
)
def test_a_status_that_is_not_documented_is_strange(status, strange):
    seen = read(polled(status), said(told={"data": {"task_id": "task-1", "status": status}}))
    assert [seen.is_strange(step) for step in seen.steps] == [strange, False]


def test_additions_are_named_wherever_they_are():
    told = {
        "code": 0,
        "trace": 1,
        "data": {"status": "success", "eta": 5, "result": {"resources": [{"url": "u"}, {"fps": 1}, "text"]}},
    }
    seen = read(polled(told))
    assert seen.additions(seen.steps[0]) == ["/trace", "/data/eta", "/data/result/resources/1/fps"]


@pytest.mark.parametrize(
    "exchange",
    [
        polled("pending"),
        polled({"data": {"status": "pending", "task_id": []}}),
        polled({"data": {"status": "pending", "result": []}}),
        polled({"data": {"status": "pending", "result": {"resources": {"0": {}}, "metadata": [[]]}}}),
        polled({"detail": "gone"}, status=404),
        polled({"detail": "busy"}, status=503),
        polled({"detail": "what"}),
        fetched(),
        said(path="/elsewhere", told={"x": 1}),
    ],
)
def test_additions_are_those_of_what_was_told_alone(exchange):
    seen = read(exchange)
    assert seen.additions(seen.steps[0]) == []


def test_of_a_long_name_the_beginning_is_kept():
    seen = read(polled({"data": {"status": "pending"}, "x" * 9999: 1}))
    assert seen.additions(seen.steps[0]) == ["/" + "x" * LONGEST_NAME]


def test_a_revision_that_documents_no_success_has_no_additions(own_document):
    paths = json.loads(json.dumps(CONTRACT.document["paths"]))
    replies = paths["/api/v1/tasks/{task_id}"]["get"]["responses"]
    replies["202"] = replies.pop("200")
    contract = load(own_document(paths=paths))
    seen = conduct(contract, [polled({"data": {"status": "pending"}, "x": 1})], {})
    assert seen.additions(seen.steps[0]) == []


def test_calls_are_held_against_the_contract_unless_that_was_done_as_they_came():
    exchange = accepted()._replace(number=7)
    redacted = exchange._replace(call=exchange.call._replace(headers={"authorization": REDACTED}))
    checked = conduct(CONTRACT, [redacted])
    found = checked.steps[0].broken
    assert "auth.bad-scheme" in [finding.rule.id for finding in found]
    assert conduct(CONTRACT, [redacted], {}).steps[0].broken == []
    assert conduct(CONTRACT, [redacted], {7: found}).steps[0].broken == list(found)


def test_what_only_the_server_can_know_is_not_the_callers():
    finding = next(iter(conduct(CONTRACT, [said(path="/else")]).steps[0].broken))
    server = finding._replace(rule=CONTRACT.rules["limit.rate"])
    seen = conduct(CONTRACT, [accepted(), fetched()], {1: [server, finding], 2: [finding]})
    assert [step.broken for step in seen.steps] == [[finding], []]


def test_outcome_and_jobs_are_kept():
    seen = read(outcome=Outcome.SUCCESS, jobs=3)
    assert (seen.steps, seen.outcome, seen.jobs) == ([], "success", 3)
    assert read().outcome is None
    assert read().jobs == 1


@given(st.lists(st.floats(0, 100), max_size=8), st.lists(st.sampled_from(["a", "b", "c"]), min_size=8))
def test_every_step_is_of_one_exchange_in_their_order(times, ids):
    exchanges = [polled("pending", at, name) for at, name in zip(sorted(times), ids, strict=False)]
    seen = read(*exchanges)
    assert [step.exchange for step in seen.steps] == exchanges
    assert sorted(step.number for polls in seen.polls.values() for step in polls) == [
        nth for nth, _ in enumerate(exchanges, 1)
    ]
