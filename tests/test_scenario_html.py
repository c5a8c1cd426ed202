"""klingmock.scenario_html: one scenario as people read it."""

from xml.etree import ElementTree as ET

import pytest

from klingmock.scenario_html import MOST_CALLS, MOST_OUTPUT, SIGNS, many, section, sentence, sign
from klingmock.script import Account


@pytest.fixture
def read():
    """A scenario's section, read as XML; it holds nothing that XML could not."""
    return lambda played: ET.fromstring(section(played, "s1").replace("<br>", "<br/>"))


def told(node):
    return " ".join("".join(node.itertext()).split())


def by_class(node, name):
    return [one for one in node.iter() if name in one.get("class", "").split()]


def rows(node, name="calls"):
    (table,) = by_class(node, name)
    return [[told(cell) for cell in row] for row in table.find("tbody")]


def test_what_happens_and_what_came_of_it(read, made_up):
    made = read(made_up.lost())
    assert made.get("class") == "scenario fail"
    assert told(made.find("h3")) == "✕fail submit-lost"
    assert told(made.find("p")) == "All is well."
    facts = {told(pair[0]): told(pair[1]) for pair in made.find("dl")}
    assert facts == {
        "Script": "submit: lost; task: 503; media: truncate",
        "A good client reports": "a failure (another exit code)",
        "This one": "exit 0 after 7.0 s",
        "Charged": "2 jobs, $0.2800",
    }


def test_what_was_wrong_is_told_in_three_lines_that_lead_to_the_exchanges(read, made_up):
    made = read(made_up.lost())
    (check,) = by_class(made, "check")
    assert check.get("id") == "s1-submits-once"
    assert {told(pair[0]): told(pair[1]) for pair in check.find("dl")} == {
        "Seen": "submitted again after no reply (exchanges 1, 2)",
        "Expected": "Something else.",
        "Advice": "Do something else.",
    }
    links = [node.get("href").removeprefix("#") for node in check.iter("a")]
    assert links == ["s1-e1", "s1-e2"]
    assert set(links) <= {node.get("id") for node in made.iter("tr")}


def test_each_exchange_is_a_row(read, made_up):
    made = read(made_up.lost())
    assert rows(made)[:2] == [
        ["1", "0.50", "POST /submit", "no reply", "", "submit: lost"],
        ["2", "2.50", "POST /submit", "200", "pending", ""],
    ]
    assert [row.get("id") for row in by_class(made, "blamed")] == ["s1-e1", "s1-e2"]


def test_of_many_exchanges_the_first_and_the_last_are_shown(read, made_up):
    entries = [made_up.entry(nth, nth / 9) for nth in range(1, 1001)]
    made = read(made_up.played(*entries, blamed=[made_up.fail("gives-up", "much", (1, 500, 1000))]))
    links = [told(node) for check in by_class(made, "check") for node in check.iter("a")]
    assert links == ["1", "1000"]  # and none to a row that is not there
    found = rows(made)
    assert len(found) == MOST_CALLS + 1
    assert found[MOST_CALLS // 2] == ["800 are left out here."]
    assert (found[0][0], found[-1][0]) == ("1", "1000")


def test_what_a_check_saw_and_where_is_cut(read, made_up):
    blamed = [made_up.fail("polls-politely", "x" * 999, range(1, 40), "warn")]
    made = read(made_up.played(made_up.entry(1, 1), blamed=blamed))
    (check,) = by_class(made, "check")
    assert (
        told(check.find("dl")[0][1]) == f"{'x' * 299}… (exchanges 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, …)"
    )
    assert made.get("class") == "scenario warn"


def test_what_never_happened_to_the_client_is_said(read, made_up):
    faults = [Account("submit: lost", 1, 1, 0), Account("media: 404", 1, 0, 1), Account("task: 503", 2, 0, 2)]
    made = read(made_up.played(made_up.entry(1, 1), faults=faults))
    assert "Not tried, for want of a callmedia: 404, task: 503" in told(made)
    assert "Not tried" not in told(read(made_up.played(faults=faults, ended="never called")))


def test_a_check_that_names_one_exchange_or_none(read, made_up):
    blamed = [made_up.fail("ends"), made_up.fail("gives-up", "much", (1,))]
    checks = by_class(read(made_up.played(made_up.entry(1, 1), blamed=blamed)), "check")
    assert [told(check.find("dl")[0][1]) for check in checks] == ["much (exchange 1)", "something"]


def test_what_each_check_says_is_there_also_when_it_says_nothing(read, made_up):
    made = read(made_up.played(checks=[]))
    assert "submits-once" in told(made)
    assert told(made).count("not judged") > 10
    assert by_class(made, "swimlane") == []  # without a call there is nothing to draw
    assert "never called us" in told(read(made_up.played(ended="never called")))
    assert "Chargednothing" in told(made)


def test_the_end_of_what_it_printed_is_shown(read, made_up):
    made = read(made_up.played(output="x" * MOST_OUTPUT + "the end\x1b[0m"))
    (printed,) = made.iter("pre")
    assert len(printed.text) == MOST_OUTPUT
    assert printed.text.endswith("the end\ufffd[0m")
    assert list(read(made_up.played(output="\n")).iter("pre")) == []


def test_words():
    assert [many(count, "job") for count in (0, 1, 2)] == ["0 jobs", "1 job", "2 jobs"]
    assert (sentence("all is well"), sentence("All is well."), sentence("")) == (
        "All is well.",
        "All is well.",
        ".",
    )
    assert len(set(SIGNS.values())) == 4  # so that colour is not the only difference
    assert 'class="unseen">warn<' in sign("warn")
