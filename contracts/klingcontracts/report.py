"""Findings as people read them: a table with a line of advice for each rule that was broken."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NoReturn

from klingcontracts.check import check
from klingcontracts.contract import Contract
from klingcontracts.exchange import Exchange
from klingcontracts.finding import Finding
from klingcontracts.problem import nearest
from klingcontracts.rule import Level, Rule
from klingcontracts.table import table, terminal_width
from klingcontracts.words import choice, kinds, shown

WIDEST = 140  # columns; a failure is read in a terminal, also where nobody knows how wide it is
HEADS = ("exchange", "rule", "seen", "documented", "advice")


class Nonconforming(AssertionError):
    """What was sent, or answered, is not as documented; the text is a table."""


def assert_conforms(contract: Contract, exchanges: Iterable[Exchange], level: Level = Level.WARNING) -> None:
    """Raise Nonconforming when an exchange has a finding at or above the level.

    An exchange is called by its number, or by its place (from 1) where it has none.
    """
    __tracebackhide__ = True
    numbered = [(exchange.number or nth, exchange) for nth, exchange in enumerate(exchanges, 1)]
    found = [(number, finding) for number, exchange in numbered for finding in check(contract, exchange)]
    stop_at(contract, found, len(numbered), level)


def stop_at(
    contract: Contract, found: Iterable[tuple[int, Finding]], of: int, level: Level = Level.WARNING
) -> None:
    """Raise Nonconforming when one of the numbered findings, from `of` exchanges, is at or above `level`."""
    __tracebackhide__ = True
    kept = [(number, finding) for number, finding in found if finding.level >= level]
    if kept:
        _raise(contract, kept, of)


def _raise(contract: Contract, kept: Sequence[tuple[int, Finding]], of: int) -> NoReturn:
    __tracebackhide__ = True
    many = len({number for number, _ in kept})
    head = f"{many} of {of} exchanges {'does' if many == 1 else 'do'} not keep to {contract.revision}:"
    raise Nonconforming(f"{head}\n\n{findings_table(contract, kept)}")


def findings_table(contract: Contract, found: Iterable[tuple[int, Finding]]) -> str:
    """One row for each different finding, with the numbers of the exchanges that have it."""
    numbers: dict[str, list[int]] = {}
    first: dict[str, Finding] = {}
    for number, finding in found:
        numbers.setdefault(finding.fingerprint, []).append(number)
        first.setdefault(finding.fingerprint, finding)
    rows = [_row(contract, _few(numbers[key]), finding) for key, finding in first.items()]
    return table(HEADS, rows, min(WIDEST, terminal_width()), whole=["rule"])


def _row(contract: Contract, number: str, finding: Finding) -> list[str]:
    told = finding.to_json()
    seen = f"{finding.pointer} {told['seen']}".strip()
    return [number, finding.rule.id, seen, finding.documented, advice(contract, finding)]


def _few(numbers: Sequence[int]) -> str:
    different = list(dict.fromkeys(numbers))
    more = f" and {len(different) - 5} more" if len(different) > 5 else ""
    return ", ".join(map(str, different[:5])) + more


def advice(contract: Contract, finding: Finding) -> str:
    """One sentence: what to do about a finding."""
    rule = finding.rule
    if rule.id == "route.unknown-path":
        return _nearest_operation(contract, finding)
    if rule.keyword == "unknown-field":
        return _nearest_field(contract, finding)
    for ending, text in _BY_ID.items():
        if rule.id.endswith(ending):
            return text
    if ".body." not in rule.id:
        return "Report it to the vendor, or look for what stands between."
    say = _BY_KEYWORD.get(rule.keyword.partition(".")[0])
    return say(rule) if say else f"Send what is documented: {rule.says}."


_BY_ID: Mapping[str, str] = {
    "auth.missing-key": "Send the header Authorization: Bearer KEY.",
    "auth.bad-scheme": "Send exactly Authorization: Bearer KEY, with one space and nothing after the key.",
    "auth.unknown-key": "Use a key that the server knows.",
    "auth.expired-key": "Use a key that has not expired.",
    "route.wrong-method": "Use the documented method.",
    ".body.json": "Send JSON in UTF-8, such as json.dumps makes it, without NaN or Infinity.",
    ".body.size": "Send a smaller image, or its URL.",
    "body.type": "Send a JSON object.",
}
_BY_KEYWORD: Mapping[str, Callable[[Rule], str]] = {
    "required": lambda rule: f"Add '{rule.field}'.",
    "type": lambda rule: f"Send {rule.field} as {kinds(rule.schema['type'])}.",
    "enum": lambda rule: f"Send {choice(map(shown, rule.schema['enum']))}.",
    "const": lambda rule: f"Send {shown(rule.schema['const'])}.",
    "excludes": lambda rule: f"Send {rule.field} or {rule.other}, not both.",
    "limits": lambda rule: f"Change {rule.other}, or leave {rule.field} out.",
    "unlisted": lambda rule: f"Leave {rule.field} out.",
    "pattern": lambda rule: f"Write it so that {rule.says}.",
    "minLength": lambda rule: f"Leave {rule.field} out, or make it longer.",
    "maxLength": lambda rule: f"Cut {rule.field}; characters count, not bytes.",
}


def _nearest_operation(contract: Contract, finding: Finding) -> str:
    paths = {operation.path: operation.method for operation in contract.operations.values()}
    near = nearest(finding.seen.strip("'…"), paths)
    return f"Nearest: {paths[near]} {near}." if near else "See: klingmock contract show"


def _nearest_field(contract: Contract, finding: Finding) -> str:
    operation = contract.operations[finding.operation]
    known = operation.body.schema.get("properties", ()) if operation.body else ()
    name = finding.pointer.rpartition("/")[2]
    near = nearest(name, known)
    return f"Leave '{name}' out, or call it '{near}'." if near else f"Leave '{name}' out."
