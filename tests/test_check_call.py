"""klingcontracts.check: what a call breaks by itself, which rules a caller can keep, and what comes after."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klingcontracts.check import check, check_call, check_reply, of_the_call, reachable
from klingcontracts.contract import load
from klingcontracts.document import revisions
from klingcontracts.exchange import Call, Exchange, Reply
from klingcontracts.strategies import bodies, broken_bodies, raw_bodies

QUICK = settings(max_examples=40, deadline=None)
CONTRACT = load()
SUBMIT, TASK = CONTRACT.operation("submit"), CONTRACT.operation("task")
KEY = {"authorization": "Bearer mock-a"}
IMAGE = b'{"image": "https://example.com/a.jpg"}'
NOT_DOCUMENTED = Reply(418, {}, b"")


def ids(findings):
    return [finding.rule.id for finding in findings]


@pytest.mark.parametrize(
    ("call", "found"),
    [
        (Call("POST", SUBMIT.path, KEY, IMAGE), []),
        (Call("POST", SUBMIT.path, {}, IMAGE), ["auth.missing-key"]),
        (
            Call("POST", SUBMIT.path, {"authorization": "Basic x"}, b"{}"),
            ["auth.bad-scheme", "submit.body.image.required"],
        ),
        (Call("POST", SUBMIT.path, {}, b"{"), ["auth.missing-key", "submit.body.json"]),
        (Call("POST", SUBMIT.path, KEY, b"{", oversize=True), ["submit.body.size"]),
        (Call("GET", "/api/v1/tasks/task-1", KEY), []),
        (Call("GET", "/api/v1/tasks/task-1", KEY, b"a poll's body is nobody's"), []),
        (Call("DELETE", "/api/v1/tasks/task-1", {}), ["route.wrong-method"]),
        (Call("GET", "/nowhere", {}, b"{"), ["route.unknown-path"]),
    ],
    ids=str,
)
def test_what_a_call_breaks_by_itself(call, found):
    assert ids(check_call(CONTRACT, call)) == found


def test_an_operation_that_needs_no_key():
    contract = load("2026-07")
    assert check_call(contract, Call("GET", "/api/v1/apikey/validate", {})) == []
    assert ids(check_call(contract, Call("GET", "/api/v1/models", {}))) == ["auth.missing-key"]


def calls(revision):
    sent = (
        bodies(revision).map(lambda body: json.dumps(body).encode())
        | broken_bodies(contract=revision).map(lambda pair: json.dumps(pair[0]).encode())
        | raw_bodies(revision)
    )
    path = load(revision).operation("submit").path
    return st.builds(
        Call,
        st.sampled_from(["POST", "GET"]),
        st.sampled_from([path, "/api/v1/tasks/task-1", "/nowhere"]),
        st.sampled_from([KEY, {}, {"authorization": "Basic x"}]),
        sent,
        oversize=st.booleans(),
    )


@QUICK
@given(st.data())
@pytest.mark.parametrize("revision", revisions())
def test_an_exchange_breaks_what_its_call_breaks_and_then_what_its_reply_breaks(revision, data):
    contract = load(revision)
    call = data.draw(calls(revision))
    of_call = check_call(contract, call)
    assert all(of_the_call(finding.rule) for finding in of_call)
    found = check(contract, Exchange(call, NOT_DOCUMENTED))
    assert found[: len(of_call)] == of_call
    routed = not {"route.unknown-path", "route.wrong-method"} & set(ids(of_call))
    assert [rule.endswith(".reply.status") for rule in ids(found[len(of_call) :])] == [True] * routed


@pytest.mark.parametrize("revision", revisions())
def test_which_rules_a_caller_can_keep(revision):
    rules = load(revision).rules
    callers = {name for name, rule in rules.items() if of_the_call(rule)}
    assert {"auth.missing-key", "auth.bad-scheme", "route.unknown-path", "route.wrong-method"} <= callers
    assert {"submit.body.size", "submit.body.json", "submit.body.image.type"} <= callers
    for start in (
        "task.",
        "video.",
        "limit.",
        "balance.",
        "error.",
        "reply.",
        "submit.reply.",
        "auth.unkn",
        "auth.exp",
    ):
        assert not [name for name in callers if name.startswith(start)]


@pytest.mark.parametrize("wire", ["", "truncate", "stall", "drip", "drop"])
def test_only_of_a_reply_that_never_came_nothing_is_said(wire):
    call = Call("POST", SUBMIT.path, {}, IMAGE)
    found = ids(check(CONTRACT, Exchange(call, NOT_DOCUMENTED._replace(wire=wire))))
    assert found == ["auth.missing-key", *(["submit.reply.status"] if wire != "drop" else [])]
    nothing = Reply(0, {}, wire=wire)
    assert bool(check(CONTRACT, Exchange(call._replace(headers=KEY), nothing))) == (wire != "drop")
    assert ids(check_reply(CONTRACT, SUBMIT, call, nothing)) == [
        "submit.reply.status"
    ]  # when it is asked for


@pytest.mark.parametrize("revision", revisions())
def test_what_a_task_may_be_later(revision):
    lifecycle = load(revision).document["x-lifecycle"]["statuses"]
    assert reachable(lifecycle, "pending") == {"processing", "success", "failed"}
    assert reachable(lifecycle, "processing") == {"success", "failed"}
    assert reachable(lifecycle, "success") == reachable(lifecycle, "failed") == set()
    assert reachable(lifecycle, "no such status") == set()


STATUSES = st.sampled_from("abcdef")
LIFECYCLES = st.dictionaries(STATUSES, st.fixed_dictionaries({"next": st.lists(STATUSES, max_size=3)}))


@given(LIFECYCLES, STATUSES)
def test_later_is_what_follows_and_what_follows_that(lifecycle, status):
    later = reachable(lifecycle, status)
    following = {one: set(lifecycle.get(one, {}).get("next", ())) for one in "abcdef"}
    expected = following[status]
    for _ in following:  # a way without a circle is no longer than there are statuses
        expected = expected.union(*(following[one] for one in expected))
    assert later == expected
