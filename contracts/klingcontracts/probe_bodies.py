"""For each rule of a body, a few bodies that break it alone, as people would send them; and its edges."""

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any, NamedTuple

from klingcontracts.contract import Contract
from klingcontracts.document import MEND, inlined
from klingcontracts.probe_values import Schema, fit, good, kind_of, options, text, wrong
from klingcontracts.problem import Problem
from klingcontracts.rule import Rule
from klingcontracts.shape import Shape

Path = tuple[str, ...]

MOST_WRONG = 5  # bodies for each rule
STRANGE = "webhook_url"
_GOOD = object()


class Point(NamedTuple):
    """One question about a body: the rule it is about, what is special about it in a few words, the body."""

    rule: str
    what: str
    body: Any


def minimal(contract: Contract) -> dict[str, Any]:
    """The smallest body that the contract takes: its own example, or one made of what is required."""
    operation = contract.operation("submit")
    raw = contract.document["paths"][operation.path][operation.method.lower()]
    media = inlined(raw["requestBody"], contract.document)["content"]["application/json"]
    examples = [media.get("example"), *(one.get("value") for one in media.get("examples", {}).values())]
    shape = body_of(contract)
    fit: list[dict[str, Any]] = [one for one in examples if _taken(shape, one)]
    return min(fit, key=len, default={}) or dict(good(shape.schema))


def _taken(shape: Shape, example: Any) -> bool:
    return isinstance(example, dict) and shape.validator.is_valid(example)


def body_of(contract: Contract) -> Shape:
    """The shape of what is submitted."""
    body = contract.operation("submit").body
    if body is None:
        raise Problem("The contract's submission takes no body.", MEND)
    return body


class Bodies:
    """The bodies of one contract; `broken` and `edges` are what is asked."""

    def __init__(self, contract: Contract) -> None:
        self.shape = body_of(contract)
        self.minimal = minimal(contract)
        self._properties: Mapping[str, Any] = self.shape.schema.get("properties", {})

    def broken(self) -> list[Point]:
        """For each rule that refuses, at most a few bodies that break it and no other."""
        found: list[Point] = []
        for pointer, rule in self.shape.rules.items():
            fit = [point for point in self._tries(pointer, rule) if self.breaks(point.body) == [rule.id]]
            found += fit[:MOST_WRONG]
        return found

    def edges(self) -> list[Point]:
        """The bodies that are just right: each bound met exactly, each option, what may stand together."""
        found: list[Point] = []
        for point in self._right():
            # 5 and 5.0 are two bodies: a server may take one of them alone.
            if not self.breaks(point.body) and repr(point.body) not in {repr(one.body) for one in found}:
                found.append(point)
        return found

    def breaks(self, body: Any) -> list[str]:
        """The ids of the rules that a body breaks, as a server with this contract reads it."""
        shape = self.shape
        present = shape.present(body) if shape.forgives and isinstance(body, dict) else body
        if shape.validator.is_valid(present):
            return []
        breaks = sorted(shape.breaks(present), key=lambda one: one.rule.order)
        mistyped = {one.path for one in breaks if one.rule.keyword == "type"}
        return [one.rule.id for one in breaks if one.path not in mistyped or not one.rule.is_option]

    def with_field(self, name: str, value: Any = _GOOD) -> dict[str, Any]:
        """The minimal body with one field more, or another value of one."""
        body = {**self.minimal, name: good(self._properties.get(name, {})) if value is _GOOD else value}
        return _without_other(body, name, self.shape.schema)

    def _tries(self, pointer: Path, rule: Rule) -> Iterator[Point]:
        if rule.keyword == "required":
            yield from self._lacking(pointer, rule)
        elif rule.other:
            yield from self._together(rule)
        elif pointer[0] == "additionalProperties":
            yield Point(rule.id, f"a field {STRANGE!r}", {**self.minimal, STRANGE: "https://example.com/"})
        elif not rule.field:
            for value in ([self.minimal], "text", None, 5):
                yield Point(rule.id, f"a body that is {kind_of(value)}", value)
        else:
            path, schema = _spot(self.shape.schema, pointer)
            for one in wrong(schema, rule.keyword):
                yield Point(rule.id, f"{rule.field}: {one.what}", self._placed(path, one.value))

    def _lacking(self, pointer: Path, rule: Rule) -> Iterator[Point]:
        path, schema = _spot(self.shape.schema, pointer)
        name = rule.field.rpartition(".")[2]
        if path:
            whole = good(schema)
            less = {key: value for key, value in whole.items() if key != name}
            yield Point(rule.id, f"no {rule.field}", self._placed(path, less))
            return
        lacked = {name} if pointer[0] == "required" else set(rule.field.split("' or '"))
        less = {key: value for key, value in self.minimal.items() if key not in lacked}
        yield Point(rule.id, f"no {rule.field}", less)
        if self._properties.get("prompt") is not None and "prompt" not in lacked:
            yield Point(rule.id, f"a prompt and no {rule.field}", {**less, "prompt": text("ASCII", 40)})

    def _together(self, rule: Rule) -> Iterator[Point]:
        both = {**self.with_field(rule.field), **self.with_field(rule.other)}
        if rule.keyword.startswith("excludes"):
            yield Point(rule.id, f"{rule.field} with {rule.other}", both)
            return
        for one in options(self._properties.get(rule.other, {})):
            body = {**both, rule.other: one.value}
            yield Point(rule.id, f"{rule.field} with {rule.other}: {one.what}", body)

    def _placed(self, path: Path, value: Any) -> dict[str, Any]:
        name, *inner = path
        return self.with_field(name, _inner(self._properties[name], tuple(inner), value))

    def _right(self) -> Iterator[Point]:
        at = self.shape.place.id
        for alternative in self.shape.schema.get("anyOf", ()):
            named = {name: good(self._properties.get(name)) for name in alternative.get("required", ())}
            others = {name: value for name, value in self.minimal.items() if not self._alternative(name)}
            yield Point(f"{at}.{'-and-'.join(named)}.alone", f"only {', '.join(named)}", others | named)
        for name, schema in self._properties.items():
            if isinstance(schema, Mapping):
                for keyword, value in fit(schema):
                    body = self.with_field(name, value.value)
                    yield Point(f"{at}.{name}.{keyword}", f"{name}: {value.what}", body)

        tied = [name for name in self._properties if any(name in pair for pair in self._pairs())]
        for one, other in combinations(tied, 2):
            body = {**self.with_field(one), **self.with_field(other)}
            yield Point(f"{at}.{one}.with.{other}", f"{one} with {other}", body)

    def _pairs(self) -> list[tuple[str, str]]:
        ties = self.shape.schema.get("dependentSchemas", {})
        return [(field, other) for field, sub in ties.items() for other in sub.get("properties", {})]

    def _alternative(self, name: str) -> bool:
        return any(name in sub.get("required", ()) for sub in self.shape.schema.get("anyOf", ()))


def _without_other(body: dict[str, Any], name: str, schema: Schema) -> dict[str, Any]:
    # Where a field replaces one of the minimal body, that one is no part of the question.
    ties = schema.get("dependentSchemas", {})
    return {
        other: value
        for other, value in body.items()
        if other == name
        or (
            ties.get(name, {}).get("properties", {}).get(other) is not False
            and ties.get(other, {}).get("properties", {}).get(name) is not False
        )
        or other in schema.get("required", ())
    }


def _spot(schema: Any, pointer: Path) -> tuple[Path, Any]:
    path: Path = ()
    while pointer and pointer[0] in {"properties", "items"}:
        items = pointer[0] == "items"
        step, pointer = ("[]", pointer[1:]) if items else (pointer[1], pointer[2:])
        schema, path = schema["items"] if items else schema["properties"][step], (*path, step)
    return path, schema


def _inner(schema: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    if path[0] == "[]":
        others = [good(schema["items"])] * (schema.get("minItems", 1) - 1)
        return [_inner(schema["items"], path[1:], value), *others]
    return {**good(schema), path[0]: _inner(schema["properties"][path[0]], path[1:], value)}
