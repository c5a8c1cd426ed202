"""The texts, numbers and short lists of YAML: what a value in one place of a page's fragment means."""

import re
from collections.abc import Sequence
from typing import Any

from klingcontracts.strictjson import MAX_DEPTH, BadJson, parse

_SINGLE = r"'((?:[^']|'')*+)'(?!')"
_DOUBLE = r'"((?:[^"\\]|\\.)*+)"'
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]{1,18}|[0-9]{1,18}(?:\.[0-9]{0,18})?)(?:[eE][-+]?[0-9]{1,2})?")
_OTHER_NUMBER = re.compile(r"[-+]?(?:[0-9]+|0[xo][0-9a-fA-F]+|\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))")
_BLOCK = re.compile(r"([|>])([1-9]?)([+-]?)([1-9]?)")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_ESCAPES = dict(zip("0abt\tnvfre", "\0\a\b\t\t\n\v\f\r\x1b", strict=True))
_ESCAPES |= {"N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029", " ": " ", '"': '"', "/": "/", "\\": "\\"}
_WORDS: dict[str, Any] = dict.fromkeys(("", "~", "null", "Null", "NULL"))
_WORDS |= dict.fromkeys(("true", "True", "TRUE"), True) | dict.fromkeys(("false", "False", "FALSE"), False)
_TOKEN = re.compile(
    rf"""\s*+(?:(?P<mark>[\[\]{{}},])|{_DOUBLE}|{_SINGLE}|(?P<colon>:(?=[\s\[\]{{}},]|\Z)|(?<=["']):)"""
    r"""|(?P<plain>(?![?-](?:\s|\Z))[^\s\[\]{},:#&*!|>'"%@`](?:[^\[\]{},:#\n]|:(?![\s\[\]{},]|\Z)|(?<!\s)\#)*+))""",
    re.DOTALL,
)
_CLOSES = {"[": "]", "{": "}"}

QUOTED = {"'": re.compile(_SINGLE), '"': re.compile(_DOUBLE, re.DOTALL)}


class BadYaml(ValueError):
    """The text is no YAML that is read here; the error says why, for people."""


def plain(text: str) -> Any:
    """A text without quotes as YAML 1.2 understands it: null, a truth value, a number, else itself."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _OTHER_NUMBER.fullmatch(text):
        raise BadYaml(f"the number {text[:40]}")
    return text


def unquoted(mark: str, text: str) -> str:
    """What stands between quotes of this kind, without what quotes need."""
    if mark == "'":
        return text.replace("''", "'")
    # Pairs of surrogates are one character; what is left of them is none.
    return _ESCAPE.sub(_unescaped, text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _unescaped(found: re.Match[str]) -> str:
    *digits, mark = found.groups()
    code = next(filter(None, digits), None)
    if code is None and mark not in _ESCAPES:
        raise BadYaml(f"the escape {found[0][:10]!r}")
    if code is not None and int(code, 16) > 0x10FFFF:
        raise BadYaml(f"the character {found[0][:10]!r}")
    return _ESCAPES[mark] if code is None else chr(int(code, 16))


def folded(lines: Sequence[str]) -> str:
    """Stripped lines of one text, joined as YAML does: an end of line is a space, an empty line one end."""
    found: list[str] = [lines[0]]
    breaks = 0
    for line, last in zip(lines[1:], range(len(lines) - 2, -1, -1), strict=True):
        if not line and last:
            breaks += 1
        else:
            found += ["\n" * breaks or " ", line]
            breaks = 0
    return "".join(found)


def joined(lines: Sequence[str]) -> str:
    """As `folded`, for text in double quotes: a backslash at a line's end takes the space away."""
    found: list[str] = []
    for line in lines:
        if found and _escaped(found[-1]):
            found[-1] = found[-1][:-1] + line
        else:
            found.append(line)
    return folded(found)


def _escaped(line: str) -> bool:
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def block(header: str, lines: Sequence[str], indent: int) -> str:
    """The text under `|` or `>`; `indent` is the column of what holds it."""
    found = _BLOCK.fullmatch(header)
    if found is None:
        raise BadYaml(f"the head {header[:40]!r} of a text")
    style, before, chomp, behind = found.groups()
    first = next((line for line in lines if line.strip()), "")
    margin = indent + int(before or behind) if before or behind else len(first) - len(first.lstrip(" "))
    if any(line[:margin].strip() for line in lines):
        raise BadYaml("a text whose lines stand further out than its first")
    inner = [line[margin:] for line in lines]
    text = "\n".join(inner) if style == "|" else _filled(inner)
    body = text.rstrip("\n")
    ends = len(inner) - len("\n".join(inner).rstrip("\n").split("\n")) + 1
    return body + {"-": "", "+": "\n" * ends, "": "\n" if body else ""}[chomp]


def _filled(lines: Sequence[str]) -> str:
    found: list[str] = []
    breaks, kept = 0, False  # whether the line before stands further in, and so by itself
    for line in lines:
        if not line:
            breaks += 1
            continue
        keep = line[0] in " \t"
        if found:
            found.append("\n" * (breaks + 1) if keep or kept else "\n" * breaks or " ")
        else:
            found.append("\n" * breaks)
        found.append(line)
        breaks, kept = 0, keep
    return "".join(found)


def balance(line: str) -> int:
    """How many brackets of a flow are opened in this line, less those that are closed."""
    bare = re.sub(rf"{_DOUBLE}|{_SINGLE}", "", line)
    return sum(bare.count(mark) for mark in "[{") - sum(bare.count(mark) for mark in "]}")


def flow(text: str) -> Any:
    """A list or mapping in brackets, as JSON or as YAML writes it."""
    try:
        return parse(text.encode("utf-8", "replace"))
    except BadJson:
        return _Flow(text).whole()


class _Flow:
    """What stands in brackets, token by token."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def whole(self) -> Any:
        value = self._value(0)
        if self._text[self._at :].strip():
            raise BadYaml("something behind a closing bracket")
        return value

    def _next(self) -> re.Match[str]:
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            raise BadYaml(f"{self._text[self._at :].strip()[:20]!r} in brackets")
        if (found[2] or found[3]) and "\n" in found[0].strip():
            raise BadYaml("a text in brackets that goes on in the next line")
        self._at = found.end()
        return found

    def _value(self, depth: int, token: re.Match[str] | None = None) -> Any:
        found = token or self._next()
        if found["plain"] is not None:
            return plain(found["plain"].strip())
        if found["mark"] in _CLOSES and depth < MAX_DEPTH:
            inside = self._list if found["mark"] == "[" else self._mapping
            return inside(depth + 1)
        if found["mark"] or found["colon"]:
            raise BadYaml(f"{found[0].strip()!r} where a value is expected, or nested too deep")
        return unquoted('"', found[2]) if found[2] is not None else unquoted("'", found[3] or "")

    def _list(self, depth: int) -> list[Any]:
        values: list[Any] = []
        while (found := self._next())["mark"] != "]":
            values.append(self._value(depth, found))
            if self._ends("]"):
                break
        return values

    def _mapping(self, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while (found := self._next())["mark"] != "}":
            key = found["plain"].strip() if found["plain"] is not None else self._value(depth, found)
            if not isinstance(key, str) or key in values or not self._next()["colon"]:
                raise BadYaml("a key in brackets that is none, or stands there twice")
            values[key] = self._value(depth)
            if self._ends("}"):
                break
        return values

    def _ends(self, mark: str) -> bool:
        found = self._next()["mark"]
        if found not in {",", mark}:
            raise BadYaml(f"no {mark} where one is expected")
        return found == mark
