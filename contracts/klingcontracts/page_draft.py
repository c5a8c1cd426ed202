"""A contract drafted from a page: what the page states, over a contract that has the rest."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from klingcontracts.contract import Contract, of_document
from klingcontracts.document import inlined
from klingcontracts.page_body import body_of
from klingcontracts.page_fields import described
from klingcontracts.page_nodes import DOCUMENTED, SOURCE, Schema, reply_node
from klingcontracts.page_openapi import key_of
from klingcontracts.page_parts import Auth, Page, Reply, model_of, refused
from klingcontracts.page_schema import Node, Schemas
from klingcontracts.problem import Problem
from klingcontracts.shape import compiled

_BODY, _REPLY, _DATA = "SubmitBody", "SubmitReply", "SubmitData"


def draft(page: Page, base: Contract, revision: str) -> dict[str, Any]:
    """An OpenAPI document as a revision is one, called `revision`; neither argument is changed.

    What the page does not state comes from `base`: the task query, errors, limits, and, for the same model,
    what is observed or assumed of its fields. Raises Problem for a page of which no contract can be made.
    """
    document = deepcopy(dict(base.document))
    place, same = base.operation("submit"), is_of(page, base)
    if page.path != place.path and page.path in document["paths"]:
        raise refused(page.name, f"has the path {page.path!r}, which is that of another call")
    operation = document["paths"][place.path].pop(place.method.lower())
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    known = _schema(inlined(operation.get("requestBody", {}), document))
    schemas[_BODY] = body = body_of(page, known, same)
    _restate(operation, page, body)
    status, reply = page.accepted
    answered = {int(key): value for key, value in operation["responses"].items()}
    before = next((key for key in sorted(answered) if 200 <= key < 300), 200)
    accepted = inlined(answered.get(before, {}), document)
    schemas[_REPLY] = reply_node(_object(reply), _schema(accepted), reply.example)
    _name_data(schemas, page, _schema(accepted), model_of(place.path)[1])
    operation["responses"] = dict(_responses(page, answered, before, status))
    document["paths"] = _paths(document["paths"], place.path, page, operation)
    _key(document, operation, page)
    document["info"] = _info(page, base, revision)
    document["servers"] = [{"url": page.server}]
    moved = (place.path, place.method.lower()), (page.path, page.method.lower())
    questions = dict(_questions(document.get("x-questions", {}), known, body, same))
    document["x-questions"] = {name: _moved(question, *moved) for name, question in questions.items()}
    if not same:
        document["x-price"] = {"x-provenance": "assumed"}
        _rename_model(document, model_of(place.path)[1], page.model)
    covers = "the model page: submit request, authorization, submit reply"
    source = {"address": page.name or "-", "date": "not stated", "covers": covers}
    document["x-sources"] = {**document["x-sources"], SOURCE: source}
    try:
        of_document(document, "The draft")
    except Problem as problem:
        raise refused(page.name, f"makes no contract: {problem.fact.rstrip('.')}") from problem
    return document


def is_of(page: Page, contract: Contract) -> bool:
    """Whether the page is about the model that the contract is about."""
    return model_of(contract.operation("submit").path) == (page.provider, page.model)


def key_in(document: Mapping[str, Any], operation: Mapping[str, Any]) -> Auth | None:
    """How a contract's operation is sent its key."""
    return key_of(document, Node(operation, "#"), Schemas(document, "contract"))[0]


def _schema(holder: Mapping[str, Any]) -> Mapping[str, Any]:
    found = holder.get("content", {}).get("application/json", {}).get("schema", {})
    return found if isinstance(found, Mapping) else {}


def _info(page: Page, base: Contract, revision: str) -> dict[str, str]:
    return {
        "title": f"Modellix {page.model}",
        "version": revision,
        "description": f"Drafted from a page; what it does not state is that of {base.revision}.",
    }


def _restate(operation: dict[str, Any], page: Page, body: Schema) -> None:
    media: dict[str, Any] = {"schema": {"$ref": f"#/components/schemas/{_BODY}"}}
    if page.example is not None and compiled(body).is_valid(dict(page.example)):
        media["examples"] = {"minimal": {"value": page.example}}
    operation["requestBody"] = {"required": True, "content": {"application/json": media}}


def _object(reply: Reply) -> Schema:
    required = [one.name for one in reply.fields if one.required]
    listed = {one.name: described(one) for one in reply.fields}
    return {"type": "object", "properties": listed} | ({"required": required} if required else {})


def _name_data(schemas: dict[str, Any], page: Page, known: Mapping[str, Any], slug: str) -> None:
    # The readings of open questions find it under this name, and a fake asks it for the model's id.
    listed = schemas[_REPLY]["properties"]
    if "data" in listed:
        schemas[_DATA] = listed["data"]
        listed["data"] = {"$ref": f"#/components/schemas/{_DATA}"}
        model = schemas[_DATA].get("properties", {}).get("model_id", {"examples": []})
        # Where the base shows its slug, so does the draft: a page's example may be of another model.
        before = known.get("properties", {}).get("data", {}).get("properties", {}).get("model_id", {})
        if slug in before.get("examples", ()) or "examples" not in model:
            model["examples"] = [page.model]


def _rename_model(node: Any, old: str, new: str) -> None:
    """Where a reply or a reading shows the `old` slug as its `model_id`, let it show the `new` one."""
    for name, inner in node.items() if isinstance(node, dict) else ():
        if name == "model_id" and isinstance(inner, dict) and "examples" in inner:
            inner["examples"] = [new if one == old else one for one in inner["examples"]]
        else:
            _rename_model(inner, old, new)


def _responses(
    page: Page, answered: Mapping[int, Any], before: int, status: int
) -> Iterator[tuple[str, Any]]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{_REPLY}"}}}
    plain = {"description": "The job is accepted.", "x-provenance": DOCUMENTED}
    yield str(status), {**answered.get(before, plain), "content": content}
    for key, value in answered.items():
        if key not in {before, status}:
            yield str(key), value
    for key, reply in page.replies.items():
        if key != status and key not in answered:
            yield str(key), _other(key, reply)


def _other(status: int, reply: Reply) -> Schema:
    found: Schema = {
        "description": reply.prose or f"As the page has it: {status}.",
        "x-provenance": DOCUMENTED,
    }
    if reply.fields:
        schema = reply_node(_object(reply), {}, reply.example)
        found["content"] = {"application/json": {"schema": schema}}
    return found


def _paths(paths: Mapping[str, Any], path: str, page: Page, operation: Schema) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for known, methods in paths.items():
        if known == path:
            found[page.path] = {page.method.lower(): operation}
        if methods:
            found[known] = {**found.get(known, {}), **methods}
    return found


def _key(document: dict[str, Any], operation: dict[str, Any], page: Page) -> None:
    if page.auth is None or page.auth == key_in(document, operation):
        return
    header, _, place = page.auth.header.partition(" in ")
    bearer = page.auth.scheme == "bearer"
    if bearer and header == "Authorization":
        scheme: dict[str, str] = {"type": "http", "scheme": "bearer"}
    else:
        scheme = {"type": "apiKey", "in": place or "header", "name": header}
        scheme |= {"description": "Bearer KEY"} if bearer else {}
    scheme |= {"x-provenance": DOCUMENTED}
    document["components"]["securitySchemes"] = {
        **document["components"].get("securitySchemes", {}),
        "pageKey": scheme,
    }
    operation["security"] = [{"pageKey": []}, *([] if page.auth.required else [{}])]


def _questions(
    questions: Mapping[str, Any], known: Mapping[str, Any], body: Schema, same: bool
) -> Iterator[tuple[str, Any]]:
    """The open questions that are still some: those about fields that the page has."""
    for name, question in questions.items():
        patches = [reading.get("patch", {}) for reading in question["readings"].values()]
        schemas = [patch.get("components", {}).get("schemas", {}) for patch in patches]
        about = [schema.get(_BODY, {}) for schema in schemas]
        named = {field for patch in about for field in _named(patch)}
        whole = any("required" in patch for patch in about)
        kept = known.get("required") == body.get("required")
        if not named or (same and named <= set(body["properties"]) and (kept or not whole)):
            yield name, question


def _moved(question: dict[str, Any], old: tuple[str, str], new: tuple[str, str]) -> dict[str, Any]:
    """The question, with what its readings change of the submission where the submission is now."""
    for reading in question["readings"].values():
        paths = reading.get("patch", {}).get("paths", {})
        if old[0] in paths:
            paths[new[0]] = {new[1]: paths.pop(old[0])[old[1]]}
    return question


def _named(patch: Mapping[str, Any]) -> Iterator[str]:
    for key in ("properties", "dependentSchemas"):
        yield from patch.get(key) or ()
    for node in (patch.get("dependentSchemas") or {}).values():
        yield from (node or {}).get("properties") or ()
    for need in patch.get("anyOf") or ():
        yield from need.get("required", ())
    noted = patch.get("x-noted")
    if isinstance(noted, Mapping):
        yield from _named(noted)
