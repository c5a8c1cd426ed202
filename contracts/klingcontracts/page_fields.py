"""The fields of a page in lines: a name, its type, what is said of it; where one begins, nothing marks."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from klingcontracts.page_parts import MOST_FIELDS, Field, refused
from klingcontracts.page_values import (
    URI,
    CutShort,
    Schema,
    constraint,
    field_type,
    innermost,
    json_end,
    kinds_of,
    sayable,
    value_of,
)
from klingcontracts.shape import compiled
from klingcontracts.strictjson import BadJson, parse

Lines = Sequence[str]

_PART = r"[A-Za-z_$@][\w$@-]{0,99}"
_NAME = re.compile(rf"{_PART}(?:\.{_PART}){{0,9}}", re.ASCII)
_EXAMPLES = re.compile("Examples?:")
_OPTIONS = "Available options:"
_ASIDE = frozenset({"default", "examples"})  # what a schema says that no value can break


def begins(lines: Lines, at: int) -> bool:
    """Whether a field begins in this line: a name, and its type in the next one."""
    named = at + 1 < len(lines) and _NAME.fullmatch(lines[at])
    return bool(named) and field_type(lines[at + 1]) is not None


def read_fields(lines: Lines, page: str, first: int = 1) -> tuple[list[str], list[Field]]:
    """The lines before the first field, and the fields; `first` is the number of the first line.

    Problem, naming the page, for what is half a field.
    """
    at, begun = 0, []
    while at < len(lines):
        if begins(lines, at):
            begun.append(at)
            at += 1
        at += 1
    if len(begun) > MOST_FIELDS:
        raise refused(page, f"has more than {MOST_FIELDS} fields in one place")
    intro = list(lines[: begun[0]]) if begun else list(lines)
    _hold_prose(intro, page)
    ends = [*begun[1:], len(lines)]
    blocks = [(start, lines[start:end]) for start, end in zip(begun, ends, strict=False)]
    fields = (_Block(block, page).read()._replace(place=f"line {first + at}") for at, block in blocks)
    return intro, _nested(fields, page)


def _nested(fields: Iterable[Field], page: str) -> list[Field]:
    found: dict[str, Field] = {}
    for one in fields:
        parent, dot, _ = one.name.rpartition(".")
        if one.name in found:
            raise refused(page, f"has the field {one.name!r} twice")
        if dot and (parent not in found or "object" not in kinds_of(innermost(dict(found[parent].schema)))):
            raise refused(page, f"has the field {one.name!r}, and no object {parent!r} before it")
        found[one.name] = one
        if dot:
            outer = one.name.partition(".")[0]
            found[outer] = found[outer]._replace(unread=(*found[outer].unread, *one.unread))
    # The innermost first, so that what holds them is whole when it is put into what holds it.
    for one in sorted(found.values(), key=lambda one: -one.name.count(".")):
        parent, dot, name = one.name.rpartition(".")
        if dot:
            _put(found[parent], one._replace(name=name))
    return [one for name, one in found.items() if "." not in name]


def _put(parent: Field, one: Field) -> None:
    # Schemas are made here and nobody else has them yet, so that they may still grow.
    schema: Any = parent.schema
    while "items" in schema:
        schema = schema["items"]
    schema.setdefault("properties", {})[one.name] = described(one)
    if one.required:
        schema.setdefault("required", []).append(one.name)


def described(one: Field) -> Schema:
    """The schema of a field, with its prose in it."""
    return {**({"description": one.prose} if one.prose else {}), **one.schema}


class _Block:
    """The lines of one field while they are read."""

    def __init__(self, lines: Lines, page: str) -> None:
        self._lines, self._page, self._name = lines, page, lines[0]
        self._schema = field_type(lines[1]) or {}
        self._at = 2
        self._required = False
        self._prose: list[str] = []
        self._unread: list[str] = []

    def read(self) -> Field:
        self._flags()
        while self._at < len(self._lines):
            self._line()
        _hold_prose(self._prose, self._page, self._unread)
        if innermost(self._schema).get("enum") == []:
            raise refused(self._page, f"lists no options of {self._name!r}, which is one of several")
        wrong = [f"{what}: {json.dumps(value, ensure_ascii=False)}" for what, value in misfits(self._schema)]
        prose = "\n".join(line for line in self._prose if line)
        return Field(self._name, self._required, fitting(self._schema), prose, (*self._unread, *wrong))

    def _flags(self) -> None:
        while self._at < len(self._lines) and (line := self._lines[self._at]):
            if line == "required":
                self._required = True
            elif line.startswith("default:"):
                self._default(line)
            elif _NAME.fullmatch(line):  # a flag that we do not know
                self._leave(line)
            else:
                return
            self._at += 1

    def _default(self, line: str) -> None:
        value = value_of(line.removeprefix("default:").strip(), self._schema)
        if value is None or "default" in self._schema:
            self._leave(line)
        else:
            self._schema["default"] = value

    def _line(self) -> None:
        line = self._lines[self._at]
        self._at += 1
        said = constraint(line)
        if line == _OPTIONS:
            self._options()
        elif _EXAMPLES.fullmatch(line):
            self._examples()
        elif said is None:
            self._prose.append(line)
            return
        else:
            self._say(said.kinds, said.says, line)
        self._prose.append("")  # what follows is a paragraph of its own

    def _leave(self, line: str) -> None:
        self._prose.append(line)
        self._unread.append(line)

    def _say(self, kinds: frozenset[str], said: Mapping[str, Any], line: str) -> None:
        place = self._place(kinds)
        if place is None or not sayable(said) or not _adds(place, said):
            self._leave(line)
        else:
            place |= said

    def _place(self, kinds: frozenset[str]) -> Schema | None:
        # Constraints of an array's items follow its own, without a mark.
        schema = self._schema
        while kinds.isdisjoint(kinds_of(schema)):
            if "items" not in schema:
                return None
            schema = schema["items"]
        return schema

    def _options(self) -> None:
        found: list[str] = []
        while not found or found[-1].endswith(","):
            if self._at == len(self._lines) or self._ends_options():
                raise refused(self._page, f"does not list the options of {self._name!r} to their end")
            found += [self._lines[self._at]] if self._lines[self._at] else []
            self._at += 1
        schema = innermost(self._schema)
        values = [value_of(text.removesuffix(",").strip(), schema) for text in found]
        wrong = next((text for text, value in zip(found, values, strict=True) if value is None), None)
        if wrong is not None:
            raise refused(self._page, f"has the option {wrong!r} of {self._name!r}, which is of another type")
        schema["enum"] = values

    def _ends_options(self) -> bool:
        return _EXAMPLES.fullmatch(self._lines[self._at]) is not None

    def _examples(self) -> None:
        examples: list[Any] = []
        while self._at < len(self._lines):
            if not self._lines[self._at]:
                self._at += 1
                continue
            end, text = self._example()
            try:
                examples.append(parse(text.encode()))
            except BadJson:
                if not examples and constraint(text) is None:
                    self._leave(text)
                    self._at = end
                break
            self._at = end
        self._schema["examples"] = [*self._schema.get("examples", ()), *examples]

    def _example(self) -> tuple[int, str]:
        try:
            end = json_end(self._lines, self._at)
        except CutShort as error:
            raise refused(self._page, f"breaks off in an example of {self._name!r}") from error
        return end, "\n".join(self._lines[self._at : end])


def _adds(place: Schema, said: Mapping[str, Any]) -> bool:
    # That it is a URI at all, a pattern of the page says better.
    return all(place.get(key, value) in {value, URI} for key, value in said.items())


def _hold_prose(lines: Iterable[str], page: str, known: Sequence[str] = ()) -> None:
    # A flag or a type that belongs to nothing, or a name, is what is left of a field that was not understood.
    before = ""
    for line in lines:
        loose = line == "required" or line.startswith("default:") or field_type(line) is not None
        strange = line and before not in known and _NAME.fullmatch(before)
        if (loose or strange) and line not in known:
            behind = f" behind {before!r}" if before else ""
            raise refused(page, f"has {line!r}{behind}, where no field that can be read is")
        before = line


def misfits(schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The examples and the default that the schema itself does not allow, each with what it is."""
    fits = _fits(schema)
    yield from (("Example", value) for value in schema.get("examples", ()) if not fits(value))
    if "default" in schema and not fits(schema["default"]):
        yield "default", schema["default"]


def fitting(schema: Mapping[str, Any]) -> Schema:
    """The schema without examples and a default that it does not allow itself."""
    fits = _fits(schema)
    kept = {key: value for key, value in schema.items() if key not in _ASIDE}
    if "default" in schema and fits(schema["default"]):
        kept["default"] = schema["default"]
    examples = [value for value in schema.get("examples", ()) if fits(value)]
    return kept | ({"examples": examples} if examples else {})


def _fits(schema: Mapping[str, Any]) -> Callable[[Any], bool]:
    return compiled({key: value for key, value in schema.items() if key not in _ASIDE}).is_valid
