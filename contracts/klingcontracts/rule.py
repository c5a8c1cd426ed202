"""The common currency: one checkable statement of a contract, and where it comes from."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple


class Level(IntEnum):
    """How much a difference matters."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    def __str__(self) -> str:
        return self.name.lower()


class Provenance(NamedTuple):
    """The birth certificate of a statement: `basis` is documented, observed or assumed."""

    basis: str
    sources: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.basis} {','.join(self.sources)}".strip()


ASSUMED = Provenance("assumed")


def provenance(node: Any, keyword: str = "*") -> Provenance:
    """Read the `x-provenance` of a document's node, for one of its keywords where that has its own."""
    raw = node.get("x-provenance", "assumed") if isinstance(node, Mapping) else "assumed"
    if isinstance(raw, Mapping):
        raw = raw.get(keyword, raw.get("*", "assumed"))
    basis, _, sources = str(raw).partition(" ")
    return Provenance(basis, tuple(s for s in sources.split(",") if s))


@dataclass(frozen=True, slots=True)
class Rule:
    """One statement that an exchange can keep or break.

    `id` is stable and dotted; `error` names the refusal in the contract's table of errors ("" where the
    server says nothing); `order` is the place in the sequence in which the server looks.
    """

    id: str
    operation: str  # "*" for all of them
    says: str
    level: Level
    provenance: Provenance
    error: str = ""
    field: str = ""  # dotted name of the body's or reply's field
    keyword: str = ""
    other: str = ""  # the second field of an exclusion or combination
    schema: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False, compare=False)
    order: tuple[int, int] = (0, 0)

    @property
    def is_option(self) -> bool:
        """Whether it lists the values that are allowed, and so says nothing new about one of another type."""
        return self.keyword in {"enum", "const"} or self.keyword.startswith("limits.")
