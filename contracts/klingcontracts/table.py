"""A table that fits the terminal: columns as wide as they need, the widest ones wrapped when they must be."""

import shutil
import textwrap
from collections.abc import Sequence
from itertools import zip_longest

GAP = "  "
UNBOUNDED = 100_000
NARROWEST = 12  # characters that a column keeps, however narrow the terminal


def terminal_width() -> int:
    """Columns of the terminal, from COLUMNS where it is set; no bound where another program reads."""
    return shutil.get_terminal_size((UNBOUNDED, 24)).columns


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], width: int | None = None) -> str:
    """Lines of aligned columns under their heads; cells that are too long are wrapped."""
    widths = _fit([heads, *rows], width or terminal_width())
    rule = _line(["-" * size for size in widths], widths)
    body = [line for row in rows for line in _wrapped(row, widths)]
    return "\n".join([*_wrapped(heads, widths), rule, *body])


def _wrapped(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    cells = [textwrap.wrap(cell, size) or [""] for cell, size in zip(row, widths, strict=True)]
    return [_line(part, widths) for part in zip_longest(*cells, fillvalue="")]


def _fit(rows: Sequence[Sequence[str]], width: int) -> list[int]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    room = width - len(GAP) * (len(widths) - 1)
    while sum(widths) > room and max(widths) > NARROWEST:
        widest = widths.index(max(widths))
        second = max([NARROWEST, *(size for size in widths if size != widths[widest])])
        widths[widest] -= max(1, min(widths[widest] - second, sum(widths) - room))
    return [max(size, 1) for size in widths]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return GAP.join(cell.ljust(size) for cell, size in zip(cells, widths, strict=True)).rstrip()
