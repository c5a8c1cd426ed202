"""What a row of DEVIATIONS is."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, NamedTuple


class Needs(IntEnum):
    """What it takes to see a deviation for certain.

    REFUSED: requests that the documented vendor refuses; a body that also breaks a rule which is looked at
    last is one, and shows what is looked at before it. JOB: one accepted job. JOBS: up to three of them.
    HARMLESS: it only adds, or moves what nobody promised; nothing above a remark may be said. HIDDEN: it
    cannot be seen in minutes, with a few jobs and within the documented limits.
    """

    REFUSED = 0
    JOB = 1
    JOBS = 3
    HARMLESS = 90
    HIDDEN = 91


class Deviation(NamedTuple):
    """One thing in which the vendor differs from what is documented.

    `rules` are ids of the contract's rules, the first that fit best; what was added to the vendor has an id
    as the contract would give it. `reading` marks the other answer to a question that the documents leave
    open: neither is wrong, so a remark about it is enough.
    """

    name: str
    says: str
    kind: str
    needs: Needs
    rules: str
    ways: Mapping[str, Any]
    reading: bool = False
