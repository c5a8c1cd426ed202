"""klingmock.kit: many worlds on one server, over its socket; and `klingmock.running` without pytest."""

import json
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

import klingmock
from klingcontracts.contract import load
from klingcontracts.exchange import Call
from klingcontracts.problem import Problem
from klingcontracts.target import over_http
from klingmock.kit import RECENT, Kit

IMAGE = b'{"image": "https://example.com/mountain.jpg"}'


@pytest.fixture(scope="module")
def kit():
    with closing(Kit()) as one:
        yield one


@pytest.fixture(scope="module")
def over(kit):
    """Sends a call to the server of the kit."""
    return over_http(kit.url)


def call(method, path, key="", body=b""):
    return Call(method, path, {"authorization": f"Bearer {key}"} if key else {}, body)


def submission(key="", revision="2026-02"):
    return call("POST", load(revision).operation("submit").path, key, IMAGE)


def data(reply):
    assert reply.status == 200, reply.body
    return json.loads(reply.body)["data"]


def test_a_server_starts_when_it_is_asked_for():
    before = threading.active_count()
    with closing(Kit()) as one:
        assert threading.active_count() == before
        assert one.url == one.url
        assert threading.active_count() == before + 1
    assert threading.active_count() == before
    one.close()  # a second time does nothing


def test_worlds_share_a_server_and_nothing_else(kit, over):
    with kit.open() as one, kit.open({"revision": "2026-07", "timing": "instant"}) as other:
        assert one.url == other.url == kit.url
        assert one.api_key != other.api_key
        task = data(over(submission(one.api_key)))["task_id"]
        done = data(over(submission(other.api_key, "2026-07")))["task_id"]
        assert [[known.id for known in world.tasks] for world in (one, other)] == [[task], [done]]
        one.advance_to(task, "success")
        assert one.now - other.now == 5
        assert over(call("GET", f"/api/v1/tasks/{task}", other.api_key)).status == 404
        assert (one.total, other.total) == (1, 2)


def test_a_script_reaches_the_client_over_the_socket(kit, over):
    with kit.open() as world, kit.open() as other:
        world.script("submit: 503, drop, 429 retry-after=7")
        assert over(submission(world.api_key)).status == 503
        with pytest.raises(ConnectionError):
            over(submission(world.api_key))
        refused = over(submission(world.api_key))
        assert (refused.status, refused.headers["retry-after"]) == (429, "7")
        assert [over(submission(one.api_key)).status for one in (world, other)] == [200, 200]


@pytest.mark.parametrize("key", ["", "sk-live", "mock-stranger"])
def test_a_wrong_key_lands_in_the_world_that_was_opened_last(kit, over, key):
    with kit.open() as first, kit.open() as last:
        status = over(call("GET", "/api/v1/tasks/none", key)).status
        assert status == (404 if key.startswith("mock-") else 401)
        assert (first.total, last.total) == (0, 1)
        assert last.journal[0].exchange.reply.status == status


def test_a_closed_world_is_left_and_can_be_opened_anew(kit, over):
    with kit.open(key="mock-named") as world:
        task = data(over(submission("mock-named")))["task_id"]
        assert kit.open_handles == {"mock-named": world}
    assert kit.open_handles == {}
    world.close()  # a second time does nothing
    with kit.open(key="mock-named") as again:
        assert over(call("GET", f"/api/v1/tasks/{task}", "mock-named")).status == 404
        assert (world.total, again.total) == (1, 1)
        assert data(over(submission("mock-named")))["task_id"] == task  # the same key, the same ids


def test_the_last_few_worlds_are_remembered(kit):
    for _ in range(RECENT + 2):
        with kit.open() as world:
            pass
    assert len(kit.recent) == RECENT
    assert kit.recent[-1] is world


def test_an_option_that_makes_no_sense_opens_nothing(kit):
    before = list(kit.open_handles)
    with pytest.raises(Problem, match="Nearest: 'timing'"):
        kit.open({"tming": "instant"})
    assert list(kit.open_handles) == before


def test_who_watches_sees_the_exchanges_of_all_worlds():
    seen = []
    with closing(Kit(lambda contract, entry: seen.append((contract.revision, entry.operation)))) as kit:
        kit.open().answer(submission("mock-world-1"))
        kit.open({"revision": "2026-07"}).answer(submission("mock-world-2", "2026-07"))
    assert seen == [("2026-02", "submit"), ("2026-07", "submit")]


def test_closing_the_kit_closes_its_worlds_and_its_server(ask):
    kit = Kit()
    world = kit.open()
    assert ask(world.url)[0] == 200
    kit.close()
    assert kit.open_handles == {}
    with pytest.raises(ConnectionRefusedError):
        ask(world.url)
    assert world.total == 0


def test_eight_clients_in_eight_threads_do_not_see_each_other(kit, over):
    rounds = 12

    def client(nth):
        with kit.open({"limits": {"rate": 4 * rounds}, "timing": (nth, 1)}) as world:
            ids = []
            for _ in range(rounds):
                ids.append(data(over(submission(world.api_key)))["task_id"])
                assert over(call("GET", f"/api/v1/tasks/{ids[0]}", world.api_key)).status in {200, 404}
                gate.wait(30)  # all of them are at the same place
                world.advance_to(ids[-1], "success")
                shown = data(over(call("GET", f"/api/v1/tasks/{ids[-1]}", world.api_key)))
                assert shown["status"] == "success"
            assert [task.id for task in world.tasks] == ids
            assert world.total == 3 * rounds
            keys = {entry.exchange.call.headers["authorization"] for entry in world.journal}
            assert keys == {"<redacted>"}
            assert world.now == began + rounds * (nth + 1)
            world.assert_conforms()
            return ids

    with kit.open() as first:
        began = first.now
    gate = threading.Barrier(8)
    with ThreadPoolExecutor(8) as pool:
        every = [task for ids in pool.map(client, range(8)) for task in ids]
    assert len(every) == len(set(every)) == 8 * rounds


def test_running_gives_a_world_and_ends_with_its_block(ask):
    with klingmock.running(timing="instant", revision="2026-04") as fake:
        assert data(over_http(fake.url)(submission(fake.api_key, "2026-04")))["status"] == "pending"
        assert fake.tasks[0].status == "success"
    with pytest.raises(ConnectionRefusedError):
        ask(fake.url)


def test_running_ends_its_server_when_the_block_fails(ask):
    with pytest.raises(KeyError), klingmock.running() as fake:
        raise KeyError
    with pytest.raises(ConnectionRefusedError):
        ask(fake.url)


def test_running_checks_its_options_and_starts_nothing():
    before = threading.active_count()
    with pytest.raises(Problem, match=r"^Option 'tming' is not known\."), klingmock.running(tming="instant"):
        pass
    assert threading.active_count() == before


WITHOUT_PYTEST = """
import json, sys, threading, urllib.request
import klingmock
with klingmock.running(timing="instant") as fake:
    headers = {"Authorization": f"Bearer {fake.api_key}"}
    request = urllib.request.Request(fake.url + "/api/v1/tasks/none", headers=headers)
    try:
        urllib.request.urlopen(request)
    except urllib.error.HTTPError as error:
        status = error.code
        error.close()
    seen = [entry.exchange.reply.status for entry in fake.journal]
unwanted = {"pytest", "hypothesis"} & sys.modules.keys()
print(json.dumps([status, seen, threading.active_count(), sorted(unwanted)]))
"""


def test_running_needs_no_pytest():
    command = [sys.executable, "-W", "error", "-c", WITHOUT_PYTEST]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    assert json.loads(done.stdout) == [404, [404], 1, []]


def test_virtual_time_lasts_as_long_as_the_block():
    real = time.sleep
    with klingmock.running(time="virtual") as fake:
        time.sleep(60)
        assert [wait.seconds for wait in fake.waits] == [60]
    assert time.sleep is real


def test_the_vendor_is_not_called_in_a_block_of_a_world():
    with klingmock.running() as fake, pytest.raises(AssertionError, match=r"host api\.modellix\.ai while"):
        socket.getaddrinfo("api.modellix.ai", 443)
    assert fake.total == 0


def test_a_world_of_a_test_is_steered_over_http_too(kit, ask):
    with kit.open() as fake, kit.open() as other:

        def told(method, name, body=None, key=fake.api_key):
            return ask(kit.url, method, f"/__klingmock/{name}", body, key)[:2]

        began = fake.now
        assert told("POST", "clock", '{"advance": 5}') == (
            200,
            {"now": began + 5, "mode": "manual", "speed": 0},
        )
        assert told("POST", "script", '{"script": "submit: 503"}')[0] == 200
        assert (fake.now, fake.faults()[0].text, other.now, other.faults()) == (
            began + 5,
            "submit: 503",
            began,
            [],
        )
        with pytest.raises(AssertionError, match="never fired"):
            fake.assert_faults_fired()
        status, found = told("GET", "clock", key="mock-nobody")
        assert (status, found["error"]) == (401, "No world is open under the key of this call.")
