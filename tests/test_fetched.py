"""klingmock.fetched: one request, within bounds; against servers on this machine."""

import socket
import threading
from contextlib import contextmanager

import pytest

from klingcontracts.problem import COULD_NOT_LOOK, Problem
from klingmock.fetched import MOST_BYTES, fetch, is_address, shown_address


@contextmanager
def server(*replies: bytes, stall: bool = False):
    """Answers each connection with the next of these bytes; with `stall`, it never closes one."""
    asked: list[bytes] = []
    kept: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for reply in replies:
                connection, _ = listener.accept()
                asked.append(connection.recv(65536))
                connection.sendall(reply)
                if stall:
                    kept.append(connection)
                else:
                    connection.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
        finally:
            thread.join(5)
            for connection in kept:
                connection.close()


def answer(body: bytes = b"a page", head: str = "200 OK", **headers: str) -> bytes:
    named = {"Content-Type": "text/plain", "Content-Length": str(len(body)), "Connection": "close"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {head}", *(f"{name}: {value}" for name, value in named.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def refusal(url: str, seconds: float = 5) -> str:
    with pytest.raises(Problem) as caught:
        fetch(url, seconds)
    assert caught.value.exit_code == COULD_NOT_LOOK
    assert caught.value.remedy
    return caught.value.fact


def test_a_page_is_fetched_with_nothing_but_its_address():
    with server(answer()) as (url, asked):
        assert fetch(f"{url}/a/page.md?x=1", 5) == b"a page"
    (request,) = asked
    assert request.startswith(b"GET /a/page.md?x=1 HTTP/1.1\r\n")
    assert b"klingmock/" in request
    assert not any(word in request.lower() for word in (b"cookie", b"authorization", b"referer"))


@pytest.mark.parametrize("kind", ["text/markdown; charset=UTF-8", "application/json", "application/x-yaml"])
def test_what_is_text_is_taken(kind):
    with server(answer("é".encode(), Content_Type=kind)) as (url, _):
        assert fetch(url, 5) == "é".encode()


def test_another_charset_is_made_utf_8():
    with server(answer("é".encode("latin-1"), Content_Type="text/plain; charset=latin-1")) as (url, _):
        assert fetch(url, 5) == "é".encode()


@pytest.mark.parametrize(
    ("reply", "fact"),
    [
        (answer(head="404 Not Found"), "was answered with 404"),
        (answer(head="503 Busy"), "was answered with 503"),
        (answer(Content_Type="image/png"), "is image/png, and no text"),
        (answer(b"\xff", Content_Type="text/plain; charset=ascii"), "is not text in 'ascii'"),
        (answer(Content_Type="text/plain; charset=none-such"), "is not text in 'none-such'"),
        (b"", "can't be fetched"),
        (b"no HTTP\r\n\r\n", "can't be fetched"),
        (answer(Content_Length="99"), "broke off: 93 bytes did not come"),
    ],
)
def test_what_is_no_page_is_told(reply, fact):
    with server(reply) as (url, _):
        assert fact in refusal(url)


def test_more_than_a_page_has_is_not_read():
    with server(answer(b"x" * (MOST_BYTES + 9))) as (url, _):
        assert len(fetch(url, 20)) == MOST_BYTES + 1


@pytest.mark.parametrize(
    "begin", [b"", b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nx"]
)
def test_a_server_that_hangs_is_left_in_time(begin):
    with server(begin, stall=True) as (url, _):
        fact = refusal(url, 0.3)
    assert "did not come within 0.3 seconds" in fact or "timed out" in fact


def test_a_redirect_on_the_same_host_is_followed():
    with server(answer(head="302 Found", Location="/new"), answer(b"new")) as (url, asked):
        assert fetch(f"{url}/old", 5) == b"new"
    assert asked[1].startswith(b"GET /new ")


@pytest.mark.parametrize("to", ["http://localhost:9/x?token=1", "https://127.0.0.1/x", "http://[::1]:9/x"])
def test_a_redirect_to_another_host_is_told(to):
    with server(answer(head="301 Moved", Location=to)) as (url, asked):
        fact = refusal(f"{url}/old")
    assert f"redirects to {to.partition('?')[0]!r}, which is another host" in fact
    assert len(asked) == 1


def test_a_redirect_to_a_file_is_none():
    with server(answer(head="302 Found", Location="file:///etc/passwd")) as (url, _):
        assert "was answered with 302" in refusal(url)


def test_a_port_where_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert "Connection refused" in refusal(f"http://127.0.0.1:{port}/?key=secret")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "http://",
        "http://user:pw@127.0.0.1/",
        "http://127.0.0.1/a b",
    ],
)
def test_an_address_that_is_none(url):
    with pytest.raises(Problem) as caught:
        fetch(url, 5)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://[::1", "http://127.0.0.1:port/"])
def test_an_address_that_can_not_be_read(url):
    with pytest.raises(Problem, match="is none"):
        shown_address(url)


def test_an_address_is_shown_without_its_secrets():
    assert shown_address("https://me:pw@a.example:8/x.md?key=1#there") == "https://a.example:8/x.md"
    assert is_address("http://a")
    assert not is_address("a/b.txt")
