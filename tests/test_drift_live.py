"""klingmock drift live: the command, over real sockets."""

import json
import socket
import sys
from importlib.resources import files

import jsonschema_rs
import pytest

from klingcontracts.contract import load
from klingcontracts.probe_pace import Pace
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


def test_a_run_that_is_interrupted_tells_what_it_spent(live, api, capsys, monkeypatch):
    def interrupt(self):
        self.spending.requests = 7
        raise KeyboardInterrupt

    monkeypatch.setattr(drift_live.Run, "run", interrupt)
    code, out, err = live(api, "--canary", "canary.json")
    assert (code, out) == (130, "")
    assert err == "klingmock: Interrupted: 7 requests were sent, 0 jobs accepted.\n"


def test_a_terminal_shows_the_progress_and_the_money(live, api, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    code, _, err = live(api, "--max-requests", "5")
    assert code == 3
    assert "5 requests, 0 jobs, 0.00 spent" in err
    assert err.endswith("\r\x1b[K")


def test_help_is_there_without_a_server(capsys):
    assert main(["drift", "live", "--help"]) == 0
    assert "--unfunded-key-env" in capsys.readouterr().out
