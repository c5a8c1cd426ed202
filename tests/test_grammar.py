"""klingmock.grammar: any script is read as it is written, or refused with the nearest word."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klingcontracts.problem import Problem
from klingmock.faults import EXAMPLE, FAULTS, OPTIONS, PLACES, REMEDY, STATUS, Kind
from klingmock.grammar import parse

WORDS = {
    "missing": "missing=code",
    "null": "null=code",
    "mistyped": "mistyped=code",
    "stuck": "stuck=pending",
}
WORDS |= {"status": "status=queued", "reason": "reason=nsfw"}
VALUES = {
    "after": st.integers(0, 5).map(str),
    "delay": st.sampled_from(["0", "1", "1.5", "0.25s", "86400s"]),
    "retry-after": st.integers(0, 99).map(str),
    "reset": st.integers(0, 99).map(str),
    "status": st.integers(200, 599).map(str),
}
BY_METAVAR = {
    "SECONDS": VALUES["delay"],
    "STATUS": st.integers(400, 599).map(str),
    "FIELD": st.sampled_from(["code", "data.task_id", "data.result.resources"]),
    "WORD": st.sampled_from(["queued", "PENDING", "雪", "no_reason"]),
}


def word(kind: Kind) -> st.SearchStrategy[str]:
    """A word of this kind, with its value."""
    if kind is STATUS:
        return BY_METAVAR["STATUS"]
    if kind.name == "stuck":
        return st.sampled_from(["stuck=pending", "stuck=processing"])
    return (
        BY_METAVAR[kind.value.metavar].map(lambda value: f"{kind.name}={value}")
        if kind.value
        else st.just(kind.name)
    )


@st.composite
def faults(draw, place: str) -> str:
    """A fault that may stand at this place."""
    kind = draw(st.sampled_from([kind for kind in FAULTS if place in kind.places]))
    first = draw(word(kind)) + draw(st.sampled_from(["", "*1", "*3", "~0.5", "*2~0.25"]))
    chosen = draw(st.lists(st.sampled_from(list(kind.options)), unique=True))
    gap = draw(st.sampled_from([" ", "  ", "\n"]))
    return gap.join([first, *(f"{name}={draw(VALUES[name])}" for name in chosen)])


@st.composite
def scripts(draw) -> str:
    """A script of any length."""
    parts = []
    for place in draw(st.lists(st.sampled_from(list(PLACES)), max_size=4)):
        several = draw(st.lists(faults(place), min_size=1, max_size=4))
        parts.append(f" {place} : {' , '.join(several)}")
    return ";".join(parts)


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
    assert (fault.times, fault.after, fault.delay, fault.retry_after) == (times, after, delay, retry_after)


@pytest.mark.parametrize("text", ["", " ", ";", " ; ;\n"])
def test_nothing_asks_for_nothing(text):
    assert parse(text) == []


@pytest.mark.parametrize("kind", FAULTS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("place", PLACES)
def test_a_fault_stands_where_the_table_has_it_and_nowhere_else(kind, place):
    first = WORDS.get(kind.name) or kind.written.replace("SECONDS", "1").replace("STATUS", "503")
    if place in kind.places:
        assert parse(f"{place}: {first}")[0].kind is kind
    else:
        with pytest.raises(Problem, match="can't be at") as caught:
            parse(f"{place}: {first}")
        assert all(known in caught.value.fact.partition("only at")[2] for known in kind.places)


@pytest.mark.parametrize("kind", FAULTS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_a_fault_takes_the_options_that_the_table_has(kind, option):
    first = WORDS.get(kind.name) or kind.written.replace("SECONDS", "1").replace("STATUS", "503")
    text = f"{kind.places[0]}: {first} {option.name}={'207' if option.name == 'status' else 7}"
    if option.name in kind.options:
        field = option.name.replace("-", "_")
        assert getattr(parse(text)[0], field) == (207 if option.name == "status" else 7)
    else:
        with pytest.raises(Problem, match=option.name):
            parse(text)


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("503", "'503' does not say where: one of submit, task, media, outcome and a colon come first."),
        ("sumbit: 503", "Place of a fault 'sumbit' is not known. Nearest: 'submit'. Known: submit, task, "),
        (": 503", "Place of a fault '' is not known. Known: "),
        ("submit: drp", "Fault 'drp' is not known. Nearest: 'drop'. Known: STATUS, code, html, "),
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
        ("submit: drop=1", "'drop' takes no value, and '1' is one."),
        ("submit: 503=", "'503' takes no value, and '' is one."),
        ("submit: late", "'late' needs a value: late=SECONDS."),
        ("submit: null*2", "'null' needs a value: null=FIELD."),
        ("submit: null=data..", "field takes a field such as data.task_id, not 'data..'."),
        ("submit: code=200", "code takes a whole number from 400 to 599, not '200'."),
        ("outcome: stuck=success", "stuck takes pending or processing, not 'success'."),
        ("submit: html status=600", "status takes a whole number from 200 to 599, not '600'."),
        ("submit: 503~2", "~ takes a share from 0 to 1, not '2'."),
        ("submit: 503~", "~ takes a share from 0 to 1, not ''."),
        ("submit: 503*2*3", "'503*2*3' can't be read"),
        ("submit: 503~0.5*2", "'503~0.5*2' can't be read"),
        ("submit: 503 retry=1", "Option of a fault 'retry' is not known. Nearest: 'retry-after'."),
        ("submit: 503 *2", "Option of a fault '*2' is not known."),
        ("submit: drop retry-after=1", "'drop' takes no retry-after, only after or delay."),
        ("outcome: fail delay=1", "'fail' takes no delay, only after."),
        ("submit: 503 delay=1 delay=2", "delay is given twice for 'STATUS'."),
        ("submit: delay=1 delay=2", "'delay' takes no delay, only after."),
        ("submit: delay", "'delay' needs a value: delay=SECONDS."),
        ("submit: delay=", "delay takes a number of seconds from 0 to 86400, not ''."),
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


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("submit: late=3s", {"value": "3", "delay": 3.0, "seconds": 0.0}),
        ("task: drip=2.5", {"value": "2.5", "delay": 0.0, "seconds": 2.5}),
        ("task: stall=9 delay=1", {"delay": 1.0, "seconds": 9.0}),
        ("outcome: slow=60*2", {"seconds": 60.0, "times": 2}),
        ("submit: code=500", {"value": "500", "status": 500}),
        ("media: html status=200", {"status": 200}),
        ("task: 429 reset=30", {"status": 429, "reset": 30}),
        ("task: 503~0.25", {"chance": 0.25, "times": 0}),
        ("task: 503*3~1", {"chance": 1.0, "times": 3}),
        ("task: null=data.result*2 after=1", {"value": "data.result", "times": 2, "after": 1}),
    ],
)
def test_values_are_read(text, fields):
    [fault] = parse(text)
    assert {name: getattr(fault, name) for name in fields} == fields


def test_a_script_has_a_length():
    with pytest.raises(Problem, match="10001 characters is too long"):
        parse(" " * 10_001)
