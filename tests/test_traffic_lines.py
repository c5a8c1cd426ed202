"""klingcontracts.traffic_lines: our journal, and what anybody may write down."""

import pytest

import klingmock
from klingcontracts.contract import load
from klingcontracts.exchange import Call
from klingcontracts.taken import BadField
from klingcontracts.traffic_lines import from_line

PLAIN = {
    "method": "POST",
    "url": "https://api.modellix.ai/api/v1/x",
    "headers": {"A": "b"},
    "body": {"image": "x"},
    "status": 200,
    "response_headers": {"C": "d"},
    "response_body": {"code": 0},
    "at": 5,
}


def test_one_object_and_two_say_the_same():
    request = {name: PLAIN[name] for name in ("method", "url", "headers", "body")}
    response = {"status": 200, "headers": {"C": "d"}, "body": '{"code": 0}'}
    for told in (PLAIN, {"request": request, "response": response, "at": 5}):
        taken = from_line(told)
        assert taken.exchange.call[:4] == ("POST", "/api/v1/x", {"a": "b"}, b'{"image": "x"}')
        assert taken.exchange.reply[:3] == (200, {"c": "d"}, b'{"code": 0}')
        assert (taken.exchange.at, taken.sent, taken.got, taken.whole_key) == (5, True, True, False)


def test_what_was_not_written_down():
    bare = from_line({"method": "POST", "url": "http://a/b", "status": 200})
    assert (bare.sent, bare.got) == (False, False)
    assert from_line({"method": "GET", "url": "http://a/b", "status": 200}).sent
    dropped = from_line({"method": "GET", "url": "http://a/b", "status": 0})
    assert dropped.exchange.reply.wire == "drop"
    packed = from_line({**PLAIN, "response_headers": {"content-encoding": "br"}})
    assert not packed.got


CALL = {"method": "GET", "path": "/", "query": "", "headers": {}, "body": None}
REPLY = {"status": 200, "headers": {}, "body": None}
ENTRY = {"call": CALL, "reply": REPLY, "at": 1}


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({}, "method is missing"),
        ({"method": "GET"}, "url is missing"),
        ({"method": "GET", "url": "http://a/b"}, "status is missing"),
        ({**PLAIN, "status": "ok"}, "status is 'ok', which is no number"),
        ({**PLAIN, "headers": "sk-secret"}, "headers is no list of names and values"),
        ({**PLAIN, "response_headers": 3}, "response_headers is no list of names and values"),
        ({**PLAIN, "body": {"base64_string": "x"}}, "body.base64_string is no Base64"),
        (
            {**PLAIN, "response_body": {"string": {"a": b"sk"}}},
            "response_body.string is neither text nor JSON",
        ),
        ({"request": {}}, "request.method is missing"),
        ({"request": PLAIN}, "status is missing"),
        ({"request": PLAIN, "response": 200}, "response is no object"),
        ({"request": PLAIN, "response": {}}, "response.status is missing"),
        ({"request": PLAIN, "response": {"status": None}}, "response.status is no number"),
        ({"request": {**PLAIN, "url": "b"}}, "request.url can't be read: it is no address of a call"),
        ({**PLAIN, "at": ["sk-secret"]}, "at is no time; write Unix seconds, or ISO 8601 as in "),
        ({"call": {}, "reply": {}}, "call.headers is missing"),
        ({"call": {}}, "call.headers is missing"),
        ({"call": CALL}, "reply is missing"),
        ({"call": "sk-secret", "reply": {}}, "call is no object"),
        ({**ENTRY, "call": {**CALL, "headers": "sk-secret"}}, "call.headers is no object"),
        ({**ENTRY, "call": {"headers": {}}}, "call.method is missing"),
        ({**ENTRY, "reply": {**REPLY, "status": "sk"}}, "reply.status is 'sk', which is no number"),
        ({"call": CALL, "reply": REPLY}, "at is missing"),
        ({**ENTRY, "at": "noon"}, "at is 'noon', which is no time; write Unix seconds, or ISO 8601 as in "),
    ],
)
def test_what_is_no_exchange_is_told_with_its_field(told, why):
    with pytest.raises(BadField) as caught:
        from_line(told)
    assert str(caught.value).partition("'2026")[0] == why


def test_a_header_of_a_journal_may_be_anything():
    taken = from_line({**ENTRY, "call": {**CALL, "headers": {"Authorization": 5}}})
    assert taken.exchange.call.headers == {"authorization": "5"}


def test_a_time_may_be_a_text():
    assert from_line({**PLAIN, "at": "2026-01-01T00:00:00Z"}).exchange.at == 1_767_225_600
    assert from_line({**PLAIN, "at": None}).exchange.at == 0


def test_a_line_of_the_journal():
    image = "iVBORw0KGgo" + "A" * 200_000
    with klingmock.running(script="task: truncate") as fake:
        key = {"authorization": f"Bearer {fake.api_key}"}
        path = load().operation("submit").path
        for body in (
            b'{"image": "https://example.com/a.jpg"}',
            b'{"image": "%s"}' % image.encode(),
            b"x" * 5000,
        ):
            fake.answer(Call("POST", path, key, body))
        fake.answer(Call("GET", f"/api/v1/tasks/{fake.tasks[0].id}", key))
        small, large, broken, cut = (from_line(entry.to_json()) for entry in fake.journal)
    assert small.exchange.call.json() == {"image": "https://example.com/a.jpg"}
    assert (small.sent, small.got, small.whole_key) == (True, True, True)
    assert "sha256" in large.exchange.call.json()["image"]
    assert not broken.sent
    assert broken.got
    assert cut.exchange.reply.wire == "truncate"
    assert not cut.got
