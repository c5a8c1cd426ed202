"""The command. A subcommand's module is loaded when it runs: `contract list` needs no server."""

import re
import sys
from collections.abc import Sequence
from importlib import import_module

from klingcontracts.problem import Problem, nearest, unknown
from klingmock import __version__
from klingmock.out import hold_open, say
from klingmock.parser import Parser

COMMANDS = {  # each has a module cli_NAME, with flags(parser) and run(chosen) -> exit code
    "serve": "run the fake as a server on this machine",
    "contract": "show what is documented, and where it comes from",
    "diff": "compare two revisions: what changed, and whom it breaks",
    "import": "make a contract of your own from the published page of a model",
    "verdict": "judge a client by the journal of what it did",
    "drift": "notice when the vendor changes: docs, live or traffic",
    "scenarios": "list what can go wrong, by name",
    "certify": "put a client of any language through it, and judge it",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 fine, 1 findings, 2 usage, 3 could not look."""
    hold_open()
    try:
        return _run(list(sys.argv[1:] if arguments is None else arguments))
    except Problem as problem:
        print(f"klingmock: {problem}", file=sys.stderr)
        return problem.exit_code
    except SystemExit as done:  # --help and --version
        return say() or int(done.code or 0)
    except KeyboardInterrupt:
        return 130


def _run(arguments: list[str]) -> int:
    command = arguments[0] if arguments else ""
    if command and not command.startswith("-") and command not in COMMANDS:
        raise unknown("Command", command, COMMANDS, "See: klingmock --help")
    parser = Parser(prog="klingmock", description="A local fake of a paid, asynchronous image-to-video API.")
    parser.add_argument("-V", "--version", action="version", version=f"klingmock {__version__}")
    if command.startswith("-") and command not in ("-h", "--help", "-V", "--version"):
        raise _stray([command], parser)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    own = {name: commands.add_parser(name, help=text, allow_abbrev=False) for name, text in COMMANDS.items()}
    if command in COMMANDS:
        import_module(f"klingmock.cli_{command}").flags(own[command])
    chosen, left = parser.parse_known_args(arguments)
    if left:
        raise _stray(left, chosen.innermost)
    return int(import_module(f"klingmock.cli_{chosen.command}").run(chosen))


def _stray(words: list[str], parser: Parser) -> Problem:
    # A stray word can be a key that lost its flag: only flags are repeated, and no value of theirs.
    flags = [word.partition("=")[0] for word in words if word.startswith("-")]
    remedy = f"See: {parser.prog} --help"
    if not flags:
        return Problem("There is a word too many.", remedy)
    near = nearest(flags[0], re.findall(r"--[\w-]+", parser.format_usage()))
    return Problem(f"{flags[0]} is not known.{f' Nearest: {near}.' if near else ''}", remedy)
