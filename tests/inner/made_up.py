"""Certificates that nobody earned, for the tests of reports."""

import json

from klingcontracts.exchange import Call, Exchange, Reply
from klingmock.accepted import Charge
from klingmock.certificate import CHECKS, Certificate, Check, Played
from klingmock.journal import Entry
from klingmock.script import Account

STARTED = 1000.0
PATHS = {"submit": ("POST", "/submit"), "task": ("GET", "/api/v1/tasks/task-1"), "video": ("GET", "/video")}


def entry(number, at, operation="task", status=200, told="processing", hint="", **reply):
    """An exchange so many seconds behind the start; `reply` are its wire, delay and seconds."""
    method, path = PATHS.get(operation, ("GET", "/elsewhere"))
    body = json.dumps({"code": 0, "message": "success", "data": {"status": told}}).encode() if told else b""
    exchange = Exchange(Call(method, path, {}), Reply(status, {}, body, **reply), STARTED + at, number)
    return Entry(exchange, operation, (), hint)


def played(*entries, blamed=(), **more):
    """A scenario with these exchanges; `blamed` are checks in place of those that pass."""
    found = {name: [Check(name, "pass")] for name in CHECKS}
    for check in blamed:
        found[check.id] = [one for one in found[check.id] if one.verdict != "pass"] + [check]
    told = {
        "name": "plain",
        "says": "all is well",
        "script": "",
        "good": "success",
        "exit_code": 0,
        "seconds": 10.0,
        "started": STARTED,
        "ended": "exited",
        "checks": [check for checks in found.values() for check in checks],
        "entries": entries,
    }
    return Played(**{**told, **more})


def fail(name, seen="something", exchanges=(), verdict="fail"):
    """A check that blames."""
    return Check(name, verdict, seen, "something else", "Do something else.", exchanges)


def lost():
    """A job that is paid for twice: lost, submitted again, polled, fetched."""
    return played(
        entry(1, 0.5, "submit", told="pending", hint="script: submit: lost", wire="drop"),
        entry(2, 2.5, "submit", told="pending"),
        entry(3, 3.5),
        entry(4, 4.5, status=503, told="", hint="script: task: 503"),
        entry(5, 5.5, told="success"),
        entry(6, 5.6, "video", told="", hint="script: media: truncate", wire="truncate"),
        entry(7, 6.6, "video", told=""),
        name="submit-lost",
        script="submit: lost; task: 503; media: truncate",
        good="failure",
        seconds=7.0,
        blamed=[fail("submits-once", "submitted again after no reply", (1, 2))],
        faults=[Account(text, 1, 1, 0) for text in ("submit: lost", "task: 503", "media: truncate")],
        charged=[Charge(1, STARTED + 0.5, "task-1", 1400), Charge(2, STARTED + 2.5, "task-2", 1400)],
        output="the video is here\n",
    )


def certificate(*scenarios, **more):
    """What a client did in these scenarios."""
    told = {"command": "python client.py", "revision": "2026-02", "seconds": 12.3, **more}
    return Certificate(played=scenarios or (played(entry(1, 0.1, "submit", told="pending")), lost()), **told)
