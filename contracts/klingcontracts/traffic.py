"""Recorded files held against a contract: a report of what differs, and of what the files do not tell."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from klingcontracts.check import route
from klingcontracts.contract import Contract, load
from klingcontracts.document import revisions
from klingcontracts.drift import Found, NotLooked, Report
from klingcontracts.finding import Finding
from klingcontracts.plain import counted, one_line
from klingcontracts.rule import ASSUMED, Level, Rule
from klingcontracts.taken import Taken
from klingcontracts.traffic_files import Recording, Unread
from klingcontracts.traffic_judge import Told, at_level, histories, judged, located
from klingcontracts.traffic_secrets import secrets_of, spelled, text_without, without

UNREADABLE = Rule("traffic.unreadable", "*", "a recording can be read", Level.WARNING, ASSUMED)
MOST_REASONS = 20  # of a file, why its entries can't be read


def traffic_report(contract: Contract, recordings: Mapping[str, Recording]) -> Report:
    """Hold recordings, by the names of their files, against a contract.

    A rule that a call broke is drift when the server took the call, and `info` when it refused it. No secret
    of an exchange is in the report. A file that can't be read is a finding; where nothing could be looked at,
    the report is incomplete, and such findings are `info`.
    """
    told, others = _sorted(contract, recordings)
    found = [one for each in told for one in judged(contract, each)] + [*histories(contract, told)]
    incomplete = "" if told else _nothing(contract, recordings, others)
    unread = _unread(recordings, Level.INFO if incomplete else Level.WARNING)
    secrets = spelled({secret for one in _taken(recordings) for secret in secrets_of(one.exchange)})
    looked = [*_not_looked(contract, told), *_other_paths(contract, others)]
    return Report(
        "drift traffic",
        contract.revision,
        ", ".join(_named(file, recording, told) for file, recording in recordings.items()),
        [without(one, secrets) for one in (*_grouped(found), *unread)],
        [NotLooked(one.rule, text_without(one.why, secrets)) for one in looked],
        incomplete=incomplete,
    )


def _taken(recordings: Mapping[str, Recording]) -> Iterator[Taken]:
    return (one for recording in recordings.values() for one in recording.taken)


def _named(file: str, recording: Recording, told: Sequence[Told]) -> str:
    number = len(recording.taken) + sum(bool(one.place) for one in recording.unread)
    if recording.unread and not number:
        return f"{file} (not read)"
    checked = sum(one.file == file for one in told)
    return f"{file} ({checked} of {counted(number, 'exchange')})"


def _sorted(contract: Contract, recordings: Mapping[str, Recording]) -> tuple[list[Told], list[Taken]]:
    told: list[Told] = []
    others: list[Taken] = []
    for file, recording in recordings.items():
        for taken in recording.taken:
            operation, finding = route(contract, taken.exchange.call)
            is_other = finding is not None and finding.rule.id == "route.unknown-path"
            # A browser asks for leave with OPTIONS: that is no call of the API.
            if is_other or taken.exchange.call.method == "OPTIONS":
                others.append(taken)
            else:
                told.append(Told(file, taken, operation.id if operation else ""))
    return told, others


def _grouped(found: Iterable[Found]) -> list[Found]:
    """Each finding once, with how often it was seen; the first one shows it."""
    kin: dict[tuple[str, Level], list[Found]] = {}
    for one in found:
        kin.setdefault((one.finding.fingerprint, one.finding.level), []).append(one)
    return [
        Found(one.finding, {**one.evidence, "times": len(ones)}) for ones in kin.values() for one in ones[:1]
    ]


def _unread(recordings: Mapping[str, Recording], level: Level) -> Iterator[Found]:
    """A finding for each reason, with the first place of it; of very many reasons the rest is one."""
    for file, recording in recordings.items():
        kin: dict[str, list[Unread]] = {}
        for one in recording.unread:
            kin.setdefault(one.why, []).append(one)
        reasons = list(kin.values())
        yield from (_broken(file, ones[0].why, ones, level) for ones in reasons[:MOST_REASONS])
        if rest := reasons[MOST_REASONS:]:
            why = f"{counted(len(rest), 'more reason')}, such as: {rest[0][0].why}"
            yield _broken(file, why, [one for ones in rest for one in ones], level)


def _broken(file: str, why: str, ones: Sequence[Unread], level: Level) -> Found:
    first = ones[0]
    name = file.replace("~", "~0").replace("/", "~1")
    pointer = f"/{name}/{first.place}" if first.place else f"/{name}"
    finding = Finding(UNREADABLE, "*", pointer, one_line(why), UNREADABLE.says, {})
    evidence = located(file, first.place, first.line) | {"times": len(ones)}
    return Found(at_level(finding, level), evidence)


def _not_looked(contract: Contract, told: Sequence[Told]) -> Iterator[NotLooked]:
    for operation in contract.operations:
        mine = [one.taken for one in told if one.operation == operation]
        if not mine:
            yield NotLooked(f"{operation}.*", "no exchange of it was recorded")
        for part in ("sent", "got"):
            lacking = sum(not getattr(one, part) for one in mine)
            if lacking:
                why = f"{lacking} of {counted(len(mine), 'exchange')} were recorded without that body"
                yield NotLooked(f"{operation}.{'body' if part == 'sent' else 'reply'}.*", why)
    if any(not one.taken.whole_key for one in told):
        yield NotLooked("auth.missing-key", "a recording may have been made without the key")


def _other_paths(contract: Contract, others: Sequence[Taken]) -> Iterator[NotLooked]:
    if others:
        call = others[0].exchange.call
        # Whatever else a browser met: the rest of a path can be a secret of its own.
        place = f"{call.origin}/{call.path[1:].partition('/')[0]}"
        why = f"{counted(len(others), 'exchange')} with another path, such as {call.method} {place}"
        yield NotLooked("route.unknown-path", one_line(f"{why}{_elsewhere(contract, others)}"))


def _elsewhere(contract: Contract, others: Sequence[Taken]) -> str:
    """Which of the other revisions know paths that this one does not."""
    calls = [one.exchange.call for one in others]
    names = [name for name in revisions() if any(route(load(name), call)[0] is not None for call in calls)]
    names = [name for name in names if name != contract.revision]
    return f"; documented in {' and '.join(names)}: see --against" if names else ""


def _nothing(contract: Contract, recordings: Mapping[str, Recording], others: Sequence[Taken]) -> str:
    if others:
        no_path = f"none of {counted(len(others), 'exchange')} has a path of {contract.revision}"
        return f"{no_path}{_elsewhere(contract, others)}"
    if any(recording.unread for recording in recordings.values()):
        return "nothing could be read"
    return "no exchange was recorded"
