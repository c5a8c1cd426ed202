"""A scenario on its stage: how a client is put through it, and the record of what it did there."""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from klingcontracts.contract import Contract, load
from klingcontracts.document import DEFAULT, revisions
from klingcontracts.problem import Problem, unknown
from klingmock.certificate import EXITED, NEVER_CALLED, TIMED_OUT, Certificate, Played
from klingmock.judging import Seen, checks
from klingmock.recipe import Recipe
from klingmock.scenario import Scenario, scenario, scenarios
from klingmock.served import Plan
from klingmock.steered import Steered

TIMEOUT = 330.0  # seconds for one scenario: a bit more than the vendor's own client waits for a task (C4)
LONGEST = 86_400.0  # seconds that a scenario may be given
FASTEST = 1000.0

Progress = Callable[[int, Sequence[str]], None]  # how many scenarios are done, and which are going on


class Way(NamedTuple):
    """How a client is run. `revision` is what {revision} stands for; the paths of all are served.

    `jobs` is how many scenarios go on at the same time, None for as many as the machine takes; `timeout` are
    the machine's seconds that the client has for each, and for the waits of its script besides. At a `speed`
    of 10, a second of the client's waits counts as ten, for one whose waits were made that much shorter. The
    variables are those that tell the client where to call, and with which key.
    """

    revision: str = DEFAULT
    jobs: int | None = None
    timeout: float = TIMEOUT
    speed: float = 1.0
    base_url_variable: str = "MODELLIX_BASE_URL"
    api_key_variable: str = "MODELLIX_API_KEY"

    def checked(self) -> "Way":
        """The same; Problem for a value that makes no sense."""
        if self.revision not in revisions():
            raise unknown("Revision", self.revision, revisions(), "See: klingmock contract list")
        if self.jobs is not None and self.jobs < 1:
            raise Problem(
                f"{self.jobs} jobs are none.", "Give how many scenarios may go on at a time, from 1."
            )
        for name, value, most in (("timeout", self.timeout, LONGEST), ("speed", self.speed, FASTEST)):
            if not 0 < value <= most:
                raise Problem(f"A {name} of {value:g} makes no sense.", f"Give more than 0, up to {most:g}.")
        if self.base_url_variable == self.api_key_variable:
            fact = f"{self.base_url_variable!r} can't hold both the address and the key."
            raise Problem(fact, "Name two environment variables.")
        for name in (self.base_url_variable, self.api_key_variable):
            if not name or "=" in name or "\0" in name:
                raise Problem(
                    f"{name!r} is no name of an environment variable.", "Give one such as BASE_URL."
                )
        return self

    @property
    def recipe(self) -> Recipe:
        """How every world begins: with the paths of all revisions, and without limits."""
        names = [self.revision, *(name for name in revisions() if name != self.revision)]
        return Recipe([load(name) for name in names], Plan(limited=False))

    @property
    def hint(self) -> str:
        """How a client that never called is pointed here."""
        return (
            f"Let the client take its address from {self.base_url_variable} and its key from "
            f"{self.api_key_variable}, or write {{base_url}} and {{api_key}} into the command."
        )


class Ended(NamedTuple):
    """How a client ended: `exit_code` None when it was ended by us; `seconds` are of its world's clock.

    `speed` is how many of them pass in a second of a wait for a reply.
    """

    exit_code: int | None
    seconds: float
    output: str = ""
    speed: float = 1.0


def chosen_scenarios(names: Sequence[Scenario | str] | None) -> list[Scenario]:
    """The scenarios of these names, each once; all of them for None. Problem for one that is not known."""
    if names is None:
        return scenarios()
    found = [one if isinstance(one, Scenario) else scenario(one) for one in names]
    return list({one.name: one for one in found}.values())


def played(what: Scenario, world: Steered, started: float, ended: Ended, said: str = "") -> Played:
    """The record of a scenario, judged; `started` is of the world's clock."""
    entries, faults = world.journal, world.faults()
    contract = used(world) or world.contract
    until = started + ended.seconds
    code, seconds, _, speed = ended
    seen = Seen(what, contract, entries, faults, code, seconds, until, said, speed)
    how = NEVER_CALLED if not entries else TIMED_OUT if ended.exit_code is None else EXITED
    return Played(
        name=what.name,
        says=what.says,
        script=world.recipe.script,
        good=what.good,
        exit_code=ended.exit_code,
        seconds=ended.seconds,
        started=started,
        ended=how,
        checks=checks(seen),
        entries=entries,
        charged=world.charges,
        faults=faults,
        output=ended.output,
    )


def used(world: Steered) -> Contract | None:
    """The revision by whose path a job was submitted; None when none was."""
    paths = {contract.operation("submit").path: contract for contract in world.recipe.contracts}
    submitted = [entry.exchange.call.path for entry in world.journal if entry.operation == "submit"]
    return next((paths[path] for path in submitted if path in paths), None)


def certificate(
    command: str, found: Sequence[Played], worlds: Sequence[Steered], begun: float, way: Way
) -> Certificate:
    """The record of a whole run that began at this time of the monotonic clock."""
    names = {contract.revision for contract in map(used, worlds) if contract is not None}
    revision = ", ".join(name for name in revisions() if name in names)
    return Certificate(command, revision, found, time.monotonic() - begun, way.hint)
