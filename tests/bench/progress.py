"""How far the run is, for whoever waits for it."""

import sys


def say(text: str) -> None:
    """Show what is being done, on one line where there is a terminal; nothing wipes that line."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(text, file=sys.stderr, flush=True)
