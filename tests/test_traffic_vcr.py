"""klingcontracts.traffic_vcr: an interaction of a cassette, of vcrpy or of the Ruby library."""

import gzip

import pytest

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


@pytest.mark.parametrize("told", [{}, {"request": REQUEST}, {"request": REQUEST, "response": {"status": {}}}])
def test_what_is_no_interaction(told):
    with pytest.raises(KeyError):
        from_vcr(told)
