"""A certificate as people read it in a terminal: a matrix, then what the client did wrong."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from string import ascii_lowercase

from klingcontracts.table import terminal_width
from klingcontracts.verdict import FAIL, NOT_JUDGED, PASS, WARN
from klingmock.certificate import CHECKS, ENDS, NEVER_CALLED, TIMED_OUT, Certificate, Check, Played

WIDEST = 110  # columns
MARKS: Mapping[str, str] = {PASS: "+", FAIL: "X", WARN: "!", NOT_JUDGED: "."}
MOST_TOLD = 4  # scenarios in which a check failed the same way, that are told of one by one
MOST_NUMBERS = 6  # exchanges that are named
MOST_LINES = 8  # of what a program printed
LETTERS = dict(zip(CHECKS, ascii_lowercase, strict=False))
_INDENT = " " * 12


def text(certificate: Certificate) -> str:
    """The whole report; no line is longer than the terminal is wide."""
    width = min(WIDEST, terminal_width())
    parts = [_head(certificate, width)]
    if certificate.called:
        parts += [_matrix(certificate.played), _legend(width)]
    parts += _blame(certificate, width)
    parts += _untried(certificate, width)
    parts += _undecided(certificate, width)
    parts += _silent(certificate, width)
    return "\n\n".join(parts)


def told_exchanges(check: Check) -> str:
    """The exchanges of a check in words, as in "exchanges 1, 2"; "" for none."""
    if not check.exchanges:
        return ""
    left = len(check.exchanges) - MOST_NUMBERS
    more = f" and {left} more" if left > 0 else ""
    numbers = ", ".join(map(str, check.exchanges[:MOST_NUMBERS]))
    return f"exchange{'s' if len(check.exchanges) > 1 else ''} {numbers}{more}"


def told_exit(one: Played) -> str:
    """How a program ended, in a word: its exit code, or that it was ended."""
    return "ended" if one.exit_code is None else str(one.exit_code)


def told_counts(certificate: Certificate) -> str:
    """The summary in a sentence."""
    counts = certificate.summary
    checks = ", ".join(f"{counts[verdict]} {verdict}" for verdict in MARKS)
    head = (
        f"{counts['passed']} of {counts['scenarios']} scenarios without blame, in {certificate.seconds:.0f} s"
    )
    return f"{head}; checks: {checks}."


def _head(certificate: Certificate, width: int) -> str:
    uses = f"revision {certificate.revision}" if certificate.revision else "no revision: it submitted nothing"
    command = textwrap.shorten(certificate.command, width - 9, placeholder=" …")
    return "\n".join(
        [f"client   {command}", f"uses     {uses}", *textwrap.wrap(told_counts(certificate), width)]
    )


def _matrix(played: Sequence[Played]) -> str:
    size = max(map(len, ["scenario", *(one.name for one in played)]))
    head = f"{'scenario':{size}}   exit  seconds  charged  {' '.join(LETTERS.values())}"
    lines = [head, "-" * len(head)]
    for one in played:
        marks = " ".join(MARKS[one.check(name).verdict] for name in LETTERS)
        lines.append(f"{one.name:{size}}  {told_exit(one):>5}  {one.seconds:7.1f}  {one.charges:7}  {marks}")
    return "\n".join(lines)


def _legend(width: int) -> str:
    cells = [f"{letter} {name}" for name, letter in LETTERS.items()]
    size = max(map(len, cells)) + 2
    many = max(1, width // size)
    rows = [cells[nth : nth + many] for nth in range(0, len(cells), many)]
    lines = ["".join(cell.ljust(size) for cell in row).rstrip() for row in rows]
    return "\n".join([*lines, "   ".join(f"{mark} {verdict}" for verdict, mark in MARKS.items())])


def told_advice(found: Sequence[tuple[Played, Check]]) -> list[str]:
    """What to do about one check: a line for each advice, with its scenarios where there are several."""
    names: dict[str, list[str]] = {}
    for one, check in found:
        names.setdefault(check.advice, []).append(one.name)
    if len(names) == 1:
        return list(names)
    return [f"{_few(where)}: {advice}" for advice, where in names.items()]


def _few(names: Sequence[str]) -> str:
    left = len(names) - MOST_TOLD
    return ", ".join(names[:MOST_TOLD]) + (f" and {left} more" if left > 0 else "")


def _blame(certificate: Certificate, width: int) -> Iterator[str]:
    """A paragraph for each check that was not kept: what was seen, what was expected, what to do."""
    for name in CHECKS:
        found = [(one, check) for one, check in certificate.blamed() if check.id == name]
        if found:
            first = found[0][1]
            where = found[0][0].name if len(found) == 1 else f"{len(found)} scenarios"
            yield "\n".join(
                [
                    f"{name}  {first.verdict} in {where}",
                    *_lines("seen", list(told_seen(found)), width),
                    *_lines("expected", [first.expected], width),
                    *_lines("advice", told_advice(found), width),
                ]
            )


def told_seen(found: Sequence[tuple[Played, Check]]) -> Iterator[str]:
    """What was seen of one check, scenario by scenario, and of how many more."""
    for one, check in found[:MOST_TOLD]:
        numbers = told_exchanges(check)
        yield f"{one.name}: {check.seen}{f' ({numbers})' if numbers else ''}"
    if found[MOST_TOLD:]:
        yield f"and in {', '.join(one.name for one, _ in found[MOST_TOLD:])}"


def _lines(head: str, told: Sequence[str], width: int) -> list[str]:
    wrapped = [
        textwrap.wrap(one, max(20, width - len(_INDENT)), break_on_hyphens=False) or [""] for one in told
    ]
    lines = [line for one in wrapped for line in one]
    return [f"  {head:10}{lines[0]}", *(_INDENT + line for line in lines[1:])]


def _untried(certificate: Certificate, width: int) -> Iterator[str]:
    """What never happened to the client, so that its scenario says little."""
    left = [one.name for one in certificate.played if any(not fault.fired for fault in one.faults)]
    called = [one.name for one in certificate.played if one.ended != NEVER_CALLED]
    names = [name for name in left if name in called]
    if names:
        told = f"Not tried, as the client made no call that it could have happened to: {', '.join(names)}."
        yield "\n".join(textwrap.wrap(told, width, break_on_hyphens=False))


def _undecided(certificate: Certificate, width: int) -> Iterator[str]:
    """Where a client was ended by us, and why a check says nothing of that."""
    lines = [
        f"{one.name}: {check.id} is not judged: {check.seen}."
        for one in certificate.played
        if one.ended == TIMED_OUT
        for check in [one.check(ENDS)]
        if check.verdict == NOT_JUDGED
    ]
    if lines:
        yield "\n".join(line for told in lines for line in textwrap.wrap(told, width, break_on_hyphens=False))


def _silent(certificate: Certificate, width: int) -> Iterator[str]:
    """What there is to say about a client that did not call, or did not end."""
    silent = [one for one in certificate.played if one.ended == NEVER_CALLED]
    if silent:
        where = f"in {len(silent)} of {len(certificate.played)} scenarios" if certificate.called else "at all"
        told = f"The client never called us {where}. {certificate.hint}"
        yield "\n".join(textwrap.wrap(told, width, break_on_hyphens=False))
    for one in [*silent[:1], *(one for one in certificate.played if one.ended == TIMED_OUT)][:1]:
        if one.output:
            lines = one.output.splitlines()[-MOST_LINES:]
            yield "\n".join(
                [f"What it printed at last, in {one.name}:", *(f"  {line}"[:width] for line in lines)]
            )
