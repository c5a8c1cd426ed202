"""klingmock.live_http: one request over a socket."""

import http.client
import socket
import ssl
import threading
from contextlib import contextmanager, suppress

import pytest

from klingcontracts.contract import load
from klingcontracts.exchange import Call
from klingcontracts.probe_guard import NoReply
from klingmock import live_http
from klingmock.answer import Mock
from klingmock.background import Background
from klingmock.live_http import Http


@contextmanager
def answering(*pieces, hold=False):
    """A server that reads one request and sends these bytes; it holds the connection, or closes it."""
    done, heard = threading.Event(), []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            connection, _ = listening.accept()
            with connection:
                heard.append(connection.recv(65536))
                for piece in pieces:
                    connection.sendall(piece)
                if hold:
                    done.wait(20)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}", heard
        finally:
            done.set()
            thread.join(20)


def call(base, **more):
    return Call("GET", "/a b/ü", {"x-a": "1"}, origin=base)._replace(**more)


def test_a_call_and_its_reply():
    answer = b"HTTP/1.1 302 Found\r\nLocation: /x\r\nX-A: b\r\nContent-Length: 2\r\n\r\nhi"
    with answering(answer) as (base, heard):
        reply = Http(base, headers={"x-team": "red"})(call(base, method="POST", body=b"{}", query="q=1"))
    assert (reply.status, reply.headers["location"], reply.body) == (302, "/x", b"hi")
    assert heard[0].startswith(b"POST /a%20b/%C3%BC?q=1 HTTP/1.1\r\n")
    assert b"x-team: red\r\n" in heard[0]
    assert b"connection: close\r\n" in heard[0]


def test_another_host_gets_no_headers_of_ours_and_a_prefix_stays():
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as (base, heard):
        Http("http://elsewhere", headers={"x-team": "red"})(call(f"{base}/prefix/", path="/v"))
    assert heard[0].startswith(b"GET /prefix/v HTTP/1.1\r\n")
    assert b"x-team" not in heard[0]


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        ((), "closed the connection without an answer"),
        ((b"SSH-2.0-OpenSSH\r\n",), "is not HTTP"),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi",), "its reply breaks off"),
    ],
)
def test_what_is_no_reply(pieces, said):
    with answering(*pieces) as (base, _), pytest.raises(NoReply, match=said):
        Http(base)(call(base))


@pytest.mark.parametrize(
    "pieces", [(), (b"HTTP/1.1 200 OK\r\n\r\n",), (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi",)]
)
def test_a_server_that_hangs_is_left(pieces):
    with answering(*pieces, hold=True) as (base, _), pytest.raises(NoReply, match="did not answer in time"):
        Http(base, timeout=0.2)(call(base))


DRIPPED = {
    "body": (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"a: b\r\n"),
    "one header": (b"HTTP/1.1 200 OK\r\na: ", b"b"),
    "endless 100": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@contextmanager
def dripping(first, drop):
    """A server that goes on for ever, faster than any timeout of a single read."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            connection, _ = listening.accept()
            with connection, suppress(OSError):
                connection.recv(65536)
                connection.sendall(first)
                while not done.wait(0.02):
                    connection.sendall(drop)
            done.set()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}", done
        finally:
            done.set()
            thread.join(20)


@pytest.mark.parametrize("what", DRIPPED)
@pytest.mark.parametrize("asked", [{}, {"range": "bytes=0-31"}])
def test_a_server_that_never_ends_is_left_and_its_connection_is_cut(what, asked):
    with dripping(*DRIPPED[what]) as (base, done):
        with pytest.raises(NoReply, match="did not answer in time"):
            Http(base, timeout=0.3)(call(base, headers=asked))
        assert done.wait(20)


def test_a_host_that_ignores_a_range_is_read_no_further():
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n" + b"v" * 64
    with answering(answer, hold=True) as (base, _):
        reply = Http(base)(call(base, headers={"range": "bytes=0-31"}))
    assert (reply.status, reply.body) == (200, b"v" * 32)
    short = b"HTTP/1.1 206 OK\r\nContent-Length: 32\r\n\r\nhi"
    with answering(short) as (base, _), pytest.raises(NoReply, match="breaks off"):
        Http(base)(call(base, headers={"range": "bytes=0-31"}))


@pytest.mark.parametrize("origin", ["http://127.0.0.1:99999", "http://[cdn"])
def test_an_address_that_is_none_brings_no_reply(origin):
    with pytest.raises(NoReply):
        Http(origin)(call(origin))


def test_a_mistake_of_ours_is_no_silence_of_the_server():
    with answering() as (base, _), pytest.raises(TypeError):
        Http(base)(call(base, body="text"))


def test_a_reply_without_end_is_not_read_to_it(monkeypatch):
    monkeypatch.setattr(live_http, "LARGEST", 10)
    with (
        answering(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 99) as (base, _),
        pytest.raises(NoReply, match="larger than 10"),
    ):
        Http(base)(call(base))


def test_nobody_listens(address):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        base = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(NoReply, match="refuses the connection: nothing listens there"):
        Http(base)(call(base))


def test_a_host_that_does_not_exist():
    with pytest.raises(NoReply, match=r"no-such-host\.invalid: "):
        Http("http://no-such-host.invalid")(call("http://no-such-host.invalid"))


def test_https_where_http_is_spoken():
    with Background(Mock([load()])) as server:
        base = server.url.replace("http://", "https://")
        with pytest.raises(NoReply, match="does not speak TLS as it should"):
            Http(base)(call(base))


def test_a_certificate_that_is_not_trusted(monkeypatch):
    error = ssl.SSLCertVerificationError(1, "no")
    error.verify_message = "self-signed certificate"

    def refuse(*_, **__):
        raise error

    monkeypatch.setattr(http.client.HTTPSConnection, "connect", refuse)
    with pytest.raises(NoReply, match=r"the certificate of api\.test is not trusted: self-signed"):
        Http("https://api.test")(call("https://api.test"))
