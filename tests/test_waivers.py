"""klingcontracts.waivers: what somebody has decided to live with, as long as it is there and no longer."""

from datetime import date

import pytest

from klingcontracts.drift import Found, NotLooked, Report
from klingcontracts.problem import Problem
from klingcontracts.rule import Level
from klingcontracts.waivers import COMMANDS, Waiver, read_waivers, waive

TODAY = date(2026, 11, 25)
RULE = "submit.body.mode.enum"
FINGERPRINT = "submit.body.mode.enum@submit/mode"


@pytest.fixture
def written(tmp_path):
    """Write a file of waivers and give its path."""

    def write(text: str | bytes) -> str:
        path = tmp_path / "waivers.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write


@pytest.fixture
def report(finding):
    return Report("drift live", "2026-02", "http://x", [Found(finding()), Found(finding(pointer="/modes"))])


def test_a_file_of_waivers(written):
    text = f"""
    [[waiver]]
    rule = "task.reply.*"
    reason = "known"
    expires = 2027-01-31

    [[waiver]]
    fingerprint = "{FINGERPRINT}"
    reason = "so be it"
    command = "drift live"

    [[waiver]]
    rule = "a"
    reason = "text and time are dates as well"
    expires = "2027-02-01"

    [[waiver]]
    rule = "b"
    reason = "c"
    expires = 2027-02-02T10:00:00
    """
    assert read_waivers(written(text)) == [
        Waiver("known", "task.reply.*", expires=date(2027, 1, 31)),
        Waiver("so be it", fingerprint=FINGERPRINT, command="drift live"),
        Waiver("text and time are dates as well", "a", expires=date(2027, 2, 1)),
        Waiver("c", "b", expires=date(2027, 2, 2)),
    ]


def test_an_empty_file_waives_nothing(written):
    assert read_waivers(written("# nothing yet\n")) == []


ONE = '[[waiver]]\nrule = "a"\nreason = "b"\n'
BROKEN = [
    ("[[waiver]\n", "is no TOML: ", "at line 1"),
    (b"\xff", "is no TOML", "utf-8"),
    ("a = " + "[" * 5000, "is no TOML", ""),
    ("[[waver]]\n", "Nearest: 'waiver'", ""),
    ("[waiver]\nrule = 'a'\n", "no list of tables", ""),
    ("waiver = [1]\n", "no list of tables", ""),
    (f"{ONE}\n[[waiver]]\nrul = 'a'\n", "waiver 2 (line 5): the key 'rul'", "Nearest: 'rule'"),
    ("[[waiver]]\nrule = 'a'\n", "waiver 1 (line 1) has no reason", "A waiver has"),
    ("waiver = [{rule = 'a'}]\n", "waiver 1 has no reason", ""),
    ("[[waiver]]\nreason = 'a'\n", "neither rule nor fingerprint", ""),
    (f"{ONE}fingerprint = 'a@b'\n", "has rule and fingerprint", ""),
    ("[[waiver]]\nrule = 1\nreason = 'a'\n", "rule is no text", ""),
    ("[[waiver]]\nrule = 'a'\nreason = ' '\n", "reason is no text, or an empty one", ""),
    ("[[waiver]]\nrule = '*'\nreason = 'a'\n", "a * elsewhere than at its end", "task.reply.*"),
    ("[[waiver]]\nrule = '.*'\nreason = 'a'\n", "a * elsewhere", ""),
    ("[[waiver]]\nrule = '*.enum'\nreason = 'a'\n", "a * elsewhere", ""),
    (f"{ONE}expires = 'soon'\n", "expires is no date", "2027-01-31"),
    (f"{ONE}expires = 3\n", "expires is no date", ""),
    (f"{ONE}command = 'drift life'\n", "Nearest: 'drift live'", ""),
]


@pytest.mark.parametrize(("text", "fact", "more"), BROKEN, ids=[fact for _, fact, _ in BROKEN])
def test_a_broken_file_is_one_sentence_with_its_place(written, text, fact, more):
    with pytest.raises(Problem) as caught:
        read_waivers(written(text))
    told = str(caught.value)
    assert fact in told
    assert more in told
    assert "waivers.toml" in told
    assert "\n" not in told


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(Problem, match="can't be read: No such file"):
        read_waivers(str(tmp_path / "none.toml"))


@pytest.mark.parametrize(
    ("waiver", "left"),
    [
        (Waiver("why", RULE), 0),
        (Waiver("why", "submit.body.*"), 0),
        (Waiver("why", fingerprint=FINGERPRINT), 1),
        (Waiver("why", RULE, expires=TODAY), 0),  # its last day is one of its days
        (Waiver("why", RULE, command="drift live"), 0),
        (Waiver("why", RULE, command="drift docs"), 2),  # and is not stale here
    ],
)
def test_what_is_waived_is_in_no_verdict_and_is_still_told(report, waiver, left):
    told = waive(report, [waiver], TODAY)
    assert (len(told.found), len(told.waived)) == (left, 2 - left)
    assert all(one.reason == "why" for one in told.waived)
    assert told.verdict() == ("drift" if left else "conforms")
    assert len(told.to_json().get("waived", [])) == 2 - left


def test_the_reason_and_the_day_are_those_of_the_first_that_fits(report):
    first = Waiver("first", RULE, expires=date(2027, 1, 31))
    told = waive(report, [first, Waiver("second", "submit.*")], TODAY)
    assert [(one.reason, one.expires) for one in told.waived] == [("first", "2027-01-31")] * 2
    assert told.found == []  # the second one fits as well, and so is not stale


def test_an_expired_one_waives_nothing_and_is_found(report):
    told = waive(report, [Waiver("why", RULE, expires=date(2026, 11, 24))], TODAY)
    assert [one.finding.rule.id for one in told.found] == [RULE, RULE, "waiver.expired"]
    assert told.found[-1].finding.seen == "expired on 2026-11-24 (reason: why)"
    assert told.found[-1].finding.level == Level.WARNING


@pytest.mark.parametrize(
    "rule", ["submit.body.modes.enum", "submit.body", "submit.body.modes.*", "submit.bod*"]
)
def test_a_stale_one_is_found_with_the_nearest_name(report, rule):
    told = waive(report, [Waiver("why", rule)], TODAY)
    assert [one.finding.rule.id for one in told.found] == [RULE, RULE, "waiver.stale"]
    stale = told.found[-1].finding
    assert stale.pointer == f"/{rule}"
    assert ("nearest: submit.body.mode.enum" in stale.seen) == ("modes" in rule)


def test_a_stale_fingerprint_is_found_and_is_another_one_each(report):
    told = waive(
        report, [Waiver("why", fingerprint="a@b/~c"), Waiver("why", fingerprint=f"{FINGERPRINT}x")], TODAY
    )
    first, second = (one.finding for one in told.found[2:])
    assert first.pointer == "/a@b~1~0c"
    assert f"nearest: {FINGERPRINT}" in second.seen
    assert first.fingerprint != second.fingerprint


def test_where_nobody_looked_nothing_is_stale(report):
    waivers = [Waiver("why", "task.*"), Waiver("why", fingerprint="task.reply.json@task")]
    looked = report._replace(not_looked=[NotLooked("task.reply.json", "--spend is 0")])
    assert [one.finding.rule.id for one in waive(looked, waivers, TODAY).found] == [RULE, RULE]
    assert len(waive(report._replace(incomplete="no key"), waivers, TODAY).found) == 2
    assert len(waive(report, waivers, TODAY).found) == 4


def test_a_waiver_of_waivers_waives_none(report):
    told = waive(report, [Waiver("why", "waiver.stale")], TODAY)
    assert [one.finding.rule.id for one in told.found][-1] == "waiver.stale"


def test_each_command_that_reports_can_be_named(finding):
    for command in COMMANDS:
        told = waive(
            Report(command, "a", "b", [Found(finding())]), [Waiver("why", RULE, command=command)], TODAY
        )
        assert not told.found
