"""klingmock.faults in the engine: what a scripted fault makes of an answer, and what it leaves alone."""

import json
from http import HTTPStatus

import pytest

from klingcontracts.contract import load
from klingcontracts.document import revisions
from klingcontracts.exchange import Call
from klingmock.answer import Mock
from klingmock.clock import Manual
from klingmock.loglines import line
from klingmock.refusal import LONGEST_HINT
from klingmock.script import Script
from klingmock.scripts import Scripts
from klingmock.task import TIMINGS

KEY = {"authorization": "Bearer mock-a"}
JOB = b'{"image": "https://example.com/mountain.jpg"}'


@pytest.fixture
def world(fake):
    return fake("2026-07", limited=False, timing=TIMINGS["instant"])


def last(world):
    return world.mock.journal.entries[-1]


def balance(world) -> int:
    return world.mock.left(world.mock.served[0], "mock-a", world.clock.now())


def running(world) -> int:
    return world.mock.store.running("mock-a", world.clock.now())


# --- what is carried out, and what is not ---


@pytest.mark.parametrize("fault", ["drop", "503", "418 delay=1"])
def test_what_is_not_carried_out_leaves_nothing_behind(fake, fault):
    world = fake("2026-07")
    before = balance(world)
    world.script.add(f"submit: {fault}")
    world.at("submit")
    assert (running(world), balance(world)) == (0, before)
    assert world.submit().status == 200
    assert running(world) == 1


def test_a_dropped_call_has_no_reply(world):
    world.script.add("submit: drop delay=2; task: drop; media: drop")
    replies = [world.at(place) for place in ("submit", "task", "media")]
    assert [reply[:5] for reply in replies] == [
        (0, {}, b"", 2.0, "drop"),
        (0, {}, b"", 0.0, "drop"),
        (0, {}, b"", 0.0, "drop"),
    ]


def test_a_lost_job_is_there_and_paid(fake):
    world = fake("2026-07")
    before = balance(world)
    world.script.add("submit: lost")
    reply = world.submit()
    assert (reply.status, reply.wire) == (200, "drop")
    assert running(world) == 1
    assert balance(world) < before
    assert world.status(world.told(reply)["data"]["task_id"]) == "pending"


def test_a_lost_job_that_is_refused_is_lost_all_the_same(world):
    world.script.add("submit: lost")
    reply = world.submit({})
    assert (reply.status, reply.wire, running(world)) == (400, "drop", 0)


@pytest.mark.parametrize(
    ("fault", "delay", "effect"),
    [("truncate", 0, "truncate"), ("delay=1.5s", 1.5, ""), ("truncate delay=3", 3, "truncate")],
)
@pytest.mark.parametrize("place", ["submit", "task", "media"])
def test_what_is_only_spoilt_on_its_way_is_what_it_would_have_been(fake, place, fault, delay, effect):
    def reply_of(script):
        world = fake("2026-07", limited=False, timing=TIMINGS["instant"])
        name = world.submitted(x_request_id="r")
        world.script.add(script)
        return world.at(place, name)

    plain, spoilt = reply_of(""), reply_of(f"{place}: {fault}")
    assert (spoilt.delay, spoilt.wire, plain.delay, plain.wire) == (delay, effect, 0, "")
    assert spoilt.status == plain.status == 200
    assert bytes(spoilt.body) == bytes(plain.body)
    assert spoilt.headers["content-length"] == plain.headers["content-length"] == str(len(plain.body))
    assert spoilt.headers["x-klingmock-hint"] == f"script: {place}: {fault}"


def test_the_head_of_a_video_is_a_call_for_it(world):
    name = world.submitted()
    world.script.add("media: truncate, 503")
    path = world.mock.served[0].replies.video_path(name)
    replies = [world.call(method, path, key="") for method in ("PUT", "HEAD", "HEAD", "GET")]
    assert [(reply.status, reply.wire) for reply in replies] == [
        (405, ""),  # no call for the video, and so no fault is spent on it
        (200, "truncate"),
        (503, ""),
        (200, ""),
    ]


# --- the order: key, route, limits, script, validation ---


def test_what_is_refused_before_the_script_spends_no_fault(fake):
    world = fake("2026-02", rate=5, concurrency=1)
    world.script.add("submit: 503 after=1, drop")
    path = world.submit_path
    met = [
        world.call("POST", path, JOB, key=""),
        world.call("POST", path, JOB, key="sk-x"),
        world.call("POST", "/nowhere", JOB),
        world.call("PUT", path, JOB),
        world.submit(),  # passes, and runs
        world.submit(),  # one runs already
        world.poll("task-1"),
    ]
    world.clock.advance(5)
    met.append(world.submit())  # too many a minute
    world.clock.advance(60)
    assert [reply.status for reply in met] == [401, 401, 404, 405, 200, 429, 404, 429]
    assert [account.fired for account in world.script.accounts()] == [0, 0]
    assert [world.submit(b"{", oversize=True).status, world.at("submit").status] == [503, 0]
    assert world.submit(b"{").status == 400


def test_other_operations_meet_no_fault(world):
    world.script.add("submit: 503; task: 503; media: 503; outcome: fail")
    for path in ("/api/v1/models", "/api/v1/team/balance"):
        assert world.call("GET", path).status == 200
    assert [account.fired for account in world.script.accounts()] == [0, 0, 0, 0]


def test_places_have_their_own_order(world):
    name = world.submitted()
    world.script.add("task: 500, 503; submit: 429*2")
    statuses = [world.at(place, name).status for place in ("submit", "task", "submit", "task", "submit")]
    assert statuses == [429, 500, 429, 503, 200]
    assert not world.script.active


# --- outcomes ---


@pytest.mark.parametrize("revision", revisions())
def test_a_task_that_fails_says_so_in_the_documented_form(fake, revision):
    world = fake(revision, limited=False)
    world.script.add("outcome: success, fail")
    names = [world.submitted() for _ in range(3)]
    assert [world.status(name) for name in names] == ["pending"] * 3
    world.clock.advance(5)
    assert [world.status(name) for name in names] == ["success", "failed", "success"]
    told = world.told(world.poll(names[1]))
    assert told == {"code": 0, "message": "success", "data": {"status": "failed", "task_id": names[1]}}
    video = world.mock.served[0].replies.video_path(names[1])
    assert world.call("GET", video, key="").status == 404
    world.clock.advance(8 * 86400)
    assert world.status(names[1]) == "404"


def test_a_job_that_is_not_accepted_has_no_outcome(world):
    world.script.add("outcome: fail; submit: 503, lost")
    assert [world.submit().status, world.submit({}).status] == [503, 400]
    assert world.script.accounts()[0].left == 1
    assert world.status(world.submitted()) == "failed"


def test_a_call_can_meet_a_fault_and_an_outcome(world):
    world.script.add("submit: delay=1; outcome: fail")
    reply = world.submit()
    assert (reply.status, reply.delay) == (200, 1.0)
    assert last(world).hint == "script: submit: delay=1; script: outcome: fail"
    assert world.status(world.told(reply)["data"]["task_id"]) == "failed"


# --- the journal ---


def test_the_journal_tells_of_the_fault_and_of_no_finding(world):
    world.script.add("submit: drop, lost, truncate, 429 retry-after=1, 418; task: 404; media: drop")
    for place in ("submit",) * 5 + ("task", "media"):
        world.at(place)
    entries = world.mock.journal.entries
    assert [(entry.exchange.reply.status, entry.operation, entry.findings) for entry in entries] == [
        *((status, "submit", ()) for status in (0, 200, 200, 429, 418)),
        (404, "task", ()),
        (0, "video", ()),
    ]
    texts = [account.text for account in world.script.accounts()]
    assert [entry.hint.partition("; ")[0] for entry in entries] == [f"script: {text}" for text in texts]
    told = [entry.to_json()["reply"] for entry in entries]
    assert [reply.get("wire", "") for reply in told] == ["drop", "drop", "truncate", "", "", "", "drop"]
    assert ["wire" in reply for reply in told] == [True, True, True, False, False, False, True]
    assert json.dumps(told)
    assert line(entries[0]).endswith(f"  0  POST {world.submit_path}  script: submit: drop")


def test_what_the_caller_broke_is_still_found(world):
    world.script.add("submit: delay=1")
    reply = world.submit({"image": "x", "mode": "stt"})
    assert [finding.rule.id for finding in last(world).findings] == ["submit.body.mode.enum"]
    assert last(world).hint.startswith("script: submit: delay=1; submit.body.mode.enum: ")
    assert reply.headers["x-klingmock-hint"] == last(world).hint


def test_a_hint_keeps_its_bound(world):
    world.script.add("submit: 503 delay=0.000000001" + " " * 400 + "retry-after=1")
    world.script.add("submit: delay=1")
    assert world.submit().headers["x-klingmock-hint"].startswith("script: submit: 503 delay=")
    assert len(
        world.submit({"image": "x", **{f"{n}" * 90: n for n in range(9)}}).headers["x-klingmock-hint"]
    ) == (LONGEST_HINT)


# --- how an engine comes by its script ---


def test_an_engine_takes_a_script():
    mock = Mock([load()], clock=Manual(), scripts=Scripts(Script("submit: 503")))
    path = load().operation("submit").path
    replies = [mock.answer(Call("POST", path, KEY, JOB)) for _ in range(2)]
    assert [reply.status for reply in replies] == [HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.OK]
    assert "x-klingmock-hint" not in replies[1].headers
