"""For each rule of a body, a strategy for bodies that break this rule and no other."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from klingcontracts.bodies import NONE, Fields, Names, body, fields_of
from klingcontracts.contract import Contract
from klingcontracts.derive import Pointer
from klingcontracts.rule import Rule
from klingcontracts.shape import Shape, compiled
from klingcontracts.values import SOMETHING, Values, both, filled, record, sized, texts, values

Json = Any
Schema = Mapping[str, Any]

# What is sent by mistake: the right value as another type, in another case, with a space, one off.
MISTAKES: tuple[Json, ...] = (
    *("", " ", "std ", "STD", "stt", "5", "0.5", "true", "null", "data:image/png;base64,iVBORw0KGgo="),
    *(0, 1, -1, 4, 6, 7, 11, 2**31, 0.5, 5.5, -1.25, 1e300, True, False, None),
    *({}, {"url": "https://example.com/mountain.jpg"}, {"x": [1]}, [1], ["std"], [{}], [None, "a"]),
)
STRANGE = ("promt", "Image", "image_url", "negativePrompt", "cfgScale", "model", "seed", "x", "雪")
SOMEWHAT = 200  # how far beyond a bound most values are


class Spot(NamedTuple):
    """Where a rule stands: the way to the value, the schema of that value, and the rest of the pointer."""

    path: tuple[str, ...]  # names of properties, "[]" for an item
    schema: Any
    ending: Pointer


def spot(schema: Any, pointer: Pointer) -> Spot:
    """The place in a body's schema that a statement's pointer leads to."""
    path: tuple[str, ...] = ()
    while pointer and pointer[0] in {"properties", "items"}:
        items = pointer[0] == "items"
        step, pointer = ("[]", pointer[1:]) if items else (pointer[1], pointer[2:])
        schema, path = schema["items"] if items else schema["properties"][step], (*path, step)
    return Spot(path, schema, pointer)


class Breaks:
    """`arms` maps each rule (by id) that can be broken alone to bodies that do; `rules` has them all."""

    def __init__(self, fields: Fields, noted: Shape | None) -> None:
        self._fields = fields
        self.rules: dict[str, Rule] = {}
        self.arms: dict[str, SearchStrategy[Json]] = {}
        # Where a body is refused, nothing is noted any more: only a noted rule has both schemas to keep to.
        for shape, schema in ((fields.body, fields.body.schema), (noted, fields.schema)):
            for pointer, rule in shape.rules.items() if shape else ():
                self.rules[rule.id] = rule
                arm = self._arm(schema, pointer)
                if arm is not None:
                    self.arms[rule.id] = arm

    @property
    def refused(self) -> list[str]:
        """The ids of the arms whose bodies are refused, not only noted."""
        return [name for name in self.arms if self.rules[name].error]

    def _arm(self, schema: Schema, pointer: Pointer) -> SearchStrategy[Json] | None:
        make = self._of_the_whole.get(pointer[0])
        if make is not None:
            return make(schema, *pointer)
        at = spot(schema, pointer)
        if at.schema is not False:
            wrong = wrong_values(self._there(at), at.ending)
        else:
            wrong = self._fields.value(at.path[0], NONE) if len(at.path) == 1 else SOMETHING
        return self._at(schema, at.path, wrong) if wrong is not None else None

    @property
    def _of_the_whole(self) -> Mapping[str, Callable[..., SearchStrategy[Json] | None]]:
        return {
            "required": self._lacking,
            "anyOf": lambda *_: self._bodies(self._fields.skeletons(lacking=True)),
            "if": self._due,
            "dependentSchemas": self._together,
            "type": lambda schema, _: _sampled(_wrong_type(schema)),
            "additionalProperties": self._unlisted,
        }

    def _bodies(
        self, skeletons: list[Names], own: Mapping[str, Values] | None = None, without: Names = NONE
    ) -> SearchStrategy[Json] | None:
        return body(self._fields, skeletons, own or {}, without) if skeletons else None

    def _there(self, at: Spot) -> Any:
        # What counts as absent breaks nothing.
        body, name = self._fields.body, at.path[0] if len(at.path) == 1 else ""
        absent: list[Json] = [
            *([None] if body.null_is_absent and name else []),
            *([[]] if name in body.empty_is_absent else []),
        ]
        return {**at.schema, "not": {"enum": absent}} if absent else at.schema

    def _at(self, schema: Schema, path: tuple[str, ...], wrong: Values) -> SearchStrategy[Json] | None:
        if not path:
            return None
        name, fields = path[0], self._fields
        without = self._limiting(name)
        inner = within(schema["properties"][name], path[1:], wrong)
        return self._bodies(fields.skeletons(frozenset({name}), without), {name: inner}, without)

    def _lacking(self, _: Schema, *pointer: str) -> SearchStrategy[Json] | None:
        without = frozenset(pointer[-1:])
        return self._bodies(self._fields.skeletons(without=without), {}, without)

    def _unlisted(self, *_: Any) -> SearchStrategy[Json] | None:
        bodies = self._bodies(self._fields.skeletons())
        return _with_more(bodies, self._fields.properties) if bodies is not None else None

    def _due(self, schema: Schema, *pointer: str) -> SearchStrategy[Json] | None:
        fields, condition = self._fields, schema["if"]
        said = condition.get("properties", {})
        own = {
            field: values(both(fields.properties.get(field, True), inner))
            for field, inner in said.items()
            if inner is not False
        }
        forced = frozenset({*own, *condition.get("required", ())})
        without = frozenset({pointer[-1], *(field for field, inner in said.items() if inner is False)})
        bodies = self._bodies(fields.skeletons(forced, without), own, without)
        return bodies.filter(compiled(condition).is_valid) if bodies is not None else None

    def _limiting(self, name: str) -> Names:
        # A value that is wrong by itself may be wrong beside these too: that would be two rules.
        return frozenset(field for field, other in self._fields.limits if other == name)

    def _together(self, schema: Schema, *pointer: str) -> SearchStrategy[Json] | None:
        fields, field, other = self._fields, pointer[1], pointer[3]
        tie = frozenset({field, other})
        unlisted = schema.get("additionalProperties", True)
        if any(schema.get("properties", {}).get(name, unlisted) is False for name in tie):
            return None  # one of them breaks another rule by being there
        if (field, other) not in fields.limits:
            return self._bodies(fields.skeletons(tie, broken=tie))
        without = self._limiting(other) - {field}
        bad = _sampled(_beyond(fields.properties[other], fields.limits[field, other]))
        skeletons = fields.skeletons(tie, without)
        return self._bodies(skeletons, {other: bad}, without) if bad is not None else None


def _sampled(pool: list[Json]) -> Values | None:
    return st.sampled_from(pool) if pool else None


def _beyond(schema: Schema, limits: Schema) -> list[Json]:
    own, tied = compiled(schema), compiled(limits)
    return [value for value in _candidates(schema) if own.is_valid(value) and not tied.is_valid(value)]


def _with_more(bodies: SearchStrategy[Json], known: Iterable[str]) -> SearchStrategy[Json]:
    names = st.sampled_from([name for name in STRANGE if name not in known])
    return st.builds(lambda value, name, more: {**value, name: more}, bodies, names, SOMETHING)


def within(schema: Schema, path: tuple[str, ...], wrong: Values) -> Values:
    """The schema's values with a wrong one at the end of the path, and nothing else wrong."""
    if not path:
        return wrong
    if path[0] == "[]":
        return _among(schema, within(schema["items"], path[1:], wrong))
    return record(schema, {path[0]: within(schema["properties"][path[0]], path[1:], wrong)})


def _among(schema: Schema, wrong: Values) -> Values:
    low = max(1, schema.get("minItems", 0))
    lengths = st.integers(low, max(low, min(schema.get("maxItems", 3), low + 2)))

    def put(items: list[Json], place: int, value: Json) -> list[Json]:
        place %= len(items)
        return [*items[:place], value, *items[place + 1 :]]

    return st.builds(put, sized(schema, lengths), st.integers(0, 2), wrong)


def wrong_values(schema: Schema, ending: Pointer) -> Values | None:
    """Values that break one statement of their schema and no other; None where there is no such value."""
    make = _WRONG.get(ending[0])
    return make(schema, *ending) if make else None


def _lacking(schema: Schema, _: str, name: str) -> Values:
    return record(schema, without=frozenset({name}))


def _due(schema: Schema, *ending: str) -> Values:
    condition = schema["if"]
    lacking = record(both(schema, condition), without=frozenset(ending[-1:]))
    return lacking.filter(compiled(condition).is_valid)


def _wrong_type(schema: Schema) -> list[Json]:
    # A value of another type is none of the options either: that counts as one break.
    return _breaking({key: value for key, value in schema.items() if key not in {"enum", "const"}}, "type")


def _candidates(schema: Schema) -> list[Json]:
    options = [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else ())]
    near: list[Json] = [option + step for option in options if isinstance(option, int) for step in (1, -1)]
    near += [text for option in options if isinstance(option, str) for text in (option.title(), f"{option} ")]
    return [*options, *near, *MISTAKES]


def _breaking(schema: Schema, keyword: str) -> list[Json]:
    rest, alone = _without(schema, keyword), compiled({keyword: schema[keyword]}).is_valid
    return [value for value in _candidates(schema) if rest(value) and not alone(value)]


def _outside(bound: int, keyword: str, least: int = 0) -> SearchStrategy[int] | None:
    if keyword.startswith("max"):
        return st.sampled_from([bound + 1, bound + 2]) | st.integers(bound + 1, bound + SOMEWHAT)
    return st.integers(least, bound - 1) if bound > least else None


def _without(schema: Schema, keyword: str) -> Callable[[Json], bool]:
    return compiled({key: value for key, value in schema.items() if key != keyword}).is_valid


def _other_length(schema: Schema, keyword: str) -> Values | None:
    bound, long = schema[keyword], keyword == "maxLength"
    lengths = _outside(bound, keyword)
    if lengths is None or schema.keys().isdisjoint({"pattern", "enum", "const", "x-holds"}):
        return texts(lengths) if lengths is not None else None
    # What every pattern that we know of lets pass.
    near = range(bound + 1, bound + SOMEWHAT, 19) if long else range(bound)
    fits = _without(schema, keyword)
    found = [length for length in near if fits(filled("A", length))]
    return st.builds(filled, st.just("A"), st.sampled_from(found)) if found else None


def _out_of_range(schema: Schema, keyword: str) -> Values | None:
    bound, up = schema[keyword], "aximum" in keyword
    step = math.inf if up else -math.inf
    near = [bound] if keyword.startswith("exclusive") else []
    near += [math.floor(bound) + 1 if up else math.ceil(bound) - 1, math.nextafter(float(bound), step)]
    whole = int(bound)
    far = [whole + sign for sign in ((10, 1000, 10**9) if up else (-10, -1000, -(10**9)))]
    fits = _without(schema, keyword)
    return _sampled([value for value in [*near, *far] if fits(value)])


def _wrong_option(schema: Schema, keyword: str) -> Values | None:
    return _sampled(_breaking(schema, keyword))


def _other_size(schema: Schema, keyword: str) -> Values | None:
    lengths = _outside(schema[keyword], keyword, least=0 if _without(schema, keyword)([]) else 1)
    return sized(schema, lengths) if lengths is not None else None


_WRONG: Mapping[str, Callable[..., Values | None]] = {
    "required": _lacking,
    "if": _due,
    "additionalProperties": lambda schema, _: _with_more(record(schema), schema.get("properties", ())),
    "type": lambda schema, _: _sampled(_wrong_type(schema)),
    **dict.fromkeys(("minLength", "maxLength"), _other_length),
    **dict.fromkeys(("minItems", "maxItems"), _other_size),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _out_of_range),
    **dict.fromkeys(("enum", "const", "pattern"), _wrong_option),
}


@lru_cache(maxsize=64)
def breaks_of(contract: Contract, operation: str = "submit") -> Breaks:
    """The arms of an operation's body, built once."""
    return Breaks(fields_of(contract, operation), contract.operation(operation).noted)


def broken(contract: Contract, operation: str, names: Sequence[str]) -> SearchStrategy[tuple[Json, Rule]]:
    """Pairs of a body and the one of these rules (by id) that it breaks."""
    found = breaks_of(contract, operation)
    # One strategy for each rule, chosen by number: the arms differ too much to be one strategy.
    return st.sampled_from(names).flatmap(
        lambda name: st.tuples(found.arms[name], st.just(found.rules[name]))
    )
