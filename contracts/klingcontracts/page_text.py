"""A page as a browser gives it, one token a line: where its parts are, and what the call and the key are."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from klingcontracts.page_fields import begins, read_fields
from klingcontracts.page_parts import Auth, Field, Page, Reply, model_of, refused
from klingcontracts.page_values import CutShort, json_at
from klingcontracts.strictjson import BadJson

Lines = Sequence[str]

_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_FOOTERS = frozenset({"Was this page helpful?", "⌘I", "Powered by Mintlify"})
_JSON = "application/json"
_MEDIA = r"[a-z]+/[a-z0-9.+-]+"
_STATUS = re.compile(rf"([1-5]\d\d) - ({_MEDIA})")
_URL = re.compile(r"(?:--url +['\"]?)?(https?://[^\s'\"\\<>]{1,2000})")
_REQUEST = re.compile(r"(?:--request|-X) +['\"]?([A-Z]+)")
_DATA = re.compile(r"(?:--data(?:-raw|-binary)?|-d)[ \n=]+['\"$]{0,2}\s*(?=\{)")
_PLACES = ("header", "query", "cookie")


class Part(NamedTuple):
    """Some lines of a page, and the number of the first."""

    first: int
    lines: Lines


class Parts(NamedTuple):
    """The lines of a page by what they are; None for what is not there."""

    trail: Part | None  # the last segments of the path
    title: str
    call: Part | None  # the curl command and the example of a reply
    key: Part | None
    body: Part | None
    reply: Part | None


_CALLED = {
    "trail": "method and path at its head",
    "call": "curl call",
    "key": "section Authorizations",
    "body": "section Body",
    "reply": "section Response",
}


def read_text(text: str, name: str) -> Page:
    """Read a page in lines. Problem, with what is missing, for one that can't be read as a contract."""
    lines = [line.strip() for line in text.split("\n")]
    method, parts = _parts(lines)
    found = {part: getattr(parts, part) for part in _CALLED}
    missing = [_CALLED[part] for part, there in found.items() if there is None]
    if missing:
        raise refused(name, f"can't be read as a contract: it has no {', no '.join(missing)}{_looks(text)}")
    called = "\n".join(found["call"].lines).replace("'\\''", "'")
    url = _address(called, method, name)
    _hold_trail(found["trail"].lines, url.path, name)
    body, example = _examples(called, name)
    key, key_prose, notes = _auth(found["key"], called, name)
    intro, fields = _body(found["body"], name)
    replies = dict(_replies(found["reply"], example, name))
    _hold_listed(body, fields, "its curl call", name)
    _hold_listed(example, next(iter(replies.values())).fields, "its example of a reply", name)
    return Page(
        name=name,
        form="text",
        title=parts.title,
        method=method,
        server=f"{url.scheme}://{url.netloc}",
        path=url.path,
        auth=key,
        fields=tuple(fields),
        replies=replies,
        prose=intro,
        key_prose=key_prose,
        example=body,
        notes=tuple(notes),
        places={part: f"line {there.first}" for part, there in found.items()},
    )


def _looks(text: str) -> str:
    start = text[:1000].lower()
    if not start.strip():
        return " (it is empty)"
    return " (it is HTML)" if "<html" in start or "<!doctype" in start else ""


def _parts(lines: Lines) -> tuple[str, Parts]:
    head = next((at for at, line in enumerate(lines) if line in _METHODS and _trail(lines, at + 1)[0]), None)
    trail, behind = _trail(lines, head + 1) if head is not None else (None, 0)
    call = _find(lines, "curl ", behind)
    key = _find(lines, "Authorizations", call or behind)
    body = _find(lines, "Body", key or call or behind)
    reply = _find(lines, "Response", body or key or call or behind)
    footer = next((at for at in range(reply or 0, len(lines)) if lines[at] in _FOOTERS), len(lines))
    titles = [line for line in lines[behind : call or behind] if line]
    return lines[head or 0], Parts(
        Part((head or 0) + 1, trail) if trail else None,
        titles[0] if titles else "",
        _between(lines, call, key or body or reply),
        _between(lines, key, body or reply, skip=1),
        _between(lines, body, reply, skip=1),
        _between(lines, reply, footer, skip=1),
    )


def _trail(lines: Lines, at: int) -> tuple[Lines, int]:
    found: list[str] = []
    while at + 1 < len(lines) and lines[at] == "/" and lines[at + 1]:
        found.append(lines[at + 1])
        at += 2
    return found, at


def _find(lines: Lines, word: str, at: int) -> int | None:
    open_ended = word.endswith(" ")
    for place in range(at, len(lines)):
        if (lines[place].startswith(word) if open_ended else lines[place] == word) and not begins(
            lines, place
        ):
            return place
    return None


def _between(lines: Lines, start: int | None, end: int | None, skip: int = 0) -> Part | None:
    return None if start is None else Part(start + skip + 1, lines[start + skip : end])


def _address(called: str, method: str, name: str) -> SplitResult:
    data = _DATA.search(called)  # an address behind it is one that is sent
    found, request = _URL.search(called, 0, data.start() if data else len(called)), _REQUEST.search(called)
    if request and request[1] != method:
        raise refused(name, f"has the method {method} at its head, and {request[1]} in its curl call")
    if found is None:
        raise refused(name, "has no address in its curl call")
    return address(found[1], name)


def address(url: str, name: str) -> SplitResult:
    """The parts of the address of a call. Problem, naming the page, for one that leads to no model."""
    try:
        found = urlsplit(url)
    except ValueError as error:
        raise refused(name, f"has the address {url[:100]!r}, which is none") from error
    if not found.netloc or not all(model_of(found.path)) or "{" in url:
        raise refused(name, f"has the address {url[:100]!r}, which is that of no model")
    return found


def _hold_trail(trail: Lines, path: str, name: str) -> None:
    if path.split("/")[-len(trail) :] != list(trail):
        raise refused(
            name, f"has the path {'/'.join(trail)[:100]!r} at its head, and {path!r} in its curl call"
        )


def _examples(called: str, name: str) -> tuple[Mapping[str, Any], Any]:
    data = _DATA.search(called)
    if data is None:
        raise refused(name, "has no body in its curl call")
    body, end = _json(called, data.end(), "the body of its curl call", name)
    begin = called.find("{", end)
    if begin < 0:
        raise refused(name, "has no example of a reply")
    return body, _json(called, begin, "its example of a reply", name)[0]


def _json(text: str, at: int, what: str, name: str) -> tuple[Any, int]:
    try:
        return json_at(text, at)
    except CutShort as error:
        raise refused(name, f"breaks off in {what}") from error
    except BadJson as error:
        raise refused(name, f"has no JSON in {what}: {error}") from error


def _auth(part: Part, called: str, name: str) -> tuple[Auth, str, list[str]]:
    _, fields = read_fields(part.lines, name, part.first)
    if not fields:
        raise refused(name, "does not say how the key is sent")
    key, *others = fields
    sent = re.search(rf"(?:--header|-H) +['\"]{re.escape(key.name)}: *([A-Za-z]+) +", called, re.IGNORECASE)
    bearer = sent[1] == "Bearer" if sent else "Bearer" in key.prose
    place = _place(key)
    scheme = "bearer" if bearer and place == "header" else ""
    header = key.name if place == "header" else f"{key.name} in {place}"
    notes = [f"{_place(one)} {one.name}" for one in others]
    prose = "\n".join(line for line in key.prose.split("\n") if line not in key.unread)
    return Auth(header, scheme, key.required), prose, notes


def _place(one: Field) -> str:
    return next((place for place in _PLACES if place in one.unread), "nowhere")


def _body(part: Part, name: str) -> tuple[str, list[Field]]:
    rest = list(part.lines)
    while rest and not rest[0]:
        rest.pop(0)
    media = rest.pop(0) if rest else ""
    if media != _JSON:
        raise refused(name, f"says {media[:100]!r} where the body's type {_JSON} is expected")
    intro, fields = read_fields(rest, name, part.first + len(part.lines) - len(rest))
    if not fields:
        raise refused(name, "has no field with its name and type in the section Body")
    return "\n".join(line for line in intro if line), fields


def _replies(whole: Part, example: Any, name: str) -> Iterator[tuple[int, Reply]]:
    for status, media, part in _statuses(whole):
        if media != _JSON:
            raise refused(name, f"has a reply of the type {media}, and only {_JSON} can be read")
        intro, fields = read_fields(part.lines, name, part.first)
        if not fields:
            raise refused(name, f"has no field with its name and type in the reply {status}")
        yield status, Reply(tuple(fields), example, "\n".join(line for line in intro if line))
        example = None  # the page shows the first one's alone


def _statuses(whole: Part) -> Iterator[tuple[int, str, Part]]:
    lines = whole.lines
    marks = [(at, found) for at, line in enumerate(lines) if (found := _STATUS.fullmatch(line))]
    first = marks[0][0] if marks else len(lines)
    if not marks or any(lines[:first]):
        yield 200, _JSON, Part(whole.first, lines[:first])
    ends = [*(at for at, _ in marks[1:]), len(lines)]
    for (at, found), end in zip(marks, ends, strict=False):  # without a mark, nothing is left
        yield int(found[1]), found[2], Part(whole.first + at + 1, lines[at + 1 : end])


def _hold_listed(value: Any, fields: Sequence[Field], where: str, name: str) -> None:
    listed = {one.name for one in fields}
    lost = [key for key in value if key not in listed]
    if lost:
        raise refused(name, f"does not list {lost[0][:100]!r}, which {where} has: it may be half a page")
