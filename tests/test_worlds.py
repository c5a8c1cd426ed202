"""klingmock.worlds: which world a call goes to."""

import json

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from klingcontracts.contract import load
from klingcontracts.exchange import Call
from klingcontracts.problem import Problem
from klingmock.answer import Mock
from klingmock.handle import Handle
from klingmock.options import options
from klingmock.worlds import Worlds

IMAGE = b'{"image": "https://example.com/mountain.jpg"}'
KEYS = ("mock-a", "mock-b", "mock-c", "mock-d")


def world(key, **given):
    return Handle("http://127.0.0.1:1", key, options({"timing": "instant"}, given), print)


def call(path, key="", method="GET", body=b""):
    return Call(method, path, {"authorization": f"Bearer {key}"} if key else {}, body)


def submit(worlds, key):
    reply = worlds.answer(call(load().operation("submit").path, key, "POST", IMAGE))
    assert reply.status == 200, bytes(reply.body)
    return json.loads(reply.body)["data"]["task_id"]


def video_of(worlds, key, task_id):
    told = json.loads(worlds.answer(call(f"/api/v1/tasks/{task_id}", key)).body)
    return "/" + told["data"]["result"]["resources"][0]["url"].split("/", 3)[3]


@pytest.fixture
def first():
    """What answers when no world is open."""
    return Mock([load()])


def test_without_a_world_the_first_engine_answers(first):
    worlds = Worlds(first)
    assert worlds.answer(call("/api/v1/tasks/none", "mock-a")).status == 404
    assert worlds.answer(call("/api/v1/tasks/none")).status == 401
    assert first.journal.total == 2
    assert (worlds.served, worlds.max_body) == (first.served, first.max_body)


def test_a_video_comes_from_the_world_that_has_its_task(first):
    worlds = Worlds(first)
    one, other, last = (world(key) for key in KEYS[:3])
    for handle in (one, other, last):
        worlds.open(handle.api_key, handle)
    ids = [submit(worlds, key) for key in KEYS[:2]]
    for handle, key, task_id in zip((one, other), KEYS, ids, strict=False):
        video = video_of(worlds, key, task_id)
        before = [known.total for known in (one, other, last)]
        assert worlds.answer(call(video)).status == 200
        after = [known.total for known in (one, other, last)]
        assert [known for known, b, a in zip((one, other, last), before, after, strict=True) if a > b] == [
            handle
        ]


@pytest.mark.parametrize("path", ["/", "/_", "/_0.mp4", "/media/task-none_0.mp4", "", "/api/v1/tasks/none"])
def test_what_belongs_to_nobody_goes_to_the_world_opened_last(first, path):
    worlds = Worlds(first)
    one, last = world("mock-a"), world("mock-b")
    worlds.open("mock-a", one)
    worlds.open("mock-b", last)
    assert worlds.answer(call(path)).status in {401, 404}
    assert (first.journal.total, one.total, last.total) == (0, 0, 1)


def test_what_the_server_asks_is_told_by_the_world_opened_last(first):
    worlds = Worlds(first)
    worlds.open("mock-a", world("mock-a", revision="2026-07"))
    assert [one.contract.revision for one in worlds.served] == ["2026-07"]
    worlds.close("mock-a")
    assert worlds.served is first.served


class Routing(RuleBasedStateMachine):
    """Worlds opened and closed in any order, beside a plain list of them."""

    opened = Bundle("opened")

    @initialize()
    def start(self):
        self.first = Mock([load()])
        self.worlds = Worlds(self.first)
        self.order = []  # keys, the one opened last at the end
        self.handles = {}

    def expect(self, key):
        if key in self.order:
            return self.handles[key]
        return self.handles[self.order[-1]] if self.order else None

    def totals(self):
        return {None: self.first.journal.total, **{one: one.total for one in self.handles.values()}}

    @rule(target=opened, key=st.sampled_from(KEYS))
    def open(self, key):
        self.handles[key] = world(key)
        self.worlds.open(key, self.handles[key])
        self.order = [*(one for one in self.order if one != key), key]
        return key

    @rule(key=consumes(opened))
    def close(self, key):
        self.worlds.close(key)
        self.order = [one for one in self.order if one != key]

    @rule(key=st.sampled_from(["", "two words", "mock-stranger", *KEYS]))
    def ask(self, key):
        before = self.totals()
        self.worlds.answer(call("/api/v1/tasks/none", key))
        before[self.expect(key)] += 1
        assert self.totals() == before

    @invariant()
    def told_by_the_last(self):
        last = self.expect("")
        assert self.worlds.served is (self.first.served if last is None else last.served)


TestRouting = Routing.TestCase


def test_a_world_is_steered_by_its_key_alone(first):
    worlds = Worlds(first)
    one, other = world("mock-a"), world("mock-b")
    worlds.open("mock-a", one)
    worlds.open("mock-b", other)
    assert worlds.steer("Bearer mock-a") is one
    assert worlds.steer("Bearer mock-b") is other
    worlds.close("mock-b")
    for nobody in ("Bearer mock-b", "mock-a", None):
        with pytest.raises(Problem, match="No world is open under the key of this call"):
            worlds.steer(nobody)
