"""The command. A subcommand's modules are loaded when it runs: `contract list` needs no server."""

import argparse
import gc
import json
import re
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from klingcontracts.problem import COULD_NOT_LOOK, Problem, nearest, unknown
from klingmock import __version__
from klingmock.out import say

COMMANDS = {
    "serve": "run the fake as a server on this machine",
    "contract": "show what is documented, and where it comes from",
    "verdict": "judge a client by the journal of what it did",
}
FORMATS = ("text", "openapi", "rules", "questions")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say what is wrong and what to do, in our form, with our exit code."""
        raise Problem(f"{message[:1].upper()}{message[1:]}.", f"See: {self.prog} --help")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 fine, 1 findings, 2 usage, 3 could not look."""
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
    parser = _Parser(prog="klingmock", description="A local fake of a paid, asynchronous image-to-video API.")
    parser.add_argument("--version", action="version", version=f"klingmock {__version__}")
    if command.startswith("-") and command not in ("-h", "--help", "--version"):
        raise _stray([command], parser)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    own = {name: commands.add_parser(name, help=text, allow_abbrev=False) for name, text in COMMANDS.items()}
    if command == "serve":
        _serve_flags(own["serve"])
    _contract_flags(own["contract"])
    _verdict_flags(own["verdict"])
    chosen, left = parser.parse_known_args(arguments)
    if left:
        raise _stray(left, own[chosen.command])
    return {"serve": _serve, "contract": _contract, "verdict": _verdict}[chosen.command](chosen)


def _stray(words: list[str], parser: argparse.ArgumentParser) -> Problem:
    # A stray word can be a key that lost its flag: only flags are repeated, and no value of theirs.
    flags = [word.partition("=")[0] for word in words if word.startswith("-")]
    remedy = f"See: {parser.prog} --help"
    if not flags:
        return Problem("There is a word too many.", remedy)
    near = nearest(flags[0], re.findall(r"--[\w-]+", parser.format_usage()))
    return Problem(f"{flags[0]} is not known.{f' Nearest: {near}.' if near else ''}", remedy)


def _serve_flags(parser: argparse.ArgumentParser) -> None:
    table = import_module("klingmock.settings").SETTINGS
    parser.add_argument(
        "--config", metavar="FILE", help="a TOML file with settings (default: klingmock.toml)"
    )
    for setting in table:
        text = setting.help.replace("%", "%%")
        if setting.default not in (None, (), False) and "default" not in text:
            shown = ",".join(setting.default) if setting.many else setting.default
            text += f" (default: {shown})"
        if setting.metavar:
            action = "append" if setting.many else "store"
            parser.add_argument(f"--{setting.name}", metavar=setting.metavar, action=action, help=text)
        else:
            parser.add_argument(f"--{setting.name}", action="store_true", help=text)


def _serve(chosen: argparse.Namespace) -> int:
    flags = {name.replace("_", "-"): value for name, value in vars(chosen).items()}
    gc.disable()  # until it listens: what modules make while they load is there to stay
    settings = import_module("klingmock.settings").settings(flags, config=chosen.config)
    import_module("klingmock.server").serve(settings)
    return 0


def _contract_flags(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("list", help="the revisions")
    show = actions.add_parser("show", help="one revision")
    show.add_argument("revision", nargs="?", default="2026-02", metavar="REV", help="default: 2026-02")
    show.add_argument("--format", default="text", metavar="FORMAT", help=", ".join(FORMATS))
    show.add_argument(
        "--reading", action="append", default=[], metavar="Q=R", help="read an open question so"
    )


def _contract(chosen: argparse.Namespace) -> int:
    show = import_module("klingcontracts.show")
    if chosen.action == "list":
        return say(show.listing())
    return say(show.show(chosen.revision, chosen.format, chosen.reading))


def _verdict_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE", help="a file written by serve --journal; - for standard input"
    )
    parser.add_argument(
        "--revision", default="2026-02", metavar="REV", help="that was served (default: 2026-02)"
    )
    parser.add_argument(
        "--outcome", metavar="OUTCOME", help="what the client said in the end: success or failure"
    )
    parser.add_argument(
        "--jobs", type=int, default=1, metavar="N", help="jobs of one body that were meant (default: 1)"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    parser.add_argument("--fail-on", choices=("error", "warning"), default="warning", help="default: warning")


def _verdict(chosen: argparse.Namespace) -> int:
    contract = import_module("klingcontracts.contract").load(chosen.revision)
    recorded = import_module("klingcontracts.recorded").read(chosen.file, contract)
    if not recorded.exchanges:
        fact = f"{chosen.file!r} has no exchange."
        raise Problem(fact, "Run the client against `klingmock serve --journal FILE`.", COULD_NOT_LOOK)
    verdict = import_module("klingcontracts.verdict")
    found = verdict.judge(
        contract, recorded.exchanges, chosen.outcome, jobs=chosen.jobs, findings=recorded.findings
    )
    told = json.dumps(found.to_json(), indent=2) if chosen.format == "json" else found.text()
    level = verdict.Level[chosen.fail_on.upper()]
    return say(told) or int(bool(found.blamed(level)))
