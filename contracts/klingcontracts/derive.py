"""From a schema to its rules: one for each statement that a value can break, with the place it stands at."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from klingcontracts.problem import Problem
from klingcontracts.rule import Level, Rule, provenance
from klingcontracts.words import choice, kinds, shown

Pointer = tuple[str, ...]  # the path of a statement within its schema

REQUIRED, TYPE, BOUND, EXCLUSION, UNKNOWN = range(5)  # the server looks in this order

# keyword: (stage, name of the refusal in x-errors, sentence)
KEYWORDS: Mapping[str, tuple[int, str, str]] = {
    "type": (TYPE, "type", "{field} is {value}"),
    "minLength": (BOUND, "length", "{field} has a length of at least {value}"),
    "maxLength": (BOUND, "length", "{field} has a length of at most {value}"),
    "minimum": (BOUND, "range", "{field} is at least {value}"),
    "maximum": (BOUND, "range", "{field} is at most {value}"),
    "exclusiveMinimum": (BOUND, "range", "{field} is more than {value}"),
    "exclusiveMaximum": (BOUND, "range", "{field} is less than {value}"),
    "minItems": (BOUND, "length", "{field} has a length of at least {value}"),
    "maxItems": (BOUND, "length", "{field} has a length of at most {value}"),
    "enum": (BOUND, "enum", "{field} is {value}"),
    "const": (BOUND, "enum", "{field} is {value}"),
    "pattern": (BOUND, "pattern", "{field} matches {value}"),
}

# Statements of which no rule is made: a contract that uses one is refused, so that nothing is left unchecked.
_BEYOND = frozenset(
    {"$dynamicRef", "allOf", "contains", "dependentRequired", "else", "maxContains", "maxProperties"}
    | {"minContains", "minProperties", "multipleOf", "not", "oneOf", "patternProperties", "prefixItems"}
    | {"propertyNames", "unevaluatedItems", "unevaluatedProperties", "uniqueItems"}
)


class Place(NamedTuple):
    """Where in a document the walk stands: what the ids, pointers and fields of its rules begin with."""

    operation: str
    id: str
    level: Level
    refuses: bool  # whether a break is answered with an error
    pointer: Pointer = ()
    field: str = ""

    def into(self, name: str, *pointer: str) -> "Place":
        """The place one property or item further in."""
        if "." in name:
            raise _beyond(self, f"a field called {name!r}", "A field's name has no dot in it.")
        field = f"{self.field}.{name}" if self.field and name != "[]" else self.field + name
        return self._replace(id=f"{self.id}.{name}", pointer=self.pointer + pointer, field=field)

    def under(self, *pointer: str) -> "Place":
        """The same place of the value, further into the schema."""
        return self._replace(pointer=self.pointer + pointer)


Found = Iterator[tuple[Pointer, Rule]]


def rules(schema: Any, place: Place) -> Found:
    """Every statement of the schema with its pointer, in the order of the page.

    Raises Problem for a statement of which no rule can be made.
    """
    for sequence, (pointer, rule) in enumerate(_walk(schema, place)):
        yield pointer, replace(rule, order=(rule.order[0], sequence))


def _walk(schema: Any, place: Place, parent: Mapping[str, Any] | None = None) -> Found:
    if schema is False:
        yield _rule(
            place, "unlisted", UNKNOWN, "unknown-field", f"{place.field} is not listed", schema=parent
        )
    if not isinstance(schema, Mapping):
        return
    _all_sayable(schema, place)
    yield from _required(schema, place)
    yield from _keywords(schema, place)
    for name, inner in schema.get("properties", {}).items():
        yield from _walk(inner, place.into(name, "properties", name), schema)
    if "items" in schema:
        yield from _walk(schema["items"], place.into("[]", "items"), schema)
    yield from _conditions(schema, place)
    if schema.get("additionalProperties") is False:
        says = "every field is listed"
        yield _rule(place, "unknown-field", UNKNOWN, "unknown-field", says, ("additionalProperties",), schema)


def _all_sayable(schema: Mapping[str, Any], place: Place) -> None:
    beyond = [name for name in schema if name in _BEYOND]
    if not isinstance(schema.get("additionalProperties", True), bool):
        beyond.append("additionalProperties")
    needs = [("anyOf", sub) for sub in schema.get("anyOf", ())] + [("then", schema.get("then", {}))]
    beyond += [name for name, sub in needs if not _says_only(sub, "required")]
    if beyond:
        raise _beyond(place, repr(beyond[0]), f"Say it with {', '.join(KEYWORDS)} or required.")


def _statements(schema: Mapping[str, Any]) -> set[str]:
    return {name for name in schema if not name.startswith("x-") and name != "description"}


def _says_only(schema: Any, keyword: str) -> bool:
    return isinstance(schema, Mapping) and _statements(schema) <= {keyword}


def _beyond(place: Place, what: str, remedy: str) -> Problem:
    return Problem(f"The contract has {what} at {place.id}, of which no rule can be made.", remedy)


def _required(schema: Mapping[str, Any], place: Place) -> Found:
    for name in schema.get("required", ()):
        inner = place.into(name, "required", name)
        yield _rule(inner, "required", REQUIRED, "required", f"{inner.field} is required", schema=schema)
    names = list(dict.fromkeys(name for sub in schema.get("anyOf", ()) for name in sub.get("required", ())))
    if names:
        inner = place.into("-or-".join(names), "anyOf")._replace(field="' or '".join(names))
        says = f"{' or '.join(names)} is required"
        yield _rule(inner, "required", REQUIRED, "required", says, schema=schema)


def _keywords(schema: Mapping[str, Any], place: Place) -> Found:
    for keyword, (stage, error, _) in KEYWORDS.items():
        if keyword in schema:
            says = schema.get("x-says", {}).get(keyword, _says(keyword, schema, place.field or "the body"))
            refusal = error if place.field or keyword != "type" else "not-object"
            yield _rule(place, keyword, stage, refusal, says, (keyword,), schema)


def _says(keyword: str, schema: Mapping[str, Any], field: str) -> str:
    value = schema[keyword]
    if keyword == "type":
        text = kinds(value)
    elif keyword == "enum":
        text = choice(map(shown, value))
    else:
        text = str(value) if keyword == "pattern" else shown(value)
    return KEYWORDS[keyword][2].format(field=field, value=text)


def _conditions(schema: Mapping[str, Any], place: Place) -> Found:
    for field, sub in schema.get("dependentSchemas", {}).items():
        if not _says_only(sub, "properties"):
            raise _beyond(place, f"dependentSchemas of {field!r}", "Let them say only properties.")
        for other, inner in sub.get("properties", {}).items():
            path = place.into(field, "dependentSchemas", field, "properties", other)._replace(field=field)
            yield from _condition(path, other, inner, sub)
    if "if" in schema and "then" in schema:
        then = schema["then"] | {"x-provenance": str(provenance(schema, "then"))}
        yield from _required(then, place.under("if", "then"))


def _condition(place: Place, other: str, inner: Any, sub: Mapping[str, Any]) -> Found:
    if inner is False:
        says = f"{place.field} excludes {other}"
        yield _rule(place, f"excludes.{other}", EXCLUSION, "exclusion", says, schema=sub, other=other)
        return
    keywords = _statements(inner) if isinstance(inner, Mapping) else set()
    keyword = next(iter(keywords), "")
    if len(keywords) != 1 or keyword not in KEYWORDS:
        raise _beyond(place, f"a condition on {other!r}", f"Say false, or one of {', '.join(KEYWORDS)}.")
    says = f"with {place.field}, {_says(keyword, inner, other)}"
    yield _rule(
        place, f"limits.{other}", EXCLUSION, "combination", says, (keyword,), sub, other=other, limits=inner
    )


def _rule(
    place: Place,
    keyword: str,
    stage: int,
    error: str,
    says: str,
    pointer: Pointer = (),
    schema: Mapping[str, Any] | None = None,
    other: str = "",
    limits: Mapping[str, Any] | None = None,
) -> tuple[Pointer, Rule]:
    rule = Rule(
        id=f"{place.id}.{keyword}",
        operation=place.operation,
        says=says,
        level=place.level,
        provenance=provenance(schema, keyword.partition(".")[0]),
        error=error if place.refuses else "",
        field=place.field,
        keyword=keyword,
        other=other,
        schema=limits or schema or {},
        order=(stage, 0),
    )
    return place.pointer + pointer, rule
