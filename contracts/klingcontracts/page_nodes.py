"""One schema of a page laid over what the base contract knows of it: what is said, what stays, since when."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from klingcontracts.derive import KEYWORDS
from klingcontracts.page_fields import fitting
from klingcontracts.page_values import innermost, kinds_of
from klingcontracts.rule import provenance
from klingcontracts.shape import compiled

Schema = dict[str, Any]
Known = Mapping[str, Any]

SOURCE = "PAGE"  # the id of the page among the sources of a draft
DOCUMENTED, ASSUMED = f"documented {SOURCE}", f"assumed {SOURCE}"

_STATED = frozenset(
    {*KEYWORDS, "default", "items", "properties", "required", "additionalProperties", "format"}
)
_HOLDS_IMAGE = re.compile(r"\bbase64\b", re.IGNORECASE)


def request_node(said: Known, known: Known) -> Schema:
    """The schema of a field of the request.

    What the page says; of what `known` says, only what no page documents, for this one may have dropped it.
    """
    node = {key: value for key, value in said.items() if key not in {"items", "properties"}}
    node |= {key: value for key, value in known.items() if key not in node and _stays(key, known)}
    if "items" in said:
        node["items"] = request_node(said["items"], _part(known, "items"))
    listed = {
        name: request_node(inner, _part(known, "properties", name))
        for name, inner in said.get("properties", {}).items()
    }
    if listed or "properties" in node:
        node["properties"] = {**node.get("properties", {}), **listed}
    node["x-provenance"] = _since(node, said, known)
    return fitting(node)


def _stays(key: str, known: Known) -> bool:
    if key in _STATED:
        return key != "default" and provenance(known, key).basis != "documented"
    return key != "x-provenance"


def _part(known: Known, *keys: str) -> Known:
    found: Any = known
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _since(node: Known, said: Known, known: Known) -> Any:
    if not known:
        return DOCUMENTED
    stated = _STATED - {"items", "properties"}
    new = [key for key in said if key in stated and known.get(key) != node[key]]
    before = known.get("x-provenance", "assumed")
    if not new:
        return before
    return {**(before if isinstance(before, Mapping) else {"*": before}), **dict.fromkeys(new, DOCUMENTED)}


def holding(schema: Schema, prose: str) -> Schema:
    """The schema of a new field; where its prose speaks of Base64, its texts hold an image."""
    inner = innermost(schema)
    if _HOLDS_IMAGE.search(prose) and "string" in kinds_of(inner):
        inner["x-holds"] = "image"
    return schema


def reply_node(said: Known, known: Known, example: Any = None) -> Schema:
    """The schema of a part of the reply: what the page says of it, and what its example shows.

    What `known` says besides stays unless the example, or the page, has it otherwise. An `example` of None is
    none.
    """
    shown = _shown(example) if example is not None else {}
    node: Schema = {**_reply_rest(known, example), **shown, **_plain(said, known)}
    if isinstance(example, (str, int, float)) and not isinstance(example, bool) and "const" in node:
        node["const"] = example
    if "enum" in said:
        node.pop("const", None)
    if known:
        node = {key: value for key, value in node.items() if key != "examples"}
    if isinstance(example, str) and "const" not in node and "pattern" not in node:
        node["examples"] = [example]
    inner = _reply_properties(said, known, example)
    if inner:
        node["properties"] = inner
        node["required"] = _reply_required(said, known, example, inner)
    if "items" in said:
        node["items"] = reply_node(said["items"], _part(known, "items"))
    node["x-provenance"] = _since(node, {key: node[key] for key in node}, known)
    return fitting(node)


def _plain(said: Known, known: Known) -> Schema:
    # Descriptions of what we know are ours, or none.
    aside = {"items", "properties", "required", *(["description"] if known else [])}
    return {key: value for key, value in said.items() if key not in aside}


def _shown(example: Any) -> Schema:
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return {"type": kinds[type(example)]} if type(example) in kinds else {}


def _reply_rest(known: Known, example: Any) -> Schema:
    rest = {
        key: value for key, value in known.items() if key not in {"properties", "required", "x-provenance"}
    }
    return {
        key: value
        for key, value in rest.items()
        if key not in KEYWORDS
        or key == "const"
        or example is None
        or compiled({key: value}).is_valid(example)
    }


def _reply_properties(said: Known, known: Known, example: Any) -> Schema:
    listed, before = said.get("properties", {}), known.get("properties", {})
    values = example if isinstance(example, Mapping) else {}
    names = dict.fromkeys([*listed, *values]) or dict.fromkeys(before)
    return {name: reply_node(listed.get(name, {}), _part(before, name), values.get(name)) for name in names}


def _reply_required(said: Known, known: Known, example: Any, inner: Known) -> list[str]:
    if "required" in said or "properties" in said:
        return list(said.get("required", ()))
    if isinstance(example, Mapping):
        return list(example)
    return [name for name in known.get("required", ()) if name in inner]


def unlisted(known: Known) -> Schema:
    """The schema of a field that the page names and does not list."""
    text = "Named by the page, and not listed as a field."
    if known and provenance(known).basis != "documented":
        return dict(known)
    return {"description": text, "x-provenance": ASSUMED}


def exclusions(pairs: Iterator[tuple[str, str]], known: Known) -> dict[str, Schema]:
    """The `dependentSchemas` of pairs that exclude one another, each the way round that `known` has it."""
    found: dict[str, Schema] = {}
    for first, second in pairs:
        turned = first in _part(known, second, "properties") and second not in _part(
            known, first, "properties"
        )
        field, other = (second, first) if turned else (first, second)
        found.setdefault(field, {"properties": {}})["properties"][other] = False
    for field, node in found.items():
        before = _part(known, field)
        same = all(_part(before, "properties").get(other) is False for other in node["properties"])
        node["x-provenance"] = before.get("x-provenance", DOCUMENTED) if same else DOCUMENTED
    return found
