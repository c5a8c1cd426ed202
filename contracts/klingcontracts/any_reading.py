"""Which bodies some reading of a revision takes: whichever is right, a body that none takes is refused."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from klingcontracts.contract import METHODS
from klingcontracts.derive import Place
from klingcontracts.document import inlined, merged
from klingcontracts.rule import Level
from klingcontracts.shape import Shape, shape_of
from klingcontracts.strictjson import BadJson, parse

Json = Any
Document = Mapping[str, Any]

# Beside the extensions, what a schema says that no value can break.
_REMARKS = frozenset({"default", "description", "examples", "title"})
# The extensions that change what a value means.
_FORGIVING = ("x-null", "x-empty")


class AnyReading:
    """All readings of all open questions of one or more documents at once, for the bodies that they take."""

    def __init__(self, documents: Iterable[Document]) -> None:
        seen: list[Json] = []
        self._shapes = [shape for document in documents for shape in _shapes(document, seen)]

    def takes(self, raw: bytes) -> bool:
        """Whether these bytes, as the body of a request, are accepted in any combination of readings."""
        try:
            value = parse(raw)
        except BadJson:
            return False
        return any(_takes(shape, value) for shape in self._shapes)


def _takes(shape: Shape, value: Json) -> bool:
    if shape.forgives and isinstance(value, dict):
        value = shape.present(value)
    return shape.validator.is_valid(value)


def _shapes(document: Document, seen: list[Json]) -> Iterator[Shape]:
    """A shape for each way to read the body, but for those that widen nothing."""
    for patches in product(*_choices(document)):
        read = document
        for patch in patches:
            read = merged(read, patch)
        for schema in _bodies(read):
            if schema not in seen:
                seen.append(schema)
                yield shape_of(schema, Place("submit", "submit.body", Level.ERROR, refuses=True))


def _choices(document: Document) -> Iterator[Sequence[Json]]:
    plain = _bodies(document)
    for question in document.get("x-questions", {}).values():
        patches = [reading.get("patch", {}) for reading in question["readings"].values()]
        yield [{}, *(patch for patch in patches if _may_widen(plain, _bodies(merged(document, patch))))]


def _bodies(document: Document) -> list[Json]:
    operations = (path[method] for path in document["paths"].values() for method in METHODS if method in path)
    bodies = (operation.get("requestBody", {}).get("content", {}) for operation in operations)
    return [inlined(media["schema"], document) for body in bodies for media in body.values()]


def _may_widen(plain: Sequence[Json], read: Sequence[Json]) -> bool:
    return len(plain) != len(read) or not all(map(narrows, read, plain))


def narrows(new: Json, old: Json) -> bool:
    """Whether each statement of a schema still stands in another, so that this one takes nothing more.

    False when that can't be told from the statements alone.
    """
    if new is False or old is True or new == old:
        return True
    if not isinstance(new, Mapping) or not isinstance(old, Mapping):
        return False
    if any(new.get(name) != old.get(name) for name in _FORGIVING):
        return False
    if "additionalProperties" in old and new.get("properties") != old.get("properties"):
        return False  # a field that is listed now is no additional one any more
    return all(key in new and _stands(key, new[key], said) for key, said in old.items() if _is_said(key))


def _is_said(key: str) -> bool:
    return key not in _REMARKS and not key.startswith("x-")


def _stands(key: str, new: Json, old: Json) -> bool:
    if key in {"properties", "dependentSchemas"}:
        return all(name in new and narrows(new[name], inner) for name, inner in old.items())
    return narrows(new, old) if key == "items" else bool(new == old)
