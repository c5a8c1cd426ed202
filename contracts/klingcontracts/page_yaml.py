"""The YAML in which tools write OpenAPI and recordings: block mappings and lists, texts and numbers of 1.2.

What is beyond that (other tags than !!binary, complex and merge keys, streams) is told of, not guessed at.
"""

import re
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

from klingcontracts.page_scalars import QUOTED, BadYaml, balance, block, flow, folded, joined, plain, unquoted
from klingcontracts.strictjson import MAX_DEPTH

MOST_NODES = 100_000  # of all that a text describes, each alias counted with what it stands for

_COLON = re.compile(r":(?=\s|$)")
_ANCHOR = re.compile(r"&([^\s\[\]{},]+)(?:\s+|$)")
_BINARY = re.compile(r"!!binary(?:\s+|$)")
_ALIAS = re.compile(r"\*([^\s\[\]{},]+)")
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*")
_NOT_PLAIN = frozenset("[]{}#&*!|>'\"%@`,")


def load_yaml(text: str, *, binary: bool = False) -> Any:
    """The value that a YAML text describes: as JSON, with texts for keys. Raises BadYaml.

    With `binary`, what is tagged !!binary comes as bytes; without it, the tag is refused as any other.
    """
    reader = _Reader(text.split("\n"), binary)
    try:
        value = reader.document()
    except BadYaml as error:
        raise BadYaml(f"line {reader.line}: {error}") from error
    _bound(value)
    return value


def _bound(value: Any) -> None:
    ahead, count = [(value, 1)], 0
    while ahead:
        node, depth = ahead.pop()
        count += 1
        if depth > MAX_DEPTH:
            raise BadYaml(f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(node, (dict, list)):
            inner = node.values() if isinstance(node, dict) else node
            ahead += [(one, depth + 1) for one in inner]
        if len(ahead) + count > MOST_NODES:
            raise BadYaml(f"more than {MOST_NODES} values")


class _Reader:
    """The lines, the place in them, and what was given a name."""

    def __init__(self, lines: list[str], binary: bool) -> None:
        self._lines = lines
        self._binary = binary
        self._at = 0
        self._anchors: dict[str, Any] = {}

    def document(self) -> Any:
        if self._next() and self._lines[self._at].rstrip() == "---":
            self._at += 1
        value = self._block(0, 0) if self._next() else None
        if self._next():
            raise BadYaml("what follows stands outside")
        return value

    @property
    def line(self) -> int:
        """The line that was reached, from 1."""
        return min(self._at + 1, len(self._lines))

    def _next(self) -> bool:
        """Go to the next line that says something; False at the end."""
        while self._at < len(self._lines):
            text = self._lines[self._at].strip()
            if text and not text.startswith("#"):
                return True
            self._at += 1
        return False

    def _here(self) -> tuple[int, str]:
        line = self._lines[self._at]
        text = line.lstrip(" ")
        if text.startswith("\t"):
            raise BadYaml("a tab in front")
        return len(line) - len(text), text.rstrip()

    def _block(self, least: int, depth: int) -> Any:
        """The value that begins in this line, at this column or behind it."""
        indent, text = self._here()
        if indent < least:
            return None
        if depth > MAX_DEPTH:
            raise BadYaml(f"nested deeper than {MAX_DEPTH} levels")
        if _is_item(text):
            return self._list(indent, depth)
        if self._key(text) is not None:
            return self._mapping(indent, depth)
        self._at += 1
        return self._inline(text, least - 1)

    def _list(self, indent: int, depth: int) -> list[Any]:
        found: list[Any] = []
        while self._next() and self._here()[0] == indent and _is_item(self._here()[1]):
            rest = self._here()[1][1:].lstrip(" ")
            column = len(self._lines[self._at].rstrip()) - len(rest)
            found.append(self._item(rest, indent, column, depth))
        return found

    def _item(self, rest: str, indent: int, column: int, depth: int) -> Any:
        if rest and (_is_item(rest) or self._key(rest) is not None):
            self._lines[self._at] = " " * column + rest  # as if it stood in a line of its own
            return self._block(column, depth + 1)
        self._at += 1
        return self._value(rest, indent, depth)

    def _mapping(self, indent: int, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self._next() and self._here()[0] == indent:
            split = self._key(self._here()[1])
            if split is None:
                raise BadYaml("no key where one is expected")
            key, rest = split
            if key in found or key == "<<":
                raise BadYaml(f"the key {key[:40]!r} twice" if key in found else "a merge key")
            self._at += 1
            found[key] = self._value(rest, indent, depth, of_key=True)
        return found

    def _key(self, text: str) -> tuple[str, str] | None:
        """The key and the rest of a line; None when it has no key."""
        quoted = QUOTED[text[0]].match(text) if text[0] in QUOTED else None
        if quoted:
            rest = text[quoted.end() :].lstrip()
            return (unquoted(text[0], quoted[1]), rest[1:].strip()) if _COLON.match(rest) else None
        colon = _COLON.search(text)
        if colon is None or text[0] in _NOT_PLAIN or _COMMENT.search(text, 0, colon.start()):
            return None
        if text[0] == "?" and text[1:2].strip() == "":
            raise BadYaml("a key of more than one line")
        return text[: colon.start()].rstrip(), text[colon.end() :].strip()

    def _value(self, rest: str, indent: int, depth: int, of_key: bool = False) -> Any:
        """What stands behind a key or a dash: in its line, or in those that follow."""
        anchor = _ANCHOR.match(rest)
        if anchor:
            value = self._anchors[anchor[1]] = self._value(rest[anchor.end() :], indent, depth, of_key)
            return value
        tag = _BINARY.match(rest) if self._binary else None
        if tag:
            return _bytes(self._value(rest[tag.end() :], indent, depth, of_key))
        if _COMMENT.sub("", rest).strip():
            return self._inline(rest, indent)
        if not self._next():
            return None
        # A key's list may stand in the key's own column.
        listed = of_key and self._here()[0] == indent and _is_item(self._here()[1])
        return self._block(indent if listed else indent + 1, depth + 1)

    def _inline(self, text: str, indent: int) -> Any:
        alias = _ALIAS.fullmatch(_COMMENT.sub("", text).strip())
        if alias:
            if alias[1] not in self._anchors:
                raise BadYaml(f"the name {alias[1][:40]!r} stands for nothing")
            return self._anchors[alias[1]]
        if text[0] in "|>":
            return self._text(text, indent)
        if text[0] in "'\"":
            return self._quoted(text, indent)
        if text[0] in "[{":
            return self._flow(text, indent)
        if text[0] in _NOT_PLAIN:
            raise BadYaml(f"a value that begins with {text[0]}")
        return self._plain(text, indent)

    def _more(self, indent: int) -> Iterator[str]:
        """The lines of a value that goes on: those further in than this column, and empty ones between."""
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if line.strip() and len(line) - len(line.lstrip(" ")) <= indent:
                return
            self._at += 1
            yield line

    def _plain(self, text: str, indent: int) -> Any:
        lines = [_COMMENT.sub("", text).strip()]
        if lines[0] == text:
            lines += [_COMMENT.sub("", line).strip() for line in self._more(indent)]
        if any(map(_COLON.search, lines)):
            raise BadYaml("a key within a text")
        while not lines[-1]:
            lines.pop()
        return plain(folded(lines))

    def _quoted(self, text: str, indent: int) -> str:
        mark, pattern = text[0], QUOTED[text[0]]
        lines, more = [text[1:]], self._more(indent)
        # A line ends the text when it would end one that begins with it.
        while (found := pattern.match(mark + lines[-1])) is None:
            line = next(more, None)
            if line is None:
                raise BadYaml("a text in quotes has no end")
            lines.append(line.strip())
        if _COMMENT.sub("", (mark + lines[-1])[found.end() :]).strip():
            raise BadYaml("something behind a text in quotes")
        lines[-1] = found[1]
        return unquoted(mark, (joined if mark == '"' else folded)(lines))

    def _text(self, text: str, indent: int) -> str:
        return block(_COMMENT.sub("", text).strip(), list(self._more(indent)), indent)

    def _flow(self, text: str, indent: int) -> Any:
        lines, more = [_COMMENT.sub("", text).strip()], self._more(indent)
        depth = balance(lines[0])
        while depth > 0:
            line = next(more, None)
            if line is None:
                raise BadYaml("a bracket is not closed")
            lines.append(_COMMENT.sub("", line).strip())
            depth += balance(lines[-1])
        return flow("\n".join(lines))


def _bytes(value: Any) -> bytes:
    try:
        return b64decode("".join(value.split()), validate=True)
    except (AttributeError, ValueError) as error:
        raise BadYaml("something that is no Base64 under !!binary") from error


def _is_item(text: str) -> bool:
    return text == "-" or text.startswith("- ")
