"""What a page says otherwise than a contract: of the call, its body, its reply, and in prose."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from klingcontracts.contract import Contract, of_document
from klingcontracts.finding import Finding
from klingcontracts.page_compare import (
    NOT_STATED,
    SUBMIT,
    accepted,
    compared,
    named_only,
    pointer,
    stated,
    told,
)
from klingcontracts.page_draft import draft, is_of, key_in
from klingcontracts.page_parts import EXCLUDES, ONE_OF, ONLY_FOR, Auth, Page, Statement
from klingcontracts.page_prose import KEY, REPLY, holds, prose_of
from klingcontracts.rule import Level
from klingcontracts.shape import Shape
from klingcontracts.words import shown

Prose = Mapping[str, Mapping[str, Any]]


def page_findings(page: Page, contract: Contract) -> list[Finding]:
    """What the page says otherwise than the contract; nothing of what a page has no place for.

    An error is what breaks a client that keeps to the contract, a warning what the contract has otherwise
    without that, info what is new and what is reworded. `documented` is the contract's, `seen` the page's,
    with the place where it stands. Raises Problem for a page of which no contract can be made.
    """
    drafted = of_document(draft(page, contract, contract.revision), "The draft")
    found = [*_call(page, contract), *compared(contract, drafted), *_errors(page, contract)]
    named = {finding.rule.id for finding in found}
    found += [finding for finding in _examples(page, drafted) if finding.rule.id not in named]
    found += _prose(page, contract, drafted, found)
    return [_placed(finding, page) for finding in found]


def _call(page: Page, contract: Contract) -> Iterator[Finding]:
    submit = contract.operation(SUBMIT)
    documented, seen = f"{submit.method} {submit.path}", f"{page.method} {page.path}"
    if not is_of(page, contract):
        text = f"the page is one of {page.provider}/{page.model}"
        yield stated("page.model", "the page is about the model", Level.ERROR, documented, f"{text}: {seen}")
    elif page.path != submit.path:
        yield told(contract.rules["route.unknown-path"], Level.ERROR, documented, seen)
    if page.method != submit.method:
        yield told(contract.rules["route.wrong-method"], Level.ERROR, submit.method, page.method)
    server = str((contract.document.get("servers") or [{}])[0].get("url", ""))
    if server.rstrip("/") != page.server:
        yield stated("page.server", "where calls are sent", Level.ERROR, server, page.server)
    raw = contract.document["paths"][submit.path][submit.method.lower()]
    key = key_in(contract.document, raw)
    if page.auth is not None and page.auth != key:
        yield from _key(page.auth, key or Auth("", "", required=False), contract)


def _key(new: Auth, old: Auth, contract: Contract) -> Iterator[Finding]:
    if (new.header, new.scheme) != (old.header, old.scheme):
        ways = (f"{one.header}: {one.scheme or 'KEY'}" for one in (old, new))
        yield told(contract.rules["auth.bad-scheme"], Level.ERROR, *ways)
    if new.required != old.required:
        level = Level.ERROR if new.required else Level.WARNING
        needs = ("the key is required" if one.required else "the key is optional" for one in (old, new))
        yield told(contract.rules["auth.missing-key"], level, *needs)


def _errors(page: Page, contract: Contract) -> Iterator[Finding]:
    submit, (mine, _) = contract.operation(SUBMIT), page.accepted
    rule = contract.rules["submit.reply.status"]
    for status, reply in page.replies.items():
        if status == mine:
            continue
        if status not in submit.replies:
            yield told(rule, Level.INFO, "not a documented status", f"{status} is one", f"/{status}")
            continue
        needed = submit.replies[status].schema.get("required", ())
        listed = {one.name for one in reply.fields}
        for name in needed if listed else ():
            if name not in listed:
                said = f"{name} is required with {status}"
                rule_id = f"error.envelope.{name}.required"
                yield told(contract.rules[rule_id], Level.ERROR, said, NOT_STATED, f"/{status}/{name}")


def _examples(page: Page, drafted: Contract) -> Iterator[Finding]:
    """What the page's own examples break of its own rules."""
    submit = drafted.operation(SUBMIT)
    yield from _broken(submit.body, page.example, "the page's call")
    reply, (_, shape) = page.accepted[1], accepted(submit)
    yield from _broken(shape, reply.example, "the page's reply")
    whole = reply.example if isinstance(reply.example, Mapping) else {}
    for one in reply.fields:
        for example in one.schema.get("examples", ()):
            for finding in _broken(shape, {**whole, one.name: example}, "the field's example"):
                if finding.pointer.split("/")[1:2] == [one.name]:
                    yield finding


def _broken(shape: Shape | None, example: Any, what: str) -> Iterator[Finding]:
    if shape is None or example is None:
        return
    for rule, path, value in shape.breaks(example):
        at = "".join(f"/{part}" for part in path)
        seen = f"{what} has {shown(value)}" if value is not None else f"{what} has none"
        yield told(rule, Level.WARNING, rule.says, seen, at)


def _prose(page: Page, contract: Contract, drafted: Contract, found: Sequence[Finding]) -> Iterator[Finding]:
    old, new = _kept(contract), prose_of(page)
    before_and_after = _names(contract), _names(drafted)
    for name in dict.fromkeys([*old, *new]):
        if (name in before_and_after[0]) != (name in before_and_after[1]):
            continue  # a field that came or went brings its prose along, or takes it
        if name == KEY and page.form != "text":
            continue  # OpenAPI often has no words for the key
        before, after = old.get(name, {}), new.get(name, {})
        says = [*_said(name, before.get("says", ()), after.get("says", ()), page, found)]
        yield from says
        same = list(before.get("says", ())) == list(after.get("says", ()))
        worded = before.get("wording", ""), after.get("wording", "")
        if same and old and worded[0] != worded[1]:
            was, now = (f"wording {mark}" if mark else "no description" for mark in worded)
            yield stated(f"{_rule_at(name)}.wording", "the wording", Level.INFO, was, now, _pointer_at(name))


def _kept(contract: Contract) -> Prose:
    body = contract.operation(SUBMIT).body
    found = body.schema.get("x-prose", {}) if body is not None else {}
    return found if isinstance(found, Mapping) else {}


def _names(contract: Contract) -> set[str]:
    submit = contract.operation(SUBMIT)
    body = submit.body.schema if submit.body is not None else {}
    fields = accepted(submit)[1].schema.get("properties", ())
    return {*(set(body.get("properties", ())) - named_only(body)), *(f"{REPLY} {name}" for name in fields)}


def _said(
    name: str, old: Sequence[str], new: Sequence[str], page: Page, found: Sequence[Finding]
) -> Iterator[Finding]:
    lost = [text for text in old if text not in new]
    added = [text for text in new if text not in old]
    for kind in dict.fromkeys(text.partition(": ")[0] for text in (*lost, *added)):
        before = [text for text in lost if text.startswith(f"{kind}: ")]
        after = [text for text in added if text.startswith(f"{kind}: ")]
        level = _said_level(kind, name, after, page, found)
        if level is not None:
            was, now = ("; ".join(texts) or NOT_STATED for texts in (before, after))
            rule_id = f"{_rule_at(name)}.{kind.replace(' ', '-')}"
            yield stated(rule_id, "what stands in its text", level, was, now, _pointer_at(name))


def _said_level(
    kind: str, name: str, after: Sequence[str], page: Page, found: Sequence[Finding]
) -> Level | None:
    """How much it matters; None where rules have told it already."""
    if kind == EXCLUDES:
        pairs = [one.rule for one in found if one.rule.keyword.startswith("excludes.")]
        told_already = any(name in {rule.field, rule.other} for rule in pairs)
        return None if told_already else Level.INFO
    if kind == ONLY_FOR and after:
        models = tuple(after[0].partition(": ")[2].split(", "))
        return Level.WARNING if holds(Statement(kind, name, models), page.model) else Level.ERROR
    if kind == ONE_OF and any("' or '" in one.rule.field for one in found):
        return None
    return Level.WARNING


def _rule_at(name: str) -> str:
    if name == KEY:
        return "auth"
    at, field = (
        ("submit.reply", name[len(REPLY) :].strip()) if name.startswith(REPLY) else ("submit.body", name)
    )
    return f"{at}.{field}" if field else at


def _pointer_at(name: str) -> str:
    return pointer(name.removeprefix(REPLY).strip()) if name != KEY else ""


def _placed(finding: Finding, page: Page) -> Finding:
    place = _place(finding, page)
    return finding._replace(seen=f"{finding.seen} ({place})") if place else finding


def _place(finding: Finding, page: Page) -> str:
    rule = finding.rule
    if rule.id.startswith(("page.", "route.")):
        return page.places.get("call", "")
    if rule.id.startswith("auth."):
        return page.places.get("key", "")
    in_reply = rule.id.startswith("submit.reply")
    fields = page.accepted[1].fields if in_reply else page.fields
    top = rule.field.partition(".")[0].partition("[")[0].partition("'")[0]
    listed = next((one.place for one in fields if one.name == top), "")
    return listed or page.places.get("reply" if in_reply else "body", "")
