"""A real server in a thread of this process."""

from threading import Event, Thread
from types import TracebackType

from klingcontracts.problem import COULD_NOT_LOOK, Problem
from klingmock.answer import Answers
from klingmock.app import create_app
from klingmock.server import Server, config_of, listen, url_of

PATIENCE = 10.0  # seconds to start, and to end


class Background:
    """Serves on a free port of 127.0.0.1 from its start to its end; a context manager too.

    Raises Problem when the server does not start.
    """

    def __init__(self, engine: Answers) -> None:
        self._looked_at = Event()  # the server has started, or has ended without
        self._socket = listen("127.0.0.1", 0)
        self.url = url_of(self._socket)
        self._server = Server(config_of(create_app(engine)), self._looked_at.set)
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
            self._server.run([self._socket])
        finally:
            self._looked_at.set()

    def stop(self) -> None:
        """End the server, and wait until it has; a second time does nothing."""
        self._server.should_exit = True
        self._thread.join(PATIENCE)
        self._socket.close()

    def __enter__(self) -> "Background":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
