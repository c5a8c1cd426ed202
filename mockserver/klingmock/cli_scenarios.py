"""klingmock scenarios: what can go wrong, by name."""

import argparse
import json
from collections.abc import Sequence
from typing import Any

from klingcontracts.table import table
from klingmock.out import say
from klingmock.scenario import Scenario, scenarios

SCHEMA_VERSION = 1
HEADS = ("scenario", "what happens", "script")


def flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="scenarios to show (default: all)")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def run(chosen: argparse.Namespace) -> int:
    """Show the scenarios; Problem for a name that is not known."""
    found = scenarios(*chosen.names)
    return say(json.dumps(_told(found), indent=2) if chosen.format == "json" else listed(found))


def listed(found: Sequence[Scenario]) -> str:
    """The scenarios as a table."""
    return table(HEADS, [(one.name, one.says, one.script) for one in found], whole=["scenario"])


def _told(found: Sequence[Scenario]) -> dict[str, Any]:
    rows = [
        {
            "name": one.name,
            "says": one.says,
            "script": one.script,
            "good": one.good,
            "tries": list(one.tries),
            "options": dict(one.options),
        }
        for one in found
    ]
    return {"schema_version": SCHEMA_VERSION, "scenarios": rows}
