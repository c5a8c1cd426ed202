"""A world: its tasks, its time, what it was asked, and what goes wrong in it; and the hand that steers it."""

import logging
from collections.abc import Callable, Sequence
from math import inf
from typing import NamedTuple

from klingcontracts.contract import Contract
from klingcontracts.exchange import Call, Reply
from klingcontracts.problem import Problem, unknown
from klingmock.accepted import Accepted, Charge, TaskNow, Unfit
from klingmock.answer import MAX_BODY, Mock
from klingmock.clock import Movable
from klingmock.journal import Entry, Journal
from klingmock.keys import Keys
from klingmock.recipe import Recipe
from klingmock.script import Account, Script
from klingmock.scripts import Scripts
from klingmock.served import Served

MANY = 50  # polls in a row that find nothing new: whoever sends them waits for a clock that stands still
OUTCOMES = ("success", "failed")
RUNNING = ("pending", "processing")
_log = logging.getLogger("klingmock")


class Site(NamedTuple):
    """What the worlds of one server have in common; `journal` makes an empty one for a world."""

    journal: Callable[[], Journal] = Journal
    keys: Keys | None = None
    max_body: int = MAX_BODY
    like: Mock | None = None  # an engine by the same recipe: its tables are shared, and its limits of a team
    owner: str = ""  # whose world it is, so that what chance brings differs from that of others
    homes: dict[str, str] | None = None  # whose each task is


class Steered:
    """An engine of one key, and what moves it."""

    def __init__(self, recipe: Recipe, site: Site | None = None) -> None:
        self._site = site or Site()
        self.recipe = self.original = recipe
        self.called = 0  # at which call of its server, the last time
        self.steered = False  # whether the control API was asked about it
        self.clock = recipe.new_clock()
        self._begin(recipe, self._site.like)

    def _begin(self, recipe: Recipe, like: Mock | None) -> None:
        store = Accepted(self._site.homes)
        seed, owner = recipe.plan.seed, self._site.owner
        script = Script(recipe.script, f"{seed}\n{owner}" if owner else seed)
        journal = self._site.journal()
        mock = Mock(
            recipe.contracts,
            recipe.plan,
            clock=self.clock,
            store=store,
            keys=self._site.keys,
            journal=journal,
            scripts=Scripts(script),
            max_body=self._site.max_body,
            like=like,
        )
        store.total = lambda: journal.total
        self._store, self._script, self._mock = store, script, mock
        self._path = ""  # of the last call
        self._idle = 0

    def reset(self, recipe: Recipe | None = None) -> None:
        """Begin anew, by another recipe if need be: no task, no exchange, no charge, a new clock and script.

        Raises Problem for a recipe that makes no sense; then nothing has changed.
        """
        new = self.recipe if recipe is None else recipe
        self.clock, old, store = self._clock_of(new), self.clock, self._store
        try:
            self._begin(new, self._site.like if new == self.original else None)
        except Problem:
            self.clock = old
            raise
        store.leave()
        self.recipe = new

    def _clock_of(self, recipe: Recipe) -> Movable:
        return recipe.new_clock()

    @property
    def contract(self) -> Contract:
        """The revision of this world, the first of several."""
        return self.recipe.contracts[0]

    @property
    def served(self) -> Sequence[Served]:
        """The revisions of this world."""
        return self._mock.served

    @property
    def max_body(self) -> int:
        """Bytes of the largest request body."""
        return self._mock.max_body

    def answer(self, call: Call) -> Reply:
        """Answer a call without a socket, from any thread."""
        if call.path != self._path or call.method != "GET":
            self._path, self._idle = call.path, 1
            return self._mock.answer(call)
        self._idle += 1
        if self._idle == MANY and not self.clock.speed and self._runs(call.path.rpartition("/")[2]):
            _log.warning(
                "%s was polled %d times while the clock of its world stood still: call advance(seconds), or "
                'POST {"advance": seconds} to /__klingmock/clock, let the client\'s sleep do it, or use '
                "timing='instant'.",
                call.path,
                MANY,
            )
        return self._mock.answer(call)

    def _runs(self, task_id: str) -> bool:
        task = self._store.get(task_id)
        return task is not None and task.status(self.now) in RUNNING

    def knows(self, task_id: str) -> bool:
        """Whether a task of this id was submitted here."""
        return self._store.get(task_id) is not None

    @property
    def idle(self) -> bool:
        """Whether no task is left that a poll could find."""
        return not self._store.holds(self.now)

    def leave(self) -> None:
        """Be no longer among the worlds of a server: nobody finds a task of this one any more."""
        self._store.leave()

    # Time.

    @property
    def now(self) -> float:
        """The time in this world, Unix seconds."""
        return self.clock.now()

    def advance(self, seconds: float) -> float:
        """Let this many seconds pass and return the new time; ValueError for a step back.

        It can stand in for a client's sleep: monkeypatch.setattr("time.sleep", klingmock.advance).
        """
        self._leave_team()
        return self.clock.advance(seconds)

    def freeze(self) -> float:
        """Let time stand still until it is advanced; return it."""
        self._leave_team()
        return self.clock.freeze()

    def run(self, speed: float = 1.0) -> float:
        """Let time pass by itself, so many seconds a second, and return it; ValueError for less than 0."""
        self._leave_team()
        return self.clock.run(speed)

    def advance_until(self, moment: float) -> float:
        """Let time pass until this one, Unix seconds, and return it; Problem when that has passed."""
        __tracebackhide__ = True
        if moment < self.now:
            raise Problem(f"{moment} has passed: it is {self.now} now.", "A clock goes forward only.")
        self._leave_team()
        return self.clock.advance_to(moment)

    def _leave_team(self) -> None:
        """Count the requests of a team alone from here on: time goes otherwise than for the others."""
        self._idle = 0
        self._mock.team = self._store

    def advance_to(self, task_id: str, status: str) -> float:
        """Let time pass until the task has this status, or is "expired"; return the new time.

        Raises Problem when there is no such task, or it never has this status from now on.
        """
        __tracebackhide__ = True
        task = self._store.needed(task_id)
        moments = {
            "pending": task.submitted_at,
            "processing": task.processing_at,
            task.outcome: task.runs_until,
        }
        moment = {**moments, "expired": max(task.runs_until, task.expires_at)}.get(status)
        if task.told(self.now) != status:
            if task.held and (moment == inf or status == "processing"):
                fact = f"Task {task_id} is held, and is never {status!r} while it is."
                raise Unfit(fact, f"Release it first: POST /__klingmock/tasks/{task_id}/release.")
            if moment is None or task.told(max(moment, self.now)) != status:
                way = f"pending, processing, {task.outcome}, expired; it is {task.told(self.now)} now"
                raise Unfit(f"Task {task_id} is never {status!r} from here on.", f"Its way: {way}.")
            self._leave_team()
            self.clock.advance_to(moment)
        return self.now

    def hold(self, task_id: str) -> None:
        """Let a task stay in the status that it has, until it is released; Problem when it has ended."""
        __tracebackhide__ = True
        task = self._store.needed(task_id)
        status = task.status(self.now)
        if status not in RUNNING:
            raise Unfit(f"Task {task_id} has ended and can't be held.", "Hold it before it ends.")
        self._mock.replace(task._replace(held=status))

    def release(self, task_id: str) -> None:
        """Let a task that is held, or stuck by a script, go on; Problem when it has ended."""
        __tracebackhide__ = True
        task = self._store.needed(task_id)
        if task.status(self.now) not in RUNNING:
            raise Unfit(f"Task {task_id} has ended and can't be released.", "Release it before it ends.")
        self._mock.replace(task.released(self.now))

    def finish(self, task_id: str, outcome: str = "success") -> None:
        """Let a task end now, as "success" or "failed"; Problem when it has ended, or for another outcome."""
        __tracebackhide__ = True
        task = self._store.needed(task_id)
        if outcome not in OUTCOMES:
            raise unknown("Outcome", outcome, OUTCOMES, "Name one of them.")
        if task.status(self.now) not in RUNNING:
            remedy = "Let it finish, or fail, while it is pending or processing."
            raise Unfit(f"Task {task_id} has ended before.", remedy)
        self._mock.replace(task.ended(self.now, outcome))

    # What happened.

    @property
    def tasks(self) -> list[TaskNow]:
        """The accepted jobs in the order of their submission, whatever key they came with."""
        return [self.task(task_id) for task_id in list(self._store.every)]

    def task(self, task_id: str) -> TaskNow:
        """An accepted job; Problem when there is none of this id."""
        task = self._store.needed(task_id)
        return TaskNow(task.id, task.told(self.now), task)

    @property
    def journal(self) -> list[Entry]:
        """The exchanges, oldest first; the last 1000 are kept."""
        return self._mock.journal.entries

    def whole(self) -> list[Entry]:
        """All exchanges, oldest first; Problem when some are not kept any more."""
        return self._mock.journal.whole()

    @property
    def kept(self) -> int:
        """How many of them are kept."""
        return self._mock.journal.kept

    def forget_exchanges(self) -> None:
        """Keep none of the exchanges so far; they are counted all the same."""
        self._mock.journal.empty()

    @property
    def total(self) -> int:
        """How many exchanges there were."""
        return self._mock.journal.total

    def script(self, text: str) -> None:
        """Let calls fail, in the grammar of scripts: "submit: 503*2; task: drop". Problem for a mistake."""
        self._script.add(text)

    def faults(self) -> list[Account]:
        """What became of each fault of the script, in the order they were asked for."""
        return self._script.accounts()

    def clear_script(self) -> None:
        """Forget all faults of the script, those that have fired too."""
        self._script.clear()

    @property
    def charges(self) -> list[Charge]:
        """What each accepted job cost, in the order of their submission."""
        return self._store.charged(self.now)

    @property
    def jobs(self) -> int:
        """How many jobs were accepted."""
        return self._store.jobs

    @property
    def spent(self) -> int:
        """What they cost, in ten-thousandths of a dollar; what came back of failed ones is not taken off."""
        return self._store.spent

    def balance(self, api_key: str) -> int:
        """What a key has left in this world, in ten-thousandths of a dollar."""
        return max(0, self._left(api_key))

    def overdrawn(self, api_key: str) -> int:
        """What a key has spent beyond its balance, where the revision refuses nothing for money."""
        return max(0, -self._left(api_key))

    def _left(self, api_key: str) -> int:
        return self._mock.left(self._mock.served[0], api_key, self.now)
