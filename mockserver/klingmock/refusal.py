"""From a finding to the vendor's error body, and to the hint that only we give."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from klingcontracts.check import wire
from klingcontracts.contract import Contract, Operation
from klingcontracts.finding import Finding
from klingcontracts.problem import nearest
from klingmock.faults import Fault
from klingmock.replies import encode

NO_HEADERS: Mapping[str, str] = {}
LONGEST_HINT = 300  # characters
MOST_NOTED = 5  # findings that a hint tells of


class Answer(NamedTuple):
    """What was decided: a body, and for the journal which operation it was and what was found.

    `faults` are those of the script that the call met; status 0 is no reply at all.
    """

    status: int
    body: str  # JSON
    operation: str = ""
    findings: Sequence[Finding] = ()
    hint: str = ""
    headers: Mapping[str, str] = NO_HEADERS
    faults: Sequence[Fault] = ()


def refuse(contract: Contract, findings: Sequence[Finding], operation: str = "", hint: str = "") -> Answer:
    """The answer to a call that breaks these rules: the envelope speaks of the first."""
    first = findings[0]
    error = contract.errors[first.rule.error]
    body = encode({"code": error.status, "message": error.message(first.refusal)})
    told = f"{first.rule.id}: {hint or explained(first, contract.operations.get(operation))}"
    return Answer(error.status, body, operation, findings, told)


def not_allowed(contract: Contract, method: str, allowed: str) -> Answer:
    """The answer to a method that a path does not know; `allowed` are those that it knows."""
    finding = wire(contract, "route.wrong-method", method, method=method)
    answer = refuse(contract, [finding], hint=f"allowed: {allowed}")
    return answer._replace(headers={"allow": allowed}) if answer.status == 405 else answer


def explained(finding: Finding, operation: Operation | None) -> str:
    """What the contract says, and the nearest name it knows to what was sent."""
    if finding.rule.error == "bad-json":
        return f"expected: {finding.documented}; {finding.seen}"
    near = _nearest(_sent(finding), _known(finding, operation))
    return f"expected: {finding.documented}" + (f"; nearest: {near}" if near else "")


def noted(findings: Sequence[Finding], operation: Operation) -> str:
    """One line about what was accepted though it is worth noting; "" for nothing."""
    told = (f"{f.rule.id}: {_sent(f)}: {explained(f, operation)}" for f in findings[:MOST_NOTED])
    return "; ".join(told)


def one_line(hint: str) -> str:
    """The hint as a header's value: printable ASCII, of bounded length."""
    plain = hint[: LONGEST_HINT + 1].encode("ascii", "backslashreplace").decode()
    if not plain.isprintable():
        plain = "".join(letter if letter.isprintable() else " " for letter in plain)
    return plain if len(plain) <= LONGEST_HINT else f"{plain[: LONGEST_HINT - 3]}..."


def _sent(finding: Finding) -> str:
    if finding.rule.keyword == "enum":
        return finding.seen.strip("'")
    return finding.pointer.rpartition("/")[2][:80]


def _known(finding: Finding, operation: Operation | None) -> tuple[str, ...]:
    if finding.rule.keyword == "enum":
        return tuple(str(option) for option in finding.rule.schema["enum"])
    if finding.rule.keyword == "unknown-field" and operation is not None and operation.body is not None:
        return tuple(operation.body.schema["properties"])
    return ()


# A client that gets something wrong gets it wrong again and again, and the search for the nearest is slow.
_nearest = lru_cache(maxsize=256)(nearest)
