"""klingmock.keyed: each key has a world of its own, as long as somebody may ask for it."""

import io
import json

import pytest

from klingcontracts.contract import load
from klingcontracts.exchange import Call
from klingcontracts.problem import Problem
from klingmock import keyed
from klingmock.answer import Mock
from klingmock.journal import Journal
from klingmock.keyed import Keyed
from klingmock.keys import Keys
from klingmock.recipe import Recipe
from klingmock.served import Plan
from klingmock.task import TIMINGS

SUBMIT = load().operation("submit").path
IMAGE = b'{"image": "https://example.com/mountain.jpg"}'


def engine(script: str = "", readings=None, file=None, size: int = 1000, **plan) -> Keyed:
    contracts = [load("2026-02", readings)]
    made = Recipe(contracts, Plan(**plan), script)
    journal = Journal(size, file)
    return Keyed(Mock(contracts, made.plan, keys=Keys(["mine"]), journal=journal, max_body=1000), made)


def call(server: Keyed, key: str = "mock-a", method: str = "POST", path: str = SUBMIT, body: bytes = IMAGE):
    headers = {"authorization": f"Bearer {key}"} if key else {}
    return server.answer(Call(method, path, headers, body))


def submitted(server: Keyed, key: str = "mock-a") -> str:
    return str(json.loads(bytes(call(server, key).body))["data"]["task_id"])


def world(server: Keyed, key: str = "mock-a"):
    return server.steer(f"Bearer {key}")


def test_what_the_server_asks_is_that_of_the_first():
    server = engine()
    assert [one.contract.revision for one in server.served] == ["2026-02"]
    assert server.max_body == 1000
    call(server)
    assert world(server).max_body == 1000


def test_each_key_has_its_own():
    server = engine()
    first, second = submitted(server), submitted(server, "mine")
    assert [task.id for task in world(server).tasks] == [first]
    assert [task.id for task in world(server, "mine").tasks] == [second]
    assert call(server, "mock-a", "GET", f"/api/v1/tasks/{second}").status == 404
    assert (world(server).total, world(server, "mine").total) == (2, 1)
    assert [one.exchange.number for one in world(server, "mine").journal] == [1]


def test_each_key_begins_with_the_script():
    server = engine("submit: 503")
    for key in ("mock-a", "mock-b"):
        assert [call(server, key).status for _ in range(2)] == [503, 200]


@pytest.mark.parametrize("key", ["", "sk-live", "mock-invalid"])
def test_a_key_that_is_not_accepted_has_no_world(key):
    server = engine()
    with pytest.raises(Problem, match="has no key that is accepted") as caught:
        server.steer(f"Bearer {key}" if key else None)
    assert caught.value.remedy[0].isupper()
    assert "sk-live" not in str(caught.value)


@pytest.mark.parametrize("key", ["", "sk-live", "mock-expired"])
def test_a_call_of_nobody_is_in_the_only_world_else_in_none(key):
    server = engine()
    assert call(server, key).status == 401
    assert server.first.journal.total == 1
    submitted(server)
    assert call(server, key).status == 401  # whose else could it be
    assert (server.first.journal.total, world(server).total) == (1, 2)
    submitted(server, "mock-b")
    assert call(server, key).status == 401
    assert (server.first.journal.total, world(server).total, world(server, "mock-b").total) == (2, 2, 1)


@pytest.mark.parametrize("key", ["", "mock-a", "mock-b"])
def test_a_video_is_in_the_world_that_has_its_task_whatever_key_asks(key):
    server = engine(timing=TIMINGS["instant"])
    submitted(server, "mock-a")
    task_id = submitted(server, "mock-b")
    path = server.served[0].replies.video_path(task_id)
    assert call(server, key, "GET", path, b"").status == 200
    assert world(server, "mock-b").journal[-1].operation == "video"
    world(server, "mock-b").reset()
    assert call(server, key, "GET", path, b"").status == 404


def test_a_team_shares_a_limit_as_long_as_it_shares_the_time():
    server = engine(readings={"limit-scope": "team"}, rate=3)
    assert [call(server, f"mock-{nth}", body=b"{}").status for nth in range(4)] == [400, 400, 400, 429]
    world(server, "mock-0").advance(0)
    assert call(server, "mock-0", body=b"{}").status == 400
    assert call(server, "mock-1", body=b"{}").status == 429


def test_all_write_to_one_file_and_each_beginning_is_a_world():
    file = io.StringIO()
    server = engine(file=file)
    submitted(server)
    submitted(server, "mock-b")
    world(server).reset()
    submitted(server)
    call(server, "")
    rows = [json.loads(line) for line in file.getvalue().splitlines()]
    assert [(row["number"], row.get("world")) for row in rows] == [(1, 1), (2, 2), (3, 3), (4, None)]
    server.close()
    submitted(server)
    assert file.closed


# --- many of them ---


@pytest.fixture
def few(monkeypatch):
    for name, value in {"MOST_IDLE": 4, "MOST_STEERED": 3, "MOST_FULL": 2, "TIDIED": 5}.items():
        monkeypatch.setattr(keyed, name, value)


@pytest.mark.usefixtures("few")
def test_worlds_that_nobody_needs_are_forgotten():
    server = engine(limited=False, retention=0.0, timing=TIMINGS["instant"])
    kept = engine(limited=False)
    for nth in range(20):
        submitted(server, f"mock-{nth}")  # what has expired needs no world
        submitted(kept, f"mock-{nth}")
    assert world(server, "mock-19").total == 1
    assert world(server, "mock-0").total == 0
    assert all(world(kept, f"mock-{nth}").jobs for nth in range(20))


@pytest.mark.usefixtures("few")
def test_worlds_that_were_steered_are_remembered_longer():
    server = engine(limited=False)
    for nth in range(3):
        world(server, f"mock-{nth}").script("submit: 503")
    for nth in range(20):
        call(server, f"mock-other-{nth}", body=b"")
    assert [world(server, f"mock-{nth}").faults()[0].left for nth in range(3)] == [1, 1, 1]
    for nth in range(20):
        world(server, f"mock-{nth + 3}")
    assert world(server, "mock-0").faults() == []


@pytest.mark.usefixtures("few")
def test_a_world_that_is_forgotten_answers_no_more():
    server = engine(limited=False, retention=0.0, timing=TIMINGS["instant"])
    old = world(server)
    old.answer(Call("POST", SUBMIT, {"authorization": "Bearer mock-a"}, IMAGE))
    for nth in range(40):
        world(server, f"mock-{nth}")
    assert call(server, "mock-a", body=b"{}").status == 400
    assert world(server) is not old
    assert (old.total, world(server).total) == (1, 1)


@pytest.mark.usefixtures("few")
def test_beyond_so_many_exchanges_those_of_the_oldest_worlds_are_let_go_of():
    server = engine(limited=False, size=3)  # so six are kept, in full
    for key in ("mock-a", "mock-b", "mock-c"):
        for _ in range(3):
            call(server, key, body=b"")
    for _ in range(5):
        call(server, "mock-c", body=b"")
    worlds = [world(server, key) for key in ("mock-a", "mock-b", "mock-c")]
    assert [(one.kept, one.total) for one in worlds] == [(0, 3), (3, 3), (3, 8)]
