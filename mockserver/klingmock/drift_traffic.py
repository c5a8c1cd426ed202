"""klingmock drift traffic: what was recorded is held against the contract."""

import argparse
import sys
from pathlib import Path

from klingcontracts.contract import load
from klingcontracts.document import DEFAULT
from klingcontracts.traffic import traffic_report
from klingcontracts.traffic_files import KNOWN, Recording, Unread, read_traffic
from klingmock.cli_report import prepare, report_flags


def flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags."""
    parser.add_argument("files", nargs="+", metavar="FILE", help=f"{KNOWN}; - for standard input")
    parser.add_argument(
        "--against", default=DEFAULT, metavar="REV", help=f"revision or document (default: {DEFAULT})"
    )
    report_flags(parser)


def run(chosen: argparse.Namespace) -> int:
    """Read, compare and report; a file that can't be read is in the report, and stops nothing."""
    contract = load(chosen.against)
    prepared = prepare(chosen)
    return prepared.finish(traffic_report(contract, {file: _read(file) for file in chosen.files}))


def _read(file: str) -> Recording:
    try:
        return read_traffic(sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes())
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return Recording((), [Unread("", f"it can't be read: {reason}")])
