"""How a world begins: what it is served, under which plan, with which faults, and how its clock goes."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from klingcontracts.contract import Contract, load, of_document
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
        chosen: Options = import_module("klingmock.options").options(given)
        fields = [field for name in given for field in _OF_PLAN.get(name, ())]
        return Recipe(
            self._contracts(given, chosen.reading),
            self.plan._replace(**{field: getattr(chosen.plan, field) for field in fields}),
            chosen.script if "script" in given else self.script,
            chosen.time if "time" in given else self.clock,
        )

    def _contracts(self, given: Mapping[str, Any], reading: Mapping[str, str]) -> Sequence[Contract]:
        """What `revision` and `reading` mean: where one's own is served, one of those that are served."""
        if not {"revision", "reading"} & given.keys():
            return self.contracts
        if "revision" not in given and len(self.contracts) > 1:
            raise Problem("A reading is of one revision, and several are served.", "Give `revision` too.")
        name = given.get("revision", self.contracts[0].revision)
        own = [one for one in self.contracts if not _comes_with_us(one)]
        known = dict.fromkeys(one.revision for one in self.contracts) if own else revisions()
        if name not in known:
            where = "is served" if own else "comes with us"
            raise unknown("Revision", name, known, f"Give the name of one that {where}.")
        found = [one for one in own if one.revision == name]
        if not found:
            return [load(name, reading)]
        return [_reread(one, reading) for one in found] if "reading" in given else found


def _comes_with_us(contract: Contract) -> bool:
    """Whether it is a shipped revision, read in whatever way; a file may have its name and be another."""
    if contract.revision not in revisions():
        return False
    if contract.document.get("x-questions") != load(contract.revision).document["x-questions"]:
        return False
    return load(contract.revision, _chosen(contract)).document == contract.document


def _chosen(contract: Contract) -> dict[str, str]:
    return {one.id: one.chosen for one in contract.questions.values() if one.chosen != one.default}


def _reread(contract: Contract, reading: Mapping[str, str]) -> Contract:
    """A contract of one's own with these readings; those that it was loaded with are in its document."""
    for question, chosen in _chosen(contract).items():
        if reading.get(question) != chosen:
            fact = f"Open question {question!r} is read as {chosen!r} from the start, and stays so."
            raise Problem(fact, f"Give {question}={chosen} too, or start the server without it.")
    name = f"Contract {contract.revision!r} as read with {dict(reading)}"
    return of_document(contract.document, name, reading)


def recipe(chosen: "Options") -> Recipe:
    """How a world with these options begins."""
    clock = "system" if chosen.time == "system" else "manual"
    return Recipe([load(chosen.revision, dict(chosen.reading))], chosen.plan, chosen.script, clock)
