"""Named scenarios: what goes wrong for a client, as data. The file stands in `fixtures/scenarios`."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from klingcontracts.problem import Problem, unknown
from klingmock.recipe import Recipe

FILE = "scenarios.toml"
GOOD = ("success", "failure", "either")
USUAL: Mapping[str, Any] = {"timing": (1, 2)}  # options of a world, where a scenario does not say otherwise


@dataclass(frozen=True)
class Scenario:
    """A sentence and a script; pytest shows its name as the id of a test.

    `good` is what a good client reports in the end: "success", "failure", or "either" where good ones
    differ. `tries` are the checks that it is there for, `options` those of its world, as pairs. `virtual` is
    the script in virtual time, where the wait for a late reply is a real one.
    """

    name: str
    says: str
    script: str = ""
    good: str = "either"
    tries: Sequence[str] = ()
    options: Sequence[tuple[str, Any]] = ()
    virtual: str = ""

    @property
    def __name__(self) -> str:  # what pytest makes an id of
        return self.name

    def __str__(self) -> str:
        return self.name

    def recipe(self, base: Recipe, *, is_virtual: bool = False) -> Recipe:
        """How a world begins in which this happens, by another world's recipe."""
        script = (self.virtual if is_virtual else "") or self.script
        return base.changed({**USUAL, **dict(self.options), "script": script})


def scenarios(*names: str) -> list[Scenario]:
    """All scenarios in their order, or those of these names; Problem for a name that is not known."""
    known = _known()
    return [scenario(name) for name in names] if names else list(known.values())


def scenario(name: str) -> Scenario:
    """The scenario of this name; Problem, with the nearest one, when there is none."""
    known = _known()
    if name not in known:
        raise unknown("Scenario", name, known, "List them with: klingmock scenarios")
    return known[name]


@cache
def _known() -> Mapping[str, Scenario]:
    rows = tomllib.loads(_file().read_text(encoding="utf-8"))["scenario"]
    return {row["name"]: _scenario(row) for row in rows}


def _scenario(row: Mapping[str, Any]) -> Scenario:
    options = tuple(row.get("options", {}).items())
    return Scenario(**{**row, "tries": tuple(row["tries"]), "options": options})


def _file() -> Path:
    """Where the data is: in the package, or in the checkout that it is run from."""
    here = Path(__file__)
    places = (here.with_name(FILE), here.parents[2] / "fixtures" / "scenarios" / FILE)
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise Problem(f"{FILE} is in no place where it is kept.", "Install klingmock again.")
    return found
