"""klingcontracts.traffic_har: an entry of a HAR, from a browser or a proxy."""

import copy

import pytest

from klingcontracts.taken import BadField
from klingcontracts.traffic_har import from_har

ENTRY = {
    "startedDateTime": "2026-03-01T10:00:00.500+01:00",
    "request": {
        "method": "POST",
        "url": "https://api.modellix.ai/api/v1/x?a=1",
        "headers": [
            {"name": ":method", "value": "POST"},
            {"name": "Content-Type", "value": "application/json"},
        ],
        "bodySize": 2,
        "postData": {"mimeType": "application/json", "text": "{}"},
    },
    "response": {
        "status": 200,
        "headers": [{"name": "Content-Type", "value": "application/json"}],
        "content": {"size": 9, "text": '{"code":0}'},
    },
}


def entry(**changed):
    made = copy.deepcopy(ENTRY)
    for path, value in changed.items():
        node, *rest = path.split("__")
        target = made[node] if rest else made
        name = rest[0] if rest else node
        if value is None:
            del target[name]
        else:
            target[name] = value
    return made


def test_an_entry():
    taken = from_har(entry())
    call, reply = taken.exchange.call, taken.exchange.reply
    assert call == (
        "POST",
        "/api/v1/x",
        {"content-type": "application/json"},
        b"{}",
        "a=1",
        "https://api.modellix.ai",
        False,
    )
    assert (reply.status, reply.headers, reply.body) == (
        200,
        {"content-type": "application/json"},
        b'{"code":0}',
    )
    assert taken.exchange.at == 1772355600.5
    assert (taken.sent, taken.got, taken.whole_key) == (True, True, False)


@pytest.mark.parametrize(
    ("changed", "sent", "body"),
    [
        ({"request__postData": None}, False, b""),
        ({"request__postData": None, "request__bodySize": 0}, True, b""),
        ({"request__postData": None, "request__bodySize": -1, "request__method": "GET"}, True, b""),
        ({"request__postData": None, "request__bodySize": None}, True, b""),
        (
            {"request__postData": {"params": [{"name": "a", "value": "b c"}, {"name": "d"}]}},
            True,
            b"a=b+c&d=",
        ),
        ({"request__postData": {"mimeType": "x"}}, False, b""),
        ({"request__postData": {"text": "/w==", "encoding": "base64"}}, True, b"\xff"),
    ],
)
def test_bodies_of_calls(changed, sent, body):
    taken = from_har(entry(**changed))
    assert (taken.sent, taken.exchange.call.body) == (sent, body)


@pytest.mark.parametrize(
    ("content", "got", "body"),
    [
        ({"size": 0}, True, b""),
        ({"size": 8}, False, b""),
        ({"size": 8, "text": None}, False, b""),
        ({}, False, b""),
        (None, False, b""),
        ({"text": "/w==", "encoding": "base64"}, True, b"\xff"),
        ({"text": "é\ud800"}, True, "é?".encode()),
    ],
)
def test_bodies_of_replies(content, got, body):
    taken = from_har(entry(response__content=content))
    assert (taken.got, taken.exchange.reply.body) == (got, body)


def test_a_reply_that_never_came():
    assert from_har(entry(response__status=0)).exchange.reply.wire == "drop"


@pytest.mark.parametrize("at", [None, "yesterday", 3])
def test_a_time_that_is_not_told(at):
    assert from_har(entry(startedDateTime=at)).exchange.at == 0


PARAMS = "request.postData.params"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"request": None}, "request is missing"),
        ({"request": 3}, "request is no object"),
        ({"response": None}, "response is missing"),
        ({"response": []}, "response is no object"),
        ({"request__url": None}, "request.url is missing"),
        ({"request__url": "http://[::1"}, "request.url can't be read: it is no address of a call"),
        ({"request__url": "/sk-secret"}, "request.url can't be read: it is no address of a call"),
        ({"request__method": 5}, "request.method is no text, so this is no address of a call"),
        ({"request__headers": "x"}, "request.headers is no list of names and values"),
        ({"request__headers": [3]}, "request.headers has an item that is no name and value"),
        ({"response__headers": [["a"]]}, "response.headers has an item that is no name and value"),
        ({"response__headers": [{"name": "a"}]}, "response.headers has an item that is no name and value"),
        ({"response__headers": None}, "response.headers is missing"),
        ({"response__status": "x"}, "response.status is 'x', which is no number"),
        ({"response__status": "x" * 21}, f"response.status is '{'x' * 20}'…, which is no number"),
        ({"response__status": {"token": "sk-secret"}}, "response.status is no number"),
        ({"response__status": None}, "response.status is missing"),
        ({"response__content": {"text": "!!!", "encoding": "base64"}}, "response.content.text is no Base64"),
        ({"response__content": {"text": "é", "encoding": "base64"}}, "response.content.text is no Base64"),
        ({"response__content": "sk-secret"}, "response.content is no object"),
        ({"request__postData": "sk-secret"}, "request.postData is no object"),
        ({"request__postData": {"text": "!", "encoding": "base64"}}, "request.postData.text is no Base64"),
        ({"request__postData": {"params": "sk-secret"}}, f"{PARAMS} is no list"),
        ({"request__postData": {"params": ["sk-secret"]}}, f"{PARAMS} has an item without a name"),
        ({"request__postData": {"params": [{"value": "x"}]}}, f"{PARAMS} has an item without a name"),
    ],
)
def test_what_is_no_entry_is_told_with_its_field(changed, why):
    with pytest.raises(BadField) as caught:
        from_har(entry(**changed))
    assert str(caught.value) == why
