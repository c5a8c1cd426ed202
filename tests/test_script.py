"""klingmock.script: which fault meets which call, and what became of each."""

from threading import Barrier, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klingcontracts.problem import Problem
from klingmock import script as module
from klingmock.faults import PLACES
from klingmock.grammar import parse
from klingmock.script import Account, Script

FAULTS = [
    "submit: 503*2",
    "submit: lost",
    "task: drop after=2",
    "task: null=code*3",
    "outcome: fail",
    "media: 404",
]
SCRIPTS = st.lists(st.sampled_from(FAULTS), max_size=8).map(";".join)


def expected(text: str, place: str) -> list:
    """What the calls at a place meet, one after the other, until nothing is left."""
    mine = [fault for fault in parse(text) if fault.place == place]
    return [met for fault in mine for met in [None] * fault.after + [fault] * fault.times]


@given(SCRIPTS, st.data())
def test_each_call_meets_what_its_place_has_next(text, data):
    script = Script(text)
    left = {place: expected(text, place) for place in PLACES}
    for place in data.draw(st.lists(st.sampled_from([*PLACES, "balance"]), max_size=30)):
        ahead = left.get(place, [])
        assert script.next(place) == (ahead.pop(0) if ahead else None)
    assert script.active == any(left.values())


@given(SCRIPTS)
def test_the_account_adds_up_at_any_time(text):
    script, asked = Script(text), [fault.times for fault in parse(text)]
    assert script.accounts() == [
        Account(fault.text, fault.times, 0, fault.times) for fault in parse(text)
    ]  # before the first call
    met = []
    while script.active:
        met += [fault for fault in map(script.next, PLACES) if fault is not None]
        accounts = script.accounts()
        assert sum(account.fired for account in accounts) == len(met)
        assert all(account.fired + account.left == account.asked for account in accounts)
    assert [account.fired for account in script.accounts()] == asked
    assert [script.next(place) for place in PLACES] == [None] * len(PLACES)


def test_a_fault_that_lets_calls_pass_holds_up_those_behind_it():
    script = Script("task: 500 after=2, drop; submit: 503")
    met = [script.next("task") for _ in range(5)]
    assert [fault and fault.text for fault in met] == [None, None, "task: 500 after=2", "task: drop", None]
    assert script.accounts() == [
        Account("task: 500 after=2", 1, 1, 0),
        Account("task: drop", 1, 1, 0),
        Account("submit: 503", 1, 0, 1),
    ]


def test_what_is_added_comes_behind_what_is_there():
    script = Script("task: 500*2")
    script.next("task")
    script.add("task: drop; submit: lost")
    assert [fault.text for fault in map(script.next, ["task", "submit", "task"])] == [
        "task: 500*2",
        "submit: lost",
        "task: drop",
    ]
    assert [account.fired for account in script.accounts()] == [2, 1, 1]


def test_a_text_with_a_mistake_adds_nothing():
    script = Script("task: 500")
    before = script.accounts()
    with pytest.raises(Problem, match="trunkate"):
        script.add("task: drop; media: trunkate")
    assert script.accounts() == before
    script.next("task")
    assert not script.active


def test_clear_forgets_what_was_and_what_is_to_come():
    script = Script("task: 500*2; submit: drop")
    script.next("task")
    script.clear()
    assert (script.active, script.accounts(), script.next("task")) == (False, [], None)
    script.add("task: drop")
    assert script.next("task") is not None


def test_no_fault_is_lost_or_doubled_between_threads():
    script, met, start = Script("task: 500*50, 503*50 after=10"), [], Barrier(4)

    def calls() -> None:
        start.wait()
        met.extend(script.next("task") for _ in range(50))

    threads = [Thread(target=calls) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = [fault and fault.status for fault in met]
    assert [statuses.count(status) for status in (500, 503, None)] == [50, 50, 100]


class TestChance:
    """`~P`: a coin for each call, the same from the same seed."""

    def met(self, text, calls=400, seed="0"):
        script = Script(text, seed)
        return [script.next("task") is not None for _ in range(calls)], script

    def test_it_falls_as_often_as_it_is_asked_to(self):
        met, script = self.met("task: 503~0.25")
        assert 60 < sum(met) < 140
        assert script.accounts() == [Account("task: 503~0.25", 0, sum(met), 0)]
        assert script.active  # for ever

    def test_it_falls_at_the_same_calls_from_the_same_seed_only(self):
        assert self.met("task: 503~0.25")[0] == self.met("task: 503~0.25")[0]
        assert self.met("task: 503~0.25")[0] != self.met("task: 503~0.25", seed="1")[0]

    def test_with_a_number_it_comes_to_an_end(self):
        met, script = self.met("task: 503*3~0.25, drop")
        assert [script.accounts()[0].fired, script.accounts()[1].fired] == [3, 1]
        assert (sum(met), script.active) == (4, False)

    def test_of_no_chance_and_of_certainty(self):
        assert sum(self.met("task: 503~0", 50)[0]) == 0
        assert sum(self.met("task: 503~1", 50)[0]) == 50


def test_a_script_remembers_so_many_faults(monkeypatch):
    monkeypatch.setattr(module, "MOST_FAULTS", 3)
    script = Script("task: 500*1, 501, 502, 503")
    assert [account.text for account in script.accounts()] == ["task: 501", "task: 502", "task: 503"]
    assert script.next("task").status == 500
