"""A script as people write it -> the faults it asks for, by the table in `faults`."""

import re
from collections.abc import Iterator, Sequence

from klingcontracts.problem import Problem, unknown
from klingcontracts.words import choice
from klingmock.faults import CHANCE, FAULTS, OPTIONS, PLACES, REMEDY, STATUS, TIMES, Fault, Kind

LONGEST = 10_000  # characters of a script
_STATUS = re.compile(r"[45][0-9][0-9]")
_FIRST = re.compile(
    r"(?P<name>[^=*~]*)(?:=(?P<value>[^*~]*))?(?:\*(?P<times>[^*~]*))?(?:~(?P<chance>[^*~]*))?"
)
_KINDS = {kind.name: kind for kind in FAULTS if kind is not STATUS}
_OPTIONS = {option.name: option for option in OPTIONS}


def parse(text: str) -> list[Fault]:
    """The faults of a script in the order they are written; Problem when it can't be read."""
    if len(text) > LONGEST:
        raise Problem(f"A script of {len(text)} characters is too long.", f"Write at most {LONGEST}.")
    return [fault for part in text.split(";") if part.strip() for fault in _part(part)]


def _part(part: str) -> Iterator[Fault]:
    place, colon, faults = (piece.strip() for piece in part.partition(":"))
    if not colon:
        fact = f"{place!r} does not say where: one of {', '.join(PLACES)} and a colon come first."
        raise Problem(fact, REMEDY)
    if place not in PLACES:
        raise unknown("Place of a fault", place, PLACES, REMEDY)
    for fault in faults.split(","):
        words = fault.split()
        if not words:
            raise Problem(f"A fault is missing at {place}.", REMEDY)
        yield _fault(place, *words)


def _fault(place: str, first: str, *more: str) -> Fault:
    found = _FIRST.fullmatch(first)
    if found is None:
        raise Problem(f"{first!r} can't be read: a word has one value, one *N and one ~P at most.", REMEDY)
    name, value, times, chance = found.group("name", "value", "times", "chance")
    kind = _kind(name)
    if place not in kind.places:
        raise Problem(f"{name!r} can't be at {place}, only at {choice(kind.places)}.", REMEDY)
    options = _options(kind, more)
    told = _value(kind, name, value)
    is_status = kind is STATUS or kind.name == "code"
    waits = kind.value is not None and kind.value.metavar == "SECONDS"
    begins = waits and kind.name in {"delay", "late"}
    return Fault(
        text=" ".join((f"{place}:", first, *more)),
        place=place,
        kind=kind,
        value=told,
        status=int(told or name) if is_status else int(options.get("status", kind.status)),
        times=int(TIMES.read(times)) if times is not None else int(chance is None),
        after=int(options.get("after", 0)),
        chance=float(CHANCE.read(chance)) if chance is not None else 1.0,
        delay=float(told) if begins else float(options.get("delay", 0.0)),
        seconds=float(told) if waits and not begins else 0.0,
        retry_after=int(options["retry-after"]) if "retry-after" in options else None,
        reset=int(options["reset"]) if "reset" in options else None,
    )


def _kind(name: str) -> Kind:
    if _STATUS.fullmatch(name):
        return STATUS
    if name == STATUS.name or name.isdigit():
        raise Problem(f"{name!r} is no status from 400 to 599.", REMEDY)
    if name not in _KINDS:
        raise unknown("Fault", name, [kind.name for kind in FAULTS], REMEDY)
    return _KINDS[name]


def _value(kind: Kind, name: str, value: str | None) -> str:
    if kind.value is None:
        if value is not None:
            raise Problem(f"{name!r} takes no value, and {value!r} is one.", REMEDY)
        return ""
    if value is None:
        raise Problem(f"{name!r} needs a value: {kind.written}.", REMEDY)
    return kind.value.read(value)


def _options(kind: Kind, written: Sequence[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for pair in written:
        name, _, value = pair.partition("=")
        if name not in _OPTIONS:
            raise unknown("Option of a fault", name, kind.options, REMEDY)
        if name not in kind.options:
            raise Problem(f"{kind.name!r} takes no {name}, only {choice(kind.options)}.", REMEDY)
        if name in values:
            raise Problem(f"{name} is given twice for {kind.name!r}.", REMEDY)
        values[name] = _OPTIONS[name].read(value)
    return values
