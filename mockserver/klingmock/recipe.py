"""How a world begins: what it is served, under which plan, with which faults, and how its clock goes."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from klingcontracts.contract import Contract, load
from klingcontracts.document import revisions
from klingcontracts.problem import Problem, unknown
from klingmock.clock import Manual, Movable
from klingmock.served import Plan

if TYPE_CHECKING:
    from klingmock.options import Options

# What of a plan an option decides.
_OF_PLAN: Mapping[str, Sequence[str]] = {
    "timing": ("timing", "speed"),
    "limits": ("limited", "rate", "concurrency"),
    "retention": ("retention",),
    "balance": ("balance",),
    "prices": ("prices",),
    "seed": ("seed",),
}
CHANGEABLE = (*_OF_PLAN, "script", "revision", "reading", "time")


class Recipe(NamedTuple):
    """`clock` is "manual", which stands still, or "system", which goes as the machine's does."""

    contracts: Sequence[Contract]
    plan: Plan
    script: str = ""
    clock: str = "system"

    def new_clock(self) -> Movable:
        """The clock at the beginning."""
        return Movable() if self.clock == "system" else Manual()

    def changed(self, given: Mapping[str, Any]) -> "Recipe":
        """The recipe with other options; Problem for one that makes no sense, or that is not a world's."""
        for name in given:
            if name not in CHANGEABLE:
                raise unknown("Option", str(name), CHANGEABLE, "Leave it out.")
        if given.get("time") == "virtual":
            raise Problem("Virtual time is of one Python process.", "Use manual time, and advance it.")
        # Loaded when somebody asks: a server starts without.
        chosen: Options = import_module("klingmock.options").options(self._named(given))
        fields = [field for name in given for field in _OF_PLAN.get(name, ())]
        return Recipe(
            [chosen.contract] if {"revision", "reading"} & given.keys() else self.contracts,
            self.plan._replace(**{field: getattr(chosen.plan, field) for field in fields}),
            chosen.script if "script" in given else self.script,
            chosen.time if "time" in given else self.clock,
        )

    def _named(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """The options with the revision that is meant."""
        served = [contract.revision for contract in self.contracts]
        if "reading" in given and "revision" not in given and len(served) > 1:
            raise Problem("A reading is of one revision, and several are served.", "Give `revision` too.")
        revision = given.get("revision", served[0])
        if {"revision", "reading"} & given.keys() and revision not in revisions():
            raise unknown("Revision", str(revision), revisions(), "Give the name of one that comes with us.")
        return {**given, "revision": revision} if revision in revisions() else given


def recipe(chosen: "Options") -> Recipe:
    """How a world with these options begins."""
    clock = "system" if chosen.time == "system" else "manual"
    return Recipe([load(chosen.revision, dict(chosen.reading))], chosen.plan, chosen.script, clock)
