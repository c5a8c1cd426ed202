"""klingmock diff: what one revision documents otherwise than another."""

import argparse

from klingcontracts.compare import compare
from klingcontracts.drift import Report, without_evidence
from klingcontracts.readings import load_each, readings
from klingmock.cli_report import finish, report_flags


def flags(parser: argparse.ArgumentParser) -> None:
    """Add the two revisions and the flags of a report."""
    parser.add_argument("old", metavar="OLD", help="a revision or a contract file, to which clients keep")
    parser.add_argument("new", metavar="NEW", help="a revision or a contract file, that is in force now")
    text = "read an open question so, in each of the two that has it"
    parser.add_argument("--reading", action="append", default=[], metavar="Q=R", help=text)
    report_flags(parser)


def run(chosen: argparse.Namespace) -> int:
    """Compare; 1 for a change at or above --fail-on, Problem for what is no contract."""
    old, new = load_each([chosen.old, chosen.new], readings(chosen.reading))
    return finish(Report("diff", chosen.old, chosen.new, without_evidence(compare(old, new))), chosen)
