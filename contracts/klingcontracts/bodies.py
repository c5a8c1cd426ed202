"""Which fields of a body can stand together, and strategies for whole bodies."""

from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from itertools import combinations
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from klingcontracts.contract import Contract, Operation
from klingcontracts.problem import Problem
from klingcontracts.shape import compiled
from klingcontracts.values import ANYTHING, SOMETHING, Values, both, values

Names = frozenset[str]
Body = dict[str, Any]
NONE: Names = frozenset()
MOST_TIED = 12  # fields that exclude or replace one another; all their subsets are looked at


class Fields:
    """The fields of one operation's body, as the contract ties them together.

    `strict` also keeps to what the contract only notes, so that its bodies leave nothing to remark.
    """

    def __init__(self, operation: Operation, *, strict: bool = True) -> None:
        body, noted = operation.body, operation.noted
        if body is None:
            raise Problem(f"The operation {operation.id!r} takes no body.", "Ask for the bodies of another.")
        self.body = body
        self.schema: Mapping[str, Any] = both(body.schema, noted.schema) if noted and strict else body.schema
        self.required = frozenset(self.schema.get("required", ()))
        self.alternatives = [frozenset(sub.get("required", ())) for sub in self.schema.get("anyOf", ())]
        said = self.schema.get("dependentSchemas", {})
        self.ties = {
            (field, other): inner
            for field, sub in said.items()
            for other, inner in sub.get("properties", {}).items()
        }
        self.pairs = [frozenset(tie) for tie, inner in self.ties.items() if inner is False]
        self.limits = {tie: inner for tie, inner in self.ties.items() if inner is not False}
        self.then = frozenset(self.schema.get("then", {}).get("required", ()) if "if" in self.schema else ())
        self._made: dict[tuple[str, Names], Values] = {}
        self._skeletons: dict[tuple[Names, Names, Names, bool], list[Names]] = {}

    @cached_property
    def properties(self) -> Mapping[str, Any]:
        """The schemas of the fields that the contract names anywhere, those that it lists first."""
        named = self.required.union(self.then, *self.pairs, *self.alternatives, *self.limits)
        listed = self.schema.get("properties", {})
        return {**listed, **dict.fromkeys(sorted(named - listed.keys()), self.open)}

    @cached_property
    def open(self) -> bool:
        """Whether a field that is not listed may be there too."""
        return bool(self.schema.get("additionalProperties", True))

    @cached_property
    def tied(self) -> list[str]:
        """The fields that exclude or replace others, in the order of the schema."""
        names = NONE.union(*self.pairs, *self.alternatives)
        if len(names) > MOST_TIED:
            raise Problem(f"{len(names)} fields exclude or replace one another.", f"At most {MOST_TIED} may.")
        return [name for name in self.properties if name in names]

    @cached_property
    def free(self) -> list[str]:
        """The optional fields that stand beside any others, in the order of the schema."""
        fixed = {*self.tied, *self.required}
        return [name for name, inner in self.properties.items() if name not in fixed and inner is not False]

    def skeletons(
        self, forced: Names = NONE, without: Names = NONE, broken: Names = NONE, *, lacking: bool = False
    ) -> list[Names]:
        """The sets of required and tied fields that keep every rule, smallest first.

        `broken` is the one pair that is to break its exclusion; `lacking` sets have none of the alternatives.
        """
        key = (forced, without, broken, lacking)
        if key not in self._skeletons:
            self._skeletons[key] = list(self._combined(*key))
        return self._skeletons[key]

    def _combined(self, forced: Names, without: Names, broken: Names, lacking: bool) -> Iterator[Names]:
        banned = {name for name in self.tied if self.properties[name] is False} - forced
        choices = [name for name in self.tied if name not in banned | without | forced | self.required]
        always = (self.required | forced) - without
        for size in range(len(choices) + 1):
            for some in combinations(choices, size):
                names = always.union(some)
                broke = [pair for pair in self.pairs if pair <= names]
                given = not self.alternatives or any(need <= names for need in self.alternatives)
                if broke == ([broken] if broken else []) and given is not lacking:
                    yield names

    def value(self, name: str, names: Names) -> Values:
        """The values of a field in a body that has these fields."""
        ties = frozenset(field for field, other in self.limits if other == name and field in names)
        if (name, ties) not in self._made:
            schema = self.properties.get(name, True)
            if name in self.body.empty_is_absent:
                schema = both(schema, {"minItems": 1})
            for field in ties:
                schema = both(schema, self.limits[field, name])
            made = self._forced(name) if schema is False else values(schema)
            self._made[name, ties] = made.filter(_is_there) if self.body.null_is_absent else made
        return self._made[name, ties]

    def _forced(self, name: str) -> Values:
        # Noted, or refused, whatever it is: what the body's own schema says of it holds all the same.
        own = self.body.schema.get("properties", {}).get(name, False)
        return SOMETHING if own is False else values(own)

    def due(self, value: Body) -> Names:
        """The fields that this body lacks because of what else it says."""
        due = self.then - value.keys()
        return due if due and compiled(self.schema["if"]).is_valid(value) else NONE

    def fit(self, value: Body, more: Names) -> bool:
        """Whether these fields, which were added to the body, stand beside the others."""
        return all(
            compiled({"properties": {tie[1]: inner}}).is_valid(value)
            for tie, inner in self.ties.items()
            if value.keys() >= set(tie) and not more.isdisjoint(tie)
        )


def _is_there(value: Any) -> bool:
    return value is not None


@st.composite
def body(
    draw: DrawFn, fields: Fields, skeletons: list[Names], own: Mapping[str, Values], without: Names = NONE
) -> Body:
    """A body on one of these skeletons, with the values of `own` in place of documented ones."""
    names = draw(st.sampled_from(skeletons))
    free = [name for name in fields.free if name not in names and name not in without]
    names = names.union(draw(_some_of(free))) if free else names
    order = [*(name for name in fields.properties if name in names or name in own), *own]
    value = {
        name: draw(own[name] if name in own else fields.value(name, names)) for name in dict.fromkeys(order)
    }
    due = fields.due(value) - without
    value |= {name: draw(fields.value(name, names.union(due))) for name in sorted(due)}
    assume(not due or fields.fit(value, due))
    return value


def _some_of(names: list[str]) -> SearchStrategy[list[str]]:
    # One number for all of them: a draw for each would cost most of the time.
    return st.integers(0, 2 ** len(names) - 1).map(
        lambda bits: [name for place, name in enumerate(names) if bits >> place & 1]
    )


_STRANGE = st.sampled_from(["seed", "webhook_url", "promt", "aspectRatio", "雪", "x-klingmock"])


@st.composite
def with_notes(draw: DrawFn, fields: Fields) -> Body:
    """A body that is accepted, whatever there is to remark about it."""
    value = draw(body(fields, fields.skeletons(), {}))
    if fields.open and draw(st.booleans()):
        strange = draw(_STRANGE)
        value = value if strange in fields.properties else {**value, strange: draw(ANYTHING)}
    if fields.body.null_is_absent:
        absent = [name for name in fields.properties if name not in value]
        value |= dict.fromkeys(draw(_some_of(absent))) if absent else {}
    return value


@lru_cache(maxsize=64)
def fields_of(contract: Contract, operation: str = "submit", *, strict: bool = True) -> Fields:
    """The fields of an operation's body, worked out once."""
    return Fields(contract.operation(operation), strict=strict)


def valid_bodies(contract: Contract, operation: str, *, notes: bool) -> SearchStrategy[Body]:
    """Bodies that the contract accepts; with `notes`, also those that it remarks on."""
    fields = fields_of(contract, operation, strict=not notes)
    if not fields.properties:
        return values(fields.schema)
    return with_notes(fields) if notes else body(fields, fields.skeletons(), {})
