"""Standard output, which may be full, or have nobody left to read it."""

import os
import sys

from klingcontracts.problem import COULD_NOT_LOOK


def say(text: str = "") -> int:
    """Write a text (none: only what is still held back) and return the exit code that this makes.

    0 when it was written, and when nobody reads any more; 3 when it can't be written.
    """
    if sys.stdout is None:  # it was closed before we began
        return 0
    try:
        if text:
            print(_fit(text))
        sys.stdout.flush()
    except BrokenPipeError:
        _silence()
    except OSError as error:
        _silence()
        print(f"klingmock: The output can't be written: {error.strerror}. Make room for it.", file=sys.stderr)
        return COULD_NOT_LOOK
    return 0


def _fit(text: str) -> str:
    # An output that is not UTF-8 gets what it can't show as its escape.
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _silence() -> None:
    # What is left in the buffer would be tried again at exit, and fail again.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
