"""What the flags of `drift live` say: an address, keys from the environment, headers, files."""

import argparse
import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from klingcontracts.pages import Page, read_page
from klingcontracts.probe import FIRST, SECOND, UNFUNDED
from klingcontracts.probe_canary import Canary
from klingcontracts.problem import COULD_NOT_LOOK, Problem

LONGEST = 80  # characters of a flag's value that a message repeats
_NAMES = {FIRST: "api_key_env", SECOND: "second_key_env", UNFUNDED: "unfunded_key_env"}

_KEYED = {"authorization", "proxy-authorization", "cookie", "x-api-key"}
_OURS = {"host", "content-length", "transfer-encoding", "connection", "expect", "range", "te", "upgrade"}


def whole(flag: str, text: str, least: int = 0) -> int:
    """The number of a flag; Problem for one below `least`, and for what is none."""
    if not (text.isascii() and text.isdigit() and len(text) < 10) or int(text) < least:
        remedy = f"Give {least} or more, below a billion."
        raise Problem(f"{flag}: {text[:LONGEST]!r} is no whole number of {least} or more.", remedy)
    return int(text)


def counted(flag: str, text: str) -> int:
    """The number of a flag that leaves nothing to do with 0."""
    return whole(flag, text, 1)


def seconds(flag: str, text: str) -> float:
    """The seconds of a flag: more than 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise Problem(f"{flag}: {text[:LONGEST]!r} is no number of seconds.", "Give more than 0.")
    return value


def pairs(given: Sequence[str]) -> dict[str, str]:
    """The readings, as QUESTION=READING."""
    found = {}
    for text in given:
        name, equals, reading = text.partition("=")
        if not equals:
            raise Problem(f"--reading {text!r} names no reading.", "Write it as QUESTION=READING.")
        found[name] = reading
    return found


def headers(given: Sequence[str]) -> dict[str, str]:
    """The headers that go along, as NAME:VALUE; a value is never repeated."""
    found = {}
    for text in given:
        name, colon, value = text.partition(":")
        fine = name.strip() and text.isascii() and text.isprintable() and " " not in name.strip()
        if not colon or not fine:
            raise Problem("A --header can't be sent.", "Write it as NAME:VALUE, in ASCII and on one line.")
        lower = name.strip().lower()
        if lower in _KEYED:
            raise Problem("A key is not given as a --header.", "Put it into a variable: --api-key-env NAME.")
        if lower in _OURS:
            raise Problem(f"{lower} is no --header to choose.", "Leave it out: it follows from the request.")
        found[lower] = value.strip()
    return found


def base_of(text: str) -> str:
    """The address of the API, without a slash at its end."""
    if not _is_url(text):
        raise Problem(f"{text!r} is no address.", "Give one such as https://api.example.com.")
    parts = urlsplit(text)
    if parts.username is not None or parts.query or parts.fragment:
        raise Problem("The address has more than a host and a path.", "Leave the rest out; keys have flags.")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def picture_of(text: str | None) -> str | None:
    """The URL of --image."""
    if text is not None and not _is_url(text):
        remedy = "Give one such as https://example.com/cat.png."
        raise Problem(f"--image {text[:LONGEST]!r} is no URL.", remedy)
    return text


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        fine = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return fine and text.isascii() and text.isprintable() and " " not in text


def keys_of(chosen: argparse.Namespace, environ: Mapping[str, str]) -> dict[str, str]:
    """The keys by whose they are; Problem for a variable that is not set, or holds no key."""
    named = {whose: getattr(chosen, flag) for whose, flag in _NAMES.items()}
    found = {whose: _key(variable, environ) for whose, variable in named.items() if variable is not None}
    if len(set(found.values())) < len(found):
        raise Problem("Two of the keys are the same.", "Each of the variables holds another key.")
    return found


def _key(variable: str, environ: Mapping[str, str]) -> str:
    key = environ.get(variable, "").strip()
    if not key:
        remedy = f"Set it: export {variable}=..., or name another: --api-key-env NAME."
        raise Problem(f"There is no key in {variable}.", remedy)
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise Problem(f"What {variable} holds is no key.", "A key is ASCII without blanks.")
    return key


def page_of(name: str | None) -> Page | None:
    """The page of --page, read."""
    if name is None:
        return None
    try:
        raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Problem(f"Page {name!r} can't be read: {reason}.", "Name a file.") from error
    return read_page(raw, name)


def canary_in(name: str | None) -> Canary | None:
    """The task that an earlier run left in this file; None when there is no file yet.

    The file is tried, and left as it is: what is paid for must be kept afterwards.
    """
    if name is None or not _writable(Path(name)):
        return None
    try:
        told: Any = json.loads(Path(name).read_text(encoding="utf-8"))
        times = float(told["submitted"]), float(told["ended"])
        return Canary(str(told["task_id"]), *times, str(told["status"]))
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise Problem(f"Canary file {name!r} can't be read.", "Remove it, or name another.") from error


def _writable(file: Path) -> bool:
    """Whether there is such a file; Problem when it can't be written."""
    try:
        there = file.exists()
        if there and not file.is_file():
            raise Problem(f"Canary file {str(file)!r} is no file.", "Name one for --canary.")
        file.open("a", encoding="utf-8").close()
        if not there:
            file.unlink()
    except OSError as error:
        fact = f"Canary file {str(file)!r} can't be written: {error.strerror}."
        raise Problem(fact, "Name a file that can be written.") from error
    return there


def keep_canary(name: str, canary: Canary) -> None:
    """Write the last paid task for later runs."""
    try:
        Path(name).write_text(json.dumps(canary._asdict(), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        fact = f"Canary file {name!r} can't be written: {error.strerror}."
        remedy = f"Keep its task yourself: {canary.task_id}."
        raise Problem(fact, remedy, COULD_NOT_LOOK) from error
