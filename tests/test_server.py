"""klingmock.server: the socket, the signals, and the words around a running server."""

import asyncio
import errno
import importlib.util
import io
import os
import re
import signal
import socket
import sys
import threading
from types import SimpleNamespace

import pytest
import uvicorn

from klingcontracts.exchange import Call
from klingcontracts.problem import Problem
from klingmock import server
from klingmock.server import Server, contracts_of, listen, mock, serve, url_of
from klingmock.settings import settings

# --- listening ---


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield sock, sock.getsockname()[1]


def test_a_port_in_use_by_a_stranger_who_is_silent(taken):
    _, port = taken
    with pytest.raises(Problem) as caught:
        listen("127.0.0.1", port)
    assert caught.value.fact.startswith(f"Can't listen on 127.0.0.1 port {port}: address already in use")
    assert "klingmock" not in caught.value.fact
    assert (caught.value.exit_code, "--port 0" in caught.value.remedy) == (2, True)


def test_a_port_in_use_by_a_stranger_who_talks(taken):
    sock, port = taken

    def talk():
        other, _ = sock.accept()
        with other:
            other.sendall(b"220 mail.example ESMTP\r\n")

    thread = threading.Thread(target=talk)
    thread.start()
    with pytest.raises(Problem) as caught:
        listen("127.0.0.1", port)
    thread.join(10)
    assert "klingmock" not in caught.value.fact


def test_a_port_that_is_bound_and_answers_nobody():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        with pytest.raises(Problem, match="already in use"):
            listen("127.0.0.1", sock.getsockname()[1])


@pytest.mark.parametrize(
    ("error", "fact", "remedy"),
    [
        (PermissionError(errno.EACCES, "Permission denied"), "permission denied", "--port of 1024 or more"),
        (OSError("odd"), "odd", "--host"),
    ],
)
def test_what_else_the_system_may_say(monkeypatch, error, fact, remedy):
    def refuse(*_):
        raise error

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(Problem) as caught:
        listen("127.0.0.1", 80)
    assert caught.value.fact == f"Can't listen on 127.0.0.1 port 80: {fact}."
    assert remedy in caught.value.remedy


@pytest.mark.parametrize(
    "host", ["203.0.113.1", "no-such-host.invalid", "a..b", "x" * 70, "999.1.1.1", "::zz"]
)
def test_a_host_that_is_not_ours(host):
    with pytest.raises(Problem, match="Can't listen on") as caught:
        listen(host, 0)
    assert host in caught.value.fact
    assert "127.0.0.1" in caught.value.remedy


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:"),
        ("localhost", "http://127.0.0.1:"),
        ("0.0.0.0", "http://127.0.0.1:"),
        ("::1", "http://[::1]:"),
        ("::", "http://[::1]:"),
    ],
)
def test_the_url_is_one_that_can_be_called(host, url, address, request):
    if ":" in host:
        request.getfixturevalue("ipv6")
    with listen(host, 0) as sock:
        assert url_of(sock).startswith(url)
        assert address(url_of(sock))[1] == sock.getsockname()[1] > 0
        with socket.create_connection(address(url_of(sock)), timeout=5):
            pass


def test_a_port_is_free_again_at_once():
    with listen("127.0.0.1", 0) as sock:
        sock.setblocking(True)
        port = sock.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
            sock.accept()[0].close()  # who closes first keeps the port in TIME_WAIT
            assert client.recv(1) == b""
    with listen("127.0.0.1", port) as again:
        assert again.getsockname()[1] == port


@pytest.mark.parametrize("name", ["nt", "posix"])
def test_only_where_it_is_safe_is_an_address_used_again(monkeypatch, name):
    # On Windows SO_REUSEADDR would let two servers share a port.
    monkeypatch.setattr(server, "os", SimpleNamespace(name=name))
    with listen("127.0.0.1", 0) as sock:
        reused = sock.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)
    assert bool(reused) is (name == "posix")


# --- from settings to an engine ---


def engine(**flags):
    return mock(settings({name.replace("_", "-"): value for name, value in flags.items()}, {})).first


def test_settings_reach_the_engine():
    one = engine(
        revision=["2026-07"],
        speed="60",
        seed="7",
        rate_limit="5",
        concurrency="4",
        retention="60",
        balance="2",
        max_body="1000",
        journal_size="3",
        timing="instant",
    )
    [served] = one.served
    assert served.contract.revision == "2026-07"
    assert (served.limits.rate, served.limits.concurrency, served.kept, served.opening) == (
        5,
        4,
        60.0,
        20_000,
    )
    assert (one.plan.speed, one.plan.seed, one.max_body, one.journal.size) == (60.0, "7", 1000, 3)
    assert one.plan.timing.processing == 0


def test_a_seed_is_drawn_when_none_is_given():
    assert engine().plan.seed != engine().plan.seed
    assert engine(seed="").plan.seed == ""


def test_no_limits_and_named_keys():
    one = engine(no_limits=True, api_key=["mine"])
    assert one.served[0].limits.rate is None
    assert one.keys.admit("Bearer mine").owner == "mine"


def contracts(*revisions: str, readings: tuple[str, ...] = ()):
    return contracts_of(settings({"revision": list(revisions), "reading": list(readings)}, {}))


def test_a_revision_named_twice_is_served_once():
    assert [one.revision for one in contracts("2026-07", "2026-02", "2026-07")] == ["2026-07", "2026-02"]


def test_a_reading_holds_for_the_revisions_that_have_the_question():
    first, second = contracts("2026-02", "2026-07", readings=("tier=10", "null-field=absent"))
    assert "tier" not in first.questions
    assert second.questions["tier"].chosen == "10"
    assert first.questions["null-field"].chosen == second.questions["null-field"].chosen == "absent"


@pytest.mark.parametrize("readings", [("teir=10",), ("tier=11",), ("teir=10", "null-field=absent")])
def test_a_reading_that_no_revision_has_is_refused(readings):
    with pytest.raises(Problem, match=r"Nearest: '(tier|10?0?)'"):
        contracts("2026-02", "2026-07", readings=readings)


# --- serving, in this process ---


@pytest.fixture
def still(monkeypatch):
    """Let a server that is asked to run do nothing; what it was asked to run with."""
    seen = []

    def run(self, sockets):
        seen.append((self.config, sockets[0]))
        sockets[0].close()

    monkeypatch.setattr(Server, "run", run)
    return seen


def test_what_is_said_goes_to_standard_output(still, capsys):
    serve(settings({"port": "0", "log-level": "debug"}, {}))
    out = capsys.readouterr().out
    assert out.startswith("klingmock ")
    assert out.endswith("klingmock stopped\n")
    assert len(still) == 1


def test_the_banner_shows_the_public_url(still, capsys):
    serve(settings({"port": "0", "public-url": "https://fake.example"}, {}))
    told = capsys.readouterr().out
    assert re.search(r"^  listens on +http://127\.0\.0\.1:\d+$", told, re.MULTILINE)
    assert re.search(r"^  links point to +https://fake\.example$", told, re.MULTILINE)
    assert "--url http://127.0.0.1:" in told


def test_the_banner_tells_who_else_can_come(still, capsys):
    serve(settings({"port": "0", "host": "0.0.0.0"}, {}))
    assert "(open to other machines: --host)" in capsys.readouterr().out


class Limits:
    """The system's limits on open files, in place of the real ones."""

    RLIMIT_NOFILE, RLIM_INFINITY = "files", -1

    def __init__(self, soft: int, hard: int, *, fails: bool = False) -> None:
        self.limits, self.fails = (soft, hard), fails

    def getrlimit(self, _):
        return self.limits

    def setrlimit(self, _, limits):
        if self.fails:
            raise ValueError("not allowed to raise maximum limit")
        self.limits = limits


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((1024, 4096), (4096, 4096)),
        ((1024, -1), (65536, -1)),
        ((1024, 1_000_000), (65536, 1_000_000)),
        ((100_000, 1_000_000), (100_000, 1_000_000)),  # never down
    ],
)
def test_the_limit_of_open_files_is_raised_as_far_as_it_may(still, monkeypatch, before, after):
    system = Limits(*before)
    monkeypatch.setattr(server, "resource", system)
    serve(settings({"port": "0"}, {}))
    assert system.limits == after


@pytest.mark.parametrize("system", [None, Limits(1, 2, fails=True)])
def test_a_system_that_has_no_such_limit_or_keeps_it_serves_all_the_same(still, monkeypatch, system):
    monkeypatch.setattr(server, "resource", system)
    serve(settings({"port": "0"}, {}))
    assert len(still) == 1


def test_a_system_without_the_module_loads_it_all_the_same(monkeypatch):
    monkeypatch.setitem(sys.modules, "resource", None)  # as on Windows
    found = importlib.util.find_spec("klingmock.server")
    another = importlib.util.module_from_spec(found)
    found.loader.exec_module(another)
    assert another.resource is None


def test_in_a_thread_no_signal_is_taken(monkeypatch, capsys, ask):
    made, ready = [], threading.Event()

    class Caught(Server):
        def __init__(self, config, say):
            super().__init__(config, lambda: (say(), ready.set())[0])
            made.append(self)

    monkeypatch.setattr(server, "Server", Caught)
    before = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
    thread = threading.Thread(target=serve, args=(settings({"port": "0"}, {}),))
    thread.start()
    try:
        assert ready.wait(20)
        url = capsys.readouterr().out.split("klingmock ready ")[1].strip()
        assert ask(url)[1]["status"] == "ok"
    finally:
        made[0].should_exit = True
        thread.join(20)
    assert not thread.is_alive()
    assert {name: signal.getsignal(name) for name in before} == before


def idle() -> Server:
    return Server(uvicorn.Config(lambda: None, log_config=None), lambda: None)


def test_signals_are_taken_where_the_loop_knows_none(monkeypatch):
    one = idle()
    before = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}

    async def take():
        def unknown(*_):
            raise NotImplementedError

        monkeypatch.setattr(asyncio.get_running_loop(), "add_signal_handler", unknown)
        with one.capture_signals():
            return {signal.getsignal(name) for name in before}

    try:
        assert asyncio.run(take()) == {one.handle_exit}
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def test_ready_is_said_only_when_it_is_so(monkeypatch):
    said = []

    async def fails(self, sockets=None):
        self.should_exit = True

    monkeypatch.setattr(uvicorn.Server, "startup", fails)
    one = Server(uvicorn.Config(lambda: None, log_config=None), lambda: said.append("ready"))
    asyncio.run(one.startup())
    assert said == []


def test_a_ready_line_that_can_not_be_written_ends_it(monkeypatch):
    async def starts(self, sockets=None):
        self.started = True

    monkeypatch.setattr(uvicorn.Server, "startup", starts)
    one = Server(uvicorn.Config(lambda: None, log_config=None), lambda: 3)
    asyncio.run(one.startup())
    assert (one.exit_code, one.should_exit) == (3, True)


def test_nothing_is_served_behind_a_banner_that_can_not_be_written(still, monkeypatch):
    monkeypatch.setattr(server, "announce", lambda _: 3)
    assert serve(settings({"port": "0"}, {})) == 3
    assert not still


def test_the_journal_of_a_full_disk_does_not_stop_the_server(still, monkeypatch, caplog):
    class Full(io.StringIO):
        def write(self, _):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(server, "open_file", lambda _: Full())
    one = engine(journal="x")
    assert [one.answer(Call("GET", "/", {})).status for _ in range(3)] == [401] * 3
    assert [record.getMessage().count("No space left on device") for record in caplog.records] == [1]
