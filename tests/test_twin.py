"""The vendor's stand-in in tests/vendor: it is as documented, and each deviation is seen, where it says."""

import http.client
import json
import re
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klingcontracts.check import check, check_history, of_the_call
from klingcontracts.contract import load
from klingcontracts.exchange import Call, Exchange, Reply
from klingcontracts.strategies import bodies, breakable, broken_bodies, raw_bodies
from klingmock.answer import Mock
from klingmock.clock import Manual
from klingmock.keys import Keys
from klingmock.served import Plan
from vendor.twin import DEVIATIONS, KEY, SECOND, UNFUNDED, Needs, Twin, app, serving
from vendor.walks import MINIMAL, TASKS, WALKS, Walk, get, post, refusals, walked

CONTRACT = load("2026-02")
UNCHANGED = {needs: walked(needs) for needs in WALKS}
KINDS = {
    *("request", "envelope", "auth", "route", "limits", "headers", "submit reply", "task reply"),
    *("lifecycle", "visibility", "result", "harmless"),
}
# What the contract has no rule for: a deviation adds it.
ADDED = {
    *(f"submit.body.{field}.required" for field in ("prompt", "image_tail")),
    *(f"submit.body.{field}.unlisted" for field in ("image_tail", "negative_prompt", "static_mask")),
    "submit.body.image.minLength",
    "submit.body.dynamic_masks.maxItems",
    "submit.body.prompt.excludes.negative_prompt",
    "submit.body.image_tail.excludes.cfg_scale",
    "submit.body.static_mask.excludes.mode",
    "submit.body.static_mask.excludes.dynamic_masks",
    "reply.header.X-RateLimit-Limit.required",
    "task.lifecycle.end",
}


@pytest.fixture(scope="module")
def mock() -> Mock:
    return Mock([CONTRACT], Plan(limited=False), clock=Manual(), keys=Keys([KEY, SECOND, UNFUNDED]))


def told(reply) -> tuple[int, str]:
    """Status and category: what is documented of an answer; of a reply that is no error, its message."""
    return reply.status, json.loads(bytes(reply.body))["message"].partition(": ")[0]


def both(mock: Mock, call) -> tuple[tuple[int, str], tuple[int, str]]:
    return told(Twin(pace=0).answer(call)), told(mock.answer(Call(*call)))


# --- the unchanged twin is as documented: klingcontracts says so, and klingmock answers alike ---


@pytest.mark.parametrize("needs", WALKS, ids=lambda needs: needs.name)
def test_the_unchanged_twin_keeps_to_the_contract(needs):
    walk = Walk()
    WALKS[needs](walk)
    for call, reply, _ in walk.seen:
        if "/video/" not in call.path:
            found = check(CONTRACT, Exchange(Call(*call), Reply(*reply)))
            replied = [one.rule.id for one in found if ".reply." in one.rule.id or "envelope" in one.rule.id]
            assert replied == []


def test_what_is_refused_is_refused_by_the_contract_too(mock):
    assert all(reply.status >= 400 and not jobs for reply, jobs in UNCHANGED[Needs.REFUSED])
    for call in refusals():
        assert both(mock, call)[0] == both(mock, call)[1], call


@settings(deadline=None)
@given(body=bodies(noted=True))
def test_what_the_contract_accepts_is_accepted(mock, body):
    twin = Twin(pace=0)
    assert told(twin.answer(post(body))) == told(mock.answer(Call(*post(body)))) == (200, "success")
    assert told(twin.answer(post(body, UNFUNDED))) == (402, "Insufficient balance")
    assert len(twin.tasks) == 1


@pytest.mark.parametrize("rule", breakable())
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_what_breaks_a_rule_is_refused_alike(mock, rule, data):
    body, _ = data.draw(broken_bodies(rule))
    mine, its = both(mock, post(body))
    assert mine == its
    assert mine == told(Twin().answer(post(body, UNFUNDED)))  # the balance comes last


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(raw=raw_bodies())
def test_what_is_hardly_json_is_answered_alike(mock, raw):
    mine, its = both(mock, post(raw))
    assert mine == its


def test_a_tasks_life_is_a_legal_one():
    walk = Walk()
    walk.job()
    polls = [json.loads(reply.body)["data"]["status"] for call, reply, _ in walk.seen[1:25]]
    assert list(Counter(polls)) == ["pending", "processing", "success"]
    assert check_history(CONTRACT, polls) == []
    assert [reply.status for _, reply, _ in walk.seen[25:]] == [404, 200]


def test_a_minute_has_a_hundred_requests():
    walk = Walk()
    replies = [walk.ask(get(f"{TASKS}x"), after=0) for _ in range(101)]
    assert [reply.status for reply in replies] == [404] * 100 + [429]
    assert told(replies[-1])[1] == "Rate limit exceeded"
    left = [int(reply.headers["x-ratelimit-remaining"]) for reply in replies]
    assert left == [*range(99, -1, -1), 0]
    assert walk.ask(get(f"{TASKS}x", SECOND)).status == 404
    walk.now += 60
    assert walk.ask(get(f"{TASKS}x")).status == 404
    assert (walk.twin.requests, walk.twin.limited) == (103, 1)


def test_three_tasks_run_at_once_and_are_kept_for_a_day():
    statuses = [reply.status for reply, _ in UNCHANGED[Needs.HIDDEN]]
    assert statuses == [200, 200, 200, 429, 429, 429, 200, 200, 404]


# --- the table, and each row of it ---


def test_the_table_says_what_each_row_is():
    assert len(DEVIATIONS) >= 55
    known, kinds = set(CONTRACT.rules), Counter(row.kind for row in DEVIATIONS.values())
    assert set(kinds) == KINDS
    assert kinds["harmless"] >= 6
    for name, row in DEVIATIONS.items():
        assert row.name == name
        assert re.fullmatch(r"[a-z0-9.-]+", name)
        assert row.says
        assert bool(row.rules) != (row.needs == Needs.HARMLESS)
        assert set(row.rules.split()) - known <= ADDED, name


def test_each_rule_of_a_call_has_a_deviation():
    named = {rule for row in DEVIATIONS.values() for rule in row.rules.split()}
    not_on_the_wire = {"submit.body.size", "auth.expired-key"}
    missing = {rule.id for rule in CONTRACT.rules.values() if of_the_call(rule) and rule.error} - named
    assert missing - not_on_the_wire == set()


@pytest.mark.parametrize("name", DEVIATIONS)
def test_a_deviation_is_seen_where_it_says_and_not_before(name):
    needs = DEVIATIONS[name].needs
    seen = [walk for walk in WALKS if walked(walk, name) != UNCHANGED[walk]]
    assert seen, "it changes nothing"
    if needs != Needs.HARMLESS:
        assert seen[0] == needs


# --- how it is reached ---


def test_it_knows_nothing_of_ours():
    for path in (Path(__file__).parent / "vendor").glob("*.py"):
        ours = re.findall(r"^(?:from|import) (?:klingmock|klingcontracts)", path.read_text(), re.MULTILINE)
        assert bool(ours) == (path.name == "looks.py"), path.name


def test_over_a_socket():
    twin = Twin(pace=0)
    with serving(twin) as url:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)

        def ask(call):
            connection.request(call.method, call.path, call.body or None, dict(call.headers))
            reply = connection.getresponse()
            return reply.status, reply.headers, reply.read()

        status, headers, body = ask(post(MINIMAL))
        assert (status, headers["X-RateLimit-Remaining"]) == (200, "99")
        _, _, body = ask(get(TASKS + json.loads(body)["data"]["task_id"]))
        video = json.loads(body)["data"]["result"]["resources"][0]["url"]
        assert video.startswith(url)
        status, headers, body = ask(get(urlsplit(video).path))
        assert (status, headers["Content-Type"], body[4:8]) == (200, "video/mp4", b"ftyp")
        assert ask(get("/api/v1/nothing"))[0] == 404
        connection.close()
    assert len(twin.tasks) == 1
    assert callable(app("prompt-empty"))
