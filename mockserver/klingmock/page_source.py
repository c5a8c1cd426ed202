"""Where a published page comes from: a file, standard input, or its address when that is asked for."""

import argparse
import sys
from pathlib import Path

from klingcontracts.page_parts import Page
from klingcontracts.pages import read_page
from klingcontracts.problem import COULD_NOT_LOOK, Problem
from klingmock.fetched import MOST_BYTES, fetch, is_address, shown_address

SECONDS = 30.0


def source_flags(parser: argparse.ArgumentParser) -> None:
    """Add --fetch and --timeout."""
    parser.add_argument("--fetch", action="store_true", help="fetch pages that are named by their address")
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=SECONDS,
        metavar="SECONDS",
        help=f"how long a page may take to come (default: {SECONDS:g})",
    )


def _seconds(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 < found <= 3600:
        raise Problem(f"--timeout: {text!r} is no number of seconds.", "Give one above 0, up to 3600.")
    return found


def hold_sources(pages: list[str], chosen: argparse.Namespace) -> None:
    """Problem for what can't be meant: an address without --fetch, standard input twice."""
    for page in pages:
        if is_address(page) and not chosen.fetch:
            fact = f"{shown_address(page)!r} is an address, and nothing is fetched unasked."
            raise Problem(fact, "Add --fetch, or save the page and name the file.")
    if pages.count("-") > 1:
        raise Problem("Standard input is named twice.", "It holds one page: name the others as files.")


def called(page: str) -> str:
    """What a page is called in what we say of it."""
    return shown_address(page) if is_address(page) else "standard input" if page == "-" else page


def read_source(page: str, chosen: argparse.Namespace) -> Page:
    """Read the page; Problem, as could not look, for one that can't be had or is no contract."""
    return read_page(_text(page, chosen), called(page))


def _text(page: str, chosen: argparse.Namespace) -> bytes:
    if is_address(page):
        return fetch(page, chosen.timeout)
    try:
        if page == "-":
            return sys.stdin.buffer.read(MOST_BYTES + 1)
        with Path(page).open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        fact = f"The page {called(page)!r} can't be read: {reason}."
        raise Problem(fact, "Name a file that holds it, or - for standard input.", COULD_NOT_LOOK) from error
