"""klingmock.background: a server in a thread, from its start to its end."""

import asyncio
import gc
import http.client
import socket
import threading
from pathlib import Path

import pytest

from klingcontracts.contract import load
from klingcontracts.problem import COULD_NOT_LOOK, Problem
from klingmock import background
from klingmock.answer import Mock
from klingmock.background import Background
from klingmock.server import Server

SUBMIT = load().operation("submit").path


@pytest.fixture(scope="module")
def engine():
    return Mock([load()])


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "klingmock"]


@pytest.fixture
def others():
    """The threads of servers that other tests hold."""
    return threads()


def test_it_serves_until_it_is_stopped(engine, others, ask, address):
    server = Background(engine)
    assert ask(server.url)[0] == 200
    assert ask(server.url, "POST", SUBMIT, b'{"image": "https://example.com/mountain.jpg"}')[0] == 200
    assert len(threads()) == len(others) + 1
    server.stop()
    assert threads() == others
    with pytest.raises(ConnectionRefusedError):
        ask(server.url)
    with socket.create_server(address(server.url)) as taken:
        assert taken.getsockname() == address(server.url)
    server.stop()
    assert threads() == others


def test_it_ends_with_its_block(engine, others, ask):
    with Background(engine) as server:
        assert ask(server.url)[0] == 200
    assert threads() == others
    with pytest.raises(ConnectionRefusedError):
        ask(server.url)


def test_it_ends_with_a_block_that_fails(engine, others, ask):
    with pytest.raises(KeyError), Background(engine) as server:
        raise KeyError
    assert threads() == others
    with pytest.raises(ConnectionRefusedError):
        ask(server.url)


def test_a_connection_that_is_kept_open_does_not_keep_it(engine, others, address):
    with Background(engine) as server:
        connection = http.client.HTTPConnection(*address(server.url), timeout=10)
        connection.request("GET", "/__klingmock/ready")
        assert connection.getresponse().read()
    assert threads() == others
    assert connection.sock.recv(1) == b""
    connection.close()


def test_it_settles_when_a_slow_answer_is_given(engine, address):
    asked, go_on = threading.Event(), threading.Event()

    class Slow:
        def __getattr__(self, name):
            return getattr(engine, name)

        def answer(self, call):
            asked.set()
            assert go_on.wait(10)
            return engine.answer(call)

    with Background(Slow()) as server, socket.create_connection(address(server.url), 10) as connection:
        connection.sendall(b"GET /api/v1/tasks/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert asked.wait(10)
        settled = threading.Thread(target=server.settle)
        settled.start()
        settled.join(0.05)
        assert settled.is_alive()
        go_on.set()
        settled.join(10)
        connection.setblocking(False)
        assert connection.recv(12) == b"HTTP/1.1 401"


def test_one_that_has_ended_is_settled(engine):
    with Background(engine) as server:
        server.settle()
    server.settle()
    assert server.url


def test_two_stand_beside_each_other(engine, ask):
    with Background(engine) as one, Background(engine) as other:
        assert one.url != other.url
        assert [ask(server.url)[0] for server in (one, other)] == [200, 200]


def test_a_server_that_does_not_get_ready_is_given_up(engine, others, monkeypatch):
    started = threading.Event()

    async def never_ready(self, sockets=None):
        started.set()
        while not self.should_exit:
            await asyncio.sleep(0)

    monkeypatch.setattr(Server, "startup", never_ready)
    monkeypatch.setattr(background, "PATIENCE", 0.05)
    sockets = []
    listen = background.listen
    monkeypatch.setattr(background, "listen", lambda *place: sockets.append(listen(*place)) or sockets[0])
    with pytest.raises(Problem) as caught:
        Background(engine)
    assert caught.value.fact == "The server did not start within 0.05 seconds."
    assert caught.value.remedy == "Look at the log for what it met, or try again."
    assert caught.value.exit_code == COULD_NOT_LOOK
    assert started.wait(10)
    assert sockets[0].fileno() == -1
    for thread in set(threads()) - set(others):
        thread.join(10)
    assert threads() == others


def test_a_server_that_fails_at_its_start_is_not_waited_for(engine, others, monkeypatch):
    async def fails(self, sockets=None):
        raise OSError("no room")

    met = []
    monkeypatch.setattr(Server, "startup", fails)
    monkeypatch.setattr(threading, "excepthook", lambda told: met.append(str(told.exc_value)))
    monkeypatch.setattr(background, "PATIENCE", 3600.0)  # beyond the time that a test has
    with pytest.raises(Problem, match="did not start"):
        Background(engine)
    assert met == ["no room"]
    assert threads() == others


def test_many_starts_leave_nothing_behind(engine, others, ask):
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        pytest.skip("this system does not list its descriptors")
    with Background(engine) as server:
        assert ask(server.url)[0] == 200
    gc.collect()
    before = len(list(descriptors.iterdir()))
    for _ in range(6):
        with Background(engine) as server:
            assert ask(server.url)[0] == 200
    gc.collect()  # a socket that nobody has closed says so here, and warnings are errors
    assert len(list(descriptors.iterdir())) == before
    assert threads() == others


def test_it_serves_on_so_many_ports_as_it_is_asked_for(engine, ask):
    with Background(engine, ports=3) as server:
        assert server.url == server.urls[0]
        assert len(set(server.urls)) == 3
        assert [ask(url)[0] for url in server.urls] == [200] * 3
