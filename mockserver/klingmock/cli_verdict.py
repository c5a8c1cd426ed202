"""klingmock verdict: a client is judged by the journal of what it did."""

import argparse
import json
import sys

from klingcontracts.contract import load
from klingcontracts.document import DEFAULT
from klingcontracts.problem import COULD_NOT_LOOK, Problem
from klingcontracts.recorded import read
from klingcontracts.rule import Level
from klingcontracts.verdict import judge, said
from klingmock.out import say


def flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags."""
    parser.add_argument(
        "file", metavar="FILE", help="a file written by serve --journal; - for standard input"
    )
    parser.add_argument(
        "--revision", default=DEFAULT, metavar="REV", help=f"that was served (default: {DEFAULT})"
    )
    parser.add_argument(
        "--outcome", metavar="OUTCOME", help="what the client said in the end: success or failure"
    )
    parser.add_argument(
        "--jobs", type=int, default=1, metavar="N", help="jobs of one body that were meant (default: 1)"
    )
    parser.add_argument(
        "--world", type=int, metavar="N", help="whose exchanges, where the file has those of several keys"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    parser.add_argument("--fail-on", choices=("error", "warning"), default="warning", help="default: warning")


def run(chosen: argparse.Namespace) -> int:
    """Judge; 1 when the client broke a rule, Problem for a file that can't be read."""
    outcome = said(chosen.outcome)  # a slip of the pen is told before anything is read
    contract = load(chosen.revision)
    recorded = read(chosen.file, contract, chosen.world)
    if recorded.unfinished:
        where = f"{chosen.file!r}, line {recorded.unfinished},"
        print(f"klingmock: {where} breaks off: it is left out, and the rest is judged.", file=sys.stderr)
    if not recorded.exchanges:
        fact = f"{chosen.file!r} has no exchange."
        raise Problem(fact, "Run the client against `klingmock serve --journal FILE`.", COULD_NOT_LOOK)
    found = judge(contract, recorded.exchanges, outcome, jobs=chosen.jobs, findings=recorded.findings)
    told = json.dumps(found.to_json(), indent=2) if chosen.format == "json" else found.text()
    level = Level[chosen.fail_on.upper()]
    return say(told) or int(bool(found.blamed(level)))
