"""klingmock.certificate_text: a matrix that fits a terminal, then what was seen, expected and advised."""

import pytest

from klingcontracts.exchange import Call, Exchange, Reply
from klingcontracts.verdict import FAIL, NOT_JUDGED, PASS, WARN
from klingmock.certificate import CHECKS, Certificate, Check, Played
from klingmock.certificate_text import LETTERS, text, told_counts, told_exchanges
from klingmock.journal import Entry
from klingmock.scenario import scenarios
from klingmock.script import Account

ENTRY = Entry(Exchange(Call("GET", "/", {}), Reply(200, {}), 1.0, 1), "")
HINT = "Let the client take its address from MODELLIX_BASE_URL."


def blame(name, verdict, seen, *numbers):
    return Check(name, verdict, seen, CHECKS[name], "Do something else.", numbers)


def played(name="plain", *blamed, **more):
    checks = {one.id: one for one in blamed}
    every = tuple(checks.get(one, Check(one, NOT_JUDGED, "nothing")) for one in CHECKS)
    told = {"says": "it", "script": "", "good": "success", "exit_code": 0, "seconds": 6.54, "started": 1.0}
    return Played(**{"name": name, "ended": "exited", "checks": every, **told, **more})


def certificate(*scenarios, **more):
    return Certificate(
        **{"command": "python client.py", "revision": "2026-02", "seconds": 9.6, **more}, played=scenarios
    )


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")


def test_the_head_says_what_was_run_and_how_it_went():
    one = played("plain", Check("submits-once", PASS))
    head = text(certificate(one)).split("\n\n")[0]
    assert head.splitlines() == [
        "client   python client.py",
        "uses     revision 2026-02",
        "1 of 1 scenarios without blame, in 10 s; checks: 1 pass, 0 fail, 0 warn, 15 not judged.",
    ]


def test_the_matrix_has_a_row_for_each_scenario_and_a_letter_for_each_check():
    told = text(
        certificate(
            played("plain", Check("submits-once", PASS), blame("gives-up", WARN, "on and on")),
            played("submit-lost", blame("submits-once", FAIL, "twice", 1, 2), exit_code=None),
        )
    )
    lines = told.splitlines()
    assert lines[4] == "scenario      exit  seconds  charged  a b c d e f g h i j k l m n o p"
    assert lines[6] == "plain            0      6.5        0  + . . . . . . . . . . . ! . . ."
    assert lines[7] == "submit-lost  ended      6.5        0  X . . . . . . . . . . . . . . ."
    assert list(LETTERS) == list(CHECKS)
    assert all(f"{letter} {name}" in told for name, letter in LETTERS.items())
    assert "+ pass   X fail   ! warn   . not judged" in told


def test_a_failure_has_three_lines_and_its_exchanges():
    told = text(certificate(played("submit-lost", blame("submits-once", FAIL, "submitted again", 1, 2))))
    assert told.split("\n\n")[-1].splitlines() == [
        "submits-once  fail in submit-lost",
        "  seen      submit-lost: submitted again (exchanges 1, 2)",
        "  expected  a job that was, or may have been, accepted is not submitted again",
        "  advice    Do something else.",
    ]


def test_what_is_done_again_and_again_is_told_once():
    names = [one.name for one in scenarios()[:6]]
    told = text(certificate(*(played(name, blame("polls-politely", WARN, "0.1 s", 2, 3)) for name in names)))
    paragraph = told.split("\n\n")[-1].splitlines()
    assert paragraph[0] == "polls-politely  warn in 6 scenarios"
    assert paragraph[5] == f"            and in {names[4]}, {names[5]}"
    assert len(paragraph) == 8


def test_advice_that_differs_stands_with_its_scenarios():
    names = [one.name for one in scenarios()[:6]]
    same = [played(name, blame("gets-whole-file", FAIL, "half")) for name in names]
    other = blame("gets-whole-file", FAIL, "moved")._replace(advice="Follow it.")
    told = text(certificate(*same, played("result-moved", other))).split("\n\n")[-1].splitlines()
    assert told[-2:] == [
        f"  advice    {', '.join(names[:4])} and 2 more: Do something else.",
        "            result-moved: Follow it.",
    ]


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ((), ""),
        ((4,), "exchange 4"),
        ((1, 2), "exchanges 1, 2"),
        (tuple(range(1, 9)), "exchanges 1, 2, 3, 4, 5, 6 and 2 more"),
    ],
)
def test_exchanges_are_named_but_not_all_of_many(numbers, told):
    assert told_exchanges(Check("ends", FAIL, exchanges=numbers)) == told


@pytest.mark.parametrize("width", [40, 80, 300])
def test_no_line_but_those_of_the_matrix_is_wider_than_the_terminal(monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    long = blame("submits-once", FAIL, "word " * 60, *range(1, 9))
    command = "python " + "x" * 500
    told = text(certificate(*(played(one.name, long) for one in scenarios()), command=command))
    matrix, rest = told.split("\n\n")[1], told.split("\n\n")[:1] + told.split("\n\n")[2:]
    assert max(len(line) for part in rest for line in part.splitlines()) <= min(width, 110)
    assert max(map(len, matrix.splitlines())) <= 80


def test_what_was_not_tried_is_named():
    fault = Account("media: 404", 1, 0, 1)
    one, other = played("result-404", faults=[fault]), played("slow", faults=[fault._replace(fired=1)])
    never = played("result-html", faults=[fault], ended="never called")
    assert "Not tried, as the client made no call that it could have happened to: result-404." in text(
        certificate(one, other, never)
    )


def test_a_client_that_never_called_has_no_matrix_and_is_told_how_to():
    one = played(ended="never called", output="a\nb", exit_code=1)
    told = text(certificate(one, revision="", hint=HINT))
    assert "uses     no revision: it submitted nothing" in told
    assert f"The client never called us at all. {HINT}" in told
    assert told.endswith("What it printed at last, in plain:\n  a\n  b")
    assert "+ pass" not in told


def test_a_client_that_did_not_call_in_one_scenario_is_told_so():
    told = text(certificate(played(), played("slow", ended="never called"), hint=HINT))
    assert "The client never called us in 1 of 2 scenarios." in told
    assert "+ pass" in told


def test_what_a_client_that_hung_printed_is_shown_to_its_last_lines():
    one = played(ended="timed out", output="\n".join(f"line {nth} {'x' * 200}" for nth in range(20)))
    told = text(certificate(played(), one, played("slow", ended="timed out", output="not this one")))
    shown = told.split("\n\n")[-1].splitlines()
    assert shown[0] == "What it printed at last, in plain:"
    assert [line.split()[1] for line in shown[1:]] == [str(nth) for nth in range(12, 20)]
    assert max(map(len, shown)) <= 100


def test_a_client_that_was_ended_without_a_verdict_is_told_why():
    why = Check("ends", NOT_JUDGED, "ended after 60 s (see --timeout), when a reply was still on its way")
    one = played("submit-late", Check("submits-once", PASS), why, ended="timed out", exit_code=None)
    other = played("slow", Check("submits-once", PASS), why)
    hung = played("plain", blame("ends", FAIL, "still running"), ended="timed out", exit_code=None)
    told = text(certificate(one, other, hung))
    assert "1 of 3 scenarios without blame" in told
    assert [line for line in told.splitlines() if "is not judged" in line] == [
        "submit-late: ends is not judged: ended after 60 s (see --timeout), when a reply was still on its"
    ]


def test_counts_are_a_sentence():
    assert told_counts(certificate()) == (
        "0 of 0 scenarios without blame, in 10 s; checks: 0 pass, 0 fail, 0 warn, 0 not judged."
    )
