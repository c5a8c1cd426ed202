"""One scenario of a certificate as HTML: what happens, what was wrong, the picture, each call, the output."""

from collections.abc import Container, Sequence

from klingcontracts.exchange import Call
from klingcontracts.verdict import FAIL, NOT_JUDGED, PASS, WARN
from klingmock.certificate import CHECKS, NEVER_CALLED, TIMED_OUT, Check, Played
from klingmock.html_parts import Html, element, items, join, table, words
from klingmock.marks import Mark, marks
from klingmock.swimlane import ending, swimlane

SIGNS = {PASS: "✓", FAIL: "✕", WARN: "▲", NOT_JUDGED: "·"}
CLASSES = {PASS: "pass", FAIL: "fail", WARN: "warn", NOT_JUDGED: "none"}
# The whole of a hostile client's run stays a page that a browser can show.
MOST_CALLS = 200  # of one scenario, half of them the first
MOST_NUMBERS = 12  # of exchanges that a check names
MOST_OUTPUT = 20_000  # characters, the last ones
LONGEST_NAME = 60  # characters
LONGEST = 300  # characters of one line of something that somebody made up
ENDINGS = {TIMED_OUT: "ended by us, as it ran for too long", NEVER_CALLED: "never called us"}
GOOD = {
    "success": "success (exit 0)",
    "failure": "a failure (another exit code)",
    "either": "one or the other",
}


def many(count: int, what: str) -> str:
    """So many of something, in words."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def sentence(says: str) -> str:
    """A sentence of a table as one of a text."""
    return f"{says[:1].upper()}{says[1:]}" + ("" if says.endswith(".") else ".")


def sign(verdict: str) -> Html:
    """A verdict, by its sign for those who see and by its word for those who hear."""
    shown = element("span", SIGNS[verdict], aria_hidden="true")
    return element("span", shown, element("span", verdict, class_="unseen"), class_="sign")


def section(one: Played, name: str) -> Html:
    """The scenario; `name` is its id, and what all other ids in it begin with."""
    title = element("h3", sign(one.verdict), " ", words(one.name, LONGEST_NAME))
    told = marks(one)
    shown = {mark.number for mark in _shown(told)}
    picture = element(
        "div", swimlane(one, name), class_="scroll", role="region", tabindex=0, aria_label="Calls over time"
    )
    parts = (
        title,
        element("p", sentence(one.says)),
        _facts(one),
        *(_blamed(check, name, shown) for check in one.blamed),
        element("figure", picture) if told else None,
        _calls(one, told, name) if told else None,
        _every(one),
        _output(one),
    )
    return element("section", *parts, id=name, class_=f"scenario {CLASSES[one.verdict]}")


def _facts(one: Played) -> Html:
    came = ENDINGS.get(one.ended, ending(one))
    charged = f"{many(one.charges, 'job')}, ${one.dollars}" if one.charges else "nothing"
    untried = [fault.text for fault in one.faults if not fault.fired and one.ended != NEVER_CALLED]
    return items(
        ("Script", element("code", one.script) if one.script else None),
        ("A good client reports", GOOD.get(one.good, one.good)),
        ("This one", f"{came} after {one.seconds:.1f} s"),
        ("Charged", charged),
        ("Not tried, for want of a call", ", ".join(untried)),
    )


def _blamed(check: Check, name: str, shown: Container[int]) -> Html:
    """What the client did wrong."""
    told = items(
        ("Seen", join(words(check.seen, LONGEST), _numbers(check, name, shown))),
        ("Expected", sentence(check.expected)),
        ("Advice", check.advice),
    )
    title = element("h4", sign(check.verdict), f" {check.id}")
    return element("div", title, told, class_=f"check {CLASSES[check.verdict]}", id=f"{name}-{check.id}")


def _numbers(check: Check, name: str, shown: Container[int]) -> Html | None:
    """The exchanges that a check names, as links to their rows where these are shown."""
    if not check.exchanges:
        return None
    links = [
        element("a", number, href=f"#{name}-e{number}") if number in shown else number
        for number in check.exchanges[:MOST_NUMBERS]
    ]
    more = "…" if len(check.exchanges) > MOST_NUMBERS else None
    what = "exchange" if len(check.exchanges) == 1 else "exchanges"
    return join(f" ({what} ", join(*links, more, by=", "), ")")


def _calls(one: Played, told: Sequence[Mark], name: str) -> Html:
    heads = ("No.", "Seconds", "Call", "Answer", "What it says", "Fault")
    calls = {entry.exchange.number: entry.exchange.call for entry in one.entries}
    rows = [_call(mark, calls[mark.number], name) for mark in _shown(told)]
    if len(told) > len(rows):
        left_out = element("td", f"{len(told) - len(rows)} are left out here.", colspan=len(heads))
        rows.insert(MOST_CALLS // 2, element("tr", left_out))
    head = join(*(element("th", title, scope="col") for title in heads))
    summary = element("summary", many(len(told), "exchange"))
    return element("details", summary, element("div", table(head, rows, class_="calls"), class_="scroll"))


def _shown(told: Sequence[Mark]) -> Sequence[Mark]:
    """The exchanges that have a row."""
    half = MOST_CALLS // 2
    return told if len(told) <= MOST_CALLS else [*told[:half], *told[-half:]]


def _call(mark: Mark, call: Call, name: str) -> Html:
    faults = join(*(element("code", fault) for fault in mark.faults), by=" ")
    asked = element("code", words(f"{call.method} {call.path}", 120))
    cells = (mark.number, f"{mark.at:.2f}", asked, mark.status, mark.told, faults)
    return element(
        "tr",
        *(element("td", cell) for cell in cells),
        id=f"{name}-e{mark.number}",
        class_="blamed" if mark.is_blamed else None,
    )


def _every(one: Played) -> Html:
    """What each check says, the silent ones too."""
    heads = join(*(element("th", title, scope="col") for title in ("Check", "Verdict", "What was seen")))
    rows = [
        element(
            "tr",
            element("th", check.id, scope="row", title=CHECKS[check.id]),
            element("td", sign(check.verdict), f" {check.verdict}", class_=CLASSES[check.verdict]),
            element("td", words(check.seen, LONGEST)),
        )
        for check in map(one.check, CHECKS)
    ]
    return element(
        "details", element("summary", "All checks"), element("div", table(heads, rows), class_="scroll")
    )


def _output(one: Played) -> Html | None:
    if not one.output.strip():
        return None
    summary = element("summary", "What it printed")
    return element("details", summary, element("pre", one.output[-MOST_OUTPUT:]))
