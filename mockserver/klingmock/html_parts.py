"""The one place where HTML and SVG are put together: whatever is not Html already is escaped."""

import re
from html import escape
from typing import Any

# What no document may hold: control characters, halves of a pair, and two that are no characters.
_BARRED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
# What turns the direction of a text, so that it reads otherwise than it is.
_TURNS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_EMPTY = frozenset({"meta", "br"})  # elements of HTML that have no end


class Html(str):
    """A piece of a document: text that was escaped, or elements."""

    __slots__ = ()


def text(value: object) -> Html:
    """Anything as text of a document; what is Html stays as it is."""
    if isinstance(value, Html):
        return value
    told = str(value)
    if not told.isprintable():
        told = _TURNS.sub("", _BARRED.sub("\N{REPLACEMENT CHARACTER}", told))
    return Html(escape(told, quote=True))


def join(*parts: object, by: str = "") -> Html:
    """The parts, one behind the other; None is left out."""
    return Html(text(by).join(text(part) for part in parts if part is not None))


def element(name: str, /, *parts: object, **attributes: Any) -> Html:
    """An element. Of an attribute's name a trailing _ falls away, and any other becomes a hyphen.

    An attribute that is None or False is left out, True stands without a value.
    """
    told = "".join(_attribute(name, value) for name, value in attributes.items())
    end = "" if name in _EMPTY else f"</{name}>"
    return Html(f"<{name}{told}>{join(*parts)}{end}")


def _attribute(name: str, value: object) -> str:
    if value is None or value is False:
        return ""
    written = name.rstrip("_").replace("_", "-")
    return f' {written}=""' if value is True else f' {written}="{text(value)}"'


def words(value: str, longest: int) -> str:
    """The text, cut where it is longer than so many characters."""
    return value if len(value) <= longest else f"{value[: longest - 1]}…"


def table(heads: Html, rows: list[Html], **attributes: Any) -> Html:
    """A table with one row of heads."""
    return element("table", element("thead", element("tr", heads)), element("tbody", *rows), **attributes)


def items(*pairs: tuple[object, object]) -> Html:
    """A list of names and what they stand for; a pair without the second is left out."""
    told = [pair for pair in pairs if pair[1] not in {None, ""}]
    return element("dl", *(element("div", element("dt", name), element("dd", value)) for name, value in told))
