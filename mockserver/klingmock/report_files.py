"""Files that a report is written to: named by FORMAT=FILE, tried before anything is done, then written."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from klingcontracts.problem import COULD_NOT_LOOK, Problem, unknown


def named(text: str, forms: Iterable[str]) -> tuple[str, str]:
    """The format and the file of a --report; Problem for what is neither, and for standard output."""
    form, equals, path = text.partition("=")
    if equals and form and form not in forms:
        raise unknown("Format", form, forms, "Write it as in --report json=report.json")
    if not form or not equals or not path:
        fact = f"--report {text!r} names no file."
        raise Problem(fact, "Write it as FORMAT=FILE, as in json=report.json.")
    if path == "-":
        raise Problem(f"--report {text!r} is standard output.", f"For that, write --format {form}.")
    return form, path


def tried(paths: Sequence[str]) -> None:
    """Try whether each can be written, and leave it as it is; Problem if one can't, or two are the same."""
    seen: dict[str, str] = {}
    for path in paths:
        place = _place(path)
        if place in seen:
            both = f"{path!r}" if seen[place] == path else f"{seen[place]!r}, which is {path!r}"
            raise Problem(f"Two reports go to {both}.", "Give each a file of its own.")
        seen[place] = path
        _try(path)


def apart(kept: str | None, paths: Iterable[str]) -> None:
    """Problem where a report goes to the file that something else is kept in."""
    if kept is not None and _place(kept) in map(_place, paths):
        raise Problem(f"{kept!r} is the file of --canary and of a --report.", "Give each a file of its own.")


def write(path: str, text: str) -> None:
    """Write a report; Problem, with exit code 3, when that fails after all."""
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise _unwritable(path, error, "Make room for it.", COULD_NOT_LOOK) from error


def _place(path: str) -> str:
    """Where a path leads, by whatever name."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return path  # what is wrong with it is told when it is tried


def _try(path: str) -> None:
    place = Path(path)
    try:
        if place.exists() and not place.is_file():  # a terminal or a pipe: to open it is to begin it
            usable = os.access(place, os.W_OK) and not place.is_dir()
            if not usable:
                raise Problem(f"{path!r} can't be written: it is no file.", "Name a file for --report.")
            return
        new = not place.exists()
        place.open("a", encoding="utf-8").close()
        if new:
            place.unlink()
    except (OSError, ValueError) as error:
        raise _unwritable(path, error, "Name a file that can be written.") from error


def _unwritable(path: str, error: Exception, remedy: str, exit_code: int = 2) -> Problem:
    reason = getattr(error, "strerror", None) or error
    return Problem(f"Report file {path!r} can't be written: {reason}.", remedy, exit_code)
