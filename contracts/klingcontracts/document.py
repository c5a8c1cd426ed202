"""A revision as plain JSON: found, read, a reading applied to it, its references filled in."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from klingcontracts.problem import Problem, unknown

Json = Any  # what json.loads gives

DEFAULT = "2026-02"

_SHIPPED = Path(__file__).parent / "revisions"


def revisions() -> tuple[str, ...]:
    """Names of the revisions that are shipped, oldest first."""
    return tuple(sorted(path.stem for path in _SHIPPED.glob("*.json")))


def read(revision: str) -> dict[str, Json]:
    """Read a shipped revision by its name, or any document by the path of its .json file.

    Raises Problem when there is no such revision or the file is not a JSON object.
    """
    if revision.endswith(".json"):
        return _file(Path(revision))
    if revision not in revisions():
        raise unknown("Revision", revision, revisions(), "List them with: klingmock contract list")
    return dict(json.loads((_SHIPPED / f"{revision}.json").read_text(encoding="utf-8")))


def _file(path: Path) -> dict[str, Json]:
    remedy = "Give the path of an OpenAPI 3.1 document in JSON."
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Problem(f"Contract file {str(path)!r} can't be read: {error.strerror}.", remedy) from error
    except ValueError as error:
        raise Problem(f"Contract file {str(path)!r} is not JSON: {error}.", remedy) from error
    if not isinstance(found, dict) or "openapi" not in found:
        raise Problem(f"Contract file {str(path)!r} is not an OpenAPI document.", remedy)
    return found


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


def inlined(node: Json, document: Mapping[str, Json]) -> Json:
    """The node with every local `$ref` replaced by what it points to."""
    if isinstance(node, Mapping):
        if "$ref" in node:
            return inlined(_target(str(node["$ref"]), document), document)
        return {key: inlined(value, document) for key, value in node.items()}
    if isinstance(node, list):
        return [inlined(value, document) for value in node]
    return node


def _target(reference: str, document: Mapping[str, Json]) -> Json:
    found: Json = document
    for key in reference.removeprefix("#/").split("/"):
        if not isinstance(found, Mapping) or key not in found:
            raise Problem(f"The contract refers to {reference!r}, which is not in it.", "Mend the document.")
        found = found[key]
    return found
