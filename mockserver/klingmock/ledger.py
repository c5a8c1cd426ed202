"""What a job costs and what is left. Whole ten-thousandths of a US dollar: money is not counted in floats."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from klingcontracts.problem import Problem, unknown

UNITS = 10_000  # to the dollar: the vendor shows four decimals (T1, C4)
_AMOUNT = re.compile(r"(\d{1,12})(?:\.(\d{1,4}))?", re.ASCII)

CHARGED = "charged"  # the store's counter of what a key has spent


def units(dollars: str) -> int:
    """Ten-thousandths of a dollar from a decimal in a string; Problem when it is none."""
    amount = _AMOUNT.fullmatch(dollars)
    if amount is None:
        raise Problem(f"{dollars!r} is not an amount of money.", "Give US dollars, as in 12.5000.")
    return int(amount[1]) * UNITS + int((amount[2] or "").ljust(4, "0"))


def dollars(amount: int) -> str:
    """The amount as the vendor writes it: four decimals."""
    return f"{amount // UNITS}.{amount % UNITS:04d}"


def price(text: str) -> tuple[str, int]:
    """One price that a user gives, as in pro-10=0.5: its name, and ten-thousandths of a dollar."""
    name, _, amount = text.partition("=")
    if not name:
        raise Problem(f"{text!r} is no price.", "Give MODE-SECONDS=DOLLARS, as in pro-10=0.5.")
    return name, units(amount)


def prices(document: Mapping[str, Any], own: Iterable[str] = ()) -> dict[tuple[str, int], int]:
    """The price of each mode and length of clip, `own` ones in place of the document's.

    The document's are synthetic: none is documented. Problem for an own one of a job that there is not.
    """
    table = _table(document)
    by_name = {f"{mode}-{seconds}": (mode, seconds) for mode, seconds in table}
    for name, amount in map(price, own):
        if name not in by_name:
            raise unknown("Price", name, by_name, "Give MODE-SECONDS=DOLLARS, as in pro-10=0.5.")
        table[by_name[name]] = amount
    return table


def _table(document: Mapping[str, Any]) -> dict[tuple[str, int], int]:
    table = document.get("x-price", {})
    return {
        (mode, int(seconds)): units(amount)
        for mode, row in table.items()
        if isinstance(row, Mapping)
        for seconds, amount in row.items()
    }
