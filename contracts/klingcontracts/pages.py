"""A published page of a model: what it states, a contract drafted from it, and what it says differently."""

import re
from typing import Any

from klingcontracts.page_draft import draft
from klingcontracts.page_findings import page_findings
from klingcontracts.page_openapi import read_openapi
from klingcontracts.page_parts import Page, cleaned, refused
from klingcontracts.page_scalars import BadYaml
from klingcontracts.page_text import read_text
from klingcontracts.page_yaml import load_yaml
from klingcontracts.strictjson import BadJson, parse

__all__ = ["Page", "draft", "page_findings", "read_page"]

_FENCE = re.compile(r"(`{3,}|~{3,})[^`]*")
_FRAGMENT = re.compile(r"(?:openapi|paths|servers) *:")


def read_page(text: str | bytes, name: str) -> Page:
    """Read a page: in lines, as .md with OpenAPI in it, or as OpenAPI or `api_schema` alone.

    `name` is what a Problem calls the page. It is raised, with what is missing, for any other text, and for a
    page that is cut off: a page that can't be read says nothing of the contract.
    """
    page = cleaned(text, name)
    if page.lstrip().startswith("{"):
        return read_openapi(_json(page, name), name)
    fragments = [part for part in _fenced(page, name) if _describes(part)]
    if len(fragments) > 1:
        raise refused(name, f"has {len(fragments)} fragments of OpenAPI, where one is expected")
    if fragments:
        title = next((line[2:].strip() for line in page.split("\n") if line.startswith("# ")), "")
        return read_openapi(_loaded(fragments[0], name), name, title)
    if any(_FRAGMENT.match(line) for line in page.split("\n")):
        return read_openapi(_loaded(page, name), name)
    return read_text(page, name)


def _fenced(page: str, name: str) -> list[str]:
    found: list[str] = []
    inside: list[str] = []
    fence = ""
    for line in page.split("\n"):
        text = line.strip()
        mark = _FENCE.fullmatch(text)
        if fence and text.startswith(fence) and not text.strip(fence[0]):
            found.append("\n".join(inside))
            fence, inside = "", []
        elif fence:
            inside.append(line)
        elif mark:
            fence = mark[1]
    if _describes("\n".join(inside)):
        raise refused(name, "breaks off in its fragment of OpenAPI")
    return found


def _describes(text: str) -> bool:
    if text.lstrip().startswith("{"):
        return '"paths"' in text or '"servers"' in text
    return any(_FRAGMENT.match(line) for line in text.split("\n"))


def _loaded(text: str, name: str) -> Any:
    if text.lstrip().startswith("{"):
        return _json(text, name)
    try:
        return load_yaml(text)
    except BadYaml as error:
        raise refused(name, f"has a fragment of OpenAPI that can't be read: {error}") from error


def _json(text: str, name: str) -> Any:
    try:
        return parse(text.encode())
    except BadJson as error:
        raise refused(name, f"is no JSON: {error}") from error
