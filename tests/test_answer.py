"""klingmock.answer: the one decision. Order, envelope, hints; the rest has files of its own."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klingcontracts.contract import load
from klingcontracts.document import revisions
from klingcontracts.exchange import Call
from klingcontracts.problem import Problem
from klingmock.answer import LONGEST_ID, Mock
from klingmock.clock import System

HUGE = {"oversize": True}


def rule_of(reply) -> str:
    return reply.headers.get("x-klingmock-hint", "").partition(": ")[0]


# --- the order: authenticate, route, limits, size, parse, validate; one error for each reply ---


def test_each_obstacle_is_met_in_its_turn(fake):
    world = fake(rate=100, concurrency=1)
    bad = b"{" * 10
    met = [
        world.call("PUT", "/nowhere", bad, key="", **HUGE),
        world.call("PUT", "/nowhere", bad, key="sk-x", **HUGE),
        world.call("PUT", "/nowhere", bad, **HUGE),
        world.call("PUT", world.submit_path, bad, **HUGE),
    ]
    world.submitted()
    met.append(world.submit(bad, **HUGE))
    world.clock.advance(5)
    met += [world.submit(bad, **HUGE), world.submit(bad), world.submit({"mode": "x", "prompt": ""})]
    assert [(reply.status, rule_of(reply)) for reply in met] == [
        (401, "auth.missing-key"),
        (401, "auth.unknown-key"),
        (404, "route.unknown-path"),
        (405, "route.wrong-method"),
        (429, "limit.concurrency"),
        (413, "submit.body.size"),
        (400, "submit.body.json"),
        (400, "submit.body.image.required"),
    ]


def test_the_rate_comes_before_the_running_tasks(fake):
    world = fake(rate=1, concurrency=1)
    world.submitted()
    assert rule_of(world.submit()) == "limit.rate"


def test_validation_goes_from_required_to_type_to_bound_to_exclusion(fake):
    world = fake(limited=False)
    body = {"cfg_scale": 7, "mode": 1, "image_tail": "x", "static_mask": "y", "dynamic_masks": [1] * 2000}
    expected = ["image.required", "mode.type", "dynamic_masks.[].type", "cfg_scale.maximum"]
    cures = [{"image": "x"}, {"mode": "std"}, {"dynamic_masks": [{}]}, {"cfg_scale": 1}]
    for name, cure in zip(expected, cures, strict=True):
        assert rule_of(world.submit(body)) == f"submit.body.{name}"
        body |= cure
    assert rule_of(world.submit(body)) == "submit.body.image_tail.excludes.static_mask"
    del body["image_tail"]
    assert world.submit(body).status == 200


# --- the envelope, whatever is sent ---

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
FIELDS = sorted(load().operation("submit").body.schema["properties"])
LIKELY = {
    "image": st.sampled_from(["x", "", "data:image/png;base64,AAAA"]),
    "mode": st.sampled_from(["std", "pro"]),
    "duration": st.sampled_from([5, 10, 5.0, "5"]),
    "cfg_scale": st.sampled_from([0, 1, 0.5, -0.1, 1e300]),
    "dynamic_masks": st.just([]) | st.just([{}]),
}
BODIES = VALUES | st.fixed_dictionaries(
    {}, optional={name: LIKELY.get(name, VALUES) | VALUES for name in FIELDS}
)


@given(BODIES, st.sampled_from(revisions()))
def test_every_body_gets_a_reply_that_keeps_to_the_contract(fake, body, revision):
    world = fake(revision)
    assert world.submit(body).status in {200, 400}


@given(st.binary(max_size=60), st.sampled_from(revisions()))
def test_so_do_bytes(fake, raw, revision):
    assert fake(revision).submit(raw).status in {200, 400}


@given(BODIES)
def test_what_is_accepted_can_be_polled_to_its_end(fake, body):
    world = fake("2026-07")
    reply = world.submit(body)
    if reply.status == 200:
        name = world.told(reply)["data"]["task_id"]
        world.clock.advance(5)
        assert world.status(name) == "success"


PATHS = st.sampled_from(
    [
        "/",
        "",
        "*",
        "/api/v1/tasks/x",
        "/aigc/video/x",
        "/aigc/video/",
        "/api/v1/models",
        "/api/v1/team/balance",
        "/api/v1/apikey/validate",
        *(load(name).operation("submit").path for name in revisions()),
    ]
)
METHODS = st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "PUT", "get", ""])
KEYS = st.sampled_from(["Bearer mock-a", "Bearer sk-live", "Basic x", "", "Bearer mock-expired"])
HEADERS = st.fixed_dictionaries(
    {}, optional={"authorization": KEYS | st.text(max_size=20), "range": st.text()}
)


@given(
    METHODS | st.text(max_size=9),
    PATHS | st.text(max_size=60),
    HEADERS | st.dictionaries(st.text(max_size=9), st.text(max_size=9), max_size=3),
    st.binary(max_size=20),
    st.sampled_from(revisions()),
)
def test_nothing_that_is_sent_makes_it_raise(fake, method, path, headers, body, revision):
    reply = fake(revision).answer(Call(method, path, headers, body))
    assert reply.status in {200, 206, 304, 400, 401, 404, 405, 416}
    for name, value in reply.headers.items():
        assert (name + value).isascii()
        assert (name + value).isprintable()
    if not path.startswith("/aigc/video/"):
        assert reply.headers["content-type"] == "application/json"
        assert reply.headers["content-length"] == str(len(reply.body))


# --- request ids, hints ---


@pytest.mark.parametrize("given_id", ["req-1", "a b", "x" * LONGEST_ID, '"%s{}\\'])
def test_a_sane_request_id_is_echoed_and_kept(fake, given_id):
    world = fake()
    reply = world.submit(x_request_id=given_id)
    assert reply.headers["x-request-id"] == given_id
    world.clock.advance(5)
    done = world.told(world.poll(world.told(reply)["data"]["task_id"]))["data"]
    assert done["result"]["metadata"]["request_id"] == given_id


@pytest.mark.parametrize("given_id", ["", "x" * (LONGEST_ID + 1), "é", "a\nb", "a\x00"])
def test_any_other_is_replaced_by_one_of_ours(fake, given_id):
    made = [fake().submit(x_request_id=given_id).headers["x-request-id"] for _ in range(2)]
    assert all(re.fullmatch(r"req-[0-9a-f]{16}", one) for one in made)
    assert made[0] != made[1]


def test_refusals_carry_a_request_id_too(fake):
    assert fake().call("GET", "/", key="", x_request_id="req-1").headers["x-request-id"] == "req-1"


@pytest.mark.parametrize(
    ("body", "rule", "more"),
    [
        ({}, "submit.body.image.required", ""),
        ({"image": "x", "mode": "prof"}, "submit.body.mode.enum", "; nearest: pro"),
    ],
)
def test_a_hint_names_rule_and_nearest(fake, body, rule, more):
    world = fake()
    hint = world.submit(body).headers["x-klingmock-hint"]
    assert hint == f"{rule}: expected: {world.contract.rules[rule].says}{more}"


def test_a_hint_on_success_names_what_was_noted(fake):
    hint = fake().submit({"image": "x", "promt": "y"}).headers["x-klingmock-hint"]
    assert hint.startswith("submit.body.unknown-field: ")
    assert "nearest: prompt" in hint
    assert "x-klingmock-hint" not in fake().submit({"image": "x", "prompt": "y"}).headers


def test_a_hint_names_the_revision_that_serves_the_path(fake):
    reply = fake("2026-02").call("POST", load("2026-07").operation("submit").path)
    assert (reply.status, rule_of(reply)) == (404, "route.unknown-path")
    assert "--revision 2026-07" in reply.headers["x-klingmock-hint"]


def test_without_a_clock_of_ones_own_it_is_the_machines(fake):
    assert isinstance(type(fake().mock)([load()]).clock, System)


def test_the_journal_tells_the_operation_and_the_rule_of_every_kind_of_call(fake):
    world = fake("2026-07", rate=12, concurrency=1, balance="0.14")
    name = world.submitted()
    video = world.mock.served[0].replies.video_path(name)
    world.submit()
    world.clock.advance(5)
    world.submit(oversize=True)
    world.submit(b"{")
    world.submit({})
    world.submit()
    world.poll(name)
    world.poll("x")
    for method, path in [("GET", "/nowhere"), ("PUT", world.submit_path), ("GET", "/api/v1/models")]:
        world.call(method, path)
    for method, path in [("GET", video), ("GET", video + "x"), ("PUT", video)]:
        world.call(method, path)
    for _ in range(2):
        world.poll(name)
    told = [
        (entry.operation, [(one.rule.id, one.operation) for one in entry.findings][:1])
        for entry in world.mock.journal.entries
    ]
    assert told == [
        ("submit", []),
        ("submit", [("limit.concurrency", "submit")]),
        ("submit", [("submit.body.size", "submit")]),
        ("submit", [("submit.body.json", "submit")]),
        ("submit", [("submit.body.image.required", "submit")]),
        ("submit", [("balance.insufficient", "submit")]),
        ("task", []),
        ("task", [("task.unknown", "task")]),
        ("", [("route.unknown-path", "*")]),
        ("", [("route.wrong-method", "*")]),
        ("models", []),
        ("video", []),
        ("video", [("video.unknown", "video")]),
        ("", [("route.wrong-method", "*")]),
        ("task", []),
        ("task", [("limit.rate", "*")]),
    ]


def test_without_a_contract_there_is_nothing_to_answer_by():
    with pytest.raises(Problem, match="There is no contract to answer by"):
        Mock([])
