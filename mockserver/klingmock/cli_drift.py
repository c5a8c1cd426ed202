"""klingmock drift: notice when the vendor changes, in three ways; each is loaded when it is chosen."""

import argparse
from functools import partial
from importlib import import_module

from klingmock.parser import Parser

ACTIONS = {  # each has a module drift_NAME, with flags(parser) and run(chosen) -> exit code
    "docs": "hold a published page against the contract",
    "live": "hold the live API against the contract, within a budget",
    "traffic": "hold what was recorded against the contract",
}


def flags(parser: argparse.ArgumentParser) -> None:
    """Add the actions; their flags are added when one is chosen."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)
    for name, text in ACTIONS.items():
        actions.add_parser(name, help=text, allow_abbrev=False).later = partial(_flags, name)


def _flags(action: str, parser: argparse.ArgumentParser) -> None:
    import_module(f"klingmock.drift_{action}").flags(parser)


def run(chosen: argparse.Namespace) -> int:
    """Look, report, and return the exit code; Problem for what can't be used."""
    return int(import_module(f"klingmock.drift_{chosen.action}").run(chosen))
