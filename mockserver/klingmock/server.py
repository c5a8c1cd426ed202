"""The socket, the signals and the words around a running server."""

import asyncio
import errno
import gc
import logging
import os
import signal
import socket
import sys
from asyncio import sleep
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import uvicorn
from starlette.applications import Starlette

try:
    import resource
except ImportError:  # Windows has no such limit
    resource = None  # type: ignore[assignment]

from klingcontracts.contract import Contract
from klingcontracts.problem import Problem
from klingcontracts.readings import load_each
from klingmock.answer import Mock
from klingmock.app import create_app
from klingmock.banner import banner
from klingmock.gate import Gate, is_local
from klingmock.journal import Journal, open_file
from klingmock.keyed import Keyed
from klingmock.keys import Keys
from klingmock.loglines import Lines
from klingmock.out import announce
from klingmock.recipe import Recipe
from klingmock.scripts import Scripts
from klingmock.served import Plan
from klingmock.settings import Settings
from klingmock.task import TIMINGS

BACKLOG = 2048
TICK = 0.1  # seconds between two looks at whether to end
TICKS_A_DAY = 864_000
KEEP_ALIVE = 75  # seconds; less than a poller waits would close its connection under it
_log = logging.getLogger("klingmock")


class Server(uvicorn.Server):
    """uvicorn's server; it says when it is ready, and a first signal ends it without a second one raised.

    What `ready` returns, if it is not 0, ends it again: that is its `exit_code`.
    """

    def __init__(self, config: uvicorn.Config, ready: Callable[[], int | None]) -> None:
        super().__init__(config)
        self._ready = ready
        self.exit_code = 0

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, then say so."""
        self.loop = asyncio.get_running_loop()
        await super().startup(sockets)
        if self.started:
            self.exit_code = self._ready() or 0
            self.should_exit = self.should_exit or bool(self.exit_code)

    async def main_loop(self) -> None:
        """Tick until the end is wanted, by a sleep that no test has put another one in place of."""
        ticks = 0
        while not await self.on_tick(ticks):
            ticks = (ticks + 1) % TICKS_A_DAY
            await sleep(TICK)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End at Ctrl-C and SIGTERM, and leave it at that: a wanted end is no failure."""
        loop = asyncio.get_running_loop()
        names = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)]
        for name in names:
            try:
                loop.add_signal_handler(name, self.handle_exit, name, None)
            except (NotImplementedError, RuntimeError, ValueError):  # Windows, or not the main thread
                with suppress(ValueError):
                    signal.signal(name, self.handle_exit)
        yield


def recipe(settings: Settings) -> Recipe:
    """How the world of each key begins; Problem when a setting can't be had."""
    plan = Plan(
        timing=TIMINGS[settings.timing],
        speed=settings.speed,
        seed=settings.seed if settings.seed is not None else os.urandom(4).hex(),
        limited=not settings.no_limits,
        rate=settings.rate_limit,
        concurrency=settings.concurrency,
        retention=settings.retention,
        balance=settings.balance,
        prices=settings.price,
    )
    return Recipe(contracts_of(settings), plan, settings.script or "")


def mock(settings: Settings, lines: Lines | None = None) -> Keyed:
    """The engine that these settings describe; Problem when one of them can't be had."""
    made = recipe(settings)
    file = open_file(settings.journal) if settings.journal else None
    journal = Journal(settings.journal_size, file, lines.write if lines else None, _log.error)
    keys, scripts = Keys(settings.api_key), Scripts(text=made.script)
    first = Mock(
        made.contracts, made.plan, keys=keys, journal=journal, scripts=scripts, max_body=settings.max_body
    )
    return Keyed(first, made)


def contracts_of(settings: Settings) -> list[Contract]:
    """The contracts to serve, each with the chosen readings of those open questions that it has."""
    return load_each(list(dict.fromkeys([*settings.revision, *settings.contract])), settings.readings)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; Problem when the port is taken or the address is not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    if os.name != "nt":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise _not_ours(host, port, error) from error
    sock.setblocking(False)
    return sock


def _not_ours(host: str, port: int, error: OSError) -> Problem:
    reason = (error.strerror or str(error)).lower()
    fact = f"Can't listen on {host} port {port}: {reason}"
    if error.errno == errno.EADDRINUSE:
        who = " by another klingmock" if _answers_as_us(host, port) else ""
        return Problem(f"{fact}{who}.", "Stop what listens there, or choose --port 0 for any free port.")
    if error.errno == errno.EACCES:
        return Problem(f"{fact}.", "Choose a --port of 1024 or more.")
    return Problem(f"{fact}.", "Give --host an address of this machine, such as 127.0.0.1.")


def _answers_as_us(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=0.5) as other:
            other.sendall(b"GET /__klingmock/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return b'"klingmock"' in other.recv(4096) + other.recv(4096)
    except OSError:
        return False


def url_of(sock: socket.socket) -> str:
    """The URL under which a listening socket is reached from this machine."""
    host, port = sock.getsockname()[:2]
    local = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{local}:{port}"


def serve(settings: Settings) -> int:
    """Serve until a signal; what is said goes to standard output, the log to standard error.

    Returns the exit code: 3 when what is said can't be written, since then nobody knows where we listen.
    """
    logging.basicConfig(
        level=settings.log_level.upper(),
        format="%(asctime)s  ---  %(message)s",
        datefmt="%H:%M:%S",
        stream=sys.stderr,
    )
    for name in ("uvicorn", "uvicorn.error", "asyncio"):
        logging.getLogger(name).setLevel("ERROR" if settings.log_level != "debug" else "DEBUG")
    engine = mock(settings, Lines(sys.stderr) if settings.log_level in {"debug", "info"} else None)
    try:
        with listen(settings.host, settings.port) as sock:
            return _run(settings, engine, sock)
    finally:
        engine.close()


def _run(settings: Settings, engine: Keyed, sock: socket.socket) -> int:
    _raise_file_limit()
    unwritten = announce(banner(settings, engine.first, url_of(sock)))
    if unwritten:
        return unwritten
    gate = Gate(settings.control_token, exposed=not is_local(settings.host))
    app = create_app(engine, settings.public_url, engine.steer, gate)
    server = Server(config_of(app), lambda: _ready(sock))
    server.run(sockets=[sock])
    return server.exit_code or announce("klingmock stopped")


def config_of(app: Starlette) -> uvicorn.Config:
    """How every server of ours is run."""
    return uvicorn.Config(
        app,
        access_log=False,
        log_config=None,
        lifespan="off",
        ws="none",
        server_header=False,
        proxy_headers=False,  # there is --public-url
        timeout_graceful_shutdown=1,
        timeout_keep_alive=KEEP_ALIVE,
        backlog=BACKLOG,
    )


def _ready(sock: socket.socket) -> int:
    # Requests leave next to no cycles, and tasks are there to stay: to look at all of them is waste.
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)
    gc.enable()
    return announce(f"klingmock ready {url_of(sock)}")


def _raise_file_limit() -> None:
    # Each idle connection holds a descriptor; the usual soft limit of 1024 ends in refused connections.
    if resource is not None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
        if soft < wanted:
            with suppress(OSError, ValueError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
