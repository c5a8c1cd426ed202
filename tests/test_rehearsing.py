"""klingmock.rehearsing: a function is put through scenarios in virtual time; and every client of ours is."""

import importlib.util
import json
import os
import sys
import time
import urllib.request
from pathlib import Path

import pytest

import klingmock
from klingcontracts.problem import Problem
from klingmock.rehearsing import rehearse
from klingmock.stage import Way

CLIENTS = Path(__file__).parent / "clients"
GOOD = {"good_urllib": "", "good_httpx": "httpx", "good_aiohttp": "aiohttp", "good_requests": "requests"}
FLAWED = {
    "resubmits": ("requests", {"submits-once"}),
    "gives_up_early": ("", {"survives-transient"}),
    "trusts_http": ("httpx2", {"reports-failure"}),
    "polls_too_often": ("", {"polls-politely"}),
    "polls_on": ("requests", {"stops-at-terminal"}),
    "leaks_key": ("httpx", {"key-stays-home"}),
    "wrong_task": ("", {"polls-its-task", "fetches-what-it-paid-for"}),
    "half_file": ("", {"gets-whole-file"}),
    "never_polls": ("requests", {"fetches-what-it-paid-for", "reports-failure"}),
}


def client(name):
    spec = importlib.util.spec_from_file_location(f"rehearsed_{name}", CLIENTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.run


@pytest.mark.parametrize("name", GOOD)
def test_a_good_client_is_blamed_in_no_scenario(name, need_library):
    if GOOD[name]:
        need_library(GOOD[name])
    found = rehearse(client(name))
    assert [(one.name, check.id, check.seen) for one, check in found.blamed()] == []
    assert found.exit_code() == 0
    assert all(one.charges <= 1 for one in found.played)
    assert not [one.name for one in found.played if any(not fault.fired for fault in one.faults)]


@pytest.mark.parametrize("name", FLAWED)
def test_a_flaw_is_blamed_by_its_checks_and_by_no_other_in_any_scenario(name, need_library):
    library, rules = FLAWED[name]
    if library:
        need_library(library)
    found = rehearse(client(name))
    assert {check.id for _, check in found.blamed()} == rules
    assert found.exit_code() == 1


def test_each_python_client_is_rehearsed():
    assert {path.stem for path in CLIENTS.glob("*.py")} == {*GOOD, *FLAWED}


def call(base_url, key, path, body=None):
    request = urllib.request.Request(base_url + path, body, {"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)["data"]


def submitted(base_url, key):
    path = "/api/v1/kling/kling-v1-i2v/async"
    return call(base_url, key, path, b'{"image": "https://example.com/mountain.jpg"}')["task_id"]


def ends_by(how):
    def client(base_url, key):
        submitted(base_url, key)
        return how()

    return client


def raises():
    raise OSError("no more of this")


@pytest.mark.parametrize(
    ("how", "exit_code", "output"),
    [
        (lambda: None, 0, ""),
        (lambda: "success", 0, "returned 'success'"),
        (lambda: True, 0, "returned True"),
        (lambda: False, 1, "returned False"),
        (lambda: "failure", 1, "returned 'failure'"),
        (raises, 1, "OSError: no more of this"),
        (lambda: sys.exit(4), 4, "exit: 4"),
        (lambda: sys.exit("gone"), 1, "exit: gone"),
        (sys.exit, 0, "exit: None"),
    ],
)
def test_what_a_function_does_in_the_end_is_what_it_says(how, exit_code, output):
    (one,) = rehearse(ends_by(how), ["plain"]).played
    assert (one.exit_code, one.output, one.ended) == (exit_code, output, "exited")


def test_a_function_that_sleeps_for_ever_is_ended():
    def endless(base_url, key):
        task = submitted(base_url, key)
        while True:
            time.sleep(10)
            call(base_url, key, f"/api/v1/tasks/{task}")

    found = rehearse(endless, ["never-ends"], Way(timeout=100))
    (one,) = found.played
    assert (one.exit_code, one.ended) == (None, "timed out")
    assert [check.id for check in one.blamed] == ["gives-up"]
    assert 100 <= one.seconds <= 120
    assert "Give it a deadline" in one.output


def test_a_function_may_take_where_to_call_from_the_environment(monkeypatch):
    monkeypatch.setenv("WHO", "before")
    monkeypatch.delenv("WHERE", raising=False)
    seen = []

    def client(base_url, key):
        seen.append((os.environ["WHERE"], os.environ["WHO"]) == (base_url, key))
        raise ValueError(f"the key is {key}")

    way = Way(base_url_variable="WHERE", api_key_variable="WHO")
    (one,) = rehearse(client, ["plain"], way).played
    assert seen == [True]
    assert one.output == "ValueError: the key is <redacted>"
    assert one.ended == "never called"
    assert (os.environ["WHO"], "WHERE" in os.environ) == ("before", False)


def test_how_far_it_is_is_told_and_the_revision_found_out():
    told = []
    found = rehearse(
        ends_by(lambda: False), ["plain", "slow"], None, lambda done, on: told.append((done, on))
    )
    assert told == [(0, ["plain"]), (1, ["slow"])]
    assert found.revision == "2026-04"
    assert found.command.endswith("ends_by.<locals>.client")


class Callable:
    def __call__(self, base_url, key):
        submitted(base_url, key)


def test_from_python_anything_that_can_be_called_is_certified():
    found = klingmock.certify(Callable(), ["submit-lost"], timeout=50)
    assert found.command.endswith("Callable")
    assert found.exit_code() == 0
    assert found.played[0].exit_code == 1


def test_what_makes_no_sense_is_refused():
    with pytest.raises(Problem, match="'plane' is not known"):
        klingmock.certify(ends_by(raises), ["plane"])
    with pytest.raises(Problem, match="A timeout of 0"):
        klingmock.certify(ends_by(raises), timeout=0)
