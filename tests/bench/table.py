"""The findings as Markdown."""

from collections.abc import Mapping, Sequence
from statistics import median

from bench.rounds import Costs, Work
from bench.stored import Stored

NOTHING = "-"
COST_HEAD = (
    "CPU per request",
    "ours, us",
    "bare ASGI, us",
    "ratio",
    "hand-written, us",
    "ratio",
    "ours, requests/s",
    "goal",
    "met",
)
OTHER_HEAD = ("measurement", "ours", "hand-written", "compared with", "ratio", "goal", "met")


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay out a table: names to the left, numbers to the right."""
    marks = ["---", *["--:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, marks, *rows))


def cost_row(work: Work, costs: Mapping[str, Costs]) -> list[str]:
    """The row of one kind of request."""
    ours, bare, hand = (costs.get(name) for name in ("ours", "bare", "hand-written"))
    to_bare = ours.times(bare) if ours and bare else None
    to_hand = ours.times(hand) if ours and hand else None
    goals = [(to_bare, work.bare_goal, "bare"), (to_hand, work.hand_goal, "hand-written")]
    rate = f"{median(ours.rates):,.0f}" if ours else NOTHING
    spent = [_plain(cost.microseconds if cost else None) for cost in (ours, bare, hand)]
    numbers = [spent[0], spent[1], _times(to_bare), spent[2], _times(to_hand), rate]
    return [work.title, *numbers, *_verdict(goals)]


def start_row(starts: Mapping[str, float]) -> list[str]:
    """The row of the cold start."""
    ours, starlette = starts.get("ours"), starts.get("bare Starlette")
    ratio = _ratio(ours, starlette)
    numbers = [_plain(ours), _plain(starts.get("hand-written")), f"bare Starlette: {_plain(starlette)}"]
    return ["cold start to the first 200, ms", *numbers, _times(ratio), *_verdict([(ratio, 1.3, "it")])]


def stored_rows(found: Mapping[tuple[str, int], Stored], sizes: Sequence[int]) -> list[list[str]]:
    """The rows of latency and memory."""
    latencies = [_latency_row(found, kind, size, sizes) for kind in ("submit", "poll") for size in sizes]
    each, hand = (_bytes_each(found.get((name, sizes[-1]))) for name in ("ours", "hand-written"))
    title = f"bytes a stored task, of {sizes[-1]:,}"
    met = NOTHING if each is None else _yes(each <= 700)
    return [*latencies, [title, _plain(each), _plain(hand), "", "", "at most 700", met]]


def _latency_row(
    found: Mapping[tuple[str, int], Stored], kind: str, size: int, sizes: Sequence[int]
) -> list[str]:
    ours, hand, few = (
        _middle_and_slow(found.get(key), kind)
        for key in (("ours", size), ("hand-written", size), ("ours", sizes[0]))
    )
    title = f"{kind}, {size:,} stored: latency, us (99th of 100)"
    row = [title, _pair(ours), _pair(hand)]
    if size == sizes[0]:
        return [*row, "", "", "", ""]
    ratio = _ratio(ours and ours[0], few and few[0])
    goals = [(ratio, 1.1 if size == sizes[-1] else None, "it")]
    return [*row, f"ours with {sizes[0]}", _times(ratio), *_verdict(goals)]


def _middle_and_slow(stored: Stored | None, kind: str) -> tuple[float, float] | None:
    if stored is None:
        return None
    latency = stored.submit if kind == "submit" else stored.poll
    return latency.middle, latency.slow


def _verdict(goals: Sequence[tuple[float | None, float | None, str]]) -> list[str]:
    asked = [(ratio, most, beside) for ratio, most, beside in goals if most is not None]
    text = ", ".join(f"at most {most}x {beside}" for _, most, beside in asked)
    known = [ratio <= most for ratio, most, _ in asked if ratio is not None]
    return [text, _yes(all(known)) if known else NOTHING if asked else ""]


def _bytes_each(stored: Stored | None) -> float | None:
    return stored.bytes_each if stored else None


def _ratio(one: float | None, other: float | None) -> float | None:
    return one / other if one is not None and other else None


def _plain(number: float | None) -> str:
    return NOTHING if number is None else f"{number:,.1f}" if number < 100 else f"{number:,.0f}"


def _pair(pair: tuple[float, float] | None) -> str:
    return f"{pair[0]:.0f} ({pair[1]:.0f})" if pair else NOTHING


def _times(ratio: float | None) -> str:
    return NOTHING if ratio is None else f"{ratio:.2f}x"


def _yes(met: bool) -> str:
    return "yes" if met else "no"
