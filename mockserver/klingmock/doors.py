"""Worlds behind one server, each with a door of its own: a call goes in by the address it was sent to."""

from collections.abc import Mapping, Sequence

from klingcontracts.exchange import Call, Reply
from klingmock.answer import Answers
from klingmock.served import Served


class Doors:
    """Engines by the port that their clients call; `first` answers where there is none.

    So it is known whose call it is even where a client sends no key, or another one.
    """

    def __init__(self, first: Answers) -> None:
        self._first = first
        self._engines: Mapping[str, Answers] = {}

    @property
    def served(self) -> Sequence[Served]:
        """The revisions of the first engine."""
        return self._first.served

    @property
    def max_body(self) -> int:
        """Bytes of the largest request body."""
        return self._first.max_body

    def open(self, engines: Mapping[str, Answers]) -> None:
        """Let each engine answer at its URL."""
        self._engines = {_port(url): engine for url, engine in engines.items()}

    def answer(self, call: Call) -> Reply:
        """Answer a call, from any thread."""
        return self._engines.get(_port(call.origin), self._first).answer(call)


def _port(url: str) -> str:
    return url.rpartition(":")[2]
