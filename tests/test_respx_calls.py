"""klingcontracts.respx_calls: requests as calls, replies as responses and errors, records as exchanges."""

import asyncio
from types import SimpleNamespace

import httpcore
import httpcore2
import httpx
import pytest

from klingcontracts.base import base_of
from klingcontracts.exchange import Call, Reply
from klingcontracts.respx_calls import CALLER, NEVER, call_of, exchange_of, response_of, rest_of

BASE = base_of("https://h/api")
ASKED = httpx.Request("GET", "https://h/api/tasks/1")
JSON = {"content-type": "application/json"}


def test_a_request_is_a_call():
    headers = [("X-Twice", "a"), ("X-Twice", "b"), ("X-Latin", b"\xe9")]
    request = httpx.Request(
        "POST", "https://h/api/tasks/%E9%9B%AA%2F1?a=b&c=%20", headers=headers, content=b"{}"
    )
    call = call_of(request, BASE, rest_of(request, BASE) or "")
    told = {"host": "h", "x-twice": "a, b", "x-latin": "\xe9", "content-length": "2"}
    assert call == Call("POST", "/tasks/雪/1", told, b"{}", "a=b&c=%20", "https://h/api")


def test_a_request_that_goes_elsewhere_is_none():
    assert rest_of(httpx.Request("GET", "https://other/api/tasks/1"), BASE) is None
    record = SimpleNamespace(request=httpx.Request("GET", "https://h/tasks/1"), optional_response=None)
    assert exchange_of(record, BASE, 1) is None


def test_a_reply_is_a_response():
    response = response_of(Reply(200, {**JSON, "content-length": "2"}, memoryview(b"{}")), ASKED)
    assert (response.status_code, response.read(), dict(response.headers)) == (
        200,
        b"{}",
        {**JSON, "content-length": "2"},
    )


def test_a_head_has_the_length_and_no_body():
    response = response_of(Reply(200, {"content-length": "5"}, b"video"), httpx.Request("HEAD", "https://h/"))
    assert (response.read(), response.headers["content-length"]) == (b"", "5")


@pytest.mark.parametrize("library", [httpcore, httpcore2])
@pytest.mark.parametrize(
    ("reply", "patience", "error"),
    [
        (Reply(200, {}, b"", 5.5), 5.0, "ReadTimeout"),
        (Reply(0, {}, b"", 0, "drop"), 5.0, "RemoteProtocolError"),
        (Reply(0, {}, b"", 5.5, "drop"), 5.0, "ReadTimeout"),
        (Reply(0, {}, b"", 5.5, "drop"), None, "RemoteProtocolError"),
    ],
)
def test_what_never_arrives_is_an_error_of_the_library_that_asked(library, reply, patience, error):
    told = {} if library is httpcore else {CALLER: library}
    request = httpx.Request("GET", "https://h/", extensions={**told, "timeout": {"read": patience}})
    with pytest.raises(getattr(library, error)):
        response_of(reply, request)


def test_a_reply_in_time_arrives_at_once():
    request = httpx.Request("GET", "https://h/", extensions={"timeout": {"read": 5.0}})
    assert response_of(Reply(200, {}, b"x", 5.0), request).read() == b"x"


@pytest.mark.parametrize("library", [httpcore, httpcore2])
def test_a_body_that_is_cut_gives_its_half_and_then_an_error(library):
    request = httpx.Request("GET", "https://h/", extensions={CALLER: library})
    stream = response_of(Reply(200, {}, b"12345", wire="truncate"), request).stream
    got = []
    with pytest.raises(library.RemoteProtocolError, match="received 2 bytes, expected 5"):
        got.extend(stream)
    assert got == [b"12"]


def test_a_body_is_cut_for_an_asynchronous_client_too():
    stream = response_of(Reply(200, {}, b"12345", wire="truncate"), ASKED).stream
    got = []

    async def read():
        async for part in stream:
            got.append(part)  # noqa: PERF401 - a list of all parts would be lost with the error

    with pytest.raises(httpcore.RemoteProtocolError):
        asyncio.run(read())
    assert got == [b"12"]


def test_a_record_is_an_exchange():
    response = httpx.Response(200, headers=JSON, content=b"{}")
    found = exchange_of(SimpleNamespace(request=ASKED, optional_response=response), BASE, 7)
    assert (found.call.path, found.number) == ("/tasks/1", 7)
    assert found.reply == Reply(200, {**JSON, "content-length": "2"}, b"{}")


def test_a_reply_that_nobody_read_or_that_never_came_is_none():
    unread = httpx.Response(200, stream=response_of(Reply(200, {}, b"12", wire="truncate"), ASKED).stream)
    for response in (None, unread):
        found = exchange_of(SimpleNamespace(request=ASKED, optional_response=response), BASE, 1)
        assert found.reply == NEVER
