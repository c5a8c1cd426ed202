"""klingmock drift live: the command, over real sockets."""

import json
import os
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files

import jsonschema_rs
import pytest

from klingcontracts import probe_run
from klingcontracts.contract import load
from klingcontracts.probe_pace import Pace
from klingcontracts.problem import Problem
from klingmock import drift_live
from klingmock.answer import Mock
from klingmock.background import Background
from klingmock.cli import main
from klingmock.served import Plan


@pytest.fixture(scope="module")
def api():
    """The fake with its limits off, in a hurry: nobody waits here."""
    plan = Plan(limited=False, speed=1000.0)
    with Background(Mock([load()], plan)) as server:
        yield server.url


@pytest.fixture
def live(run, monkeypatch):
    """Run the command with the keys in the environment, and no waiting."""
    monkeypatch.setenv("MODELLIX_API_KEY", "mock-first")
    monkeypatch.setenv("SECOND", "mock-second")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(Pace, "_sleep", lambda *_: None, raising=False)

    def start(*arguments):
        return run("drift", "live", *arguments, "--rate", "100000", "--poll-interval", "0.01")

    return start


def test_the_fake_conforms(live, api):
    code, out, err = live(api)
    assert (code, err) == (0, "")
    assert "held against 2026-02: conforms" in out
    assert "0 accepted jobs" in out
    assert "mock-first" not in out


def test_a_job_is_followed_and_its_task_is_kept_for_later_runs(live, api, tmp_path):
    flags = (api, "--spend", "1", "--second-key-env", "SECOND", "--canary", "canary.json", "--format", "json")
    code, out, _ = live(*flags)
    told = json.loads(out)
    schema = json.loads(files("klingcontracts").joinpath("drift.schema.json").read_text())
    jsonschema_rs.validator_for(schema).validate(told)
    assert (code, told["spent"]["accepted"]) == (0, 1)
    kept = json.loads((tmp_path / "canary.json").read_text())
    assert kept["status"] == "success"
    code, out, _ = live(api, "--canary", "canary.json")
    assert code == 0
    assert "task.retention" not in out


def test_another_revision_is_drift(live, api):
    code, out, _ = live(api, "--against", "2026-07", "--max-requests", "40")
    assert code == 1
    assert "as in revision 2026-02" in out
    assert "$MODELLIX_API_KEY" in out


def test_a_reading_is_chosen(live, api):
    code, out, _ = live(api, "--reading", "wrong-method=404")
    assert code == 0
    assert "question.wrong-method" in out


def test_the_plan_sends_nothing_and_needs_no_key(run, monkeypatch):
    monkeypatch.delenv("MODELLIX_API_KEY", raising=False)
    code, out, err = run("drift", "live", "http://127.0.0.1:1", "--plan", "--spend", "1")
    assert (code, err) == (0, "")
    assert "at most 1 jobs are paid for" in out
    assert "oracle" in run("drift", "live", "http://a", "--plan", "--unfunded-key-env", "POOR")[1]


def test_without_a_key_nothing_is_asked(run, monkeypatch):
    monkeypatch.delenv("MODELLIX_API_KEY", raising=False)
    code, out, err = run("drift", "live", "http://127.0.0.1:1")
    assert (code, out) == (2, "")
    assert err.startswith("klingmock: There is no key in MODELLIX_API_KEY.")


def test_a_server_that_is_down_is_no_drift(live):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    code, out, _ = live(f"http://127.0.0.1:{port}")
    assert code == 3
    assert "inconclusive" in out
    assert "nothing listens there" in out


def test_a_key_that_is_refused_is_no_drift(live, api, monkeypatch):
    monkeypatch.setenv("MODELLIX_API_KEY", "sk-nobody")
    code, out, _ = live(api)
    assert code == 3
    assert "The key is refused: 401" in out
    assert "sk-nobody" not in out


def test_a_page_tells_who_agrees_with_whom(live, api, template, tmp_path):
    data = {"status": "pending", "task_id": "t-1", "model_id": "kling-v1-i2v"}
    reply = {"code": 0, "message": "success", "data": data}
    text = template.page_of(load().document, call={"image": "https://example.com/a.jpg"}, reply=reply)
    (tmp_path / "page.txt").write_text(text)
    code, out, _ = live(
        api, "--against", "2026-07", "--page", "page.txt", "--max-requests", "40", "--format", "json"
    )
    told = json.loads(out)
    [path] = [one for one in told["findings"] if one["rule"] == "route.unknown-path"]
    assert code == 1
    assert path["evidence"]["agree"] == ["page", "live"]
    assert path["evidence"]["means"].startswith("the vendor has changed, and says so")


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted_tells_and_keeps_what_it_paid_for(live, api, monkeypatch, tmp_path, end):
    def interrupt(*_):
        os.kill(os.getpid(), end)
        pytest.fail("it goes on")

    monkeypatch.setattr(probe_run, "follow", interrupt)
    flags = ("--canary", "canary.json", "--report", "json=report.json", "--spend", "1")
    before = signal.getsignal(signal.SIGTERM)
    code, out, err = live(api, *flags)
    kept, told = (json.loads((tmp_path / name).read_text()) for name in ("canary.json", "report.json"))
    assert code == 130
    assert err.startswith(
        f"klingmock: Interrupted: {told['spent']['requests']} requests sent, 1 job accepted ("
    )
    assert f"({kept['task_id']})" in err
    assert "It was interrupted." in out
    assert signal.getsignal(signal.SIGTERM) == before


def test_in_another_thread_there_are_no_signals_to_hear(live, api):
    with ThreadPoolExecutor(1) as pool:
        code, _, err = pool.submit(live, api, "--max-requests", "1").result()
    assert (code, err) == (3, "")


def test_a_canary_that_can_not_be_kept_is_told_before_anything_is_sent(live, monkeypatch, tmp_path):
    (tmp_path / "folder").mkdir()
    for name in ("gone/canary.json", "folder"):
        code, out, err = live("http://127.0.0.1:1", "--canary", name)
        assert (code, out) == (2, "")
        assert "anary file" in err


def test_a_canary_that_fails_at_the_end_takes_no_report_along(live, api, monkeypatch):
    def fail(name, canary):
        raise Problem("It can't be written.", f"Keep {canary.task_id}.", 3)

    monkeypatch.setattr(drift_live, "keep_canary", fail)
    code, out, err = live(api, "--spend", "1", "--canary", "canary.json")
    assert code == 3
    assert "1 accepted job" in out
    assert err.count("klingmock: It can't be written. Keep ") == 1


def test_a_mistake_of_ours_is_neither_drift_nor_the_end_of_the_report(live, api, monkeypatch):
    def fail(*_, **__):
        raise ValueError("oops")

    monkeypatch.setattr(probe_run, "follow", fail)
    code, out, _ = live(api, "--spend", "1")
    assert code == 3
    assert "A mistake of klingmock ended it: ValueError('oops')." in out
    assert "1 accepted job" in out
    monkeypatch.setattr(drift_live.Run, "report", fail)
    code, out, err = live(api, "--spend", "1")
    assert (code, out) == (3, "")
    assert "the replies can't be judged (ValueError('oops')); " in err
    assert "1 job accepted (" in err


def test_a_long_wait_is_told(live, api, monkeypatch):
    def wait(self):
        self.spending.pace.waits(9.0)
        self.spending.pace.waits(57.2)

    monkeypatch.setattr(drift_live.Run, "run", wait)
    assert live(api)[2] == "klingmock: Waiting 57 seconds, for the limit of requests.\n"


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--header", "Host: a"), "host is no --header to choose"),
        (("--report", "json=a", "--report", "text=a"), "Two reports go to 'a'"),
        (("--format", "json"), "--plan shows a table"),
        (("--report", "json=a"), "--plan shows a table"),
        (("--rate", "0"), "Give 1 or more"),
        (("--max-unexpected", "0"), "Give 1 or more"),
        (("--image", "notaurl"), "--image 'notaurl' is no URL"),
        (("--page", "gone.txt"), "Page 'gone.txt' can't be read"),
    ],
)
def test_a_plan_refuses_what_a_run_refuses(run, flags, said):
    code, out, err = run("drift", "live", "http://127.0.0.1:1", "--plan", *flags)
    assert (code, out) == (2, "")
    assert said in err


def test_a_terminal_shows_the_progress_and_the_money(live, api, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    code, _, err = live(api, "--max-requests", "5")
    assert code == 3
    assert "5 requests, 0 jobs, 0.00 spent" in err
    assert err.endswith("\r\x1b[K")


def test_help_is_there_without_a_server(capsys):
    assert main(["drift", "live", "--help"]) == 0
    assert "--unfunded-key-env" in capsys.readouterr().out


def test_the_canary_and_a_report_are_two_files(live):
    code, out, err = live("http://127.0.0.1:1", "--canary", "one.json", "--report", "json=./one.json")
    assert (code, out) == (2, "")
    assert "is the file of --canary and of a --report. Give each a file of its own." in err
