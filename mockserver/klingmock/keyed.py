"""The worlds of a server: each key has one of its own, made at its first call."""

from collections.abc import Sequence
from itertools import count

from klingcontracts.exchange import Call, Reply
from klingcontracts.problem import Problem
from klingmock.answer import Answers, Mock
from klingmock.journal import Journal
from klingmock.recipe import Recipe
from klingmock.served import Served
from klingmock.steered import Site, Steered

MOST_IDLE = 1000  # worlds without a task that are remembered, those that were called last
MOST_STEERED = 10_000  # of those that the control API was asked about
MOST_FULL = 100  # worlds whose journals may be full; beyond that, the oldest exchanges are let go of
TIDIED = 10_000  # calls between two looks at the journals


class Keyed:
    """An engine for each key, by one recipe.

    A call that has no accepted key is answered by the only world there is, else by `first`: then nobody can
    tell whose it is. All write to the file of `first`'s journal.
    """

    def __init__(self, first: Mock, recipe: Recipe) -> None:
        self.first = first
        self._recipe = recipe
        self._media = tuple({contract.media for contract in recipe.contracts})
        # By Authorization header, of which each key has one: a call of a known key costs one look.
        self._worlds: dict[str | None, Steered] = {}
        self._homes: dict[str, str] = {}  # whose each task is
        self._number = count(1)
        self._sweep_at = MOST_IDLE
        self._calls = 0
        self._tidy_at = TIDIED

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
        world = self._worlds.get(call.headers.get("authorization"))
        if world is None or call.path.startswith(self._media):
            return self._of(call).answer(call)
        return self._called(world).answer(call)

    def _called(self, world: Steered) -> Steered:
        self._calls += 1
        world.called = self._calls
        if self._calls >= self._tidy_at:
            self._tidy()
        return world

    def _of(self, call: Call) -> Answers:
        """Whose call it is: a video asks for no key, and is in the world that has its task."""
        owner = self.first.keys.admit(call.headers.get("authorization")).owner
        if not owner or call.path.startswith(self._media):
            task_id = call.path.rpartition("/")[2].rpartition("_")[0]
            owner = self._homes.get(task_id, owner)
        if owner:
            return self._world(owner)
        return next(iter(self._worlds.values())) if len(self._worlds) == 1 else self.first

    def close(self) -> None:
        """Close the journal's file."""
        self.first.journal.close()

    def steer(self, authorization: str | None) -> Steered:
        """The world of the key in this Authorization header; Problem when that is not accepted."""
        admission = self.first.keys.admit(authorization)
        if not admission.owner:
            fact = "This call has no key that is accepted, and each world is that of a key."
            raise Problem(fact, f"{admission.hint[:1].upper()}{admission.hint[1:]}.")
        world = self._world(admission.owner)
        world.steered = True
        return world

    def _world(self, owner: str) -> Steered:
        header = f"Bearer {owner}"
        world = self._worlds.get(header)
        if world is None:
            if len(self._worlds) >= self._sweep_at:
                self._sweep()
            world = self._worlds[header] = self._new(owner)
        return self._called(world)

    def _new(self, owner: str) -> Steered:
        first = self.first

        def journal() -> Journal:
            return first.journal.twin(next(self._number))  # what begins anew is another world in the file

        return Steered(self._recipe, Site(journal, first.keys, first.max_body, first, owner, self._homes))

    def _latest(self) -> list[tuple[str | None, Steered]]:
        """The worlds, those that were called last first."""
        return sorted(self._worlds.items(), key=lambda one: -one[1].called)

    def _tidy(self) -> None:
        """Empty the journals of those worlds that were called longest ago, where too much is kept."""
        self._tidy_at = self._calls + TIDIED
        left = MOST_FULL * self.first.journal.size
        for _, world in self._latest():
            left -= world.kept
            if left < 0:
                world.forget_exchanges()

    def _sweep(self) -> None:
        """Forget worlds that nobody can find a task in, but for those that were called last."""
        left = {False: MOST_IDLE // 2, True: MOST_STEERED}
        for header, world in self._latest():
            if world.idle:
                left[world.steered] -= 1
                if left[world.steered] < 0:
                    world.leave()
                    del self._worlds[header]
        # To look through many that have tasks again and again would make each new one slower.
        self._sweep_at = max(MOST_IDLE, 2 * len(self._worlds))
