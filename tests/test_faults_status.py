"""klingmock.faults in the engine: a scripted status, and the words that it comes with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klingcontracts.check import check_reply
from klingcontracts.document import revisions

KEY = {"authorization": "Bearer mock-a"}
JOB = b'{"image": "https://example.com/mountain.jpg"}'


def hint(world) -> str:
    return world.mock.journal.entries[-1].hint


TEXTS = {
    ("submit", 400): "Invalid format: invalid JSON format",
    ("submit", 401): "Authentication failed: invalid API key",
    ("submit", 404): "Resource not found: path '{path}' not found",
    ("task", 404): "Resource not found: task 'task-1' not found",
    ("media", 404): "Resource not found: video '{path}' not found",
    ("task", 405): "Method not allowed: method 'GET' is not allowed",
    ("submit", 413): "Payload too large: the body exceeds 67108864 bytes",
    ("task", 429): "Rate limit exceeded: more than {requests} requests in 60 seconds",
    ("submit", 500): "Internal error: the request could not be processed",
    ("media", 503): "Service unavailable: temporarily unavailable",
}


@pytest.mark.parametrize("limited", [True, False])
@pytest.mark.parametrize("revision", revisions())
@pytest.mark.parametrize(("place", "status"), TEXTS)
def test_a_status_is_worded_by_the_contract(fake, revision, place, status, limited):
    world = fake(revision, limited=limited)
    world.script.add(f"{place}: {status}")
    reply = world.at(place)
    sent = world.mock.journal.entries[-1].exchange.call
    requests = world.contract.document["x-limits"]["rate"]["requests"]
    message = TEXTS[place, status].format(path=sent.path, requests=requests)
    assert (reply.status, reply.wire) == (status, "")
    assert world.told(reply) == {"code": status, "message": message}
    assert reply.headers["x-klingmock-hint"] == f"script: {place}: {status}"
    operation = world.contract.operations.get(place)
    if operation is not None and status in operation.replies:
        assert check_reply(world.contract, operation, sent, reply) == []


@pytest.mark.parametrize("status", [402, 429, 503])
def test_a_scripted_refusal_keeps_to_the_contract(fake, status):
    world = fake("2026-07")
    world.script.add(f"submit: {status}")
    reply = world.submit()  # held against the contract there
    assert (reply.status, world.told(reply)["code"]) == (status, status)


@given(st.sampled_from(["submit", "task", "media"]), st.integers(400, 599), st.sampled_from(revisions()))
def test_every_status_has_an_envelope(fake, place, status, revision):
    world = fake(revision)
    world.script.add(f"{place}: {status}")
    reply = world.at(place)
    told = world.told(reply)
    category, colon, detail = told["message"].partition(": ")
    assert (reply.status, told["code"], set(told)) == (status, status, {"code", "message"})
    assert (bool(category), colon, bool(detail)) == (True, ": ", True)
    assert "{" not in told["message"]
    known = {error.status for error in world.contract.errors.values()}
    assert ("made up" in reply.headers["x-klingmock-hint"]) == (status not in known)


def test_a_status_without_words_says_which_side_has_failed(fake):
    world = fake()
    world.script.add("submit: 418, 502")
    told = [world.told(world.at("submit"))["message"] for _ in range(2)]
    assert told == [
        "Client error: the request failed with status 418",
        "Server error: the request failed with status 502",
    ]
    assert hint(world) == "script: submit: 502; the contract has no words for 502, these are made up"


def test_a_reading_that_moves_a_status_moves_its_words(fake):
    world = fake("2026-02", readings={"wrong-method": "404"})
    world.script.add("submit: 405")
    assert world.told(world.at("submit"))["message"].startswith("Client error: ")


def test_a_429_names_the_limit_in_force_and_when_to_come_again(fake):
    world = fake("2026-02", rate=7)
    world.script.add("submit: 429 retry-after=2, 429")
    reply = world.submit()
    assert world.told(reply)["message"] == "Rate limit exceeded: more than 7 requests in 60 seconds"
    assert (reply.headers["retry-after"], reply.headers["x-ratelimit-limit"]) == ("2", "7")
    assert "retry-after" not in world.submit().headers


def test_a_long_task_id_is_not_repeated_whole(fake):
    world = fake()
    world.script.add("task: 404")
    assert len(bytes(world.at("task", "x" * 10_000).body)) < 300
