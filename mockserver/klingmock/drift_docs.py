"""klingmock drift docs: what published pages say otherwise than the contract."""

import argparse
from collections.abc import Iterator, Sequence
from typing import Any

from klingcontracts.contract import Contract
from klingcontracts.document import DEFAULT
from klingcontracts.drift import Found, NotLooked, Report
from klingcontracts.page_findings import placed_findings
from klingcontracts.problem import COULD_NOT_LOOK, Problem
from klingcontracts.readings import load_each, readings
from klingmock.cli_report import prepare, report_flags
from klingmock.fetched import is_address
from klingmock.page_source import called, hold_sources, read_source, source_flags

_ON_A_PAGE = ("submit.body.", "submit.reply.", "auth.", "route.")


def flags(parser: argparse.ArgumentParser) -> None:
    """Add the pages, what they are held against, and the flags of a report."""
    parser.add_argument(
        "pages", nargs="+", metavar="PAGE", help="a saved page, - for standard input, or with --fetch a URL"
    )
    parser.add_argument(
        "--against",
        default=DEFAULT,
        metavar="REV",
        help=f"a revision or a contract file (default: {DEFAULT})",
    )
    parser.add_argument(
        "--reading", action="append", default=[], metavar="Q=R", help="read an open question so"
    )
    source_flags(parser)
    report_flags(parser)


def run(chosen: argparse.Namespace) -> int:
    """Read the pages and report: 1 for drift, 3 when one can't be read; Problem for what can't be meant."""
    hold_sources(chosen.pages, chosen)
    (contract,) = load_each([chosen.against], readings(chosen.reading))
    prepared = prepare(chosen)
    return prepared.finish(_report(contract, chosen))


def _report(contract: Contract, chosen: argparse.Namespace) -> Report:
    found: list[Found] = []
    refused: list[str] = []
    for page in chosen.pages:
        try:
            found += _look(page, contract, chosen)
        except Problem as problem:
            if problem.exit_code != COULD_NOT_LOOK:
                raise
            refused.append(str(problem))
    target = ", ".join(map(called, chosen.pages))
    requests = sum(map(is_address, chosen.pages))
    not_looked = _beyond(contract) if len(refused) < len(chosen.pages) else []
    return Report(
        "drift docs", chosen.against, target, found, not_looked, 0, requests, incomplete=" ".join(refused)
    )


def _look(name: str, contract: Contract, chosen: argparse.Namespace) -> Iterator[Found]:
    page = read_source(name, chosen)
    for finding, place in placed_findings(page, contract):
        yield Found(finding, {"file": called(name), **_where(place)})


def _where(place: str) -> dict[str, Any]:
    word, _, number = place.partition(" ")
    if word == "line" and number.isdigit():
        return {"line": int(number)}
    return {"place": place} if place else {}


def _beyond(contract: Contract) -> Sequence[NotLooked]:
    others = (rule for rule in contract.rules if not rule.startswith(_ON_A_PAGE))
    return [NotLooked(rule, "no page of a model tells it") for rule in others]
