"""A revision as plain JSON: found, read, a reading applied to it, its references filled in."""

import json
from codecs import BOM_UTF8
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema_rs import Draft202012Validator, ValidationError

from klingcontracts.problem import Problem, unknown
from klingcontracts.strictjson import BadJson, parse

Json = Any  # what json.loads gives

DEFAULT = "2026-02"
MEND = "Start from one that works: klingmock contract show --format openapi"

_HERE = Path(__file__).parent


def revisions() -> tuple[str, ...]:
    """Names of the revisions that are shipped, oldest first."""
    return tuple(sorted(path.stem for path in (_HERE / "revisions").glob("*.json")))


def is_file(revision: str) -> bool:
    """Whether a revision is named by the path of its document, and not by its date."""
    return revision.endswith(".json")


def read(revision: str) -> dict[str, Json]:
    """Read a shipped revision by its name, or any document by the path of its .json file.

    Raises Problem when there is no such revision, or the file is no contract.
    """
    if is_file(revision):
        return _file(Path(revision))
    if revision not in revisions():
        raise unknown("Revision", revision, revisions(), "List them with: klingmock contract list")
    return dict(json.loads((_HERE / "revisions" / f"{revision}.json").read_text(encoding="utf-8")))


def _file(path: Path) -> dict[str, Json]:
    try:
        found = parse(path.read_bytes().removeprefix(BOM_UTF8))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        broken = f"is not JSON: {why}" if isinstance(error, BadJson) else f"can't be read: {why}"
        raise Problem(f"Contract file {str(path)!r} {broken}.", "Name an OpenAPI 3.1 document.") from error
    hold(found, f"Contract file {str(path)!r}")
    return dict(found)


def hold(document: Json, name: str) -> None:
    """Hold a document against what every contract has; Problem, calling it `name`, where it falls short."""
    try:
        _meta().validate(document)
    except ValidationError as error:
        place = "".join(f"/{part}" for part in error.instance_path) or "its top level"
        raise Problem(f"{name} is no contract: at {place}, {error.message}.", MEND) from error


@cache
def _meta() -> Draft202012Validator:
    schema = json.loads((_HERE / "contract.schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator(schema, mask="the value", offline=True, validate_formats=True)


def merged(document: Json, patch: Json) -> Json:
    """Apply a JSON merge patch (RFC 7396); neither argument is changed."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(document) if isinstance(document, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def inlined(node: Json, document: Mapping[str, Json], within: tuple[str, ...] = ()) -> Json:
    """The node with every local `$ref` replaced by what it points to; what stands beside a `$ref` is added.

    Raises Problem for a reference that leads nowhere, or back to itself.
    """
    if isinstance(node, list):
        return [inlined(value, document, within) for value in node]
    if not isinstance(node, Mapping):
        return node
    own = {key: inlined(value, document, within) for key, value in node.items() if key != "$ref"}
    reference = node.get("$ref")
    if not isinstance(reference, str):  # absent, or a field of this name
        return own if reference is None else own | {"$ref": inlined(reference, document, within)}
    if reference in within:
        raise Problem(f"The contract's reference {reference!r} leads back to itself.", MEND)
    return inlined(_target(reference, document), document, (*within, reference)) | own


def _target(reference: str, document: Mapping[str, Json]) -> Mapping[str, Json]:
    found: Json = document
    for key in reference.removeprefix("#/").split("/"):
        found = found.get(key.replace("~1", "/").replace("~0", "~")) if isinstance(found, Mapping) else None
    if not isinstance(found, Mapping):
        raise Problem(f"The contract refers to {reference!r}, which is nothing in it.", MEND)
    return found
