"""klingcontracts.strategies: the names that people import, with the contract they ask for."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klingcontracts.check import check_body, check_history, check_reply
from klingcontracts.contract import load
from klingcontracts.exchange import Call
from klingcontracts.problem import Problem
from klingcontracts.strategies import (
    bodies,
    breakable,
    broken_bodies,
    histories,
    illegal_histories,
    raw_bodies,
    replies,
)

QUICK = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
REVISIONS = ["2026-02", "2026-04", "2026-07"]


def findings(contract, body):
    return check_body(contract, contract.operation("submit"), json.dumps(body).encode())


@QUICK
@given(st.data())
@pytest.mark.parametrize("revision", REVISIONS)
def test_a_revision_can_be_named(revision, data):
    contract = load(revision)
    assert not findings(contract, data.draw(bodies(revision))).refused
    assert not findings(contract, data.draw(bodies(revision, noted=True))).refused
    body, rule = data.draw(broken_bodies(contract=revision))
    assert [one.rule for one in findings(contract, body).refused] == [rule]
    assert isinstance(data.draw(raw_bodies(revision)), bytes)


@QUICK
@given(st.data())
def test_a_contract_in_another_reading_can_be_given(data):
    contract = load("2026-02", {"image-required": "either"})
    assert not findings(contract, data.draw(bodies(contract))).refused


@QUICK
@given(broken_bodies(noted=True))
def test_what_is_only_noted_is_asked_for(pair):
    body, rule = pair
    found = findings(load(), body)
    assert [one.rule for one in (found.refused or found.noted)] == [rule]


def test_what_can_be_broken_is_listed():
    names = breakable()
    assert "submit.body.mode.enum" in names
    assert set(breakable(noted=True)) > set(names)
    assert all(load().rules[name].error for name in names)


@QUICK
@given(st.data())
@pytest.mark.parametrize("revision", REVISIONS)
def test_replies_and_histories_are_as_documented(revision, data):
    contract = load(revision)
    reply = data.draw(replies("task", 200, revision))
    task_id = json.loads(bytes(reply.body))["data"]["task_id"]
    call = Call("GET", f"/api/v1/tasks/{task_id}", {})
    assert check_reply(contract, contract.operation("task"), call, reply) == []
    assert check_history(contract, data.draw(histories(revision)).statuses) == []
    history, rule = data.draw(illegal_histories(revision))
    broke = [finding.rule for finding in check_history(contract, history.statuses)]
    assert broke == ([] if rule.id.endswith("echo") else [rule])


@pytest.mark.parametrize(
    ("ask", "fact"),
    [
        (lambda: broken_bodies("submit.body.mod.enum"), "Nearest: 'submit.body.mode.enum'"),
        (lambda: bodies(operation="task"), "takes no body"),
        (lambda: bodies(operation="sumbit"), "Nearest: 'submit'"),
        (lambda: replies("task", 418).example(), "418"),
        (lambda: replies("tsk"), "Nearest: 'task'"),
        (lambda: bodies("2026-03"), "2026-03"),
    ],
)
def test_what_is_not_there_is_told_with_the_nearest(ask, fact):
    with pytest.raises(Problem, match=fact):
        ask()
