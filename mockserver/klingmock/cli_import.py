"""klingmock import: a contract of your own from a published page, for a person to read before it is used."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from klingcontracts.contract import Contract, load, of_document
from klingcontracts.document import DEFAULT, is_file, revisions
from klingcontracts.page_draft import draft, is_of
from klingcontracts.page_findings import page_findings
from klingcontracts.page_parts import EXCLUDES, ONE_OF, Page
from klingcontracts.page_prose import normal, statements
from klingcontracts.problem import COULD_NOT_LOOK, Problem
from klingmock.out import say
from klingmock.page_source import called, hold_sources, read_source, source_flags


def flags(parser: argparse.ArgumentParser) -> None:
    """Add the page, the name of the revision and where it goes."""
    parser.add_argument(
        "page", metavar="PAGE", help="a saved page, - for standard input, or with --fetch a URL"
    )
    parser.add_argument("--revision", required=True, metavar="NAME", help="what the contract is called")
    parser.add_argument("--out", required=True, metavar="FILE", help="a .json file, or - for standard output")
    text = f"the contract that has what no page tells (default: {DEFAULT})"
    parser.add_argument("--base", default=DEFAULT, metavar="REV", help=text)
    parser.add_argument("--force", action="store_true", help="write over a file that is there")
    source_flags(parser)


def run(chosen: argparse.Namespace) -> int:
    """Read, write and tell; Problem for a page that is no contract, and for what can't be meant."""
    hold_sources([chosen.page], chosen)
    _hold_name(chosen.revision)
    _hold_out(chosen.out, force=chosen.force)
    base = load(chosen.base)
    page = read_source(chosen.page, chosen)
    document = draft(page, base, chosen.revision)
    text = json.dumps(document, indent=2, ensure_ascii=False)
    told = "\n".join(_told(page, base, of_document(document, "The draft"), chosen))
    if chosen.out == "-":
        print(told, file=sys.stderr)
        return say(text)
    _write(chosen.out, text, force=chosen.force)
    return say(told)


def _hold_name(name: str) -> None:
    if name in revisions():
        raise Problem(f"{name!r} is a revision that comes with us.", "Give the contract a name of its own.")
    if not name or not name.isprintable() or " " in name:
        raise Problem(f"{name!r} is no name for a revision.", "Give a word without spaces, as in 2026-09.")


def _hold_out(out: str, *, force: bool) -> None:
    if out == "-":
        return
    if not is_file(out):
        raise Problem(f"{out!r} is not called .json.", "Call it so: that is how a contract file is known.")
    if Path(out).exists() and not (force and Path(out).is_file()):
        remedy = "Name another, or write over it with --force."
        raise Problem(f"{out!r} is there already.", remedy)


def _write(out: str, text: str, *, force: bool) -> None:
    try:
        with Path(out).open("w" if force else "x", encoding="utf-8") as file:
            file.write(f"{text}\n")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        remedy = "Name a file that can be written."
        raise Problem(f"{out!r} can't be written: {reason}.", remedy, COULD_NOT_LOOK) from error


def _told(page: Page, base: Contract, own: Contract, chosen: argparse.Namespace) -> Iterator[str]:
    """What was read, what came from the base, and what a person must look at, in a few lines."""
    yield f"read {called(chosen.page)} ({page.form}): {page.method} {page.server}{page.path}"
    needed = ", ".join(one.name for one in page.fields if one.required) or "none"
    count = len(page.fields)
    plural = "" if count == 1 else "s"
    yield f"  {count} field{plural}: {', '.join(one.name for one in page.fields)}; required: {needed}"
    status, reply = page.accepted
    yield f"  accepted with {status}: {', '.join(one.name for one in reply.fields) or 'its example alone'}"
    same = "of its fields, what is observed or assumed; " if is_of(page, base) else ""
    yield f"from {base.revision}: {same}the task query, its result and its life, errors, limits"
    doubts = dict.fromkeys(_doubts(page, own))
    yield "look at:" if doubts else "nothing in it stands out; read it all the same"
    yield from (f"  {line}" for line in doubts)
    if chosen.out != "-":
        yield f"wrote {chosen.out}; serve it with: klingmock serve --contract {chosen.out}"


def _doubts(page: Page, own: Contract) -> Iterator[str]:
    for one in statements(page):
        if one.kind not in (EXCLUDES, ONE_OF):
            where = one.field or "the body"
            yield f"{where}: stands in prose alone, and no rule is made of it: {normal(one)}"
    body = own.operation("submit").body
    for name, schema in (body.schema["properties"] if body is not None else {}).items():
        if name not in page.names:
            yield f"{name}: is named by the page, and not listed; any {_kind(schema)} is accepted"
        elif _is_open(schema):
            yield f"{name}: the page does not say what is in it"
    for finding in page_findings(page, own):
        yield f"{finding.rule.id}: the page contradicts itself: {finding.seen}, but {finding.documented}"
    if page.auth is None:
        yield "the key: the page does not say how it is sent; it is sent as in the base"
    elif (page.auth.header, page.auth.scheme) != ("Authorization", "bearer"):
        yield f"the key: the page sends it as {page.auth.header}; the fake takes Authorization: Bearer"
    if len(own.document["x-price"]) == 1:
        yield "x-price: the page states no price; a job costs 0.0000"


def _kind(schema: Any) -> str:
    return str(schema.get("type", "value")) if isinstance(schema, dict) else "value"


def _is_open(schema: Any) -> bool:
    inner = schema
    while isinstance(inner, dict) and "items" in inner:
        inner = inner["items"]
    return isinstance(inner, dict) and inner.get("type") == "object" and not inner.get("properties")
