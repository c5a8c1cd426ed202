"""klingmock.faults: the table, as people see it and as the engine reads it."""

from klingmock.faults import FAULTS, OPTIONS, PLACES, STATUS, rows


def test_the_table_tells_the_whole_grammar():
    told = rows()
    words = [row[0] for row in told]
    assert words[: len(FAULTS)] == [kind.written for kind in FAULTS]
    assert words[len(FAULTS) :] == ["*N", "~P", *(f"{one.name}={one.metavar}" for one in OPTIONS)]
    assert len(set(words[: len(FAULTS)])) == len(FAULTS)
    assert all(says for _, _, says in told)


def test_the_table_tells_where_an_option_may_stand():
    places = {row[0]: row[1] for row in rows()}
    assert places["after=N"] == "behind any fault"
    assert places["retry-after=SECONDS"] == "behind STATUS"
    assert places["status=STATUS"] == "behind html"
    assert [row[1] for row in rows() if row[0] == "delay=SECONDS"] == [
        "submit, task, media",
        "behind any fault at a call but late or delay",
    ]


def test_each_place_has_faults_and_each_fault_does_something():
    for place in PLACES:
        assert [kind for kind in FAULTS if place in kind.places]
    for kind in FAULTS:
        waits = kind.value is not None and kind.value.metavar == "SECONDS"
        assert kind is STATUS or kind.wire or kind.damage or kind.fate or waits
        assert bool(kind.fate) == (kind.places == ("outcome",))
