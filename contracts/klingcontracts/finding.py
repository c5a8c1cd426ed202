"""What differs from the contract: a record from birth, words come last."""

from typing import Any, NamedTuple

from klingcontracts.exchange import REDACTED, is_secret
from klingcontracts.rule import Level, Rule


class Finding(NamedTuple):
    """One rule that one exchange broke.

    `pointer` is a JSON pointer into the body ("" for all of it), `seen` what was there in a few words,
    `documented` what the contract says, `refusal` the values for the texts of the error the server sends.
    """

    rule: Rule
    operation: str
    pointer: str
    seen: str
    documented: str
    refusal: dict[str, Any]

    @property
    def level(self) -> Level:
        """How much it matters: the rule's business."""
        return self.rule.level

    @property
    def fingerprint(self) -> str:
        """What makes it the same finding on another day: the rule, the operation and the place."""
        return f"{self.rule.id}@{self.operation}{self.pointer}"

    def to_json(self) -> dict[str, Any]:
        """As plain JSON, for the journal and reports."""
        return {
            "rule": self.rule.id,
            "level": str(self.level),
            "operation": self.operation,
            "pointer": self.pointer,
            "seen": REDACTED if is_secret(self.pointer.rpartition("/")[2]) else self.seen,
            "documented": self.documented,
            "sources": list(self.rule.provenance.sources),
            "fingerprint": self.fingerprint,
        }
