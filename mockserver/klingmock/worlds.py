"""Many engines behind one address: each call goes to the one that its key belongs to."""

from collections.abc import Sequence
from threading import Lock
from typing import Protocol

from klingcontracts.check import bearer
from klingcontracts.exchange import Call, Reply
from klingcontracts.problem import Problem
from klingmock.answer import Answers
from klingmock.served import Served


class World(Answers, Protocol):
    """An engine of one key."""

    def knows(self, task_id: str) -> bool:
        """Whether a task of this id was submitted here."""


class Worlds:
    """The worlds that are open, by key.

    A call without a key, or with one that is nobody's, goes to the world that was opened last, so that a test
    sees what its client got wrong; a video, which asks for no key, to the world that has its task.
    """

    def __init__(self, first: Answers) -> None:
        self._open: dict[str, World] = {}
        self._first = first
        self._last: Answers = first  # answers where no key says otherwise
        self._lock = Lock()

    @property
    def served(self) -> Sequence[Served]:
        """The revisions of the world that was opened last."""
        return self._last.served

    @property
    def max_body(self) -> int:
        """Bytes of the largest request body."""
        return self._last.max_body

    def open(self, key: str, world: World) -> None:
        """Let a world answer for a key; one that had the key before is closed."""
        with self._lock:
            self._open.pop(key, None)
            self._open[key] = world
            self._last = world

    def close(self, key: str) -> None:
        """Take the world of a key away; closing it twice does nothing."""
        with self._lock:
            self._open.pop(key, None)
            self._last = next(reversed(self._open.values()), self._first)

    def answer(self, call: Call) -> Reply:
        """Answer a call, from any thread."""
        return self._of(call).answer(call)

    def steer(self, authorization: str | None) -> World:
        """The world of the key in this Authorization header; Problem when none is open under it."""
        key = bearer(authorization or "")
        world = self._open.get(key or "")
        if world is None:
            raise Problem("No world is open under the key of this call.", "Send the api_key of an open one.")
        return world

    def _of(self, call: Call) -> Answers:
        key = bearer(call.headers.get("authorization", ""))
        if key is not None:
            return self._open.get(key, self._last)
        task_id = call.path.rpartition("/")[2].rpartition("_")[0]
        with self._lock:
            worlds = list(reversed(self._open.values()))
        return next((world for world in worlds if world.knows(task_id)), self._last)
