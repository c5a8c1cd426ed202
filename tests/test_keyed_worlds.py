"""klingmock.keyed: 200 worlds on one server, all at once, and each is as if it were alone."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from threading import Barrier
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from klingcontracts.contract import load
from klingmock.answer import Mock
from klingmock.background import Background
from klingmock.control import PREFIX
from klingmock.keyed import Keyed
from klingmock.recipe import Recipe
from klingmock.replies import Replies
from klingmock.served import Plan
from klingmock.task import Luck

SUBMIT = load().operation("submit").path
REPLIES = Replies(load())
MANY = 200
SEED = "7"
BODIES = (
    {"image": "https://example.com/mountain.jpg"},
    {"image": "https://example.com/mountain.jpg", "mode": "pro", "duration": 10},
    {"image": "https://example.com/mountain.jpg", "mode": "stt"},
    {"image": "https://example.com/a.jpg", "prompt": "dawn [[klingmock: task: 503; outcome: fail]]"},
)
SCRIPTS = (
    "submit: 503",
    "submit: lost",
    "task: drop*2, empty",
    "outcome: fail, stuck=processing",
    "media: 404",
)
SCRIPTS += ("submit: 429 retry-after=2~0.5", "task: 500 after=1")
RESETS: tuple[dict[str, Any], ...] = (
    {},
    {"timing": "instant"},
    {"limits": {"rate": 2, "concurrency": 1}},
    {"revision": "2026-07", "balance": "0.2"},
    {"script": "submit: 503*2", "seed": "8"},
    {"reading": {"limit-scope": "team"}, "limits": {"rate": 1}},
)
DEEDS = ("", "/hold", "/release", "/finish", "/fail")
NTH = st.integers(0, 2)
ACTIONS = st.one_of(
    st.tuples(st.just("submit"), st.integers(0, len(BODIES) - 1)),
    st.tuples(st.sampled_from(["poll", "download"]), NTH),
    st.tuples(st.just("steer_task"), st.tuples(st.sampled_from(DEEDS), NTH)),
    st.tuples(st.just("neighbour"), st.booleans()),
    st.tuples(st.just("script"), st.sampled_from(SCRIPTS)),
    st.tuples(st.just("clear"), st.none()),
    st.tuples(st.just("advance"), st.sampled_from([0, 1, 5, 100, 10**6])),
    st.tuples(st.just("reset"), st.sampled_from(RESETS)),
)
LOOKS = ("requests", "tasks", "clock", "script", "ledger", "verdict")


class Behind:
    """An engine whose server stays when it is another."""

    def __init__(self):
        self.renew()

    def renew(self):
        plan = Plan(seed=SEED, limited=False)
        self.keyed = Keyed(Mock([load()], plan), Recipe([load()], plan))
        self.keyed.steer("Bearer mock-bystander")  # else calls without a key were those of the only world

    @property
    def served(self):
        return self.keyed.served

    @property
    def max_body(self):
        return self.keyed.max_body

    def answer(self, call):
        return self.keyed.answer(call)

    def steer(self, authorization):
        return self.keyed.steer(authorization)


@pytest.fixture(scope="module")
def behind():
    engine = Behind()
    with Background(engine, engine.steer) as server:
        yield engine, server.url.removeprefix("http://")


def key_of(nth: int) -> str:
    return f"mock-{nth}"


class Client(NamedTuple):
    """A client of one key, and all that it was told, in order."""

    nth: int
    connection: HTTPConnection
    told: list[Any]
    tasks: list[str]
    path: list[str]  # of a submission, the last one

    def call(self, method: str, path: str, body: Any = None, key: bool = True) -> Any:
        raw = None if body is None else json.dumps(body)
        headers = {"X-Request-Id": f"req-{len(self.told)}"}  # else it is drawn
        if key:
            headers["Authorization"] = f"Bearer {key_of(self.nth)}"
        try:
            self.connection.request(method, path, raw, headers)
            reply = self.connection.getresponse()
            status, text = reply.status, reply.read()
        except (HTTPException, OSError) as error:
            self.connection.close()
            self.told.append((method, path, type(error).__name__))
            return None
        found = json.loads(text) if text[:1] == b"{" else text
        self.told.append((method, path, status, found, reply.getheader("X-Klingmock-Hint")))
        return found

    def own(self, name: str, method: str = "GET", body: Any = None) -> Any:
        return self.call(method, f"{PREFIX}/{name}", body)

    def task_of(self, nth: int) -> str:
        return self.tasks[nth % len(self.tasks)] if self.tasks else "task-none"

    def submit(self, nth: int) -> None:
        found = self.call("POST", self.path[-1], BODIES[nth])
        if isinstance(found, dict) and isinstance(found.get("data"), dict):
            self.tasks.append(found["data"]["task_id"])

    def poll(self, nth: int) -> None:
        self.call("GET", f"/api/v1/tasks/{self.task_of(nth)}")

    def download(self, nth: int) -> None:
        self.call("GET", REPLIES.video_path(self.task_of(nth)), key=False)

    def neighbour(self, key: bool) -> None:
        """Ask for the first task of another world, if it has one by now."""
        other = key_of((self.nth + 1) % MANY)
        self.call("GET", f"/api/v1/tasks/{Luck(SEED, other, 1).task_id}", key=key)

    def steer_task(self, what: tuple[str, int]) -> None:
        deed, nth = what
        self.own(f"tasks/{self.task_of(nth)}{deed}", "POST" if deed else "GET")

    def script(self, text: str) -> None:
        self.own("script", "POST", {"script": text})

    def clear(self, _: None) -> None:
        self.own("script", "DELETE")

    def advance(self, seconds: float) -> None:
        self.own("clock", "POST", {"advance": seconds})

    def reset(self, options: Mapping[str, Any]) -> None:
        # The machine's clock is never the same twice.
        self.own("reset", "POST", {"time": "manual", **options})
        self.path.append(load(options.get("revision", "2026-02")).operation("submit").path)

    def live(self, actions: Any) -> list[Any]:
        """Do all of it, look at everything, and return what was told."""
        self.reset({})
        for what, how in actions:
            getattr(self, what)(how)
        for name in LOOKS:
            self.own(name)
        self.connection.close()
        return self.told


# To shrink a failure of 200 worlds takes minutes, and says little more.
@settings(max_examples=3, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(lives=st.lists(st.lists(ACTIONS, min_size=6, max_size=9), min_size=10, max_size=14))
def test_each_of_many_worlds_is_as_if_it_were_alone(behind, lives):
    engine, host = behind
    of = [lives[nth % len(lives)] for nth in range(MANY)]

    def client(nth: int) -> Client:
        return Client(nth, HTTPConnection(host, timeout=30), [], [], [SUBMIT])

    engine.renew()
    start = Barrier(MANY)

    def together(nth: int) -> list[Any]:
        start.wait(30)
        return client(nth).live(of[nth])

    with ThreadPoolExecutor(MANY) as pool:
        found = list(pool.map(together, range(MANY)))
    for nth in range(MANY):
        engine.renew()
        assert found[nth] == client(nth).live(of[nth])
