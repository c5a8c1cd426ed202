"""Whether there is an API that takes the key, and where jobs are submitted: asked before anything else."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from klingcontracts.contract import load
from klingcontracts.document import revisions
from klingcontracts.drift import NotLooked
from klingcontracts.probe import Probe, foretold, posted
from klingcontracts.probe_ask import Asking
from klingcontracts.probe_follow import value_of
from klingcontracts.probe_free import first_probes
from klingcontracts.probe_guard import Halt, NoReply, NotSent
from klingcontracts.probe_judge import Seen, found


def first_look(asking: Asking) -> None:
    """Raises Halt when there is nothing to ask; a submission that has moved is asked for where it is now."""
    contract = asking.readings.contract
    seen = asking.brought.seen
    try:
        for probe in first_probes(contract, asking.readings.bodies):
            seen.append(_asked(asking, probe))
    except Halt:
        _without_failures(asking)
        raise
    if not any(isinstance(value_of(one.exchange), dict) for one in seen) and not _alike(asking, seen):
        _elsewhere(asking, seen[0])
    _settled(asking)
    submitted = [one for one in seen if one.probe.call.method == contract.operation("submit").method]
    if submitted and submitted[-1].exchange.reply.status == 404:
        _moved(asking, contract.operation("submit").path, submitted[-1])


def _settled(asking: Asking) -> None:
    """Ask again what was answered with 500 and more; raises Halt where all of it is, again."""
    failed = _without_failures(asking)
    for one in failed:
        try:
            asking.brought.seen.append(asking.failing(one))
        except NotSent as reason:
            asking.brought.unlooked.append(NotLooked(one.probe.rule, str(reason)))
        except NoReply as reason:
            asking.leave(one.probe, str(reason))
    if not asking.brought.seen:
        raise Halt(f"The server fails: everything is answered with {failed[0].exchange.reply.status}.")


def _without_failures(asking: Asking) -> list[Seen]:
    """Take out, and return, what was answered with 500 and more."""
    seen = asking.brought.seen
    failed = [one for one in seen if one.exchange.reply.status >= 500]
    seen[:] = [one for one in seen if one.exchange.reply.status < 500]
    return failed


def _asked(asking: Asking, probe: Probe) -> Seen:
    try:
        return asking.asked(probe)
    except (NoReply, NotSent) as reason:
        raise Halt(f"Nothing could be asked: {reason}.") from reason


def _alike(asking: Asking, seen: Sequence[Seen]) -> bool:
    """Whether everything has the status that was foretold, so that this is the API, whatever it says."""
    told = [foretold(asking.readings.contract, one.probe)[0].status for one in seen]
    return told == [one.exchange.reply.status for one in seen]


def _elsewhere(asking: Asking, seen: Seen) -> None:
    reply = seen.exchange.reply
    location = urlsplit(reply.headers.get("location", ""))
    origin = f"{location.scheme}://{location.netloc}"
    if 300 <= reply.status < 400 and (not location.netloc or origin == seen.exchange.call.origin):
        raise Halt(f"Everything is redirected: {reply.status}.")  # by the API itself, which is drift
    asking.brought.seen.clear()
    if 300 <= reply.status < 400:
        raise Halt(f"It redirects to {origin}: give that address.")
    kind = reply.headers.get("content-type", "no content type")
    raise Halt(f"What answers there is not this API: status {reply.status}, {kind}.")


def _moved(asking: Asking, path: str, seen: Seen) -> None:
    """Look for the submission where other revisions have it."""
    contract, submit = asking.readings.contract, asking.readings.contract.operation("submit")
    rule = contract.rules["route.unknown-path"]
    asking.brought.seen.remove(seen)
    for name in revisions():
        elsewhere = load(name).operation("submit").path
        if elsewhere == path:
            continue
        other = Probe(rule.id, f"the path of {name}", posted(submit, {})._replace(path=elsewhere))
        if _asked(asking, other).exchange.reply.status == 400:
            asking.spending.moved[path] = elsewhere
            told = f"{submit.method} {elsewhere}, as in revision {name}"
            asking.brought.told.append(found(rule, f"{submit.method} {path}", told, seen.exchange))
            return
    asking.brought.told.append(found(rule, f"{submit.method} {path}", "404: the path is gone", seen.exchange))
    raise Halt(f"There is nothing at {submit.method} {path}, nor where other revisions have it.")
