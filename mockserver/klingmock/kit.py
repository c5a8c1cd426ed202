"""The server of one process, and the worlds that are opened on it."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Any

from klingcontracts.contract import Contract, load
from klingmock.answer import Mock
from klingmock.background import Background
from klingmock.handle import Handle
from klingmock.journal import Entry
from klingmock.options import options
from klingmock.worlds import Worlds

RECENT = 3


class Kit:
    """A server that starts when the first world is opened, and ends when the kit is closed.

    `watch` is called with the contract and each exchange of every world.
    """

    def __init__(self, watch: Callable[[Contract, Entry], None] | None = None) -> None:
        self._worlds = Worlds(Mock([load()]))
        self._server: Background | None = None
        self._watch = watch
        self._numbers = count(1)
        self.open_handles: dict[str, Handle] = {}
        self.jobs = 0  # accepted in worlds that are closed
        self.spent = 0  # what they cost, in ten-thousandths of a dollar
        self.recent: deque[Handle] = deque(maxlen=RECENT)  # the last ones that were opened

    @property
    def url(self) -> str:
        """Where the server listens, such as http://127.0.0.1:40123; it is started if need be."""
        return self._serving().url

    def open(self, *given: Mapping[str, Any], key: str = "") -> Handle:
        """Open a world under a key of its own; Problem for an option that makes no sense."""
        chosen = options(*given)
        api_key = key or f"mock-world-{next(self._numbers)}"
        server = self._serving()
        handle = Handle(server.url, api_key, chosen, self._forget, self._watch)
        handle.settle = server.settle
        self._worlds.open(api_key, handle)
        self.open_handles[api_key] = handle
        self.recent.append(handle)
        return handle

    def close(self) -> None:
        """Close every world, and end the server."""
        for handle in list(self.open_handles.values()):
            handle.close()
        if self._server is not None:
            self._server.stop()
            self._server = None

    def _serving(self) -> Background:
        if self._server is None:
            self._server = Background(self._worlds, self._worlds.steer)
        return self._server

    def _forget(self, key: str) -> None:
        self._worlds.close(key)
        handle = self.open_handles.pop(key, None)
        if handle is not None:
            self.jobs += handle.jobs
            self.spent += handle.spent


@contextmanager
def running(**given: Any) -> Iterator[Handle]:
    """A server with one world for the length of a block: `with klingmock.running(timing="instant") as fake:`.

    The options are those of `klingmock.options.Options`. Raises Problem for one that makes no sense.
    """
    kit = Kit()
    try:
        with kit.open(given) as handle:
            yield handle
    finally:
        kit.close()
