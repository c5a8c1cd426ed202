"""klingmock certify: its flags, its formats, its exit codes, and how it is interrupted."""

import io
import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest

from klingmock import cli_certify
from klingmock.certificate import CHECKS
from klingmock.cli_certify import FORMATS, bar
from klingmock.scenario import scenarios

CLIENT = [sys.executable, str(Path(__file__).parent / "inner" / "one_job.py")]
GOOD = ["--speed", "20", "--timeout", "60", "--", *CLIENT, "0.1", "3"]


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")


def test_a_good_client_is_0(run):
    code, told, errors = run("certify", "--scenario", "plain", "--scenario", "submit-lost", *GOOD)
    assert (code, errors) == (0, "")
    assert "2 of 2 scenarios without blame" in told
    assert told.splitlines()[6].startswith("plain            0 ")


def test_a_flawed_one_is_1_and_its_reports_are_written(run, tmp_path):
    reports = [f"--report={kind}=report.{kind}" for kind in ("json", "junit", "markdown", "text")]
    code, told, _ = run(
        "certify", "--scenario", "submit-lost", "--format", "json", *reports, *GOOD, "resubmits"
    )
    assert code == 1
    found = json.loads(told)
    assert set(found) == {"schema_version", "command", "revision", "summary", "scenarios"}
    (scenario,) = found["scenarios"]
    assert set(scenario) == {"name", "exit_code", "seconds", "charges", "checks"}
    assert scenario["checks"][0] == {
        "id": "submits-once",
        "verdict": "fail",
        "detail": "submitted again after no reply: it may have been accepted",
        "exchanges": [1, 2],
    }
    assert json.loads((tmp_path / "report.json").read_text()) == found
    assert ET.fromstring((tmp_path / "report.junit").read_text()).find("testsuite").get("failures") == "1"
    assert "| submit-lost | fail | submits-once |" in (tmp_path / "report.markdown").read_text()
    assert "submits-once  fail in submit-lost" in (tmp_path / "report.text").read_text()


def test_a_warning_is_none_where_errors_alone_fail(run):
    words = ["--scenario", "plain", "--speed", "5", "--timeout", "60", "--", *CLIENT, "0.1", "20"]
    assert run("certify", *words)[0] == 1
    assert run("certify", "--fail-on", "error", *words)[0] == 0


def test_a_client_that_never_calls_is_3(run):
    code, told, _ = run("certify", "--scenario", "plain", "--", "false")
    assert code == 3
    assert "never called us at all. Let the client take its address from MODELLIX_BASE_URL" in told


def test_the_variables_have_other_names_where_that_is_asked_for(run):
    flags = ["--base-url-variable", "WHERE", "--api-key-variable", "WHO", "--revision", "2026-07"]
    command = ["sh", "-c", 'test -n "$WHERE" && test -n "$WHO" && test "$0" = 2026-07', "{revision}"]
    _, told, _ = run("certify", *flags, "--scenario", "plain", "--format", "json", "--", *command)
    assert json.loads(told)["scenarios"][0]["exit_code"] == 0


def test_the_words_of_the_client_are_its_own_whatever_they_look_like(run):
    words = ["-c", 'test "$*" = "--format x -- --jobs y"', "sh", "--format", "x", "--", "--jobs", "y"]
    _, told, _ = run("certify", "--scenario", "plain", "--format", "json", "--", "sh", *words)
    assert json.loads(told)["scenarios"][0]["exit_code"] == 0


def test_the_list_has_scenarios_and_checks(run):
    code, told, _ = run("certify", "--list")
    assert code == 0
    assert all(f"\n{one.name} " in told for one in scenarios())
    assert all(f"{name} " in told and says in told for name, says in CHECKS.items())
    assert "submit-lost" not in run("certify", "--list", "--scenario", "plain")[1]


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ([], "There is no client to certify."),
        (["--", "no-such-program-at-all"], "no program 'no-such-program-at-all'"),
        (["--scenario", "plane", "--", "true"], "Scenario 'plane' is not known. Nearest: 'plain'."),
        (
            ["--base-url-variable", "A", "--api-key-variable", "A", "--", "true"],
            "can't hold both the address",
        ),
        (["--jobs", "0", "--", "true"], "0 jobs are none."),
        (["--jobs", "many", "--", "true"], "invalid int value"),
        (["--timeout", "0", "--", "true"], "A timeout of 0 makes no sense."),
        (["--revision", "2026", "--", "true"], "Revision '2026' is not known."),
        (["--format", "pdf", "--", "true"], "invalid choice"),
        (["--report", "jsn=x", "--", "true"], "Format 'jsn' is not known. Nearest: 'json'."),
        (["--report", "json", "--", "true"], "--report 'json' names no file."),
        (
            ["--report", "json=-", "--", "true"],
            "--report 'json=-' is standard output. For that, write --format",
        ),
        (
            ["--report", "json=a", "--report", "text=./a", "--", "true"],
            "Two reports go to 'a', which is './a'.",
        ),
        (["--report", "json=", "--", "true"], "names no file."),
        (["--report", "json=nowhere/x.json", "--", "true"], "can't be written: No such file"),
        (["--report", "json=.", "--", "true"], "can't be written: it is no file"),
        (["--tineout", "3", "--", "true"], "--tineout is not known. Nearest: --timeout."),
    ],
)
def test_a_mistake_is_2_and_runs_nothing(run, flags, told):
    code, out, errors = run("certify", *flags)
    assert (code, out) == (2, "")
    assert told in errors


def test_a_report_that_can_not_be_written_in_the_end_is_told(run, monkeypatch, tmp_path):
    (tmp_path / "there").write_text("")

    def certify(*_):
        (tmp_path / "there").unlink()
        (tmp_path / "there").mkdir()
        return SimpleNamespace(to_json=dict)

    monkeypatch.setattr(cli_certify, "certify", certify)
    code, _, errors = run("certify", "--report", "json=there", "--", "true")
    assert code == 3
    assert "Report file 'there' can't be written: Is a directory." in errors


def test_html_is_made_by_its_own_module(run, monkeypatch):
    page = SimpleNamespace(html=lambda certificate: f"<p>{certificate.command}</p>")
    monkeypatch.setitem(sys.modules, "klingmock.certificate_html", page)
    code, told, _ = run("certify", "--scenario", "plain", "--format", "html", "--", "true")
    assert (code, told) == (3, "<p>true</p>\n")
    assert list(FORMATS) == ["text", "json", "junit", "html", "markdown"]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_is_shown_how_far_it_is(run, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(cli_certify, "EVERY", 0.0)
    assert run("certify", "--scenario", "plain", "--", "true")[0] == 3
    assert "] 0 of 1, 0 s: plain" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_the_bar_is_not_drawn_more_often_than_it_can_be_read(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with cli_certify._bar(3) as show:
        for done in range(3):
            show(done, ["plain"])
    assert terminal.getvalue().count("] 0 of 3") == 1
    assert "] 1 of 3" not in terminal.getvalue()


def test_without_a_standard_error_there_is_no_bar(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    with cli_certify._bar(3) as show:
        assert show is None


def test_the_bar_fits_its_line():
    assert bar(1, 4, ["plain"], 2.4) == f"[{'#' * 6}{'.' * 18}] 1 of 4, 2 s: plain"
    assert bar(0, 0, [], 0) == f"[{'#' * 24}] 0 of 0, 0 s: "
    long = bar(0, 40, [f"scenario-{nth}" for nth in range(40)], 9)
    assert (len(long), long[-1]) == (79, "…")


def test_in_another_thread_signals_are_left_alone():
    found = []

    def enter():
        with cli_certify._ended_by_signals():
            found.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert found == [signal.getsignal(signal.SIGTERM)]


def test_a_signal_interrupts_and_means_what_it_meant_again():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), cli_certify._ended_by_signals():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_with_its_clients(tmp_path, number):
    told = tmp_path / "told"
    client = ["sh", "-c", f"sleep 1000 & echo $! $$ >> {told}; wait"]
    flags = ["certify", "--scenario", "plain", "--scenario", "slow", "--", *client]
    with subprocess.Popen(
        [sys.executable, "-m", "klingmock", *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    ) as process:
        while not told.exists() or len(told.read_text().split()) < 4:
            time.sleep(0.05)
        process.send_signal(number)
        out, errors = process.communicate(timeout=60)
    assert (process.returncode, out, errors) == (130, b"", b"")
    for pid in told.read_text().split():
        assert not Path(f"/proc/{pid}").exists() or " Z " in Path(f"/proc/{pid}/stat").read_text()
