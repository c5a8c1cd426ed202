"""The OpenAPI that the vendor gives of a model, in its .md pages and as its `api_schema`: read as a page."""

from collections.abc import Iterator, Mapping
from typing import Any

from klingcontracts.page_parts import Auth, Page, Reply, refused
from klingcontracts.page_schema import Node, Schemas
from klingcontracts.page_text import address

_JSON = "application/json"
_METHODS = ("get", "put", "post", "delete", "patch")


def read_openapi(document: Any, name: str, title: str = "") -> Page:
    """Read an OpenAPI document of one submission, or an `api_schema`. Problem, with what is missing."""
    if not isinstance(document, Mapping):
        raise refused(name, "can't be read as a contract: its fragment is no object")
    path, operation, form = _operation(document, name)
    schemas = Schemas(document, name)
    method = operation.at.rpartition("/")[2].upper()
    server = _server(document, operation, name)
    url = address(server.rstrip("/") + path, name)
    media = schemas.resolved(operation.into("requestBody")).into("content", _JSON)
    body = schemas.resolved(media.into("schema"))
    fields = schemas.fields(body)
    if not fields:
        raise refused(name, f"can't be read as a contract: it has no {_JSON} body with its fields")
    auth, notes = key_of(document, operation, schemas)
    example = _example(media, body)
    return Page(
        name=name,
        form=form,
        title=title or str(operation.value.get("summary", "")),
        method=method,
        server=f"{url.scheme}://{url.netloc}",
        path=url.path,
        auth=auth,
        fields=fields,
        replies=dict(_replies(operation, schemas, name)),
        prose=str(body.value.get("description", "")).strip(),
        example=example if isinstance(example, Mapping) else None,
        closed=body.value.get("additionalProperties") is False,
        alternatives=tuple(_alternatives(body.value.get("anyOf"))),
        notes=(*notes, *_beyond(body.value)),
    )


def _operation(document: Mapping[str, Any], name: str) -> tuple[str, Node, str]:
    root = Node(document, "#")
    found = [(path, root.into("paths", path, verb)) for path in root.into("paths").value for verb in _METHODS]
    found = [(path, node) for path, node in found if node.value.get("requestBody")]
    if found:
        form = "openapi"
    else:
        form = "api_schema"
        found = [("", root.into(verb)) for verb in _METHODS if root.into(verb).value.get("requestBody")]
    if len(found) != 1:
        many = f"{len(found)} operations" if found else "no operation"
        raise refused(name, f"can't be read as a contract: it has {many} with a body")
    return *found[0], form


def _server(document: Mapping[str, Any], operation: Node, name: str) -> str:
    for servers in (operation.value.get("servers"), document.get("servers")):
        if isinstance(servers, list) and servers and isinstance(servers[0], Mapping):
            return str(servers[0].get("url", ""))
    raise refused(name, "can't be read as a contract: it has no servers")


def key_of(document: Mapping[str, Any], operation: Node, schemas: Schemas) -> tuple[Auth | None, list[str]]:
    """How an operation is sent its key, None where it does not say; and notes of what else is sent."""
    notes: list[str] = []
    found: Auth | None = None
    security = operation.value.get("security", document.get("security"))
    known = Node(document, "#").into("components", "securitySchemes")
    for choice in security if isinstance(security, list) else ():
        for scheme in choice if isinstance(choice, Mapping) else ():
            one = _scheme(schemas.resolved(known.into(scheme)), {} not in security)
            if found is None:
                found = one
            elif one != found:
                notes.append(f"key also as {one.header} {one.scheme}".strip())
    if security in ([], [{}]):
        found = Auth("Authorization", "bearer", required=False)
    for place, header, required in _parameters(operation, schemas):
        if place == "header" and header.lower() == "authorization":
            found = found or Auth(header, "bearer", required)
        else:
            notes.append(f"{place} {header}")
    return found, notes


def _scheme(node: Node, required: bool) -> Auth:
    value = node.value
    if value.get("type") == "http":
        return Auth("Authorization", str(value.get("scheme", "")).lower(), required)
    place, header = str(value.get("in", "header")), str(value.get("name", "Authorization"))
    bearer = place == "header" and "Bearer" in str(value.get("description", ""))
    return Auth(header if place == "header" else f"{header} in {place}", "bearer" if bearer else "", required)


def _parameters(operation: Node, schemas: Schemas) -> Iterator[tuple[str, str, bool]]:
    listed = operation.value.get("parameters")
    for one in listed if isinstance(listed, list) else ():
        value = schemas.resolved(Node(one if isinstance(one, Mapping) else {}, operation.at)).value
        yield str(value.get("in", "")), str(value.get("name", "")), value.get("required") is True


def _replies(operation: Node, schemas: Schemas, name: str) -> Iterator[tuple[int, Reply]]:
    listed = operation.into("responses")
    statuses = [
        status for status in listed.value if status.isascii() and status.isdecimal() and len(status) == 3
    ]
    if not any(status.startswith("2") for status in statuses):
        raise refused(name, "can't be read as a contract: it has no reply of a submission")
    for status in statuses:
        node = schemas.resolved(listed.into(status))
        media = node.into("content", _JSON)
        schema = schemas.resolved(media.into("schema"))
        fields = schemas.fields(schema)
        if status.startswith("2") and not fields:
            raise refused(name, f"can't be read as a contract: its reply {status} has no {_JSON} fields")
        prose = str(node.value.get("description", "")).strip()
        yield int(status), Reply(fields, _example(media, schema), prose, tuple(_beyond(schema.value)))


def _example(media: Node, schema: Node) -> Any:
    if "example" in media.value:
        return media.value["example"]
    named = list(media.into("examples").value)
    if named and "value" in media.into("examples", named[0]).value:
        return media.into("examples", named[0]).value["value"]
    several = schema.value.get("examples")
    return several[0] if isinstance(several, list) and several else schema.value.get("example")


def _alternatives(value: Any) -> Iterator[tuple[str, ...]]:
    if isinstance(value, list) and all(_requires(part) for part in value):
        yield tuple(dict.fromkeys(str(key) for part in value for key in part["required"]))


def _requires(part: Any) -> bool:
    return isinstance(part, Mapping) and set(part) == {"required"} and isinstance(part["required"], list)


_SAID = frozenset({"type", "properties", "required", "description", "title", "example", "examples", "allOf"})


def _beyond(schema: Mapping[str, Any]) -> Iterator[str]:
    for key, value in schema.items():
        read = key in _SAID or key.startswith("x-") or (key == "anyOf" and any(_alternatives(value)))
        if not read and not (key == "additionalProperties" and isinstance(value, bool)):
            yield f"{key}: {str(value)[:200]}"
