"""klingcontracts.traffic_vcr: an interaction of a cassette, of vcrpy or of the Ruby library."""

import gzip

import pytest

from klingcontracts.taken import BadField
from klingcontracts.traffic_vcr import from_vcr

REQUEST = {"method": "post", "uri": "https://api.modellix.ai/api/v1/x", "body": "{}", "headers": {"A": ["b"]}}


@pytest.mark.parametrize(
    "response",
    [
        {"status": {"code": 200, "message": "OK"}, "headers": {"C": ["d"]}, "body": {"string": "{}"}},
        {"status": {"code": 200, "message": "OK"}, "headers": {"C": ["d"]}, "body": {"string": b"{}"}},
        {"status": {"code": 200}, "headers": {"C": ["d"]}, "body": {"base64_string": "e30="}},
        {"status_code": 200, "headers": {"C": "d"}, "content": "{}", "http_version": "HTTP/1.1"},
        {"status": 200, "headers": {"C": "d"}, "body": "{}"},
    ],
)
def test_an_interaction(response):
    taken = from_vcr({"request": REQUEST, "response": response})
    assert taken.exchange.call[:4] == ("POST", "/api/v1/x", {"a": "b"}, b"{}")
    assert taken.exchange.reply[:3] == (200, {"c": "d"}, b"{}")
    assert (taken.sent, taken.got, taken.whole_key, taken.exchange.at) == (True, True, False, 0)


def test_a_body_as_it_came_over_the_wire():
    headers = {"Content-Encoding": ["gzip"]}
    response = {"status": {"code": 200}, "headers": headers, "body": {"string": gzip.compress(b"{}")}}
    assert from_vcr({"request": REQUEST, "response": response}).exchange.reply.body == b"{}"
    response["headers"] = {"Content-Encoding": ["br"]}
    assert not from_vcr({"request": REQUEST, "response": response}).got


def replied(**response):
    return {"request": REQUEST, "response": {"status": 200, **response}}


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({}, "request is missing"),
        ({"request": {"method": "GET"}}, "request.uri is missing"),
        ({"request": REQUEST}, "response is missing"),
        ({"request": REQUEST, "response": 200}, "response is no object"),
        ({"request": REQUEST, "response": {}}, "response.status is missing"),
        (
            {"request": REQUEST, "response": {"status_code": "x"}},
            "response.status_code is 'x', which is no number",
        ),
        (replied(status={}), "response.status.code is missing"),
        (replied(status={"code": float("inf")}), "response.status.code is no number"),
        (replied(headers="sk-secret"), "response.headers is no list of names and values"),
        (replied(body={"base64_string": "x"}), "response.body.base64_string is no Base64"),
        (replied(content={"a": b"sk-secret"}), "response.content is neither text nor JSON"),
        (
            {**replied(), "request": {**REQUEST, "uri": "http://[::1"}},
            "request.uri can't be read: it is no address of a call",
        ),
        (
            {**replied(), "request": {**REQUEST, "headers": 3}},
            "request.headers is no list of names and values",
        ),
        ({**replied(), "request": {**REQUEST, "body": {"a": b"x"}}}, "request.body is neither text nor JSON"),
    ],
)
def test_what_is_no_interaction_is_told_with_its_field(told, why):
    with pytest.raises(BadField) as caught:
        from_vcr(told)
    assert str(caught.value) == why
