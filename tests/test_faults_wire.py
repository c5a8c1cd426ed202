"""klingmock.faults on the wire: connections that close early, over real sockets and without any."""

import asyncio
import http.client
import json
import logging
import socket
import threading
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import uvicorn

from klingmock import app
from klingmock.app import Endpoint, NoConnection, create_app
from klingmock.task import TIMINGS

JOB = json.dumps({"image": "https://example.com/mountain.jpg"})
LARGE = json.dumps({"image": "A" * 2_000_000})  # comes in many pieces
KEY = {"Authorization": "Bearer mock-a"}


class Server(uvicorn.Server):
    """uvicorn as it is, but one can wait for it."""

    up = None

    async def startup(self, sockets=None) -> None:
        await super().startup(sockets)
        self.up.set()


@contextmanager
def serving(mock, implementation: str, loop: str):
    config = uvicorn.Config(
        create_app(mock), http=implementation, loop=loop, lifespan="off", log_config=None, access_log=False
    )
    server = Server(config)
    server.up = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as sock:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
        thread.start()
        try:
            assert server.up.wait(10)
            yield sock.getsockname()
        finally:
            server.should_exit = True
            thread.join(10)
            assert not thread.is_alive()


@pytest.fixture(params=["httptools", "h11"])
def implementation(request) -> str:
    pytest.importorskip(request.param)
    return request.param


@pytest.fixture(params=["asyncio", "uvloop"])
def loop(request) -> str:
    pytest.importorskip(request.param)
    return request.param


class Site:
    """A running server, its engine, and a way to call it."""

    def __init__(self, world, address) -> None:
        self.world, self.mock, self.address = world, world.mock, address
        self.script = world.script
        self.connection = http.client.HTTPConnection(*address, timeout=10)

    def call(self, method="POST", path="", body=None):
        self.connection.request(method, path or self.world.submit_path, body, KEY)
        reply = self.connection.getresponse()
        try:
            return reply, reply.read()
        except http.client.IncompleteRead:
            self.connection.close()
            raise

    def job(self) -> str:
        return json.loads(self.call(body=JOB)[1])["data"]["task_id"]

    def jobs(self) -> int:
        return self.mock.store.count("mock-a", "submissions", 0)


@pytest.fixture
def site(fake, implementation, loop, caplog):
    """A server whose log has nothing to tell when the test is over."""
    world = fake("2026-07", limited=False, timing=TIMINGS["instant"], parts={"max_body": 3_000_000})
    with caplog.at_level(logging.WARNING), serving(world.mock, implementation, loop) as address:
        site = Site(world, address)
        yield site
        site.connection.close()
    assert caplog.records == []


# --- over a socket ---


@pytest.mark.parametrize("body", [JOB, LARGE], ids=["small", "large"])
@pytest.mark.parametrize(("fault", "accepted"), [("drop", 0), ("lost", 1), ("drop delay=0.01", 0)])
def test_a_connection_closes_without_a_byte(site, fault, accepted, body):
    site.script.add(f"submit: {fault}")
    with pytest.raises(http.client.RemoteDisconnected):
        site.call(body=body)
    assert site.jobs() == accepted
    assert site.call(body=JOB)[0].status == 200  # over a new connection
    assert site.jobs() == accepted + 1


@pytest.mark.parametrize("body", [JOB, LARGE], ids=["small", "large"])
def test_a_reply_is_cut_in_its_middle(site, body):
    site.script.add("submit: truncate")
    with pytest.raises(http.client.IncompleteRead) as caught:
        site.call(body=body)
    whole = site.mock.journal.entries[-1].exchange.reply
    got = caught.value
    assert got.partial == bytes(whole.body)[: len(whole.body) // 2]
    assert len(got.partial) + got.expected == len(whole.body) == int(whole.headers["content-length"])
    assert site.jobs() == 1
    assert site.call(body=JOB)[0].status == 200


def test_a_connection_that_was_kept_closes_too(site):
    name = site.job()
    site.script.add("task: 500 retry-after=3, drop")
    reply, _ = site.call("GET", f"/api/v1/tasks/{name}")
    assert (reply.status, reply.getheader("retry-after")) == (500, "3")
    kept = site.connection.sock
    assert kept is not None
    with pytest.raises(http.client.RemoteDisconnected):
        site.call("GET", f"/api/v1/tasks/{name}")


def test_half_of_a_video(site):
    path = site.mock.served[0].replies.video_path(site.job())
    _, video = site.call("GET", path)
    site.script.add("media: truncate, drop, truncate")
    with pytest.raises(http.client.IncompleteRead) as caught:
        site.call("GET", path)
    assert caught.value.partial == video[: len(video) // 2]
    with pytest.raises(http.client.RemoteDisconnected):
        site.call("GET", path)
    reply, body = site.call("HEAD", path)
    assert (reply.getheader("content-length"), body) == (str(len(video)), b"")
    with pytest.raises(ConnectionError):  # all that there is to cut of it is the connection
        site.call("GET", path)
    site.connection.close()
    assert site.call("GET", path)[1] == video


@pytest.mark.parametrize(("fault", "status_lines"), [("drop", 0), ("truncate", 1)])
def test_requests_that_wait_behind_it_get_nothing(site, fault, status_lines):
    name = site.job()
    site.script.add(f"task: {fault}")
    request = f"GET /api/v1/tasks/{name} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer mock-a\r\n\r\n"
    with socket.create_connection(site.address, timeout=10) as client, client.makefile("rb") as replies:
        client.sendall(request.encode() * 3)
        got = replies.read()
    assert got.count(b"HTTP/1.1 ") == status_lines


def test_a_body_that_is_too_large_to_be_read_is_dropped(site):
    site.script.add("submit: drop")
    head = f"POST {site.world.submit_path} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer mock-a\r\n"
    with socket.create_connection(site.address, timeout=10) as client, client.makefile("rb") as replies:
        client.sendall(f"{head}Content-Length: 9999999\r\nExpect: 100-continue\r\n\r\n".encode())
        assert replies.read() == b""
    assert site.jobs() == 0


# --- without a socket ---


class Cycle:
    """What uvicorn's `send` is bound to: something with a transport."""

    def __init__(self, *waiting: int) -> None:
        self.transport = SimpleNamespace(abort=self.abort, get_write_buffer_size=self.size)
        self.waiting = list(waiting)  # bytes that are still to be written, at each look; the last one stays
        self.log = []

    def size(self) -> int:
        return self.waiting.pop(0) if len(self.waiting) > 1 else self.waiting[0]

    def abort(self) -> None:
        self.log.append("abort")

    async def send(self, message) -> None:
        body = message.get("body")
        self.log.append(message["status"] if body is None else (len(body), message.get("more_body", False)))


def scope(world) -> dict:
    return {
        "type": "http",
        "method": "POST",
        "path": world.submit_path,
        "query_string": b"",
        "scheme": "http",
        "headers": [(b"authorization", b"Bearer mock-a")],
    }


async def receive():
    return {"type": "http.request", "body": JOB.encode(), "more_body": False}


@pytest.fixture
def scripted(fake):
    """An application with a script, and its engine."""

    def make(script: str):
        world = fake(limited=False)
        world.script.add(script)
        return Endpoint(world.mock), world

    return make


@pytest.mark.parametrize("waiting", [[0], [9, 9, 0]])
def test_what_is_written_goes_out_before_the_end(scripted, waiting):
    endpoint, world = scripted("submit: truncate")
    cycle = Cycle(*waiting)
    asyncio.run(endpoint(scope(world), receive, cycle.send))
    size = len(world.mock.journal.entries[-1].exchange.reply.body)
    assert cycle.log == [200, (size // 2, True), "abort", (size - size // 2, False)]
    assert cycle.waiting == [0]


def test_a_client_that_takes_nothing_is_not_waited_for_without_end(scripted, monkeypatch):
    monkeypatch.setattr(app, "LONGEST_END", 0.01)
    endpoint, world = scripted("submit: truncate")
    cycle = Cycle(9)
    asyncio.run(endpoint(scope(world), receive, cycle.send))
    assert cycle.log[2] == "abort"


def test_nothing_is_sent_before_the_end_of_a_drop(scripted):
    endpoint, world = scripted("submit: drop")
    cycle = Cycle(0)
    asyncio.run(endpoint(scope(world), receive, cycle.send))
    assert cycle.log == ["abort", 503, (0, False)]


@pytest.mark.parametrize("fault", ["drop", "lost", "truncate"])
def test_where_there_is_no_connection_it_is_said(scripted, fault):
    endpoint, world = scripted(f"submit: {fault}, 503")
    sent = []

    async def send(message):
        sent.append(message)

    with pytest.raises(NoConnection, match="no connection here that could be closed") as caught:
        asyncio.run(endpoint(scope(world), receive, send))
    assert isinstance(caught.value, ConnectionResetError)
    assert sent == []
    asyncio.run(endpoint(scope(world), receive, send))
    assert sent[0]["status"] == 503


@pytest.mark.parametrize("fault", ["delay=9999", "drop delay=9999", "503 delay=9999"])
def test_a_server_that_stops_ends_a_delay(scripted, fault):
    endpoint, world = scripted(f"submit: {fault}")
    cycle = Cycle(0)

    async def stopped():
        task = asyncio.create_task(endpoint(scope(world), receive, cycle.send))
        while not world.mock.journal.total:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        await task

    asyncio.run(stopped())
    assert cycle.log[0] == 503
    assert "abort" not in cycle.log
