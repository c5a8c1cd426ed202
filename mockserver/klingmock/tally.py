"""Which rules of the contract a test suite exercised: counted as it runs, shown at its end."""

import json
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from klingcontracts.contract import Contract
from klingcontracts.exercised import exercised
from klingcontracts.problem import COULD_NOT_LOOK, Problem
from klingcontracts.table import table
from klingmock.journal import Entry

SCHEMA_VERSION = 1
Counts = dict[str, dict[str, int]]  # rule id: {"kept": exchanges, "broken": exchanges}


class Tally:
    """Counts exchanges by revision and rule. `add` may be called from any thread."""

    def __init__(self) -> None:
        self._counts: dict[str, Counts] = {}
        self._says: dict[str, dict[str, str]] = {}
        self._lock = Lock()

    def add(self, contract: Contract, entry: Entry) -> None:
        """Count one exchange."""
        found = exercised(contract, entry.exchange, entry.operation, entry.findings)
        with self._lock:
            counts = self._counts.get(contract.revision, {})
            if not contract.rules.keys() <= counts.keys():  # another reading may have rules of its own
                counts = self._open(
                    contract.revision, {rule.id: rule.says for rule in contract.rules.values()}
                )
            for how, rules in (("kept", found.kept), ("broken", found.broken)):
                for rule in rules:
                    counts[rule][how] += 1

    def _open(self, revision: str, says: dict[str, str]) -> Counts:
        self._says.setdefault(revision, {}).update(says)
        counts = self._counts.setdefault(revision, {})
        for rule in says:
            counts.setdefault(rule, {"kept": 0, "broken": 0})
        return counts

    def merge(self, told: Mapping[str, Any]) -> None:
        """Add what another process counted, as its `to_json` gives it."""
        with self._lock:
            for revision, node in told["revisions"].items():
                counts = self._open(
                    revision, {rule: numbers["says"] for rule, numbers in node["rules"].items()}
                )
                for rule, numbers in node["rules"].items():
                    for how in ("kept", "broken"):
                        counts[rule][how] += numbers[how]

    def to_json(self) -> dict[str, Any]:
        """{"schema_version", "revisions": {name: {"exercised", "of", "rules": {id: {...}}}}}.

        Of each rule: "says", "kept" and "broken", the last two as counts of exchanges.
        """
        revisions = {}
        for revision, counts in sorted(self._counts.items()):
            met = sum(1 for numbers in counts.values() if _is_met(numbers))
            says = self._says[revision]
            rules = {rule: {"says": says[rule], **numbers} for rule, numbers in sorted(counts.items())}
            revisions[revision] = {"exercised": met, "of": len(counts), "rules": rules}
        return {"schema_version": SCHEMA_VERSION, "revisions": revisions}

    def write(self, path: str) -> None:
        """Write it to a file; Problem when that can't be done."""
        try:
            Path(path).write_text(json.dumps(self.to_json(), indent=2) + "\n", encoding="utf-8")
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            fact = f"{path!r} can't be written: {reason}."
            raise Problem(fact, "Name a file that can be written.", COULD_NOT_LOOK) from error

    def text(self, *, verbose: bool) -> str:
        """A table with a row for each revision; `verbose` adds the rules that were broken, or never met."""
        told = self.to_json()["revisions"]
        if not told:
            return "no exchange with the fake"
        heads = ("revision", "rules", "exercised", "broken by the suite", "not exercised")
        parts = [table(heads, [_row(revision, node) for revision, node in told.items()])]
        for revision, node in told.items():
            parts += _named(revision, node["rules"]) if verbose else []
        return "\n".join(parts)


def _row(revision: str, node: Mapping[str, Any]) -> list[str]:
    met, of = node["exercised"], node["of"]
    broken = sum(1 for numbers in node["rules"].values() if numbers["broken"])
    return [revision, str(of), f"{met} ({met / of:.0%})", str(broken), str(of - met)]


def _named(revision: str, rules: Mapping[str, Any]) -> list[str]:
    broken = {rule: numbers for rule, numbers in rules.items() if numbers["broken"]}
    unmet = {rule: numbers for rule, numbers in rules.items() if not _is_met(numbers)}
    return [*_listed(f"broken of {revision}", broken), *_listed(f"not exercised of {revision}", unmet)]


def _listed(head: str, rules: Mapping[str, Any]) -> list[str]:
    rows = [[rule, numbers["says"]] for rule, numbers in rules.items()]
    return ["", table((head, "what it says"), rows, whole=[head])] if rows else []


def _is_met(numbers: Mapping[str, Any]) -> bool:
    return bool(numbers["kept"] or numbers["broken"])
