"""A real server in a thread of this process."""

from contextlib import suppress
from threading import Event, Thread
from types import TracebackType

from klingcontracts.problem import COULD_NOT_LOOK, Problem
from klingmock.answer import Answers
from klingmock.app import create_app
from klingmock.control import Steer
from klingmock.server import Server, config_of, listen, url_of

PATIENCE = 10.0  # seconds to start, and to end
TURNS = 3  # of the server's loop: in one it reads a request, in the next it answers


class Background:
    """Serves on free ports of 127.0.0.1 from its start to its end; a context manager too.

    `urls` are where it listens, `url` the first of them. Raises Problem when the server does not start.
    """

    def __init__(self, engine: Answers, steer: Steer | None = None, ports: int = 1) -> None:
        self._looked_at = Event()  # the server has started, or has ended without
        self._sockets = [listen("127.0.0.1", 0) for _ in range(ports)]
        self.urls = list(map(url_of, self._sockets))
        self.url = self.urls[0]
        self._server = Server(config_of(create_app(engine, steer=steer)), self._looked_at.set)
        self._thread = Thread(target=self._run, name="klingmock", daemon=True)
        self._thread.start()
        if not self._looked_at.wait(PATIENCE) or not self._server.started:
            self.stop()
            raise Problem(
                f"The server did not start within {PATIENCE:g} seconds.",
                "Look at the log for what it met, or try again.",
                COULD_NOT_LOOK,
            )

    def _run(self) -> None:
        try:
            self._server.run(self._sockets)
        finally:
            self._looked_at.set()

    def settle(self) -> None:
        """Wait until the server has answered the requests that were there before, but for those it delays."""
        settled = Event()
        with suppress(RuntimeError):  # it has ended: nothing is there to be answered
            self._server.loop.call_soon_threadsafe(self._turn, TURNS, settled)
            settled.wait(PATIENCE)

    def _turn(self, left: int, settled: Event) -> None:
        if left:
            self._server.loop.call_soon(self._turn, left - 1, settled)
        else:
            settled.set()

    def stop(self) -> None:
        """End the server, and wait until it has; a second time does nothing."""
        self._server.should_exit = True
        self._thread.join(PATIENCE)
        for sock in self._sockets:
            sock.close()

    def __enter__(self) -> "Background":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
