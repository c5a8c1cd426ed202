"""klingcontracts.histories: lives of tasks as polls see them, legal ones and others."""

import json
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from klingcontracts.check import check_history, check_reply
from klingcontracts.contract import load
from klingcontracts.exchange import Call
from klingcontracts.histories import ECHO, ORDER, illegal, legal, replies_of
from klingcontracts.problem import Problem

REVISIONS = ["2026-02", "2026-04", "2026-07"]
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
# To be drawn at all is enough: nothing is made smaller.
LONG = settings(
    max_examples=3000, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)


def one(strategy):
    """What is drawn first, without a look for something smaller."""
    found = []

    @settings(
        max_examples=1,
        phases=[Phase.generate],
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(value):
        found.append(value)

    draw()
    return found[0]


def broken(contract, history):
    """The ids of the rules that a history breaks, in its replies and in their order."""
    call = Call("GET", f"/api/v1/tasks/{history.task_id}", {})
    operation = contract.operation("task")
    found = [one for reply in history.replies for one in check_reply(contract, operation, call, reply)]
    return {finding.rule.id for finding in [*found, *check_history(contract, history.statuses)]}


@QUICK
@given(st.data())
@pytest.mark.parametrize("revision", REVISIONS)
def test_a_legal_life_breaks_nothing(revision, data):
    contract = load(revision)
    history = data.draw(legal(contract))
    assert broken(contract, history) == set()
    told = [
        json.loads(bytes(reply.body))["data"]["status"] for reply in history.replies if reply.status == 200
    ]
    assert tuple(told) == history.statuses


@QUICK
@given(st.data())
@pytest.mark.parametrize("revision", REVISIONS)
def test_an_illegal_life_breaks_its_rule_and_no_other(revision, data):
    contract = load(revision)
    history, rule = data.draw(illegal(contract))
    assert broken(contract, history) == {rule.id}


def statuses(history):
    return [reply.status for reply in history.replies]


EDGES = {
    "seen late": lambda one: one.statuses == ("success",),
    "left before its end": lambda one: one.statuses == ("pending",),
    "processing was missed": lambda one: ("pending", "success") in pairwise(one.statuses),
    "it failed": lambda one: "failed" in one.statuses,
    "polled again and again": lambda one: (
        one.statuses.count("pending") > 1 and "processing" in one.statuses and one.statuses[-1] == "success"
    ),
    "it expired": lambda one: statuses(one)[-1] == 404 and 200 in statuses(one)[-2:],
    "the server failed": lambda one: 500 in statuses(one)[:-1],
    "polled too often": lambda one: 429 in statuses(one)[:-1],
}


@pytest.mark.parametrize("edge", EDGES)
def test_the_edges_are_drawn_on_purpose(edge):
    assert find(legal(load()), EDGES[edge], settings=LONG)


@pytest.mark.parametrize("rule", [ORDER, ECHO])
def test_each_rule_is_broken(rule):
    assert find(illegal(load()), lambda pair: pair[1].id == rule, settings=LONG)


def test_a_failure_shrinks_to_a_few_polls():
    history, _ = find(illegal(load()), lambda pair: pair[1].id == ORDER)
    assert len(history.replies) <= 3


@pytest.mark.parametrize("revision", REVISIONS)
def test_replies_of_each_operation_and_status(revision):
    contract = load(revision)
    for operation in contract.operations.values():
        for status in (None, *operation.replies):
            reply = one(replies_of(contract, operation.id, status))
            call = Call(operation.method, operation.path.replace("{task_id}", "task-1"), {})
            found = {one.rule.id for one in check_reply(contract, operation, call, reply)}
            assert found <= {ECHO}  # which task was asked for is not known here
            assert status in {None, reply.status}


def test_what_is_not_there_is_told():
    with pytest.raises(Problem, match="418"):
        replies_of(load(), "task", 418)
    with pytest.raises(Problem, match="Nearest: 'task'"):
        replies_of(load(), "tsk", None)


def test_a_contract_that_allows_any_order_has_no_illegal_lives(own_document):
    document = load().document
    every = document["x-lifecycle"]["statuses"]
    loose = {name: {**one, "next": list(every)} for name, one in every.items()}
    contract = load(own_document(**{"x-lifecycle": {**document["x-lifecycle"], "statuses": loose}}))
    with pytest.raises(Problem, match="allows any order"):
        illegal(contract)
