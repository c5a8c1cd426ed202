"""A certificate as one HTML file: verdict, matrix, each scenario. It needs no script and fetches nothing."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from klingcontracts.verdict import FAIL, NOT_JUDGED, PASS, WARN
from klingmock.certificate import CHECKS, NEVER_CALLED, Certificate, Check, Played
from klingmock.certificate_text import told_advice, told_seen
from klingmock.html_parts import Html, element, items, join, table, words
from klingmock.scenario_html import CLASSES, LONGEST, LONGEST_NAME, SIGNS, many, section, sentence, sign
from klingmock.swimlane import legend

MOST_LINKS = 50  # of one check
STYLE = Path(__file__).with_name("certificate.css")


def html(certificate: Certificate) -> str:
    """The page, for a file in UTF-8."""
    # Not escaped: the style is ours, and its text is of no element that ends it.
    style = element("style", Html(STYLE.read_text(encoding="utf-8")))
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"{_headline(certificate)[1]}: {words(certificate.command, 100)}"),
        style,
    )
    body = element("body", _head(certificate), _main(certificate), _foot())
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _headline(certificate: Certificate) -> tuple[str, str]:
    """The verdict on the whole, and a sentence."""
    played, found = certificate.played, [one.verdict for one in certificate.played]
    silent = sum(one.ended == NEVER_CALLED for one in played)
    if not certificate.called:
        return NOT_JUDGED, "This client never called"
    if FAIL in found:
        return FAIL, f"This client fails {found.count(FAIL)} of {many(len(played), 'scenario')}"
    if WARN in found:
        return WARN, f"This client is warned in {found.count(WARN)} of {many(len(played), 'scenario')}"
    if silent:
        return NOT_JUDGED, f"This client never called in {silent} of {many(len(played), 'scenario')}"
    if NOT_JUDGED in found:
        unknown = found.count(NOT_JUDGED)
        return NOT_JUDGED, f"This client could not be judged in {unknown} of {many(len(played), 'scenario')}"
    return PASS, f"This client survives {many(len(played), 'scenario')}"


def _head(certificate: Certificate) -> Html:
    verdict, says = _headline(certificate)
    summary, played = certificate.summary, certificate.played
    counts = [
        (f"{summary['passed']}/{summary['scenarios']}", "scenarios passed"),
        (summary[FAIL], "failures"),
        (summary[WARN], "warnings"),
        (sum(one.charges for one in played), "jobs charged"),
        (f"{certificate.seconds:.1f} s", "for the whole run"),
    ]
    return element(
        "header",
        element("p", "Certification of a client", class_="kind"),
        element("h1", None if verdict == NOT_JUDGED else join(sign(verdict), " "), says),
        element("p", element("code", words(certificate.command, 1000)), class_="command"),
        element("p", f"It uses revision {certificate.revision}.") if certificate.revision else None,
        element("p", certificate.hint) if any(one.ended == NEVER_CALLED for one in played) else None,
        element(
            "ul", *(element("li", element("b", count), f" {what}") for count, what in counts), class_="counts"
        ),
        class_=f"head {CLASSES[verdict]}",
    )


def _main(certificate: Certificate) -> Html:
    sections = [section(one, f"s{nth}") for nth, one in enumerate(certificate.played, 1)]
    return element(
        "main",
        _wrong(certificate),
        element("h2", "Scenarios and checks"),
        element(
            "div", _matrix(certificate.played), class_="wide", role="region", tabindex=0, aria_label="Matrix"
        ),
        element("p", *_marks_told(), class_="quiet"),
        element("h2", "Each scenario"),
        legend(),
        *sections,
    )


def _wrong(certificate: Certificate) -> Html | None:
    """What the client did wrong, check by check, with the scenarios where it did."""
    found: dict[str, list[tuple[Played, Check, Html]]] = {}
    for nth, one in enumerate(certificate.played, 1):
        for check in one.blamed:
            link = element("a", words(one.name, LONGEST_NAME), href=f"#s{nth}-{check.id}")
            found.setdefault(check.id, []).append((one, check, link))
    in_order = sorted(
        found, key=lambda name: (found[name][0][1].verdict != FAIL, [*CHECKS, name].index(name))
    )
    told = [_advice(found[name]) for name in in_order]
    return join(element("h2", "What went wrong"), *told) if told else None


def _advice(found: Sequence[tuple[Played, Check, Html]]) -> Html:
    check = found[0][1]
    where = join(
        *(link for _, _, link in found[:MOST_LINKS]), "…" if len(found) > MOST_LINKS else None, by=", "
    )
    pairs = [(one, check) for one, check, _ in found]
    title = element("h3", sign(check.verdict), f" {check.id}")
    told = items(
        ("In", where),
        ("Seen", _lines(told_seen(pairs))),
        ("Expected", sentence(check.expected)),
        ("Advice", _lines(told_advice(pairs))),
    )
    return element("div", title, told, class_=f"check {CLASSES[check.verdict]}")


def _lines(told: Iterable[str]) -> Html:
    return join(*(words(one, LONGEST) for one in told), by=element("br"))


def _marks_told() -> list[object]:
    told = [(PASS, "kept, "), (FAIL, "broken, "), (WARN, "not as it should be, ")]
    pairs = [(element("span", sign(verdict), class_=CLASSES[verdict]), f" {says}") for verdict, says in told]
    return [*(part for pair in pairs for part in pair), f"{SIGNS[NOT_JUDGED]} nothing to judge it by"]


def _matrix(played: Sequence[Played]) -> Html:
    heads = [element("th", element("span", name), scope="col", title=says) for name, says in CHECKS.items()]
    rows = [_row(one, f"s{nth}") for nth, one in enumerate(played, 1)]
    names = ("Scenario", "Exit", "Seconds", "Charged")
    first = [element("th", name, scope="col", class_="plain") for name in names]
    return table(join(*first, *heads), rows, class_="matrix")


def _row(one: Played, name: str) -> Html:
    link = element("a", words(one.name, LONGEST_NAME), href=f"#{name}")
    head = element("th", sign(one.verdict), " ", link, scope="row", class_=CLASSES[one.verdict])
    paid_twice = one.charges > 1 and one.check("submits-once").blames
    told = ("–" if one.exit_code is None else one.exit_code, f"{one.seconds:.1f}", one.charges)
    classes = ("plain", "plain", "plain bad" if paid_twice else "plain")
    plain = [element("td", value, class_=class_) for value, class_ in zip(told, classes, strict=True)]
    return element("tr", head, *plain, *(_cell(one.check(check), name) for check in CHECKS))


def _cell(check: Check, name: str) -> Html:
    told = words(check.seen, LONGEST)
    shown = sign(check.verdict)
    inner = element("a", shown, href=f"#{name}-{check.id}") if check.blames else element("span", shown)
    title = f"{check.id}: {check.verdict}" + (f", {told}" if told else "")
    return element("td", inner, class_=CLASSES[check.verdict], title=title)


def _foot() -> Html:
    return element(
        "footer",
        element(
            "p",
            "Made by klingmock certify. Nothing was sent but to this machine, no model ran, "
            "prices are made up. Seconds count from the start of the program.",
        ),
    )
