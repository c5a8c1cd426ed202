"""klingcontracts.taken: what recordings have in common, and what they put in place of what was there."""

import gzip
import zlib

import pytest

from klingcontracts.exchange import Reply
from klingcontracts.taken import body_of, called, headers_of, key_is_told, stands_for_another, unpacked


def test_a_call_to_an_address():
    call = called("post", "https://me:secret@api.modellix.ai:8443/a%20b/c?x=%201", {"A": "b"}, b"{}")
    assert call == ("POST", "/a b/c", {"a": "b"}, b"{}", "x=%201", "https://api.modellix.ai:8443", False)


@pytest.mark.parametrize(
    ("method", "url"),
    [("GET", "about:blank"), ("GET", ""), (None, "http://a/b"), ("GET", "http://[a/b"), ("GET", None)],
)
def test_what_is_no_address(method, url):
    with pytest.raises(ValueError, match=r"no address|IPv6"):
        called(method, url, {}, b"")


@pytest.mark.parametrize(
    "told",
    [
        {"A": "1", "b": ["2", "3"]},
        {"A": ["1"], "B": [b"2", "3"]},
        [{"name": "a", "value": "1"}, {"name": "B", "value": "2"}, {"name": "b", "value": "3"}],
        [["A", "1"], ("b", "2"), ["B", "3"], [":path", "/"]],
    ],
)
def test_headers(told):
    assert headers_of(told) == {"a": "1", "b": "2, 3"}


def test_no_headers():
    assert headers_of(None) == {}


@pytest.mark.parametrize(
    ("told", "body"),
    [
        (None, b""),
        ("é", "é".encode()),
        ("\ud800", b"?"),
        (b"\xff", b"\xff"),
        ({"string": "x"}, b"x"),
        ({"string": b"\xff"}, b"\xff"),
        ({"encoding": "ASCII-8BIT", "base64_string": "eA=="}, b"x"),
        ({"image": "x"}, b'{"image": "x"}'),
        ([1], b"[1]"),
        (0, b"0"),
    ],
)
def test_bodies(told, body):
    assert body_of(told) == body


def packed(body: bytes, packing: str | None) -> Reply:
    return Reply(200, {} if packing is None else {"content-encoding": packing}, body)


@pytest.mark.parametrize(
    ("reply", "body", "known"),
    [
        (packed(b"{}", None), b"{}", True),
        (packed(b"{}", "identity"), b"{}", True),
        (packed(gzip.compress(b"{}"), "gzip"), b"{}", True),
        (packed(gzip.compress(b"{}"), " X-GZIP"), b"{}", True),
        (packed(zlib.compress(b"{}"), "deflate"), b"{}", True),
        (packed(b"{}", "gzip"), b"{}", True),  # unpacked by the recorder, which kept the header
        (packed(b"", "br"), b"", True),
        (packed(b"\x0b\x02", "br"), b"\x0b\x02", False),
    ],
)
def test_packed_bodies(reply, body, known):
    told, is_known = unpacked(reply)
    assert (bytes(told.body), is_known) == (body, known)


@pytest.mark.parametrize(
    "value",
    [
        *(
            "<redacted>",
            "<5000 characters of Base64, sha256 0123456789abcdef>",
            "<81920 bytes>",
            "[REDACTED]",
        ),
        *("***", "XXXX", "xxxxxxxx", "…", "...", "DUMMY", "DUMMY_1", "FAKE-DUMMY", "redacted", "[api key]"),
    ],
)
def test_what_stands_for_something_else(value):
    assert stands_for_another(value)


@pytest.mark.parametrize(
    "value",
    ["filtered", "removed", "hidden", "success", "task-0123", "", "a <b> c", "std", None, 1, ["***"], "DUM"],
)
def test_what_may_be_the_vendors_word(value):
    assert not stands_for_another(value)


@pytest.mark.parametrize(
    "header", ["Basic dXNlcjpwYXNz", "Token abc", "bearer mock-1", "sk-1234567890abcdef", "Bearer a b"]
)
def test_a_header_that_is_as_it_was_sent(header):
    assert key_is_told(header)


@pytest.mark.parametrize(
    "header",
    [
        *("DUMMY", "<redacted>", "Bearer <redacted>", "REDACTED", "***", "[FILTERED]", "", "key", "Bearer"),
        *("Bearer [removed by proxy]", "xxx", "{{API_KEY}}", "$MODELLIX_API_KEY", "hidden-by-the-recorder"),
    ],
)
def test_a_header_that_somebody_has_written_over(header):
    assert not key_is_told(header)
