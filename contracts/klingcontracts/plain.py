"""Text of strangers, made fit for a line, a page or a file: what can't be printed is written out."""

from typing import Any

LONGEST = 300  # characters of one text in a table or an annotation


def one_line(text: str, most: int = LONGEST) -> str:
    """The text on one line: at most `most` characters of it, and each that can't be printed as its escape."""
    kept = text[:most]
    told = kept if kept.isprintable() else "".join(map(_shown, kept))
    return f"{told}…" if len(text) > most else told


def _shown(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()


def encodable(value: Any) -> Any:
    """JSON with a question mark for each lone surrogate: no file and no terminal takes those."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {encodable(name): encodable(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [encodable(inner) for inner in value]
    return value


def counted(number: int, noun: str) -> str:
    """A number and its noun: 1 error, 2 errors."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
