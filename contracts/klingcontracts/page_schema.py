"""A schema of OpenAPI brought to what a page in lines can say: references followed, the rest told of."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from klingcontracts.derive import KEYWORDS
from klingcontracts.page_fields import fitting, misfits
from klingcontracts.page_parts import MOST_FIELDS, Field, refused
from klingcontracts.page_values import URI, Schema, sayable
from klingcontracts.strictjson import MAX_DEPTH

MOST_SCHEMAS = 5_000  # looked at in one page, however often each is referred to

_KINDS = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_ASIDE = frozenset({"description", "title", "default", "example", "examples", "externalDocs", "summary"})
_INNER = frozenset({"properties", "required", "items", "additionalProperties", "nullable", "format"})
_LONGEST = 200  # characters of a statement that is not read


class Node(NamedTuple):
    """A part of the document, and the JSON pointer to it."""

    value: Mapping[str, Any]
    at: str

    def into(self, *keys: str) -> "Node":
        """The part under these keys; empty when there is none, or it is no object."""
        value: Any = self.value
        for key in keys:
            value = value.get(key) if isinstance(value, Mapping) else None
        tail = "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys)
        return Node(value if isinstance(value, Mapping) else {}, self.at + tail)


class Schemas:
    """Reads the schemas of one document; Problem for references that lead nowhere, or on and on."""

    def __init__(self, document: Mapping[str, Any], page: str) -> None:
        self._document, self._page = document, page
        self._left = MOST_SCHEMAS

    def resolved(self, node: Node) -> Node:
        """The node that a reference leads to, with what stands beside the reference."""
        seen: set[str] = set()
        while isinstance(reference := node.value.get("$ref"), str):
            if reference in seen or not reference.startswith("#/"):
                raise refused(self._page, f"refers to {reference[:100]!r}, which it does not have")
            seen.add(reference)
            keys = [key.replace("~1", "/").replace("~0", "~") for key in reference[2:].split("/")]
            target = Node(self._document, "#").into(*keys)
            if not target.value:
                raise refused(self._page, f"refers to {reference[:100]!r}, which it does not have")
            beside = {key: value for key, value in node.value.items() if key != "$ref"}
            node = Node({**target.value, **beside}, target.at)
        return node

    def fields(self, node: Node, depth: int = 0) -> tuple[Field, ...]:
        """The properties of an object's schema, as fields."""
        node = self._flat(node)
        listed = node.into("properties")
        if len(listed.value) > MOST_FIELDS:
            raise refused(self._page, f"has more than {MOST_FIELDS} fields in one place")
        required = _texts(node.value.get("required"))
        return tuple(self._field(name, listed.into(name), name in required, depth) for name in listed.value)

    def _field(self, name: str, node: Node, required: bool, depth: int) -> Field:
        if "." in name:
            raise refused(self._page, f"has a field {name[:100]!r}, and a name with a dot can't be kept")
        said: list[str] = []
        whole = self._schema(node, said, depth + 1)
        if not sayable({key: value for key, value in whole.items() if key not in _ASIDE}):
            raise refused(self._page, f"has no schema of {name[:100]!r} that can be read, at {node.at}")
        prose = str(whole.pop("description", ""))
        said += [f"{what}: {_text(value)}" for what, value in misfits(whole)]
        return Field(name, required, fitting(whole), prose, tuple(said), node.at)

    def _schema(self, node: Node, said: list[str], depth: int) -> Schema:
        self._left -= 1
        if depth > MAX_DEPTH or self._left < 0:
            raise refused(self._page, f"has schemas within schemas without end, at {node.at[:200]}")
        node = self._flat(node)
        found: Schema = {key: node.value[key] for key in KEYWORDS if key in node.value}
        found |= dict(_asides(node.value))
        _bring_up(found, node.value)
        for key, value in node.value.items():
            if key not in KEYWORDS and key not in _ASIDE and key not in _INNER and not key.startswith("x-"):
                said.append(f"{key}: {_text(value)}")
        self._inside(found, node, said, depth)
        return found

    def _inside(self, found: Schema, node: Node, said: list[str], depth: int) -> None:
        if isinstance(node.value.get("items"), Mapping):
            found["items"] = self._schema(node.into("items"), said, depth + 1)
        fields = self.fields(node, depth)
        if fields:
            found["properties"] = {
                one.name: {**({"description": one.prose} if one.prose else {}), **one.schema}
                for one in fields
            }
            said += [line for one in fields for line in one.unread]
        required = [
            name for name in _texts(node.value.get("required")) if name in found.get("properties", {})
        ]
        if required:
            found["required"] = required
        others = node.value.get("additionalProperties", True)
        if others is False:
            found["additionalProperties"] = False
        elif others not in (True, {}):
            said.append(f"additionalProperties: {_text(others)}")

    def _flat(self, node: Node) -> Node:
        """The schema without an `allOf` of parts that do not contradict, and without `or null` in `anyOf`."""
        node = self.resolved(node)
        parts = node.value.get("allOf")
        if isinstance(parts, list) and parts and all(isinstance(part, Mapping) for part in parts):
            inner = [self.resolved(Node(part, node.at)).value for part in parts]
            keys = [key for part in (*inner, node.value) for key in part if key != "description"]
            if len(keys) == len(set(keys)):
                merged: dict[str, Any] = {}
                for part in (*inner, node.value):
                    merged |= part
                node = node._replace(value={key: value for key, value in merged.items() if key != "allOf"})
        for key in ("anyOf", "oneOf"):
            options = node.value.get(key)
            if isinstance(options, list) and len(options) == 2 and {"type": "null"} in options:
                other = next((one for one in options if one != {"type": "null"}), None)
                if isinstance(other, Mapping):
                    beside = {name: value for name, value in node.value.items() if name != key}
                    inner_node = self.resolved(Node(other, node.at))
                    return Node({**inner_node.value, "nullable": True, **beside}, inner_node.at)
        return node


def _asides(value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if isinstance(value.get("description"), str) and value["description"].strip():
        yield "description", value["description"].strip()
    if "default" in value and value["default"] is not None:
        yield "default", value["default"]
    examples = value.get("examples")
    shown = examples if isinstance(examples, list) else [value["example"]] if "example" in value else []
    if shown:
        yield "examples", shown


def _bring_up(found: Schema, value: Mapping[str, Any]) -> None:
    """What OpenAPI 3.0 writes otherwise than 3.1, and what a format says."""
    for bound, end in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(found.get(bound), bool):
            strict = found.pop(bound)
            if strict and end in found:
                found[bound] = found.pop(end)
    kind = found.pop("type", None)
    kinds = [one for one in _texts([kind] if isinstance(kind, str) else kind) if one in _KINDS]
    if kinds:
        nullable = ["null"] if value.get("nullable") is True and "null" not in kinds else []
        found["type"] = kinds[0] if len(kinds) == 1 and not nullable else [*kinds, *nullable]
    if isinstance(value.get("format"), str):
        found["format"] = value["format"]
        if value["format"] == "uri":
            found.setdefault("pattern", URI)


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:_LONGEST]
