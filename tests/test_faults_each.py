"""Each row of the fault table, over a real socket and through respx: what a client gets to see of it."""

import json
import time

import httpx
import pytest

import klingmock
from klingcontracts.contract import load
from klingcontracts.for_respx import router
from klingmock.damage import OTHER_TASK
from klingmock.faults import FAULTS
from klingmock.grammar import parse

HOME = "https://api.modellix.ai"
SUBMIT = load().operation("submit").path
IMAGE = {"image": "https://example.com/mountain.jpg"}
PATIENCE = 0.2  # seconds that the client waits for a byte


class Seen:
    """What became of the call that met the fault, as the client saw it."""

    def __init__(self, call, fake):
        self.fake = fake
        self.reply = self.error = None
        try:
            self.reply = call()
        except httpx.TransportError as error:
            self.error = type(error)

    @property
    def status(self):
        return self.reply.status_code

    @property
    def told(self):
        return self.reply.json()

    @property
    def data(self):
        return self.told["data"]


class World:
    """A world, and a client of it that has been told where it is."""

    def __init__(self, fake, url):
        self.fake = fake
        headers = {"Authorization": f"Bearer {fake.api_key}"}
        self.client = httpx.Client(base_url=url, headers=headers, timeout=httpx.Timeout(5, read=PATIENCE))

    def submit(self):
        return self.client.post(SUBMIT, json=IMAGE)

    def poll(self, task_id):
        return self.client.get(f"/api/v1/tasks/{task_id}")

    def meets(self, place):
        """Call the place that a fault stands at, once all that comes before has gone well."""
        if place == "submit":
            return Seen(self.submit, self.fake)
        task_id = self.submit().json()["data"]["task_id"]
        if place == "outcome":
            self.fake.advance(10)
            return Seen(lambda: self.poll(task_id), self.fake)
        self.fake.advance(10)
        if place == "task":
            return Seen(lambda: self.poll(task_id), self.fake)
        url = self.poll(task_id).json()["data"]["result"]["resources"][0]["url"]
        return Seen(lambda: self.client.get(url), self.fake)


@pytest.fixture(params=["socket", "respx"])
def world(request):
    with klingmock.running() as fake:
        if request.param == "respx":
            with router(fake.answer):
                found = World(fake, HOME)
                yield found
        else:
            found = World(fake, fake.url)
            yield found
        found.client.close()


def no_json(seen):
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        seen.reply.json()
    return seen.status == 200


EXPECTED = {
    "submit: 429 retry-after=7 reset=30": lambda seen: (
        (seen.status, seen.told["code"], seen.reply.headers["retry-after"]) == (429, 429, "7")
        and int(seen.reply.headers["x-ratelimit-reset"]) == seen.fake.now + 30
        and not seen.fake.tasks
    ),
    "task: 503": lambda seen: (seen.status, seen.told["code"]) == (503, 503),
    "media: 403": lambda seen: (seen.status, seen.told["code"]) == (403, 403),
    "submit: code=500": lambda seen: (seen.status, seen.told["code"], seen.fake.tasks) == (200, 500, []),
    "task: code=404": lambda seen: (seen.status, seen.told["code"]) == (200, 404),
    "submit: html": lambda seen: (seen.status, seen.reply.text[:6], seen.fake.tasks) == (502, "<html>", []),
    "task: html status=200": lambda seen: (
        (seen.status, seen.reply.headers["content-type"]) == (200, "text/html")
    ),
    "media: html status=200": lambda seen: (
        (seen.status, seen.reply.headers["content-type"]) == (200, "text/html")
    ),
    "submit: empty": lambda seen: no_json(seen) and len(seen.fake.tasks) == 1,
    "task: empty": no_json,
    "media: empty": lambda seen: (seen.status, seen.reply.content) == (200, b""),
    "submit: cut": lambda seen: no_json(seen) and len(seen.fake.tasks) == 1,
    "task: cut": no_json,
    "submit: invalid": lambda seen: no_json(seen) and len(seen.fake.tasks) == 1,
    "task: invalid": no_json,
    "submit: text": lambda seen: (
        seen.reply.headers["content-type"].startswith("text/plain") and "task_id" in seen.data
    ),
    "task: text": lambda seen: (
        seen.reply.headers["content-type"].startswith("text/plain") and "status" in seen.data
    ),
    "submit: added": lambda seen: "x_added" in seen.told and "x_added" in seen.data,
    "task: added": lambda seen: "x_added" in seen.data and seen.data["status"] == "success",
    "submit: missing=data.task_id": lambda seen: "task_id" not in seen.data and len(seen.fake.tasks) == 1,
    "task: missing=data.result": lambda seen: seen.data["status"] == "success" and "result" not in seen.data,
    "submit: null=data": lambda seen: seen.data is None and len(seen.fake.tasks) == 1,
    "task: null=data.result.resources": lambda seen: seen.data["result"]["resources"] is None,
    "submit: mistyped=data.task_id": lambda seen: seen.data["task_id"] == 4711,
    "task: mistyped=code": lambda seen: seen.told["code"] == "0",
    "task: status=queued": lambda seen: seen.data["status"] == "queued" and "result" not in seen.data,
    "task: status=pending": lambda seen: seen.data["status"] == "pending",
    "task: other-task": lambda seen: seen.data["task_id"] == OTHER_TASK,
    "task: 404": lambda seen: seen.status == 404,
    "submit: drop": lambda seen: seen.error is httpx.RemoteProtocolError and not seen.fake.tasks,
    "task: drop": lambda seen: seen.error is httpx.RemoteProtocolError,
    "media: drop": lambda seen: seen.error is httpx.RemoteProtocolError,
    "submit: lost": lambda seen: seen.error is httpx.RemoteProtocolError and len(seen.fake.charges) == 1,
    "submit: late=30": lambda seen: seen.error is httpx.ReadTimeout and len(seen.fake.charges) == 1,
    "submit: truncate": lambda seen: seen.error is httpx.RemoteProtocolError and len(seen.fake.charges) == 1,
    "task: truncate": lambda seen: seen.error is httpx.RemoteProtocolError,
    "media: truncate": lambda seen: seen.error is httpx.RemoteProtocolError,
    "submit: delay=30": lambda seen: seen.error is httpx.ReadTimeout,
    "task: delay=0.01": lambda seen: seen.data["status"] == "success",
    "media: delay=30": lambda seen: seen.error is httpx.ReadTimeout,
    "submit: stall=30": lambda seen: seen.error is httpx.ReadTimeout and len(seen.fake.charges) == 1,
    "task: stall=0.01": lambda seen: seen.data["status"] == "success",
    "media: stall=30": lambda seen: seen.error is httpx.ReadTimeout,
    "submit: drip=0.05": lambda seen: "task_id" in seen.data,
    "task: drip=30": lambda seen: seen.error is httpx.ReadTimeout,
    "media: drip=0.05": lambda seen: len(seen.reply.content) == int(seen.reply.headers["content-length"]),
    "media: redirect": lambda seen: seen.status == 302 and "localhost" in seen.reply.headers["location"],
    "outcome: fail": lambda seen: seen.data == {"status": "failed", "task_id": seen.fake.tasks[0].id},
    "outcome: reason=not_safe": lambda seen: (
        (seen.data["status"], seen.data["error"]) == ("failed", "not safe")
    ),
    "outcome: success": lambda seen: seen.data["status"] == "success",
    "outcome: no-url": lambda seen: (
        (seen.data["status"], seen.data["result"]["resources"]) == ("success", [])
    ),
    "outcome: stuck=pending": lambda seen: seen.data["status"] == "pending",
    "outcome: stuck=processing": lambda seen: seen.data["status"] == "processing",
    "outcome: slow=60": lambda seen: seen.data["status"] == "processing",
    "outcome: expire=1": lambda seen: seen.status == 404,
}


def test_each_row_at_each_of_its_places_is_tried():
    tried = {(fault.kind.name, fault.place) for text in EXPECTED for fault in parse(text)}
    assert tried == {(kind.name, place) for kind in FAULTS for place in kind.places}


@pytest.mark.parametrize("text", EXPECTED)
def test_a_fault_is_what_the_table_says(world, text):
    world.fake.script(text)
    seen = world.meets(text.partition(":")[0])
    assert EXPECTED[text](seen)
    world.fake.assert_faults_fired()
    assert f"script: {text}" in [entry.hint.partition("; ")[0] for entry in world.fake.journal]


@pytest.mark.parametrize(
    "text", ["submit: lost", "submit: 503", "task: status=queued", "outcome: stuck=pending"]
)
def test_after_the_fault_all_is_as_before(world, text):
    world.fake.script(text)
    world.meets(text.partition(":")[0])
    task_id = world.submit().json()["data"]["task_id"]
    world.fake.advance(10)
    assert world.poll(task_id).json()["data"]["status"] == "success"


def test_a_stuck_task_goes_on_when_it_is_released_and_ends_when_it_is_told_to(world):
    world.fake.script("outcome: stuck=pending, stuck=processing, stuck=pending")
    first, second, third = (world.submit().json()["data"]["task_id"] for _ in range(3))
    world.fake.advance(1000)
    world.fake.release(first)
    world.fake.finish(second, "failed")
    statuses = [world.poll(task_id).json()["data"]["status"] for task_id in (first, second, third)]
    assert statuses == ["processing", "failed", "pending"]
    assert world.fake.advance_to(first, "success") == world.fake.now
    assert [task.status for task in world.fake.tasks] == ["success", "failed", "pending"]


def test_a_slow_client_does_not_hold_up_the_others(world):
    world.fake.script("task: stall=30")
    task_id = world.submit().json()["data"]["task_id"]
    began = time.monotonic()
    assert Seen(lambda: world.poll(task_id), world.fake).error is httpx.ReadTimeout
    assert world.poll(task_id).status_code == 200
    assert time.monotonic() - began < 30


def test_faults_that_never_fired_are_named(world):
    world.fake.script("submit: 503*3, lost; task: drop~0.5")
    world.submit()
    with pytest.raises(
        AssertionError, match=r"submit: 503\*3 \(fired 1 of 3\); submit: lost \(fired 0 of 1\)\."
    ):
        world.fake.assert_faults_fired()
    json.dumps([entry.to_json() for entry in world.fake.journal])
