"""One revision of what is documented, loaded and frozen: operations, rules, errors, numbers, questions."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain
from string import Formatter
from typing import Any, NamedTuple

from klingcontracts.derive import Place
from klingcontracts.document import DEFAULT, MEND, hold, inlined, is_file, merged, read
from klingcontracts.problem import Problem, unknown
from klingcontracts.rule import Level, Provenance, Rule, provenance
from klingcontracts.shape import Shape, shape_of
from klingcontracts.wire import may_fill, wire_rules

METHODS = ("get", "put", "post", "delete", "patch")


@dataclass(frozen=True, eq=False, slots=True)
class Operation:
    """One documented operation. `replies` maps each documented status to the shape of its body."""

    id: str
    method: str
    path: str  # the documented template, such as /api/v1/tasks/{task_id}
    pattern: re.Pattern[str]
    key_required: bool
    body: Shape | None
    noted: Shape | None  # what is accepted, but worth telling
    replies: Mapping[int, Shape]
    headers: Mapping[int, Mapping[str, Shape]]
    provenance: Provenance

    def match(self, path: str) -> Mapping[str, str] | None:
        """The path's parameters when the path is this operation's, else None."""
        found = self.pattern.fullmatch(path)
        return found.groupdict() if found else None


class ErrorText(NamedTuple):
    """How the vendor words one kind of refusal; `detail` is a template."""

    status: int
    category: str
    detail: str
    provenance: Provenance

    def message(self, values: Mapping[str, Any]) -> str:
        """The envelope's message: category, colon, detail."""
        return f"{self.category}: {self.detail.format_map(values)}"


class Question(NamedTuple):
    """A place where the vendor contradicts itself or is silent, how it can be read, and our reading."""

    id: str
    text: str
    readings: Mapping[str, str]
    default: str
    chosen: str
    provenance: Provenance


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Contract:
    """One revision with its readings applied. Two loads of a shipped one are the same object."""

    revision: str
    document: Mapping[str, Any]
    operations: Mapping[str, Operation]
    rules: Mapping[str, Rule]
    errors: Mapping[str, ErrorText]
    questions: Mapping[str, Question]

    def __repr__(self) -> str:
        return f"<Contract {self.revision}>"  # a document is too long to be shown where a task is

    def operation(self, call_id: str) -> Operation:
        """The operation of this id; Problem when the revision has none."""
        if call_id not in self.operations:
            raise unknown("Operation", call_id, self.operations, f"Revision {self.revision} has no other.")
        return self.operations[call_id]

    @property
    def media(self) -> str:
        """What the path of every video begins with, such as /aigc/video/."""
        return str(self.document["x-media"]["path"]).partition("{")[0]

    @property
    def sources(self) -> Mapping[str, Mapping[str, str]]:
        """What the statements cite: id to address, date and what it covers."""
        return dict(self.document.get("x-sources", {}))


def load(revision: str = DEFAULT, readings: Mapping[str, str] | None = None) -> Contract:
    """Load a shipped revision, or a document by its path, with the given readings of its open questions.

    Raises Problem for an unknown revision, question or reading, and for a document that is no contract.
    """
    chosen = tuple(sorted((readings or {}).items()))  # in one order, whatever the order they were given in
    return _file(revision, dict(chosen)) if is_file(revision) else _shipped(revision, chosen)


@lru_cache(maxsize=64)
def _shipped(revision: str, readings: tuple[tuple[str, str], ...]) -> Contract:
    return _contract(*_read(read(revision), dict(readings)))


def _file(path: str, readings: Mapping[str, str]) -> Contract:
    name = f"Contract file {path!r} as read with {readings}" if readings else f"Contract file {path!r}"
    return of_document(read(path), name, readings)


def of_document(raw: Mapping[str, Any], name: str, readings: Mapping[str, str] | None = None) -> Contract:
    """The contract that an OpenAPI document is; Problem, calling it `name`, when it is none."""
    document, questions = _read(raw, readings or {})
    hold(inlined(document, document), name)
    contract = _contract(document, questions)
    len(contract.rules)  # derived at once, so that a statement of which no rule can be made is told of now
    lacking = {"submit", "task"} - contract.operations.keys()
    if lacking or contract.operations["submit"].body is None:
        what = f"operation {min(lacking)!r}" if lacking else "request body of the operation 'submit'"
        raise Problem(f"{name} has no {what}.", MEND)
    return contract


def _read(
    document: Mapping[str, Any], readings: Mapping[str, str]
) -> tuple[Mapping[str, Any], Mapping[str, Question]]:
    questions = _questions(document, readings)
    for name, reading in readings.items():
        document = merged(document, document["x-questions"][name]["readings"][reading].get("patch", {}))
    return document, questions


def _contract(document: Mapping[str, Any], questions: Mapping[str, Question]) -> Contract:
    errors = {name: _error(name, raw) for name, raw in document["x-errors"].items()}
    operations: dict[str, Operation] = {}
    for operation in _operations(document):
        if operations.setdefault(operation.id, operation) is not operation:
            raise Problem(f"Two operations of the contract are called {operation.id!r}.", MEND)
    return Contract(
        revision=str(document["info"]["version"]),
        document=document,
        operations=operations,
        rules=Rules(_wire(operations, errors, document), operations.values()),
        errors=errors,
        questions=questions,
    )


def _questions(document: Mapping[str, Any], chosen: Mapping[str, str]) -> dict[str, Question]:
    raw = document.get("x-questions", {})
    remedy = "Show them with: klingmock contract show --format questions"
    for name, reading in chosen.items():
        if name not in raw:
            raise unknown("Open question", name, raw, remedy)
        if reading not in raw[name]["readings"]:
            raise unknown(f"Reading of {name}", reading, raw[name]["readings"], remedy)
    return {name: _question(name, node, chosen.get(name, node["default"])) for name, node in raw.items()}


def _question(name: str, node: Mapping[str, Any], chosen: str) -> Question:
    texts = {reading: text["text"] for reading, text in node["readings"].items()}
    if node["default"] not in texts:
        raise Problem(f"The default of the open question {name!r} is none of its readings.", MEND)
    return Question(name, node["question"], texts, node["default"], chosen, provenance(node))


def _error(name: str, raw: Mapping[str, Any]) -> ErrorText:
    allowed = may_fill(name)
    wrong = next(_unfillable(raw["detail"], allowed), "")
    if wrong:
        remedy = f"Use these blanks: {', '.join(sorted(allowed)) or 'none'}."
        raise Problem(f"The text of the error {name!r} can't be filled: {wrong}.", remedy)
    return ErrorText(raw["status"], raw["category"], raw["detail"], provenance(raw))


def _unfillable(template: str, allowed: frozenset[str]) -> Iterator[str]:
    try:
        for _, name, form, turn in Formatter().parse(template):
            if name is not None and name not in allowed:
                yield f"nothing fills {{{name}}}"
            elif form or turn:
                yield f"{{{name}}} has a format"
    except ValueError as error:
        yield str(error)


def _operations(document: Mapping[str, Any]) -> Iterable[Operation]:
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                yield _operation(document, path, method, methods[method])


def _operation(document: Mapping[str, Any], path: str, method: str, raw: Mapping[str, Any]) -> Operation:
    name = str(raw["operationId"])
    content = raw.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = inlined(content.get("schema"), document)
    security = raw.get("security", document.get("security", [{}]))
    responses = {int(status): inlined(response, document) for status, response in raw["responses"].items()}
    return Operation(
        id=name,
        method=method.upper(),
        path=path,
        pattern=_pattern(path),
        key_required={} not in security,
        body=shape_of(schema, Place(name, f"{name}.body", Level.ERROR, refuses=True)) if schema else None,
        noted=_noted(schema, name),
        replies={status: _reply(name, status, response) for status, response in responses.items()},
        headers={status: _headers(response) for status, response in responses.items()},
        provenance=provenance(raw),
    )


def _pattern(path: str) -> re.Pattern[str]:
    # A parameter may hold a slash: the path is decoded before it is matched (question encoded-path).
    parts = re.split(r"\{(\w+)\}", path)
    quoted = [f"(?P<{part}>.+)" if odd % 2 else re.escape(part) for odd, part in enumerate(parts)]
    try:
        return re.compile("".join(quoted), re.DOTALL)
    except re.error as error:
        raise Problem(f"The path {path!r} names a parameter twice.", MEND) from error


def _noted(schema: Any, name: str) -> Shape | None:
    noted = (schema or {}).get("x-noted")
    if not noted:
        return None
    if noted.get("additionalProperties") is False:
        listed = dict.fromkeys(schema.get("properties", ()), True)
        noted = noted | {"properties": listed | noted.get("properties", {})}
    return shape_of(noted, Place(name, f"{name}.body", Level.WARNING, refuses=False))


def _reply(name: str, status: int, response: Mapping[str, Any]) -> Shape:
    prefix = f"{name}.reply" if status < 400 else "error.envelope"
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    return shape_of(schema, Place(name if status < 400 else "*", prefix, Level.ERROR, refuses=False))


def _headers(response: Mapping[str, Any]) -> dict[str, Shape]:
    headers = response.get("headers", {})
    return {header.lower(): _header(header, raw) for header, raw in headers.items()}


def _header(header: str, raw: Mapping[str, Any]) -> Shape:
    schema = {"x-provenance": raw.get("x-provenance", "assumed")} | raw["schema"]
    return shape_of(schema, Place("*", f"reply.header.{header}", Level.ERROR, refuses=False, field=header))


class Rules(Mapping[str, Rule]):
    """A contract's rules by id; those of its schemas are made when one is asked for: a start needs none."""

    def __init__(self, wire: Iterable[Rule], operations: Iterable[Operation]) -> None:
        self._wire = {rule.id: rule for rule in wire}
        self._operations = operations

    @cached_property
    def _all(self) -> dict[str, Rule]:
        found: dict[str, Rule] = {}
        for rule in chain(self._wire.values(), *map(_shaped, self._operations)):
            first = found.setdefault(rule.id, rule)
            if (first.level, first.error) != (rule.level, rule.error):
                raise Problem(f"Two rules of the contract are called {rule.id!r}.", MEND)
        return found

    def __getitem__(self, rule: str) -> Rule:
        return self._wire[rule] if rule in self._wire else self._all[rule]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)


def _wire(
    operations: Mapping[str, Operation], errors: Mapping[str, ErrorText], document: Mapping[str, Any]
) -> Iterable[Rule]:
    enforced = set(errors)
    if not document["x-balance"]["enforced"]:
        enforced.discard("balance")
    bodies = {name: operation.body is not None for name, operation in operations.items()}
    origins = {name: error.provenance for name, error in errors.items()}
    return wire_rules(bodies, origins, frozenset(enforced))


def _shaped(operation: Operation) -> Iterable[Rule]:
    shapes = [operation.body, operation.noted, *operation.replies.values()]
    shapes += [shape for headers in operation.headers.values() for shape in headers.values()]
    return (rule for shape in shapes if shape for rule in shape.rules.values())
