"""The worlds of a server: each key has one of its own, made at its first call."""

from collections import OrderedDict
from collections.abc import Sequence
from itertools import count

from klingcontracts.exchange import Call, Reply
from klingcontracts.problem import Problem
from klingmock.answer import Mock
from klingmock.journal import Journal
from klingmock.recipe import Recipe
from klingmock.served import Served
from klingmock.steered import Site, Steered

MOST_IDLE = 1000  # worlds without a task that are remembered, those that were called last


class Keyed:
    """An engine for each key, by one recipe.

    `first` answers those who have no key that is accepted. All write to its journal's file.
    """

    def __init__(self, first: Mock, recipe: Recipe) -> None:
        self.first = first
        self._recipe = recipe
        self._worlds: OrderedDict[str, Steered] = OrderedDict()
        self._number = count(1)
        self._sweep_at = MOST_IDLE

    @property
    def served(self) -> Sequence[Served]:
        """The revisions that a world begins with."""
        return self.first.served

    @property
    def max_body(self) -> int:
        """Bytes of the largest request body."""
        return self.first.max_body

    def answer(self, call: Call) -> Reply:
        """Answer a call; one call at a time."""
        owner = self.first.keys.admit(call.headers.get("authorization")).owner
        if call.path.startswith(self.served[0].contract.media):
            # A video asks for no key: it is in the world that has its task.
            task_id = call.path.rpartition("/")[2].rpartition("_")[0]
            for world in self._worlds.values():
                if world.knows(task_id):
                    return world.answer(call)
        return self._world(owner).answer(call) if owner else self.first.answer(call)

    def close(self) -> None:
        """Close the journal's file."""
        self.first.journal.close()

    def steer(self, authorization: str | None) -> Steered:
        """The world of the key in this Authorization header; Problem when that is not accepted."""
        admission = self.first.keys.admit(authorization)
        if not admission.owner:
            fact = "This call has no key that is accepted, and each world is that of a key."
            raise Problem(fact, f"{admission.hint[:1].upper()}{admission.hint[1:]}.")
        return self._world(admission.owner)

    def _world(self, owner: str) -> Steered:
        world = self._worlds.get(owner)
        if world is None:
            if len(self._worlds) >= self._sweep_at:
                self._sweep()
            world = self._worlds[owner] = self._new(owner)
        self._worlds.move_to_end(owner)
        return world

    def _new(self, owner: str) -> Steered:
        first = self.first

        def journal() -> Journal:
            return first.journal.twin(next(self._number))

        return Steered(self._recipe, Site(journal, first.keys, first.max_body, first, owner))

    def _sweep(self) -> None:
        """Forget worlds that nobody can find a task in, but for those that were called last."""
        oldest = list(self._worlds)[: -(MOST_IDLE // 2)]
        for owner in oldest:
            if self._worlds[owner].idle:
                del self._worlds[owner]
        # To look through many that have tasks again and again would make each new one slower.
        self._sweep_at = max(MOST_IDLE, 2 * len(self._worlds))
