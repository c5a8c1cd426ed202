"""A JSON Schema with its rules: whether a value has this shape, and which rules it breaks, one by one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple

from jsonschema_rs import Draft202012Validator

from klingcontracts.derive import KEYWORDS, Place, Pointer, rules
from klingcontracts.rule import Rule

# A hostile body breaks a rule once for each of millions of items: the first hundred tell enough.
MOST_BREAKS = 100
CHUNK = 1000

Path = tuple[str | int, ...]


class Break(NamedTuple):
    """One rule that a value breaks, where in the value, and what stands there (None for what is missing)."""

    rule: Rule
    path: Path
    value: Any = None


@dataclass(frozen=True, eq=False)
class Shape:
    """A JSON Schema, and the rule that each of its statements is, named from the place it stands at."""

    schema: Mapping[str, Any]
    place: Place
    null_is_absent: bool = False
    empty_is_absent: frozenset[str] = frozenset()
    _leaves: dict[Pointer, Draft202012Validator] = field(default_factory=dict, repr=False)

    @cached_property
    def rules(self) -> Mapping[Pointer, Rule]:
        """The rules by their statement's pointer; made when one is asked for, which at most calls none is."""
        return dict(rules(self.schema, self.place))

    @cached_property
    def validator(self) -> Draft202012Validator:
        """The whole schema, compiled: says quickly that nothing is wrong."""
        return compiled(self.schema)

    @cached_property
    def forgives(self) -> bool:
        """Whether any value counts as absent."""
        return self.null_is_absent or bool(self.empty_is_absent)

    def present(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """The fields that are there in this reading: without nulls and empty arrays that count as absent."""
        return {name: inner for name, inner in value.items() if not self._absent(name, inner)}

    def _absent(self, name: str, value: Any) -> bool:
        return (self.null_is_absent and value is None) or (name in self.empty_is_absent and value == [])

    def breaks(self, value: Any) -> Iterator[Break]:
        """Each rule that the value breaks, in the order of the schema; in an array, the first hundred."""
        return self._walk(self.schema, value, (), ())

    def _walk(self, schema: Any, value: Any, at: Pointer, path: Path) -> Iterator[Break]:
        if schema is False:
            yield Break(self.rules[at], path, value)
        if not isinstance(schema, Mapping):
            return
        for keyword in KEYWORDS:
            if keyword in schema and not self._keeps((*at, keyword), {keyword: schema[keyword]}, value):
                yield Break(self.rules[*at, keyword], path, value)
        if "anyOf" in schema and not self._keeps((*at, "anyOf"), {"anyOf": schema["anyOf"]}, value):
            yield Break(self.rules[*at, "anyOf"], path)
        if isinstance(value, dict):
            yield from self._members(schema, value, at, path)
        elif isinstance(value, list) and "items" in schema:
            yield from islice(self._items(schema["items"], value, (*at, "items"), path), MOST_BREAKS)
        if "if" in schema and "then" in schema and self._keeps((*at, "if"), schema["if"], value):
            yield from self._walk(schema["then"], value, (*at, "if", "then"), path)

    def _keeps(self, at: Pointer, schema: Mapping[str, Any], value: Any) -> bool:
        leaf = self._leaves.get(at)
        if leaf is None:
            leaf = self._leaves[at] = compiled(schema)
        return leaf.is_valid(value)

    def _members(
        self, schema: Mapping[str, Any], value: dict[str, Any], at: Pointer, path: Path
    ) -> Iterator[Break]:
        for name in schema.get("required", ()):
            if name not in value:
                yield Break(self.rules[*at, "required", name], (*path, name))
        listed = schema.get("properties", {})
        for name, inner in listed.items():
            if name in value:
                yield from self._walk(inner, value[name], (*at, "properties", name), (*path, name))
        for name, sub in schema.get("dependentSchemas", {}).items():
            if name in value:
                yield from self._walk(sub, value, (*at, "dependentSchemas", name), path)
        if schema.get("additionalProperties") is False:
            rule = self.rules[*at, "additionalProperties"]
            for name in islice((name for name in value if name not in listed), MOST_BREAKS):
                yield Break(rule, (*path, name), value[name])

    def _items(self, schema: Any, value: list[Any], at: Pointer, path: Path) -> Iterator[Break]:
        # The compiled validator skips what is right a thousand items at a time.
        for start in range(0, len(value), CHUNK):
            chunk = value[start : start + CHUNK]
            if not self._keeps(at, {"items": schema}, chunk):
                for index, item in enumerate(chunk, start):
                    yield from self._walk(schema, item, at, (*path, index))


def shape_of(schema: Mapping[str, Any], place: Place) -> Shape:
    """The shape that a schema of the document describes, its rules named from the place it stands at."""
    empty = (
        name
        for name, inner in schema.get("properties", {}).items()
        if isinstance(inner, Mapping) and inner.get("x-empty") == "absent"
    )
    return Shape(schema, place, schema.get("x-null") == "absent", frozenset(empty))


def compiled(schema: Mapping[str, Any]) -> Draft202012Validator:
    """The validator of a schema; nothing outside of it is looked up."""
    return Draft202012Validator(dict(schema), offline=True)
