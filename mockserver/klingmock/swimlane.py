"""A picture of one scenario: its calls over time in lanes, with waits, faults, charges and the end."""

from collections.abc import Iterator
from itertools import pairwise

from klingmock.certificate import EXITED, Played
from klingmock.html_parts import Html, element, join, words
from klingmock.marks import OTHER, REFUSED
from klingmock.picture import LANE, LEFT, RADIUS, TOP, WIDTH, WORST, Picture
from klingmock.timeline import INSTANT

LETTER = 6.4  # how wide one of the small writing is
ENDS = {"right": "✓", "wrong": "✕", "plain": "•"}
# The checks that tell of the program's end: what it reports, and when.
OF_THE_END = frozenset(
    {"ends", "reports-failure", "reports-success", "gets-whole-file", "survives-transient"}
)
OF_THE_END |= {"tolerates-additions", "tolerates-unknown-status", "fetches-what-it-paid-for"}
_TITLES = {"program": "Program", "submit": "Submit", "poll": "Poll", "download": "Download"}
_TITLES |= {OTHER: "Other", "fault": "Fault", "charge": "Charge"}


def swimlane(played: Played, name: str) -> Html:
    """The picture as SVG; `name` is part of its ids, and has to be of this picture alone."""
    picture = Picture(played)
    drawn = (_lanes, _axis, _program, _lasting, _waits, _faults, _charges, _spots)
    return element(
        "svg",
        element("title", f"The calls of {played.name} over time", id=f"{name}-title"),
        element("desc", _described(picture), id=f"{name}-desc"),
        *(part for draw in drawn for part in draw(picture)),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH:g} {picture.height:g}",
        class_="swimlane",
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
    )


def _described(picture: Picture) -> str:
    played = picture.played
    calls = "; ".join(spot.says for spot in picture.spots) or "no call"
    return (
        f"{words(calls, 600)}. Jobs charged: {played.charges}. {ending(played)} after {played.seconds:.1f} s."
    )


def ending(played: Played) -> str:
    """How the program came to its end."""
    if played.exit_code is None:
        return "ended by us"
    return f"exit {played.exit_code}"


def end_of(played: Played) -> str:
    """Whether the program's end was "right", or "wrong" by some check; "plain" when none says so."""
    if played.ended != EXITED or OF_THE_END & {check.id for check in played.blamed}:
        return "wrong"
    said = "success" if played.exit_code == 0 else "failure"
    return "right" if played.good in {said, "either"} else "plain"


def _round(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _write(x: float, y: float, told: object, class_: str = "", anchor: str = "middle") -> Html:
    return element("text", told, x=_round(x), y=_round(y), class_=class_ or None, text_anchor=anchor)


def _line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Html:
    return element("line", x1=_round(x1), y1=_round(y1), x2=_round(x2), y2=_round(y2), class_=class_)


def _box(x: float, y: float, width: float, height: float, class_: str, rx: float = 0.0) -> Html:
    told = {"x": x, "y": y, "width": max(0.0, width), "height": height, "rx": rx}
    return element("rect", **{name: _round(value) for name, value in told.items()}, class_=class_)


def _circle(x: float, y: float, r: float, class_: str) -> Html:
    return element("circle", cx=_round(x), cy=_round(y), r=_round(r), class_=class_)


def _lanes(picture: Picture) -> Iterator[Html]:
    for nth, lane in enumerate(picture.lanes):
        class_ = "lane odd" if nth % 2 else "lane"
        yield _box(0, TOP + nth * LANE, WIDTH, LANE, class_)
        yield _write(12, picture.middle(lane) + 4, _TITLES[lane], "name", "start")


def _axis(picture: Picture) -> Iterator[Html]:
    bottom = TOP + LANE * len(picture.lanes)
    for seconds, place in picture.line.ticks():
        yield _line(LEFT + place, TOP, LEFT + place, bottom, "grid")
        yield _write(LEFT + place, bottom + 18, f"{seconds:g} s", "small")
    for gap in picture.line.gaps:
        left, middle = LEFT + gap.begins, LEFT + (gap.begins + gap.ends) / 2
        yield _box(left, TOP, gap.ends - gap.begins, bottom - TOP, "gap")
        yield _write(middle, bottom + 18, f"⋯ {_seconds(gap.seconds)} ⋯", "small")


def _seconds(value: float) -> str:
    return f"{value:.1f} s" if value < 10 else f"{value:.0f} s"


def _program(picture: Picture) -> Iterator[Html]:
    y, played = picture.middle("program"), picture.played
    class_ = end_of(played)
    yield _box(LEFT, y - 3, picture.end - LEFT, 6, "life", 3)
    yield _circle(LEFT, y, 4, "begin")
    yield _circle(picture.end, y, RADIUS, f"exit {class_}")
    yield _write(picture.end, y + 4, ENDS[class_], "inside")
    yield _write(picture.end + RADIUS + 5, y + 4, ending(played), f"ending {class_}", "start")


def _lasting(picture: Picture) -> Iterator[Html]:
    """Replies that took their time."""
    for mark, begins, ends in zip(picture.marks, picture.places, picture.ends, strict=False):
        if mark.lasted > INSTANT:
            yield _box(begins, picture.middle(mark.lane) - 5, ends - begins, 10, f"lasting {mark.look}", 5)


def _waits(picture: Picture) -> Iterator[Html]:
    """Between two calls of one lane, with their seconds where there is room."""
    for earlier, later in pairwise(picture.spots):
        begins, ends = earlier.right + earlier.pad, later.left - later.pad
        if earlier.lane != later.lane or ends <= begins:
            continue
        y = picture.middle(later.lane)
        yield _line(begins, y, ends, y, "wait")
        told = _seconds(later.marks[0].at - earlier.marks[-1].at)
        if ends - begins > len(told) * LETTER + 4:
            yield _write((begins + ends) / 2, y - 5, told, "small")


def _spots(picture: Picture) -> Iterator[Html]:
    worst_last = sorted(picture.spots, key=lambda spot: WORST.index(spot.look), reverse=True)
    for spot in worst_last:
        x, y = spot.left - spot.pad, picture.middle(spot.lane)
        width = spot.right - spot.left + 2 * spot.pad
        shape = 2.0 if spot.look == REFUSED else spot.pad
        gap = min(3.0, spot.pad / 2)
        parts = (
            element("title", spot.says),
            _around(x, y, width, gap, shape) if spot.is_blamed else None,
            _around(x, y, width, 0, shape, "body"),
            _write(x + width / 2, y + 4, spot.name, "inside")
            if len(spot.name) * LETTER < width + 4
            else None,
        )
        yield element("g", *parts, class_=f"spot {spot.look}")


def _around(x: float, y: float, width: float, gap: float, shape: float, class_: str = "ring") -> Html:
    return _box(x - gap, y - RADIUS - gap, width + 2 * gap, 2 * (RADIUS + gap), class_, shape + gap)


def _faults(picture: Picture) -> Iterator[Html]:
    """Each fault below the call that met it, with its word as far as there is room."""
    y = picture.middle("fault")
    met = sorted((spot for spot in picture.spots if spot.faults), key=lambda spot: spot.left)
    bounds = [*(spot.left for spot in met[1:]), WIDTH]
    for spot, bound in zip(met, bounds, strict=False):
        x = spot.left
        word = spot.faults[0].partition(": ")[2] + ("" if len(spot.faults) == 1 else " …")
        room = int((bound - x - 14) / LETTER)
        yield _line(x, picture.middle(spot.lane) + RADIUS, x, y - 7, "guide faulty")
        bolt = element("path", d=f"M{_round(x)} {_round(y - 7)}l7 12h-14z", class_="fault")
        yield element("g", element("title", ", ".join(spot.faults)), bolt)
        if room > 2:
            yield _write(x + 10, y + 4, words(word, room), "small faulty", "start")


def _charges(picture: Picture) -> Iterator[Html]:
    """Each job that was accepted, the second one and all others in red unless it was right to pay again."""
    y, charged = picture.middle("charge"), picture.played.charged
    places = [picture.place_of(charge.number) for charge in charged]
    bounds = [*places[1:], WIDTH]
    for nth, (charge, x, bound) in enumerate(zip(charged, places, bounds, strict=False)):
        again = nth > 0 and picture.played.check("submits-once").blames
        class_ = "charge again" if again else "charge"
        told = f"${charge.dollars}" + (" again" if again else "")
        yield _line(x, picture.middle("submit") + RADIUS, x, y - RADIUS, f"guide {class_}")
        title = element("title", f"{told}: {charge.task_id}, in exchange {charge.number}")
        yield element("g", title, _circle(x, y, RADIUS, class_), _write(x, y + 4, "$", "inside"))
        if bound - x > len(told) * LETTER + 2 * RADIUS + 8:
            yield _write(x + RADIUS + 4, y + 4, told, f"small {class_}", "start")


def legend() -> Html:
    """What the marks of the pictures mean, for once."""
    keys = (
        ("good", "answered"),
        ("refused", "answered with an error"),
        ("lost", "no whole answer"),
        ("lasting", "an answer that takes its time"),
        ("ring", "named by a check that failed"),
        ("fault", "something goes wrong, on purpose"),
        ("charge", "a job is accepted and charged"),
        ("charge again", "charged again"),
    )
    return element("ul", *(element("li", _key(class_), says) for class_, says in keys), class_="legend")


def _key(class_: str) -> Html:
    x = y = RADIUS + 4
    shape = 2.0 if class_ == REFUSED else RADIUS
    box = _box(x - RADIUS, y - RADIUS, 2 * RADIUS, 2 * RADIUS, "body", shape)
    ring = _box(1, 1, 2 * x - 2, 2 * y - 2, "ring", RADIUS + 3)
    triangle = element("path", d=f"M{x:g} {y - 7:g}l7 12h-14z", class_="fault")
    money = join(_circle(x, y, RADIUS, class_), _write(x, y + 4, "$", "inside"))
    lasting = _box(0, y - 5, 2 * x, 10, "lasting", 5)
    drawn = {"lasting": lasting, "fault": triangle, "ring": join(ring, element("g", box, class_="spot good"))}
    inner = drawn.get(
        class_, money if class_.startswith("charge") else element("g", box, class_=f"spot {class_}")
    )
    return element("svg", inner, viewBox=f"0 0 {2 * x:g} {2 * y:g}", class_="key", aria_hidden="true")
