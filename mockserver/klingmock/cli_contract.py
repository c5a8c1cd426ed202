"""klingmock contract: what is documented, and where it comes from."""

import argparse

from klingcontracts.document import DEFAULT
from klingcontracts.show import FORMS, listing, show
from klingmock.out import say


def flags(parser: argparse.ArgumentParser) -> None:
    """Add the actions and their flags."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("list", help="the revisions")
    one = actions.add_parser("show", help="one revision")
    one.add_argument("revision", nargs="?", default=DEFAULT, metavar="REV", help=f"default: {DEFAULT}")
    one.add_argument("--format", default="text", metavar="FORMAT", help=", ".join(FORMS))
    one.add_argument("--reading", action="append", default=[], metavar="Q=R", help="read an open question so")


def run(chosen: argparse.Namespace) -> int:
    """Show it; Problem for a revision, format or reading that is not known."""
    if chosen.action == "list":
        return say(listing())
    return say(show(chosen.revision, chosen.format, chosen.reading))
