"""Standard output, which may be full, closed, or have nobody left to read it."""

import os
import sys

from klingcontracts.problem import COULD_NOT_LOOK


def say(text: str = "") -> int:
    """Write a text (none: only what is still held back) and return the exit code that this makes.

    0 when it was written, and when nobody reads any more; 3 when it can't be written.
    """
    if sys.stdout is None:  # it was closed before we began, as by >&-
        return _unwritten("it is closed", "Open it, or send it to a file.") if text else 0
    try:
        if text:
            print(_fit(text))
        sys.stdout.flush()
    except BrokenPipeError:
        _silence()
    except OSError as error:
        _silence()
        return _unwritten(str(error.strerror), "Make room for it.")
    return 0


def announce(text: str) -> int:
    """Write what nobody has to hear, as `say` does; but whoever closed the output wants none: 0."""
    return 0 if sys.stdout is None else say(text)


def hold_open() -> None:
    """Put the null device where input, output or the errors' output was closed before we began.

    Else a socket would take its number, and the event loop aborts the process when it is to close that.
    `sys.stdout` stays None, so that `say` can tell.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # it gets the lowest number that is free
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 - for as long as we run
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123


def _unwritten(why: str, remedy: str) -> int:
    print(f"klingmock: The output can't be written: {why}. {remedy}", file=sys.stderr)
    return COULD_NOT_LOOK


def _fit(text: str) -> str:
    # An output that is not UTF-8 gets what it can't show as its escape.
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _silence() -> None:
    # What is left in the buffer would be tried again at exit, and fail again.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
