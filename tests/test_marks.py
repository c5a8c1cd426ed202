"""klingmock.marks: what a scenario's exchanges were, in words."""

import pytest

from klingmock.marks import marks
from klingmock.script import Account


def test_each_exchange_has_its_words(made_up):
    found = marks(made_up.lost())
    assert [(mark.number, mark.at, mark.lane, mark.look, mark.status, mark.told) for mark in found] == [
        (1, 0.5, "submit", "lost", "no reply", ""),
        (2, 2.5, "submit", "good", "200", "pending"),
        (3, 3.5, "poll", "good", "200", "processing"),
        (4, 4.5, "poll", "refused", "503", ""),
        (5, 5.5, "poll", "good", "200", "success"),
        (6, pytest.approx(5.6), "download", "lost", "200 broke off", ""),
        (7, pytest.approx(6.6), "download", "good", "200", ""),
    ]
    assert {mark.number: mark.faults for mark in found if mark.faults} == {
        1: ["submit: lost"],
        4: ["task: 503"],
        6: ["media: truncate"],
    }
    assert [mark.number for mark in found if mark.is_blamed] == [1, 2]


def test_a_fault_is_one_of_the_script_and_of_no_other_name(made_up):
    faults = [Account("task: 503", 1, 1, 0), Account("task: 503*2", 2, 1, 1), Account("task: empty", 1, 1, 0)]
    hints = ("script: task: 503*2", "script: task: empty (changed nothing); more", "task: 503", "")
    entries = [made_up.entry(nth, nth, hint=hint) for nth, hint in enumerate(hints, 1)]
    found = marks(made_up.played(*entries, faults=faults))
    assert [mark.faults for mark in found] == [["task: 503*2"], ["task: empty"], [], []]


def test_how_long_a_reply_took_is_kept(made_up):
    entry = made_up.entry(1, -0.001, "", delay=2.0, seconds=0.5, wire="drip")
    (mark,) = marks(made_up.played(entry))
    assert (mark.at, mark.lasted, mark.lane, mark.look) == (0.0, 2.5, "other", "good")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"code": 429, "message": "Too many requests: wait"}', "Too many requests: wait"),
        (b'{"data": {"status": 7}}', ""),
        (b'{"data": {"status": "' + b"x" * 99 + b'"}}', "x" * 60),
        (b"<html>", ""),
        (b"[]", ""),
    ],
)
def test_what_a_reply_says_is_its_status_or_its_message(made_up, body, told):
    entry = made_up.entry(1, 1)
    reply = entry.exchange.reply._replace(body=body)
    changed = entry._replace(exchange=entry.exchange._replace(reply=reply))
    assert marks(made_up.played(changed))[0].told == told
