"""What goes wrong for the person at the keyboard: one sentence of fact, one of remedy, an exit code."""

from collections.abc import Iterable
from difflib import get_close_matches

USAGE = 2
COULD_NOT_LOOK = 3
LONGEST = 200  # characters of a name that is compared with others: it takes time, and a longer one is no slip


class Problem(Exception):
    """An input that can't be used; `str()` is the text for the person, `exit_code` is for the shell."""

    def __init__(self, fact: str, remedy: str, exit_code: int = USAGE) -> None:
        super().__init__(f"{fact} {remedy}")
        self.fact = fact
        self.remedy = remedy
        self.exit_code = exit_code


def nearest(name: str, known: Iterable[str], likeness: float = 0.5) -> str | None:
    """The known name that is most like `name`, or None when nothing is."""
    found = get_close_matches(name, list(known), n=1, cutoff=likeness) if len(name) <= LONGEST else None
    return found[0] if found else None


def unknown(kind: str, name: str, known: Iterable[str], remedy: str) -> Problem:
    """The problem of a name that is not known: says the nearest one and lists all."""
    names = list(known)
    near = nearest(name, names)
    hint = f" Nearest: {near!r}." if near else ""
    return Problem(f"{kind} {name!r} is not known.{hint} Known: {', '.join(names) or 'none'}.", remedy)
