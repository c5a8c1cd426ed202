"""A contract as people read it: tables of rules, open questions, sources and numbers."""

import json
import textwrap
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from klingcontracts.contract import Contract, Operation, load
from klingcontracts.document import DEFAULT, revisions
from klingcontracts.problem import unknown
from klingcontracts.readings import readings as chosen
from klingcontracts.rule import provenance
from klingcontracts.table import table, terminal_width


def listing() -> str:
    """The shipped revisions, one a row."""
    rows = [_row(load(name)) for name in revisions()]
    return table(("revision", "submit", "in force", "rules", "open questions"), rows)


def _row(contract: Contract) -> tuple[str, ...]:
    submit = contract.operations["submit"]
    name = contract.revision + (" (default)" if contract.revision == DEFAULT else "")
    force = str(contract.document["info"]["description"]).partition("In force ")[2].partition(".")[0]
    path = f"{submit.method} {submit.path}"
    return name, path, force, str(len(contract.rules)), str(len(contract.questions))


def show(revision: str, form: str = "text", readings: Iterable[str] = ()) -> str:
    """One revision in one of the FORMS; `readings` are texts like image-required=either. Raises Problem."""
    if form not in FORMS:
        raise unknown("Format", form, FORMS, "Give one of these to --format.")
    return FORMS[form](load(revision, chosen(readings)))


def _openapi(contract: Contract) -> str:
    return json.dumps(contract.document, indent=2, ensure_ascii=False)


def _rules(contract: Contract) -> str:
    rows = [
        (rule.id, _refused(contract, rule.error), str(rule.provenance), rule.says)
        for rule in contract.rules.values()
    ]
    return table(("rule", "refused with", "source", "what it says"), rows)


def _refused(contract: Contract, error: str) -> str:
    return f"{contract.errors[error].status} {contract.errors[error].category}" if error else "-"


def _questions(contract: Contract) -> str:
    rows = []
    for question in contract.questions.values():
        for name, text in question.readings.items():
            mark = "*" if name == question.chosen else ""
            first = name == next(iter(question.readings))
            told = (question.id, str(question.provenance), question.text) if first else ("", "", "")
            rows.append((told[0], f"{name}{mark}", text, told[1], told[2]))
    legend = "* the reading in force; choose another with --reading QUESTION=READING"
    return f"{table(('question', 'reading', 'means', 'source', 'what is open'), rows)}\n\n{legend}"


def _text(contract: Contract) -> str:
    info, operations = contract.document["info"], contract.operations.values()
    parts = [
        f"{info['title']}, revision {contract.revision}",
        textwrap.fill(info["description"], terminal_width()),
        table(("operation", "call", "key", "replies", "source"), [_operation(one) for one in operations]),
        table(("field of submit", "type", "rules", "source"), _fields(contract)),
        table(("status", "may become", "source"), _statuses(contract)),
        table(("number", "value", "source"), _numbers(contract)),
        table(("error", "status", "message", "source"), _errors(contract)),
        table(("source", "date", "covers", "address"), _sources(contract)),
        "More: --format rules, --format questions, --format openapi",
    ]
    return "\n\n".join(parts)


def _operation(operation: Operation) -> tuple[str, ...]:
    key = "required" if operation.key_required else "optional"
    statuses = ", ".join(map(str, operation.replies))
    return operation.id, f"{operation.method} {operation.path}", key, statuses, str(operation.provenance)


def _fields(contract: Contract) -> list[tuple[str, ...]]:
    shape = contract.operations["submit"].body
    properties = shape.schema.get("properties", {}) if shape else {}
    return [_field(name, node, contract) for name, node in properties.items() if isinstance(node, Mapping)]


def _field(name: str, node: Mapping[str, Any], contract: Contract) -> tuple[str, ...]:
    own = [rule for rule in contract.rules.values() if rule.operation == "submit" and rule.field == name]
    says = [rule.says.removeprefix(f"{name} ") for rule in own if rule.error and rule.keyword != "type"]
    if "default" in node:
        says.append(f"default {node['default']}")
    types = node.get("type", "any")
    kind = types if isinstance(types, str) else " or ".join(types)
    return name, kind, "; ".join(says), str(provenance(node))


def _statuses(contract: Contract) -> list[tuple[str, ...]]:
    statuses = contract.document["x-lifecycle"]["statuses"]
    return [
        (name, ", ".join(node["next"]) or "(the end)", str(provenance(node)))
        for name, node in statuses.items()
    ]


def _numbers(contract: Contract) -> list[tuple[str, ...]]:
    limits, kept = contract.document["x-limits"], contract.document["x-lifecycle"]["retention"]
    own, everyone, running = limits["rate"], limits["global"], limits["concurrency"]
    enforced = "" if everyone["enforced"] else " (not enforced in this reading)"
    return [
        (
            "rate limit",
            f"{own['requests']} requests in {own['seconds']} s, per {own['scope']}",
            str(provenance(own)),
        ),
        (
            "global limit",
            f"{everyone['requests']} requests in {everyone['seconds']} s{enforced}",
            str(provenance(everyone)),
        ),
        ("concurrency", f"{running['tasks']} running tasks", str(provenance(running))),
        ("retention", f"{kept['seconds'] // 3600} hours from {kept['from']}", str(provenance(kept))),
    ]


def _errors(contract: Contract) -> list[tuple[str, ...]]:
    return [
        (name, str(error.status), f"{error.category}: {error.detail}", _origin(contract, name))
        for name, error in contract.errors.items()
    ]


def _origin(contract: Contract, error: str) -> str:
    node = contract.document["x-errors"][error]
    assumed = [part for part in ("category", "detail") if provenance(node, part).basis == "assumed"]
    whole = provenance(node)
    return (
        f"{whole} ({' and '.join(assumed)} assumed)" if assumed and whole.basis != "assumed" else str(whole)
    )


def _sources(contract: Contract) -> list[tuple[str, ...]]:
    return [(name, node["date"], node["covers"], node["address"]) for name, node in contract.sources.items()]


FORMS: Mapping[str, Callable[[Contract], str]] = {
    "text": _text,
    "openapi": _openapi,
    "rules": _rules,
    "questions": _questions,
}
