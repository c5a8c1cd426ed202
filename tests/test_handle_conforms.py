"""klingmock.handle: what is held against the client, and what is not."""

import json

import pytest

from klingcontracts.contract import load
from klingcontracts.exchange import Call
from klingcontracts.problem import Problem
from klingcontracts.report import Nonconforming
from klingcontracts.rule import Level
from klingcontracts.verdict import BadClient
from klingmock.double_charge import DoubleCharge
from klingmock.handle import Handle
from klingmock.options import options

SUBMIT = load().operation("submit").path
IMAGE = {"image": "https://example.com/mountain.jpg"}


def world(**given):
    return Handle("http://127.0.0.1:1", "mock-a", options(given), print)


def send(handle, method="GET", path="/api/v1/tasks/none", body=b"", key="mock-a"):
    headers = {"authorization": f"Bearer {key}"} if key else {}
    return handle.answer(
        Call(method, path, headers, body if isinstance(body, bytes) else json.dumps(body).encode())
    )


def submit(handle, **more):
    reply = send(handle, "POST", SUBMIT, IMAGE | more)
    assert reply.status == 200, bytes(reply.body)
    return json.loads(reply.body)["data"]["task_id"]


def poll(handle, task_id, **more):
    return send(handle, path=f"/api/v1/tasks/{task_id}", **more)


def test_a_client_that_keeps_to_the_contract_passes():
    handle = world()
    poll(handle, submit(handle))
    handle.assert_conforms()
    handle.assert_conforms(Level.INFO)


def test_the_table_of_findings_says_what_to_do_and_its_rule_is_whole(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    handle = world()
    submit(handle)
    send(handle, "POST", SUBMIT, IMAGE | {"mode": "stt", "camera_control": {"type": "simple", "config": 1}})
    with pytest.raises(Nonconforming) as caught:
        handle.assert_conforms()
    told = str(caught.value)
    assert told.startswith("1 of 2 exchanges does not keep to 2026-02:\n\n")
    head, ruler, *rows = told.splitlines()[2:]
    assert head.split() == ["exchange", "rule", "seen", "documented", "advice"]
    assert rows[0].split()[:2] == ["2", "submit.body.mode.enum"]
    assert "'stt'" in told
    assert "Send 'std'" in told
    assert max(map(len, (head, ruler, *rows))) <= 80
    assert isinstance(caught.value, AssertionError)


@pytest.mark.parametrize("level", list(Level))
def test_what_only_the_server_can_know_is_not_held_against_the_client(level):
    handle = world(limits={"rate": 4, "concurrency": 1}, timing="instant", retention=10, balance="0.0000")
    task_id = submit(handle)
    send(handle, key="sk-live")
    poll(handle, task_id, key="mock-b")
    handle.advance(11)
    poll(handle, task_id)
    statuses = [send(handle).status for _ in range(4)]
    assert statuses[-1] == 429
    assert sum(bool(entry.findings) for entry in handle.journal) >= 5
    handle.assert_conforms(level)


def test_the_level_decides():
    handle = world()
    submit(handle, colour="red")  # accepted, with a note
    handle.assert_conforms(Level.ERROR)
    with pytest.raises(Nonconforming, match=r"submit\.body\.unknown-field"):
        handle.assert_conforms()
    send(handle, "POST", SUBMIT, {})
    with pytest.raises(Nonconforming, match=r"submit\.body\.image\.required") as caught:
        handle.assert_conforms(Level.ERROR)
    assert "unknown-field" not in str(caught.value)


@pytest.mark.parametrize("key", ["", "two words"])
def test_a_key_that_is_not_sent_as_documented_is(key):
    handle = world()
    send(handle, key=key)
    with pytest.raises(Nonconforming, match=r"auth\.(missing-key|bad-scheme)"):
        handle.assert_conforms()


def test_two_charges_for_one_body_are_one_too_many():
    handle = world()
    handle.script("submit: lost")
    assert send(handle, "POST", SUBMIT, IMAGE).wire == "drop"
    handle.assert_no_double_charge()
    submit(handle)
    with pytest.raises(
        DoubleCharge, match=r"^One job was charged twice: 0\.\d{4} USD in exchange 1"
    ) as caught:
        handle.assert_no_double_charge()
    assert str(caught.value).endswith("after exchange 1: no reply, so the job may have been accepted.")
    assert [charge.task_id for charge in handle.charges] == [task.id for task in handle.tasks]
    handle.assert_no_double_charge(jobs=2)


def test_different_jobs_are_charged_each():
    handle = world()
    submit(handle, prompt="a mountain")
    submit(handle, prompt="a river")
    handle.assert_no_double_charge()
    assert len(handle.charges) == 2


def test_a_fault_that_nobody_met_is_told():
    handle = world(script="submit: 503*2")
    with pytest.raises(AssertionError, match="Nothing was asked of this world"):
        handle.assert_conforms()
    send(handle, "POST", SUBMIT, IMAGE)
    with pytest.raises(AssertionError, match=r"^These faults never fired: .*503\*2 \(fired 1 of 2\)\.$"):
        handle.assert_faults_fired()
    send(handle, "POST", SUBMIT, IMAGE)
    handle.assert_faults_fired()


def test_a_good_client_is_told_so():
    handle = world()
    task_id = submit(handle)
    handle.advance_to(task_id, "success")
    resource = json.loads(poll(handle, task_id).body)["data"]["result"]["resources"][0]
    assert send(handle, path="/" + resource["url"].split("/", 3)[3], key="").status == 200
    handle.assert_good_client("success", level=Level.INFO)
    assert handle.verdict("success").to_json()["summary"]["fail"] == 0
    assert handle.verdict("failure").blamed(Level.ERROR)
    assert not handle.verdict().blamed()  # what nobody has told is not judged


def test_a_bad_client_is_told_what_it_did():
    handle = world()
    handle.script("submit: lost")
    for _ in range(2):
        send(handle, "POST", SUBMIT, IMAGE)
    with pytest.raises(BadClient, match="submits-once"):
        handle.assert_good_client("success")
    assert "submits-once" not in {one.rule.id for one in handle.verdict("success", jobs=2).blamed()}


def test_another_outcome_is_refused():
    with pytest.raises(Problem, match=r"^Outcome 'sucess' is not known\."):
        world().verdict("sucess")


@pytest.mark.parametrize(
    ("limits", "limited"), [(False, False), (True, True), ({}, True), ({"rate": 5}, True)]
)
def test_a_machine_runs_against_the_world_itself(limits, limited):
    handle = world(limits=limits)
    target = handle.target
    assert target.limited is limited
    assert len(set(target.keys)) == 2
    before = handle.now
    target.advance(3)
    replies = [
        target.answer(Call("GET", "/api/v1/tasks/none", {"authorization": f"Bearer {key}"}))
        for key in target.keys
    ]
    assert [reply.status for reply in replies] == [404, 404]
    assert (handle.total, handle.now) == (2, before + 3)
