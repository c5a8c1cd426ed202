"""What a page says otherwise than a contract: of the call, its body, its reply, and in prose."""

from collections.abc import Iterator, Mapping
from typing import Any

from klingcontracts.compare import compare
from klingcontracts.compare_prose import accepted, kept, prose_finding, rule_at, spoken_of
from klingcontracts.compare_told import NOT_STATED, SUBMIT, stated, told
from klingcontracts.contract import Contract, of_document
from klingcontracts.finding import Finding
from klingcontracts.page_draft import draft, is_of
from klingcontracts.page_parts import Page
from klingcontracts.page_prose import KEY
from klingcontracts.rule import Level
from klingcontracts.shape import Shape
from klingcontracts.words import shown

# A draft of another model leaves out what of the contract is about this one; the page says nothing of it.
_NOT_OF_A_PAGE = ("price.", "question.")


def page_findings(page: Page, contract: Contract) -> list[Finding]:
    """What the page says otherwise than the contract; nothing of what a page has no place for.

    An error is what breaks a client that keeps to the contract, a warning what the contract has otherwise
    without that, info what is new and what is reworded. `documented` is the contract's, `seen` the page's,
    with the place where it stands. Raises Problem for a page of which no contract can be made.
    """
    found = placed_findings(page, contract)
    return [one._replace(seen=f"{one.seen} ({place})") if place else one for one, place in found]


def placed_findings(page: Page, contract: Contract) -> list[tuple[Finding, str]]:
    """The same, each with the place where it stands on the page: "line 74", a JSON pointer, or ""."""
    drafted = of_document(draft(page, contract, contract.revision), "The draft")
    found = [one for one in compare(contract, drafted) if not one.rule.id.startswith(_NOT_OF_A_PAGE)]
    if not is_of(page, contract):
        found = [_of_another(page, contract), *(one for one in found if not _is_path(one))]
    found += _errors(page, contract)
    named = {finding.rule.id for finding in found}
    found += [finding for finding in _examples(page, drafted) if finding.rule.id not in named]
    found += _reworded(page, contract, drafted)
    return [(finding, _place(finding, page)) for finding in found]


def _of_another(page: Page, contract: Contract) -> Finding:
    submit = contract.operation(SUBMIT)
    documented = f"{submit.method} {submit.path}"
    seen = f"the page is one of {page.provider}/{page.model}: {page.method} {page.path}"
    return stated("page.model", "the page is about the model", Level.ERROR, documented, seen)


def _is_path(finding: Finding) -> bool:
    return finding.rule.id == "route.unknown-path"


def _errors(page: Page, contract: Contract) -> Iterator[Finding]:
    """What the page's other replies lack; a draft keeps the contract's own."""
    submit, (mine, _) = contract.operation(SUBMIT), page.accepted
    for status, reply in page.replies.items():
        if status == mine or status not in submit.replies:
            continue
        needed = submit.replies[status].schema.get("required", ())
        listed = {one.name for one in reply.fields}
        for name in needed if listed else ():
            if name not in listed:
                said = f"{name} is required with {status}"
                rule = contract.rules[f"error.envelope.{name}.required"]
                yield told(rule, Level.ERROR, said, NOT_STATED, f"/{status}/{name}", SUBMIT)


def _examples(page: Page, drafted: Contract) -> Iterator[Finding]:
    """What the page's own examples break of its own rules."""
    submit = drafted.operation(SUBMIT)
    yield from _broken(submit.body, page.example, "the page's call")
    reply, shape = page.accepted[1], accepted(submit)
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


def _reworded(page: Page, contract: Contract, drafted: Contract) -> Iterator[Finding]:
    for name, before, after in spoken_of(contract, drafted):
        if name == KEY and page.form != "text":
            continue  # OpenAPI often has no words for the key
        same = list(before.get("says", ())) == list(after.get("says", ()))
        worded = before.get("wording", ""), after.get("wording", "")
        if same and kept(contract) and worded[0] != worded[1]:
            was, now = (f"wording {mark}" if mark else "no description" for mark in worded)
            rule_id = f"{rule_at(name)}.wording"
            yield prose_finding(rule_id, "the wording", Level.INFO, was, now, name, drafted)


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
