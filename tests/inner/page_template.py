"""Renders a contract as a page of a model: one token a line, as a browser copies it, and as OpenAPI."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from klingcontracts.document import inlined

Document = Mapping[str, Any]

INDEX = """\
Documentation Index
Fetch the complete list of pages at https://docs.example.com/llms.txt
Use it to find what there is before going further."""


def submission(document: Document) -> tuple[str, str, dict[str, Any]]:
    """Path, method and operation of a submission, with its references filled in."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if operation["operationId"] == "submit":
                return path, method, inlined(operation, document)
    raise LookupError("no submission")


def body_of(document: Document) -> dict[str, Any]:
    operation = submission(document)[2]
    return dict(operation["requestBody"]["content"]["application/json"]["schema"])


def reply_of(document: Document) -> dict[str, Any]:
    operation = submission(document)[2]
    return dict(operation["responses"]["200"]["content"]["application/json"]["schema"])


def unlisted(body: Mapping[str, Any]) -> set[str]:
    """Fields that are only named: the page has no place for them."""
    return {name for name, inner in body.get("x-noted", {}).get("properties", {}).items() if inner is False}


def page_of(
    document: Document,
    *,
    call: Mapping[str, Any],
    reply: Mapping[str, Any],
    title: str = "",
    one_line: bool = False,
    index: bool = False,
    provider: bool = False,
    status: bool = False,
    examples: bool = True,
    run_on: bool = False,
    end: str = "\n",
) -> str:
    """The page of the submission; `call` and `reply` are its examples."""
    path, method, _ = submission(document)
    tail = path.strip("/").split("/")
    tail = tail[tail.index(_slug(path)) - provider :]
    lines = ["Skip to main content", method.upper(), *(line for part in tail for line in ("/", part))]
    lines += [title] if title else []
    lines += _call(document, path, method, call, one_line)
    lines += [json.dumps(reply)] if one_line else json.dumps(reply, indent=2).split("\n")
    lines += ["", *(INDEX.split("\n") if index else ()), "", *_key(), "Body", "", "application/json"]
    body = body_of(document)
    for name, schema in body["properties"].items():
        if name not in unlisted(body):
            required = name in body.get("required", ())
            lines += field(name, schema, required, _excluded(body, name), examples)
            lines += [] if run_on else [""]
    lines += ["Response", "", *(["200 - application/json", ""] if status else ()), "The job is taken.", ""]
    answer = reply_of(document)
    for name, schema in answer["properties"].items():
        shown = {**schema, "description": f"The {name}."} if name != "data" else {"type": "object"}
        plain = {key: value for key, value in shown.items() if key in {"type", "description"}}
        lines += [*field(name, plain, name in answer["required"], "", examples), ""]
    return end.join(lines)


def _slug(path: str) -> str:
    parts = path.strip("/").removesuffix("/async").split("/")
    return parts[-1]


def _call(
    document: Document, path: str, method: str, call: Mapping[str, Any], one_line: bool
) -> Iterator[str]:
    parts = [
        f"curl --request {method.upper()}",
        f"--url {document['servers'][0]['url']}{path}",
        "--header 'Authorization: Bearer <token>'",
        "--header 'Content-Type: application/json'",
    ]
    if one_line:
        yield " ".join([*parts, f"--data '{json.dumps(call)}'"])
    else:
        yield from (" \\\n  ".join(parts) + " \\\n  --data '").split("\n")
        yield from json.dumps(call, indent=2).split("\n")
        yield "'"


def _key() -> list[str]:
    return [
        *("Authorizations", "", "Authorization", "string", "header", "required", ""),
        *("The key of your team, as in: Bearer KEY.", ""),
    ]


def field(
    name: str, schema: Mapping[str, Any], required: bool, excluded: str = "", examples: bool = True
) -> list[str]:
    """The lines of one field."""
    inner, arrays = schema, ""
    while "items" in inner:
        inner, arrays = inner["items"], f"{arrays}[]"
    kind = inner["type"]
    lines = [name, (f"enum<{kind}>" if "enum" in inner else kind) + arrays]
    if "default" in schema:
        lines.append(f"default:{_bare(schema['default'])}")
    lines += ["required"] if required else []
    text = " ".join(filter(None, (schema.get("description", ""), excluded)))
    lines += ["", text] if text else []
    limits = [*_limits(schema), *(_limits(inner) if arrays else ())]
    lines += ["", *limits] if limits else []
    if examples and schema.get("examples"):
        lines += ["Example:", "", json.dumps(schema["examples"][0], ensure_ascii=False)]
    return lines


def _bare(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _limits(schema: Mapping[str, Any]) -> Iterator[str]:
    for unit, (low, high) in {
        "string": ("minLength", "maxLength"),
        "array": ("minItems", "maxItems"),
    }.items():
        least, most = schema.get(low), schema.get(high)
        tail = " elements" if unit == "array" else ""
        if least is not None and most is not None:
            yield f"Required {unit} length: {least} - {most}{tail}"
        elif least is not None:
            yield f"Minimum {unit} length: {least}"
        elif most is not None:
            yield f"Maximum {unit} length: {most}"
    yield from _range(schema)
    if "pattern" in schema:
        yield f"Pattern: {schema['pattern']}"
    if "enum" in schema:
        options = [_bare(value) for value in schema["enum"]]
        yield from ("Available options:", *(f"{option}," for option in options[:-1]), options[-1])


def _range(schema: Mapping[str, Any]) -> Iterator[str]:
    low = {"minimum": "<=", "exclusiveMinimum": "<"}
    high = {"maximum": "<=", "exclusiveMaximum": "<"}
    before = next((f"{schema[key]} {sign} " for key, sign in low.items() if key in schema), "")
    behind = next((f" {sign} {schema[key]}" for key, sign in high.items() if key in schema), "")
    if before or behind:
        yield f"Required range: {before}x{behind}"


def _excluded(body: Mapping[str, Any], name: str) -> str:
    others = body.get("dependentSchemas", {}).get(name, {}).get("properties", {})
    names = [other for other, inner in others.items() if inner is False]
    return f"Cannot be combined with {' or '.join(names)}." if names else ""


def openapi_of(document: Document, *, call: Mapping[str, Any], reply: Mapping[str, Any]) -> dict[str, Any]:
    """The OpenAPI that a page would embed: what a page in lines says, and nothing of ours besides."""
    path, method, _ = submission(document)
    body, answer = body_of(document), reply_of(document)
    listed = {
        name: {**_bare_schema(schema), "description": _prose(body, name, schema)}
        for name, schema in body["properties"].items()
        if name not in unlisted(body)
    }
    fields = {
        name: {"type": schema["type"], "description": f"The {name}."}
        if name != "data"
        else {"type": "object"}
        for name, schema in answer["properties"].items()
    }
    media = {"schema": {"type": "object", "properties": listed}, "example": call}
    media["schema"] |= {"required": body["required"]} if "required" in body else {}
    content = {"schema": {"type": "object", "properties": fields, "required": answer["required"]}}
    operation = {
        "summary": "Make a video",
        "security": [{"bearer": []}],
        "requestBody": {"required": True, "content": {"application/json": media}},
        "responses": {
            "200": {
                "description": "The job is taken.",
                "content": {"application/json": {**content, "example": reply}},
            }
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "One model", "version": "1"},
        "servers": [{"url": document["servers"][0]["url"]}],
        "paths": {path: {method: operation}},
        "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
    }


def _prose(body: Mapping[str, Any], name: str, schema: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (schema.get("description", ""), _excluded(body, name))))


def _bare_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in schema.items() if not key.startswith("x-")}
    if "items" in kept:
        kept["items"] = _bare_schema(kept["items"])
    return kept


def yaml_of(value: Any, indent: int = 0) -> str:
    """The value as block YAML, with every text in quotes that needs them."""
    pad = " " * indent
    if isinstance(value, dict) and value:
        lines = []
        for key, inner in value.items():
            nested = isinstance(inner, (dict, list)) and inner
            lines.append(f"{pad}{_key_text(key)}:" + ("\n" if nested else " ") + yaml_of(inner, indent + 2))
        return "\n".join(lines)
    if isinstance(value, list) and value:
        return "\n".join(
            f"{pad}-\n{yaml_of(inner, indent + 2)}" if isinstance(inner, (dict, list)) and inner
            else f"{pad}- {yaml_of(inner)}"
            for inner in value
        )  # fmt: skip
    return json.dumps(value, ensure_ascii=False)


def _key_text(key: str) -> str:
    return key if key.replace("_", "").isalnum() else json.dumps(key)
