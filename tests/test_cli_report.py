"""klingmock.cli_report: the flags of every look for drift, tried before anything is spent."""

import argparse
import json
import os
from datetime import date

import pytest

from klingcontracts.drift import Found, Report
from klingcontracts.drift_forms import FORMS
from klingcontracts.problem import Problem
from klingcontracts.rule import Level
from klingmock import cli_report
from klingmock.cli_report import finish, prepare, report_flags


@pytest.fixture
def flags(tmp_path, monkeypatch):
    """Parse these flags, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    parser = argparse.ArgumentParser()
    report_flags(parser)
    return lambda *words: parser.parse_args(words)


@pytest.fixture
def report(finding):
    return Report("drift traffic", "2026-02", "a.har", [Found(finding(Level.WARNING))], requests=4)


@pytest.mark.parametrize(
    ("words", "code"),
    [([], 1), (["--fail-on", "warning"], 1), (["--fail-on", "error"], 0), (["--fail-on", "info"], 1)],
)
def test_the_exit_code_is_the_verdicts(flags, report, capsys, words, code):
    assert finish(report, flags(*words)) == code
    assert capsys.readouterr().out.startswith("drift traffic: a.har held against 2026-02: ")


def test_what_could_not_be_looked_at_is_3(flags):
    assert finish(Report("drift live", "2026-02", "x", incomplete="no key"), flags()) == 3


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_printed_and_written(flags, report, capsys, tmp_path, form):
    others = [f"--report={name}=out.{name}" for name in FORMS]
    finish(report, flags("--format", form, *others))
    assert capsys.readouterr().out == FORMS[form](report, Level.WARNING) + "\n"
    for name in FORMS:
        assert (tmp_path / f"out.{name}").read_text() == FORMS[name](report, Level.WARNING) + "\n"


def test_a_report_replaces_the_one_before(flags, report, tmp_path):
    (tmp_path / "drift.json").write_text("x" * 100_000)
    prepared = prepare(flags("--report", "json=drift.json"))
    assert (tmp_path / "drift.json").stat().st_size == 100_000  # until there is another, the old one stays
    prepared.finish(report)
    assert json.loads((tmp_path / "drift.json").read_text())["verdict"] == "drift"


def test_to_try_a_file_leaves_none(flags, tmp_path):
    prepare(flags("--report", "json=drift.json", "--report", "text=drift.txt"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--format", "jsn"], "Format 'jsn' is not known. Nearest: 'json'"),
        (["--fail-on", "eror"], "Level 'eror' is not known. Nearest: 'error'"),
        (["--report", "jsn=a"], "Nearest: 'json'"),
        (["--report", "json"], "--report 'json' names no file. Write it as FORMAT=FILE"),
        (["--report", "json="], "names no file"),
        (["--report", "json=-"], "write --format json"),
        (["--report", "json=a", "--report", "text=a"], "Two reports go to 'a'"),
        (["--report", "json=none/a"], "'none/a' can't be written: No such file or directory"),
        (["--report", "json=a\0b"], "can't be written"),
        (["--report", "json=."], "'.' can't be written: it is no file"),
        (["--allow", "none.toml"], "'none.toml' can't be read"),
        (["--allow", ""], "can't be read"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_looked_at(flags, words, text):
    with pytest.raises(Problem) as caught:
        prepare(flags(*words))
    assert text in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_pipe_is_not_opened_before_its_time(flags, report, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    prepared = prepare(flags("--report", f"json={pipe}"))  # nobody reads yet: to open it would wait for ever
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert prepared.finish(report) == 1
        assert json.loads(os.read(reading, 100_000))["target"] == "a.har"
    finally:
        os.close(reading)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")  # noqa: PTH110
def test_a_disk_that_is_full_by_then_is_3_and_the_report_is_printed(flags, report, capsys):
    prepared = prepare(flags("--report", "json=/dev/full"))
    with pytest.raises(Problem, match="'/dev/full' can't be written: No space left") as caught:
        prepared.finish(report)
    assert caught.value.exit_code == 3
    assert "drift traffic" in capsys.readouterr().out


def test_what_can_not_be_printed_is_3(flags, report, monkeypatch):
    monkeypatch.setattr(cli_report, "say", lambda _: 3)
    assert finish(report, flags("--fail-on", "error")) == 3


def test_a_waiver_takes_a_finding_out_of_the_verdict(flags, report, tmp_path, capsys):
    (tmp_path / "waivers.toml").write_text(
        '[[waiver]]\nrule = "submit.body.mode.enum"\nreason = "known"\nexpires = 2026-11-25\n'
    )
    chosen = flags("--allow", "waivers.toml", "--format", "json")
    assert prepare(chosen, lambda: date(2026, 11, 25)).finish(report) == 0
    assert json.loads(capsys.readouterr().out)["waived"][0]["reason"] == "known"
    assert prepare(chosen, lambda: date(2026, 11, 26)).finish(report) == 1
    rules = [one["rule"] for one in json.loads(capsys.readouterr().out)["findings"]]
    assert rules == ["submit.body.mode.enum", "waiver.expired"]
    assert finish(report, chosen) in (0, 1)  # as the day is
