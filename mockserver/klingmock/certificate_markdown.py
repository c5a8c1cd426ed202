"""A certificate as Markdown, as for the summary of a pull request."""

from collections.abc import Iterator

from klingmock.certificate import NEVER_CALLED, Certificate, Played
from klingmock.certificate_text import told_counts, told_exchanges, told_exit

_SPECIAL = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_{}[]<>#|~"})


def markdown(certificate: Certificate) -> str:
    """The report: how many, a table of the scenarios, and what the client did wrong."""
    uses = certificate.revision or "none: it submitted nothing"
    head = [
        f"## klingmock certify: {_plain(certificate.command)}",
        "",
        f"Revision {_plain(uses)}. {told_counts(certificate)}",
    ]
    table = [
        "| scenario | verdict | not kept | exit | seconds | charged |",
        "| --- | --- | --- | --: | --: | --: |",
        *map(_row, certificate.played),
    ]
    return "\n".join([*head, "", *table, *_blame(certificate), *_silent(certificate)])


def _row(one: Played) -> str:
    blamed = ", ".join(check.id for check in one.blamed)
    verdict = NEVER_CALLED if one.ended == NEVER_CALLED else one.verdict
    cells = (one.name, verdict, blamed, told_exit(one), f"{one.seconds:.1f}", str(one.charges))
    return f"| {' | '.join(cells)} |"


def _blame(certificate: Certificate) -> Iterator[str]:
    for one, check in certificate.blamed():
        numbers = told_exchanges(check)
        yield f"\n**{check.id}** ({check.verdict}) in **{one.name}**{f', {numbers}' if numbers else ''}\n"
        for name, told in (("seen", check.seen), ("expected", check.expected), ("advice", check.advice)):
            yield f"- {name}: {_plain(told)}"


def _silent(certificate: Certificate) -> Iterator[str]:
    if any(one.ended == NEVER_CALLED for one in certificate.played):
        yield f"\nThe client never called us where the table says so. {_plain(certificate.hint)}"
    for one in certificate.played:
        if one.undecided:
            yield f"\nNot judged in **{one.name}**: {_plain(one.undecided)}."


def _plain(text: str) -> str:
    """The text in one line, none of it taken for Markdown."""
    return " ".join(text.split()).translate(_SPECIAL)
