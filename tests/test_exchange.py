import base64
import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klingcontracts.exchange import (
    BASE64_FROM,
    LONGEST_TEXT,
    REDACTED,
    Call,
    Exchange,
    Reply,
    body_to_json,
    redacted,
    redacted_query,
    shortened,
    spellings,
)
from klingcontracts.strictjson import BadJson

SECRET = "mock-secret-0123456789"
SECRET_NAMES = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
    "api-key",
    "x-auth-token",
]
IMAGE = base64.b64encode(random.Random(1).randbytes(6000)).decode()
ENGLISH = ("The camera glides over the ridge while the mist lifts. " * 50)[:2500]
CHINESE = ("镜头缓缓掠过山脊薄雾升起阳光洒满山谷" * 200)[:2500]


def exchange(**made: object) -> Exchange:
    call = Call("POST", "/p", {"host": "h"})._replace(**made)
    return Exchange(call, Reply(200, {"content-type": "application/json"}, b'{"code":0}'), at=1.5, number=7)


@given(st.sampled_from(SECRET_NAMES), st.sampled_from([str.lower, str.upper, str.title]), st.booleans())
def test_no_secret_of_a_header_survives(name, case, in_reply) -> None:
    headers = {case(name): f"Bearer {SECRET}", "accept": "*/*"}
    call = Call("GET", "/p", {} if in_reply else headers)
    told = Exchange(call, Reply(200, headers if in_reply else {})).to_json()
    assert SECRET not in json.dumps(told)
    assert told["reply" if in_reply else "call"]["headers"] == {case(name): REDACTED, "accept": "*/*"}


def test_headers_that_are_no_secret_stay() -> None:
    headers = {"x-ratelimit-limit": "100", "user-agent": "x", "content-length": "3", "x-request-id": "r"}
    assert redacted(headers) == headers


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", ""),
        ("limit=3&x", "limit=3&x"),
        (f"limit=3&api_key={SECRET}", f"limit=3&api_key={REDACTED}"),
        (f"access%5Ftoken={SECRET}&a=b=c", f"access%5Ftoken={REDACTED}&a=b=c"),
        (f"key={SECRET}&monkey=1", f"key={REDACTED}&monkey=1"),
    ],
)
def test_no_secret_of_a_query_survives(query, told) -> None:
    assert redacted_query(query) == told
    assert exchange(query=query).to_json()["call"]["query"] == told


def test_as_json() -> None:
    assert exchange(body=b'{"image":"https://a/b.jpg"}').to_json() == {
        "number": 7,
        "at": 1.5,
        "call": {
            "method": "POST",
            "path": "/p",
            "query": "",
            "headers": {"host": "h"},
            "body": {"image": "https://a/b.jpg"},
        },
        "reply": {"status": 200, "headers": {"content-type": "application/json"}, "body": {"code": 0}},
    }


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", None),
        (memoryview(b""), None),
        (memoryview(b"[1]"), [1]),
        (b"\x00\x01", "<2 bytes, sha256 b413f47d13ee2fe6>"),
        (memoryview(b"{"), "<1 bytes, sha256 021fb596db81e6d0>"),
    ],
)
def test_a_body_for_showing(body, told) -> None:
    assert body_to_json(body) == told


@pytest.mark.parametrize(
    "image",
    [
        IMAGE,
        f"data:image/png;base64,{IMAGE}",
        f"data:image/png;name=a.png;base64,{IMAGE}",
        base64.urlsafe_b64encode(IMAGE.encode()).decode(),
        base64.encodebytes(IMAGE.encode()).decode(),  # with line breaks
        "A" * BASE64_FROM,
    ],
)
def test_an_image_is_shortened_wherever_it_stands(image) -> None:
    told = shortened({"image": image, "masks": [{"mask": image}]})
    assert told["image"] == told["masks"][0]["mask"]
    assert told["image"].startswith(f"<{len(image)} characters of Base64, sha256 ")
    assert len(told["image"]) < 70


@pytest.mark.parametrize(
    "text", [ENGLISH, CHINESE, "A" * (BASE64_FROM - 1), "https://a/" + "b-c/" * 80, "é" * 300]
)
def test_a_prompt_is_not_shortened(text) -> None:
    assert shortened({"prompt": text}) == {"prompt": text}


def test_images_that_differ_are_told_apart() -> None:
    assert shortened(IMAGE) != shortened(IMAGE[:-8] + "AAAAAAA=")


@pytest.mark.parametrize("text", ["é" * (LONGEST_TEXT + 1), "\ud800 " * LONGEST_TEXT])
def test_what_is_longer_than_any_text_is_shortened_whatever_it_is(text) -> None:
    assert shortened(text).startswith(f"<{len(text)} characters, sha256 ")
    assert len(next(iter(shortened({text: 1})))) < 70


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
    )
)
def test_small_values_stay_as_they_are(value) -> None:
    assert shortened(value) == value


def test_secrets_in_a_body_and_in_a_urls_query_are_redacted() -> None:
    body = {
        "image": "https://a.example/x.png?w=1&X-Amz-Signature=abc",
        "api_key": "sk-1",
        "in": [{"token": 5}],
    }
    shown = json.dumps(body_to_json(json.dumps(body).encode()))
    assert "abc" not in shown
    assert "sk-1" not in shown
    assert json.loads(shown) == {
        "image": f"https://a.example/x.png?w=1&X-Amz-Signature={REDACTED}",
        "api_key": REDACTED,
        "in": [{"token": REDACTED}],
    }


@given(
    st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), st.lists, max_leaves=5)
)
def test_a_call_says_what_its_body_says(value) -> None:
    assert Call("POST", "/p", {}, json.dumps(value).encode()).json() == value


@pytest.mark.parametrize("body", [b"", b"{", b"NaN", b"\xff", b'"a" "b"'])
def test_a_call_whose_body_is_no_json(body) -> None:
    with pytest.raises(BadJson):
        Call("POST", "/p", {}, body).json()


@pytest.mark.parametrize("wire", ["truncate", "drop", "stall", "drip"])
def test_what_became_of_a_reply_is_told_when_it_did_not_just_arrive(wire) -> None:
    arrived = exchange()
    assert "wire" not in arrived.to_json()["reply"]
    damaged = arrived._replace(reply=arrived.reply._replace(wire=wire))
    assert damaged.to_json()["reply"] == {**arrived.to_json()["reply"], "wire": wire}


def test_a_short_secret_has_no_spelling_that_is_found_everywhere():
    assert spellings("sk") == {"sk", "QmVhcmVyIHNr"}
    assert {"a%2Fb%2Bc%3Cd", "a/b%2Bc%3Cd", "a/b+c&lt;d"} <= spellings("a/b+c<d")
