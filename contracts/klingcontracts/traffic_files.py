"""A file of recorded exchanges, recognised by what is in it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from klingcontracts.page_scalars import BadYaml
from klingcontracts.page_yaml import load_yaml
from klingcontracts.strictjson import BadJson, parse
from klingcontracts.taken import Taken
from klingcontracts.traffic_har import from_har
from klingcontracts.traffic_lines import from_line
from klingcontracts.traffic_vcr import LISTS, from_vcr

KNOWN = "a HAR, a cassette of VCR, a journal, or JSON lines"


class Unread(NamedTuple):
    """What of a file could not be read, and why; `place` is "" for all of it."""

    place: str
    why: str
    line: int = 0


class Recording(NamedTuple):
    """The exchanges of a file in their order, and what could not be read."""

    taken: Sequence[Taken]
    unread: Sequence[Unread] = ()


class _Entry(NamedTuple):
    told: Any
    place: str
    line: int = 0


class _NotRead(ValueError):
    """Why the file is none of those that are known."""


def read_traffic(raw: bytes) -> Recording:
    """The exchanges of a recording; whatever is in the file, nothing is raised."""
    try:
        make, entries = _entries(raw.removeprefix(b"\xef\xbb\xbf"))
    except _NotRead as error:
        return Recording((), [Unread("", str(error))])
    taken: list[Taken] = []
    unread: list[Unread] = []
    for entry in entries:
        try:
            told = entry.told if not isinstance(entry.told, bytes) else parse(entry.told)
            taken.append(make(_mapping(told))._replace(place=entry.place, line=entry.line))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            why = f"it has no {error}" if isinstance(error, KeyError) else f"{error}"
            unread.append(Unread(entry.place, why, entry.line))
    if entries and not taken:
        return Recording((), [Unread("", f"it is not {KNOWN}; {unread[0].place}: {unread[0].why}")])
    return Recording(tuple(taken), tuple(unread))


def _mapping(told: Any) -> Mapping[str, Any]:
    if not isinstance(told, Mapping):
        raise TypeError("it is no exchange")
    return told


def _entries(raw: bytes) -> tuple[Callable[[Mapping[str, Any]], Taken], list[_Entry]]:
    start = raw.lstrip()[:1]
    if not start:
        raise _NotRead("it is empty")
    if start in b"{[":
        lines = raw.splitlines()
        try:
            whole = parse(raw)
        except BadJson as error:
            if not _is_lines(lines):
                raise _NotRead(f"it is no JSON: {error}") from error
            return from_line, _lines(lines)
        return _whole(whole)
    try:
        whole = load_yaml(raw.decode(), binary=True)
    except UnicodeDecodeError as error:
        raise _NotRead("it is no text in UTF-8") from error
    except BadYaml as error:
        raise _NotRead(f"it is not {KNOWN}; as YAML: {error}") from error
    return _whole(whole)


def _is_lines(lines: Sequence[bytes]) -> bool:
    first = next((line for line in lines if line.strip()), b"")
    try:
        return isinstance(parse(first), dict)
    except BadJson:
        return False


def _lines(lines: Sequence[bytes]) -> list[_Entry]:
    return [_Entry(line, f"line {nth}", nth) for nth, line in enumerate(lines, 1) if line.strip()]


def _whole(whole: Any) -> tuple[Callable[[Mapping[str, Any]], Taken], list[_Entry]]:
    if isinstance(whole, list):
        return from_line, _counted(whole, "exchange")
    if not isinstance(whole, dict):
        raise _NotRead(f"it is not {KNOWN}")
    log = whole.get("log")
    if isinstance(log, dict) and isinstance(log.get("entries"), list):
        return from_har, _counted(log["entries"], "entry")
    for name in LISTS:
        if isinstance(whole.get(name), list):
            return from_vcr, _counted(whole[name], "interaction")
    return from_line, [_Entry(whole, "line 1", 1)]


def _counted(entries: Sequence[Any], word: str) -> list[_Entry]:
    return [_Entry(told, f"{word} {nth}") for nth, told in enumerate(entries, 1)]
