"""A table that fits the terminal: columns as wide as they need, the widest ones wrapped when they must be."""

import shutil
import textwrap
from collections.abc import Sequence, Set
from itertools import zip_longest

GAP = "  "
UNBOUNDED = 100_000
NARROWEST = 12  # characters that a column keeps, however narrow the terminal


def terminal_width() -> int:
    """Columns of the terminal, from COLUMNS where it is set; no bound where another program reads."""
    return shutil.get_terminal_size((UNBOUNDED, 24)).columns


def table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], width: int | None = None, whole: Sequence[str] = ()
) -> str:
    """Lines of aligned columns under their heads; cells that are too long are wrapped.

    The columns named by `whole` are not: they hold what is searched for, or copied.
    """
    widths = _fit([heads, *rows], width or terminal_width(), {heads.index(head) for head in whole})
    rule = _line(["-" * size for size in widths], widths)
    body = [line for row in rows for line in _wrapped(row, widths)]
    return "\n".join([*_wrapped(heads, widths), rule, *body])


def _wrapped(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    cells = [textwrap.wrap(cell, size) or [""] for cell, size in zip(row, widths, strict=True)]
    return [_line(part, widths) for part in zip_longest(*cells, fillvalue="")]


def _fit(rows: Sequence[Sequence[str]], width: int, whole: Set[int]) -> list[int]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    left = width - len(GAP) * (len(widths) - 1) - sum(widths[place] for place in whole)
    pliant = sorted((place for place in range(len(widths)) if place not in whole), key=widths.__getitem__)
    # A column that needs less than its share leaves the rest of it to those that need more.
    for nth, place in enumerate(pliant):
        share = left // (len(pliant) - nth)
        widths[place] = min(widths[place], max(share, NARROWEST))
        left -= widths[place]
    return [max(size, 1) for size in widths]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return GAP.join(cell.ljust(size) for cell, size in zip(cells, widths, strict=True)).rstrip()
