"""klingmock.faults: the grammar and its table, and what a script hands out."""

from contextlib import suppress
from threading import Barrier, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klingcontracts.problem import Problem
from klingmock.faults import (
    EXAMPLE,
    FAULTS,
    OPTIONS,
    PLACES,
    REMEDY,
    STATUS,
    Account,
    Script,
    parse,
    rows,
)

VALUES = {
    "after": st.integers(0, 5).map(str),
    "delay": st.sampled_from(["0", "1", "1.5", "0.25s", "86400s"]),
    "retry-after": st.integers(0, 99).map(str),
}


@st.composite
def faults(draw, place: str) -> str:
    """A fault that may stand at this place, as a person could write it."""
    kind = draw(st.sampled_from([kind for kind in FAULTS if place in kind.places]))
    word = str(draw(st.integers(400, 599))) if kind is STATUS else kind.name
    options = list(kind.options)
    if kind.name in options:
        options.remove(kind.name)
        word += "=" + draw(VALUES[kind.name])
    word += draw(st.sampled_from(["", "*1", "*3"]))
    chosen = draw(st.lists(st.sampled_from(options), unique=True))
    gap = draw(st.sampled_from([" ", "  ", "\n"]))
    return gap.join([word, *(f"{name}={draw(VALUES[name])}" for name in chosen)])


@st.composite
def scripts(draw) -> str:
    """A script, as a person could write it."""
    parts = []
    for place in draw(st.lists(st.sampled_from(list(PLACES)), max_size=4)):
        several = draw(st.lists(faults(place), min_size=1, max_size=4))
        parts.append(f" {place} : {' , '.join(several)}")
    return ";".join(parts)


# --- the grammar ---


def test_the_example_of_every_error():
    told = [
        (fault.place, fault.kind.name, fault.status, fault.times, fault.delay, fault.retry_after)
        for fault in parse(EXAMPLE)
    ]
    assert told == [
        ("submit", "STATUS", 429, 1, 0, 2),
        ("submit", "STATUS", 503, 2, 0, None),
        ("task", "drop", 0, 1, 0, None),
        ("task", "truncate", 0, 1, 0, None),
        ("task", "delay", 0, 1, 1.5, None),
        ("outcome", "fail", 0, 1, 0, None),
    ]


@given(scripts())
def test_a_fault_is_read_again_from_its_own_text(text):
    read = parse(text)
    assert len(read) == (text.count(",") + text.count(";") + 1 if text else 0)
    assert [parse(fault.text) for fault in read] == [[fault] for fault in read]
    assert all(fault.text == " ".join(fault.text.split()) for fault in read)


@pytest.mark.parametrize(
    ("text", "times", "after", "delay", "retry_after"),
    [
        ("submit:400", 1, 0, 0.0, None),
        ("submit: 599*12 after=3", 12, 3, 0.0, None),
        ("submit: 503 delay=0.5 retry-after=0", 1, 0, 0.5, 0),
        ("media: delay=2*4 after=1;", 4, 1, 2.0, None),
        (" ;task :\tdrop  delay=1s;; ", 1, 0, 1.0, None),
    ],
)
def test_numbers_are_read(text, times, after, delay, retry_after):
    [fault] = parse(text)
    assert fault[4:] == (times, after, delay, retry_after)


@pytest.mark.parametrize("text", ["", " ", ";", " ; ;\n"])
def test_nothing_asks_for_nothing(text):
    assert parse(text) == []


@pytest.mark.parametrize("kind", FAULTS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("place", PLACES)
def test_a_fault_stands_where_the_table_has_it_and_nowhere_else(kind, place):
    word = {"STATUS": "503", "delay": "delay=1"}.get(kind.name, kind.name)
    if place in kind.places:
        assert parse(f"{place}: {word}")[0].kind is kind
    else:
        with pytest.raises(Problem, match="can't be at") as caught:
            parse(f"{place}: {word}")
        assert all(known in caught.value.fact.partition("only at")[2] for known in kind.places)


@pytest.mark.parametrize("kind", FAULTS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_a_fault_takes_the_options_that_the_table_has(kind, option):
    word = {"STATUS": "503", "delay": "delay=1"}.get(kind.name, kind.name)
    text = f"{kind.places[0]}: {word} {option.name}=7"
    if option.name in kind.options and option.name != kind.name:
        field = option.name.replace("-", "_")
        assert getattr(parse(text)[0], field) == 7
    else:
        with pytest.raises(Problem, match=option.name):
            parse(text)


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("503", "'503' does not say where: one of submit, task, media, outcome and a colon come first."),
        ("sumbit: 503", "Place of a fault 'sumbit' is not known. Nearest: 'submit'. Known: submit, task, "),
        (": 503", "Place of a fault '' is not known. Known: "),
        ("submit: drp", "Fault 'drp' is not known. Nearest: 'drop'. Known: STATUS, drop, lost, "),
        ("outcome: failed", "Fault 'failed' is not known. Nearest: 'fail'."),
        ("submit: Drop", "Fault 'Drop' is not known. Nearest: 'drop'."),
        ("submit: STATUS", "'STATUS' is no status from 400 to 599."),
        ("submit: 399", "'399' is no status from 400 to 599."),
        ("submit: 600", "'600' is no status from 400 to 599."),
        ("submit: 5030", "'5030' is no status from 400 to 599."),
        ("submit: ５03", "'５03' is no status from 400 to 599."),
        ("task: lost", "'lost' can't be at task, only at submit."),
        ("outcome: 429", "'429' can't be at outcome, only at submit, task or media."),
        ("media: fail", "'fail' can't be at media, only at outcome."),
        ("submit:", "A fault is missing at submit."),
        ("submit: 503,,drop", "A fault is missing at submit."),
        ("submit: drop=1", "'drop' takes no value, and 'drop=1' has one."),
        ("submit: 503=", "'503' takes no value, and '503=' has one."),
        ("submit: 503 retry=1", "Option of a fault 'retry' is not known. Nearest: 'retry-after'."),
        ("submit: 503 *2", "Option of a fault '*2' is not known."),
        ("submit: drop retry-after=1", "'drop' takes no retry-after, only after or delay."),
        ("outcome: fail delay=1", "'fail' takes no delay, only after."),
        ("submit: 503 delay=1 delay=2", "delay is given twice for 'STATUS'."),
        ("submit: delay=1 delay=2", "delay is given twice for 'delay'."),
        ("submit: delay", "delay takes a number of seconds from 0 to 86400, not ''."),
        ("submit: delay=soon", "delay takes a number of seconds from 0 to 86400, not 'soon'."),
        ("submit: delay=-1", "delay takes a number of seconds from 0 to 86400, not '-1'."),
        ("submit: delay=86400.1", "delay takes a number of seconds from 0 to 86400, not '86400.1'."),
        ("submit: delay=nan", "delay takes a number of seconds from 0 to 86400, not 'nan'."),
        ("submit: delay=²", "delay takes a number of seconds from 0 to 86400, not '²'."),
        ("submit: 503 retry-after=1.5", "retry-after takes a whole number from 0 to 86400, not '1.5'."),
        ("submit: 503 after", "after takes a whole number from 0 to 1000000, not ''."),
        ("submit: 503*0", "* takes a whole number from 1 to 1000000, not '0'."),
        ("submit: 503*", "* takes a whole number from 1 to 1000000, not ''."),
        ("submit: 503*1000001", "* takes a whole number from 1 to 1000000, not '1000001'."),
    ],
)
def test_what_can_not_be_read_is_told_with_the_nearest(text, fact):
    with pytest.raises(Problem) as caught:
        parse(text)
    assert caught.value.fact.startswith(fact)
    assert (caught.value.remedy, caught.value.exit_code) == (REMEDY, 2)


PIECES = ["submit", "task", "outcome", ":", ";", ",", " ", "503", "drop", "*", "=", "2", "delay", "fail"]


@given(st.text(max_size=40) | st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_any_text_is_a_script_or_a_problem(text):
    read = []
    with suppress(Problem):
        read = parse(text)
    assert [parse(fault.text) for fault in read] == [[fault] for fault in read]


def test_the_table_tells_the_whole_grammar():
    told = rows()
    assert [row[0] for row in told] == [
        *("STATUS", "drop", "lost", "truncate", "delay=SECONDS", "fail", "success"),
        *("*N", "after=N", "delay=SECONDS", "retry-after=SECONDS"),
    ]
    by_word = {row[0]: row for row in told[:-3]}
    assert by_word["lost"][1] == "submit"
    assert told[-3][1] == "behind any fault"
    assert told[-2][1] == "behind STATUS, drop, lost, truncate or delay"
    assert told[-1][1] == "behind STATUS"
    assert all(says for _, _, says in told)


# --- the script ---


def expected(text: str, place: str) -> list:
    """What the calls at a place meet, one after the other, until nothing is left."""
    mine = [fault for fault in parse(text) if fault.place == place]
    return [met for fault in mine for met in [None] * fault.after + [fault] * fault.times]


@given(scripts(), st.data())
def test_each_call_meets_what_its_place_has_next(text, data):
    script = Script(text)
    left = {place: expected(text, place) for place in PLACES}
    for place in data.draw(st.lists(st.sampled_from([*PLACES, "balance"]), max_size=30)):
        ahead = left.get(place, [])
        assert script.next(place) == (ahead.pop(0) if ahead else None)
    assert script.active == any(left.values())


@given(scripts())
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
