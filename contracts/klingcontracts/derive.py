"""From a schema to its rules: one for each statement that a value can break, with the place it stands at."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from klingcontracts.rule import Level, Provenance, Rule, provenance

Pointer = tuple[str, ...]  # the schema path under which a validator reports the statement

REQUIRED, TYPE, BOUND, EXCLUSION, UNKNOWN = range(5)  # the order in which a server looks (question A22)

# keyword: (stage, name of the refusal in x-errors, sentence)
KEYWORDS: Mapping[str, tuple[int, str, str]] = {
    "type": (TYPE, "type", "{field} is {value}"),
    "minLength": (BOUND, "length", "{field} has at least {value} characters"),
    "maxLength": (BOUND, "length", "{field} has at most {value} characters"),
    "minimum": (BOUND, "range", "{field} is at least {value}"),
    "maximum": (BOUND, "range", "{field} is at most {value}"),
    "exclusiveMinimum": (BOUND, "range", "{field} is more than {value}"),
    "exclusiveMaximum": (BOUND, "range", "{field} is less than {value}"),
    "minItems": (BOUND, "length", "{field} has at least {value} items"),
    "maxItems": (BOUND, "length", "{field} has at most {value} items"),
    "enum": (BOUND, "enum", "{field} is one of {value}"),
    "const": (BOUND, "enum", "{field} is {value}"),
    "pattern": (BOUND, "pattern", "{field} matches {value}"),
}


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
        field = f"{self.field}.{name}" if self.field and name != "[]" else self.field + name
        return self._replace(id=f"{self.id}.{name}", pointer=self.pointer + pointer, field=field)


Found = Iterator[tuple[Pointer, Rule]]


def rules(schema: Any, place: Place) -> Found:
    """Every statement of the schema, in the order of the page, with the pointer a validator reports it by."""
    for sequence, (pointer, rule) in enumerate(_walk(schema, place)):
        yield pointer, _ordered(rule, sequence)


def _ordered(rule: Rule, sequence: int) -> Rule:
    stage = rule.order[0]
    return Rule(**{name: getattr(rule, name) for name in Rule.__slots__} | {"order": (stage, sequence)})


def _walk(schema: Any, place: Place, parent: Mapping[str, Any] | None = None) -> Found:
    if schema is False:
        yield _rule(place, "unlisted", UNKNOWN, "unknown-field", f"{place.field} is no field", schema=parent)
    if not isinstance(schema, Mapping):
        return
    yield from _required(schema, place)
    yield from _keywords(schema, place)
    for name, inner in schema.get("properties", {}).items():
        yield from _walk(inner, place.into(name, "properties", name), schema)
    if "items" in schema:
        yield from _walk(schema["items"], place.into("[]", "items"))
    yield from _conditions(schema, place)
    if schema.get("additionalProperties") is False:
        says = "no field but those listed"
        yield _rule(place, "unknown-field", UNKNOWN, "unknown-field", says, ("additionalProperties",), schema)


def _required(schema: Mapping[str, Any], place: Place) -> Found:
    for name in schema.get("required", ()):
        inner = place.into(name, "required", name)
        yield _rule(inner, "required", REQUIRED, "required", f"{inner.field} is there", schema=schema)
    groups = [sub["required"] for sub in schema.get("anyOf", ()) if "required" in sub]
    if groups:
        names = [name for group in groups for name in group]
        inner = place.into("-or-".join(names), "anyOf")
        says = f"one of {', '.join(names)} is there"
        yield _rule(inner._replace(field="' or '".join(names)), "required", REQUIRED, "required", says)


def _keywords(schema: Mapping[str, Any], place: Place) -> Found:
    for keyword, (stage, error, says) in KEYWORDS.items():
        if keyword in schema:
            value = schema[keyword]
            shown = " or ".join(map(str, value)) if isinstance(value, list) else value
            plain = says.format(field=place.field or "the body", value=shown)
            sentence = schema.get("x-says", {}).get(keyword, plain)
            refusal = error if place.field or keyword != "type" else "not-object"
            yield _rule(place, keyword, stage, refusal, sentence, (keyword,), schema)


def _conditions(schema: Mapping[str, Any], place: Place) -> Found:
    for field, sub in schema.get("dependentSchemas", {}).items():
        for other, inner in sub.get("properties", {}).items():
            path = place.into(field, "dependentSchemas", field, "properties", other)._replace(field=field)
            yield from _condition(path, other, inner, sub)
    if "then" in schema:
        under = place._replace(pointer=(*place.pointer, "if", "then"))
        yield from _required(schema["then"] | {"x-provenance": _then(schema)}, under)


def _then(schema: Mapping[str, Any]) -> str:
    return str(provenance(schema, "then"))


def _condition(place: Place, other: str, inner: Any, sub: Mapping[str, Any]) -> Found:
    if inner is False:
        says = f"{place.field} excludes {other}"
        rule = _rule(place, f"excludes.{other}", EXCLUSION, "exclusion", says, schema=sub, other=other)
        yield rule
        return
    for keyword in (key for key in inner if key in KEYWORDS):
        says = f"with {place.field}, {KEYWORDS[keyword][2].format(field=other, value=inner[keyword])}"
        name, error = f"limits.{other}", "combination"
        yield _rule(place, name, EXCLUSION, error, says, (keyword,), sub, other=other, limits=inner)


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
    source: Provenance = provenance(schema or {}, keyword.partition(".")[0])
    rule = Rule(
        id=f"{place.id}.{keyword}",
        operation=place.operation,
        says=says,
        level=place.level,
        provenance=source,
        error=error if place.refuses else "",
        field=place.field,
        keyword=keyword,
        other=other,
        schema=limits or schema or {},
        order=(stage, 0),
    )
    return place.pointer + pointer, rule
