"""The request's body of a draft: the fields of a page, what excludes what, and what stays of the base."""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any

from klingcontracts.derive import KEYWORDS
from klingcontracts.page_fields import described
from klingcontracts.page_nodes import DOCUMENTED, Schema, exclusions, holding, request_node, unlisted
from klingcontracts.page_parts import EXCLUDES, ONE_OF, Field, Page, Statement
from klingcontracts.page_prose import pairs, prose_of, statements, whole, wording
from klingcontracts.rule import provenance

Known = Mapping[str, Any]


def body_of(page: Page, base: Known, same: bool) -> Schema:
    """The schema of the body that a page states. `base` is what we have, of the `same` model or another."""
    known: Known = base if same else {}
    said = statements(page)
    properties = {one.name: _field(one, known) for one in page.fields}
    strangers = [name for name in _excluding(said) if name not in properties]
    properties |= {name: unlisted(known.get("properties", {}).get(name, {})) for name in strangers}
    required = [one.name for one in page.fields if one.required]
    group = next(_groups(said, required), ())
    conditions = exclusions(pairs(said), known.get("dependentSchemas", {}))
    _keep_conditions(conditions, known.get("dependentSchemas", {}), properties)
    body: Schema = {
        "type": "object",
        "required": required,
        "anyOf": [{"required": [name]} for name in group],
        "properties": properties,
        "dependentSchemas": conditions,
    }
    body = {key: value for key, value in body.items() if value}
    if page.closed or _refuses_others(base):
        body["additionalProperties"] = False
    noted = _noted(base, body, strangers, same)
    body |= {"x-noted": noted} if noted else {}
    body |= {"x-null": base["x-null"]} if "x-null" in base else {}
    return body | {"x-prose": prose_of(page), "x-provenance": known.get("x-provenance", DOCUMENTED)}


def _field(one: Field, known: Known) -> Schema:
    before = known.get("properties", {}).get(one.name)
    if not isinstance(before, Mapping):
        return holding(request_node(described(one), {}), one.prose)
    # While the page words it as it did, our own words for it stay.
    worded = known.get("x-prose", {}).get(one.name, {}).get("wording") == wording(whole(one))
    if not worded or "description" not in before:
        return request_node(described(one), before)
    examples = {} if "examples" in one.schema and "examples" not in before else {"examples"}
    return request_node({key: value for key, value in one.schema.items() if key not in examples}, before)


def _excluding(said: Iterable[Statement]) -> Iterator[str]:
    names = (name for one in said if one.kind == EXCLUDES for name in (one.field, *one.others))
    yield from dict.fromkeys(names)


def _groups(said: Iterable[Statement], required: list[str]) -> Iterator[tuple[str, ...]]:
    # Where a flag and a sentence contradict one another, the flag is what a schema says.
    for one in said:
        if one.kind == ONE_OF and not set(one.others) & set(required):
            yield one.others


def _refuses_others(base: Known) -> bool:
    refuses = base.get("additionalProperties") is False
    return refuses and provenance(base, "unknown-field").basis != "documented"


def _keep_conditions(conditions: dict[str, Schema], known: Known, properties: Known) -> None:
    for field, node in known.items():
        for other, inner in node.get("properties", {}).items():
            keyword = "excludes" if inner is False else "limits"
            documented = provenance(node, keyword).basis == "documented"
            if documented or field not in properties or other not in properties:
                continue
            kept = conditions.setdefault(field, {"properties": {}, "x-provenance": node["x-provenance"]})
            kept["properties"].setdefault(other, inner)
            kept["x-provenance"] = _both(kept["x-provenance"], keyword, str(provenance(node, keyword)))


def _both(before: Any, keyword: str, basis: str) -> Any:
    return {**(before if isinstance(before, Mapping) else {"*": before}), keyword: basis}


def _noted(base: Known, body: Schema, strangers: Iterable[str], same: bool) -> Schema:
    before = base.get("x-noted", {})
    noted: Schema = deepcopy(dict(before)) if same else {}
    if before.get("additionalProperties") is False:
        noted["additionalProperties"] = False
        noted.setdefault("x-provenance", before.get("x-provenance", "assumed"))
    if body.get("additionalProperties") is False:
        noted.pop("additionalProperties", None)
    noted["properties"] = dict(_noted_fields(noted.get("properties", {}), body))
    # A field that is only named is noted as one that is not listed.
    noted["properties"] |= dict.fromkeys(strangers, False)
    noted["dependentSchemas"] = dict(_noted_conditions(noted.get("dependentSchemas", {}), body))
    kept = {key: value for key, value in noted.items() if value not in ({}, None)}
    return kept if set(kept) - {"x-provenance"} else {}


def _noted_fields(before: Known, body: Schema) -> Iterator[tuple[str, Any]]:
    # What the body itself says now needs no note: it is one rule, and can't be two.
    for name, inner in before.items():
        listed = body["properties"].get(name)
        if not isinstance(inner, Mapping) or not isinstance(listed, Mapping):
            continue
        if any(key in inner and key not in listed for key in KEYWORDS):
            yield (
                name,
                {key: value for key, value in inner.items() if key not in KEYWORDS or key not in listed},
            )


def _noted_conditions(before: Known, body: Schema) -> Iterator[tuple[str, Any]]:
    properties, said = body["properties"], body.get("dependentSchemas", {})
    for field, node in before.items():
        taken = said.get(field, {}).get("properties", {})
        inner = {
            other: value
            for other, value in node.get("properties", {}).items()
            if field in properties and other in properties and other not in taken
        }
        if inner:
            yield field, {**node, "properties": inner}
