"""The parser of the command: its errors are ours, and the flags of an action are added when it is chosen."""

import argparse
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from klingcontracts.problem import Problem


class Parser(argparse.ArgumentParser):
    """As argparse has it; what it has parsed has in `innermost` the parser of the action that was chosen."""

    later: Callable[["Parser"], None] | None = None  # adds the flags, once they are needed

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and what to do, in our form, with our exit code."""
        raise Problem(f"{message[:1].upper()}{message[1:]}.", f"See: {self.prog} --help")

    def parse_known_args(  # type: ignore[override]  # of its overloads, only this one is called
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> Any:
        """Add what was put off, then parse."""
        if self.later is not None:
            self.later(self)
            self.later = None
        chosen, left = super().parse_known_args(args, namespace)
        if not hasattr(chosen, "innermost"):  # the inner ones are done first
            chosen.innermost = self
        return chosen, left
