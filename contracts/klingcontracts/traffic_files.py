"""A file of recorded exchanges, recognised by what is in it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from klingcontracts.page_scalars import BadYaml
from klingcontracts.page_yaml import load_yaml
from klingcontracts.strictjson import BadJson, parse
from klingcontracts.taken import BadField, Taken
from klingcontracts.traffic_har import from_har
from klingcontracts.traffic_lines import from_line, is_journal
from klingcontracts.traffic_vcr import LISTS, from_vcr

HAR, VCR = "a HAR", "a cassette of VCR"
KNOWN = f"{HAR}, {VCR}, a journal, or JSON lines"
_OF_A_LINE = {"call", "method", "request"}  # who has one of these tells of an exchange


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


class _Entries(NamedTuple):
    made: Callable[[Mapping[str, Any]], Taken]
    entries: Sequence[_Entry]
    kind: str = ""  # what the file is; "" where its entries have to say


class _NotRead(ValueError):
    """Why the file is none of those that are known."""


def read_traffic(raw: bytes) -> Recording:
    """The exchanges of a recording; whatever is in the file, nothing is raised."""
    try:
        make, entries, kind = _entries(raw.removeprefix(b"\xef\xbb\xbf"))
    except _NotRead as error:
        return Recording((), [Unread("", str(error))])
    taken: list[Taken] = []
    unread: list[Unread] = []
    for entry in entries:
        try:
            taken.append(make(_mapping(entry))._replace(place=entry.place, line=entry.line))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            unread.append(Unread(entry.place, _why(error), entry.line))
    if unread and not taken:
        unread = _nothing(kind or _kind(entries), unread)
    return Recording(tuple(taken), tuple(unread))


def _mapping(entry: _Entry) -> Mapping[str, Any]:
    told = parse(entry.told) if isinstance(entry.told, bytes) else entry.told
    if not isinstance(told, Mapping):
        raise BadField(f"this {entry.place.partition(' ')[0]} is no object")
    return told


def _why(error: Exception) -> str:
    if isinstance(error, BadJson):
        return f"this line is no JSON: {error}"
    # What anything else says is Python's, and may show a value.
    return str(error) if isinstance(error, BadField) else "it can't be read"


def _nothing(kind: str, unread: Sequence[Unread]) -> list[Unread]:
    """What is told of a file of which no entry can be read."""
    if kind:
        return [one._replace(why=f"it is {kind}, but {one.why}") for one in unread]
    return [Unread("", f"it is not {KNOWN}; {unread[0].place}: {unread[0].why}")]


def _kind(entries: Sequence[_Entry]) -> str:
    """What a file is by the first of its entries that says it; "" where none does."""
    for entry in entries:
        with suppress(ValueError):
            told = _mapping(entry)
            if is_journal(told):
                return "a journal"
            if "request" in told or "method" in told:
                return "JSON lines" if entry.line else "a list of exchanges"
    return ""


def _entries(raw: bytes) -> _Entries:
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
            return _Entries(from_line, _lines(lines))
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


def _whole(whole: Any) -> _Entries:
    if isinstance(whole, list):
        return _Entries(from_line, _counted(whole, "exchange"))
    if not isinstance(whole, dict):
        raise _NotRead(f"it is not {KNOWN}")
    return _listed(whole) or _Entries(from_line, [_Entry(whole, "line 1", 1)])


def _listed(whole: Mapping[str, Any]) -> _Entries | None:
    """The entries of a HAR or a cassette; None where it has neither's list."""
    log = whole.get("log")
    if isinstance(log, dict) and isinstance(log.get("entries"), list):
        return _Entries(from_har, _counted(log["entries"], "entry"), HAR)
    for name in LISTS:
        if isinstance(whole.get(name), list):
            return _Entries(from_vcr, _counted(whole[name], "interaction"), VCR)
    if not whole.keys() & _OF_A_LINE:
        _look_alike(whole)
    return None


def _look_alike(whole: Mapping[str, Any]) -> None:
    """Raises _NotRead for what has the name of a HAR's or a cassette's list, and no list there."""
    if "log" in whole:
        part = "log is no object" if not isinstance(whole["log"], dict) else ""
        part = part or f"log.entries is {'no list' if 'entries' in whole['log'] else 'missing'}"
        raise _NotRead(f"it looks like {HAR}, but {part}")
    for name in LISTS:
        if name in whole:
            raise _NotRead(f"it looks like {VCR}, but {name} is no list")


def _counted(entries: Sequence[Any], word: str) -> list[_Entry]:
    return [_Entry(told, f"{word} {nth}") for nth, told in enumerate(entries, 1)]
