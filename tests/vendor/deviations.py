"""DEVIATIONS: what may change about the vendor, one thing at a time."""

from collections.abc import Mapping

from vendor.asked import ASKED
from vendor.deviation import Deviation
from vendor.errors import ERRORS
from vendor.harmless import HARMLESS_ROWS
from vendor.lives import LIVES
from vendor.replies import REPLIES


def _table(*rows: Deviation) -> Mapping[str, Deviation]:
    table = {row.name: row for row in rows}
    twice = [row.name for row in rows if table[row.name] is not row]
    if twice:
        raise ValueError(f"names that two deviations have: {', '.join(twice)}")
    return table


DEVIATIONS = _table(*ASKED, *ERRORS, *REPLIES, *LIVES, *HARMLESS_ROWS)
