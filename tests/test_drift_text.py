"""klingcontracts.drift_text: a report that fits the terminal, worst first."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klingcontracts.drift import Found, NotLooked, Report, Waived
from klingcontracts.drift_text import LONGEST_CURL, as_text, summary, where
from klingcontracts.plain import LONGEST
from klingcontracts.rule import Level

EVIDENCE = {
    "curl": "curl -X POST http://127.0.0.1:8787/x",
    "file": "session.har",
    "place": "entry 3",
    "line": 7,
    "times": 4,
    "agree": ["page", "live"],
    "means": "The vendor has changed it, and says so.",
}


@pytest.fixture
def report(finding):
    found = [
        Found(finding(Level.INFO)),
        Found(finding(seen="'max'"), EVIDENCE),
        Found(finding(Level.WARNING)),
    ]
    looked = [NotLooked(f"task.rule-{nth}", "--spend is 0") for nth in range(11)] + [
        NotLooked("a.b", "no key")
    ]
    return Report("drift live", "2026-02", "http://127.0.0.1:1", found, looked, 1, 9)


def test_it_says_what_was_held_against_what_and_what_came_of_it(report):
    lines = as_text(report).splitlines()
    assert lines[0] == "drift live: http://127.0.0.1:1 held against 2026-02: drift"
    assert lines[1] == "1 error; 1 warning; 1 info; 9 requests, 1 accepted job; 12 rules not looked at"
    assert "conforms" in as_text(Report("diff", "2026-02", "2026-02"))


def test_the_worst_comes_first_and_has_what_shows_it(report):
    lines = as_text(report).splitlines()
    rows = [line.split()[:2] for line in lines if line[:1].isdigit() and "submit.body" in line]
    assert rows == [["1", "error"], ["2", "warning"], ["3", "info"]]
    at = lines.index("#1 submit.body.mode.enum@submit/mode")
    assert lines[at + 1 : at + 5] == [
        "   where: session.har, entry 3, line 7, 4 times",
        "   agree: page, live",
        "   means: The vendor has changed it, and says so.",
        "   repeat: curl -X POST http://127.0.0.1:8787/x",
    ]
    assert not any(line.startswith(("#2", "#3")) for line in lines)  # they have nothing to show


def test_rules_that_were_not_looked_at_stand_under_their_reason(report):
    told = as_text(report)
    assert "Not looked at (no key): a.b" in told
    assert "Not looked at (--spend is 0): task.rule-0, " in told
    assert "task.rule-7 and 3 more" in told
    assert "task.rule-8" not in told


def test_one_who_agrees_alone_and_a_place_without_a_file(finding):
    found = Found(finding(), {"agree": "page", "place": "exchange 2"})
    told = as_text(Report("drift live", "2026-02", "x", [found]))
    assert "   where: exchange 2\n   agree: page" in told
    assert where(Found(finding())) == ""


def test_what_was_waived_is_told_with_its_reason(finding):
    waived = [Waived(Found(finding()), "known since May", "2027-01-31"), Waived(Found(finding()), "so be it")]
    report = Report("diff", "2026-02", "2026-04", waived=waived)
    told = as_text(report)
    assert summary(report).endswith("; 2 waived")
    assert "known since May  2027-01-31" in told
    assert "so be it         never" in told


def test_what_could_not_be_looked_at_is_not_conforming():
    told = as_text(Report("drift live", "2026-02", "x", incomplete="the key is not funded"))
    assert "inconclusive" in told
    assert "Could not look: the key is not funded" in told


def test_a_secret_that_was_seen_is_not_shown(finding):
    found = Found(finding(pointer="/api_key", seen="'sk-live-1'"))
    assert "sk-live" not in as_text(Report("drift traffic", "2026-02", "x", [found]))


def test_the_source_is_the_basis_where_none_is_cited(finding):
    bare = finding().rule
    found = Found(
        finding(rule=type(bare)("a.b", "a", "so", Level.ERROR, bare.provenance._replace(sources=())))
    )
    assert as_text(Report("diff", "2026-02", "x", [found])).splitlines()[-1].endswith("documented")


@settings(max_examples=60, deadline=None)
@given(data=st.data(), columns=st.sampled_from([40, 80, 160]))
def test_hostile_texts_break_no_line(hostile_reports, data, columns):
    report = data.draw(hostile_reports)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(columns))
        told = as_text(report)
    told.encode()
    lines = told.split("\n")
    assert all(line.isprintable() for line in lines)
    assert lines[0].startswith(f"{report.command}: ")
    assert max(map(len, lines)) <= (LONGEST_CURL + LONGEST) * 10
    rows = [
        line for line in lines if line.startswith(tuple("123456789")) and not line.startswith(lines[1][:9])
    ]
    assert len(rows) >= len(report.found)


def test_the_table_fits_the_terminal(report, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    table = as_text(report).split("\n\n")[1].splitlines()
    assert max(map(len, table)) <= 80
