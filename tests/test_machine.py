"""klingcontracts.machine: it passes against the fake, and finds what is wrong with others."""

import json

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from klingcontracts.contract import load
from klingcontracts.exchange import Reply
from klingcontracts.report import Nonconforming
from klingcontracts.strategies import TaskMachine
from klingcontracts.target import over_asgi, over_http
from klingmock.app import create_app
from klingmock.kit import Kit

SHORT = settings(
    max_examples=12, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
# Each lie has a message of its own, so it need not be made smaller to be known by it.
LONG = settings(
    max_examples=400,
    stateful_step_count=25,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
REVISIONS = ["2026-02", "2026-04", "2026-07"]


@pytest.fixture
def kit():
    made = Kit()
    yield made
    made.close()


@pytest.mark.parametrize("limits", [False, True])
@pytest.mark.parametrize("revision", REVISIONS)
def test_the_engine_passes(kit, revision, limits):
    machine = TaskMachine.against(
        lambda: kit.open({"revision": revision, "limits": limits}).target, load(revision)
    )
    run_state_machine_as_test(machine, settings=SHORT)
    assert kit.open_handles


@pytest.mark.parametrize("over", ["asgi", "http"])
def test_the_fake_passes_over_asgi_and_over_http(over):
    def connect():
        handle = kit.open()
        ways = {"asgi": lambda: over_asgi(create_app(handle)), "http": lambda: over_http(handle.url)}
        return handle.target._replace(answer=ways[over](), keys=(handle.api_key, "mock-other"))

    kit = Kit()
    settled = settings(SHORT, max_examples=6, stateful_step_count=12)
    run_state_machine_as_test(TaskMachine.against(connect), settings=settled)
    kit.close()
    assert not kit.open_handles


def test_without_a_clock_nothing_expires(kit):
    machine = TaskMachine.against(lambda: kit.open().target._replace(advance=None))
    run_state_machine_as_test(machine, settings=SHORT)

    def connect():  # and a task that is gone may have been there long enough
        handle = kit.open()
        return handle.target._replace(answer=ForgetsForGood(handle), advance=None)

    run_state_machine_as_test(TaskMachine.against(connect), settings=SHORT)
    assert kit.open_handles


def told(reply, **data):
    body = json.loads(bytes(reply.body))
    body["data"].update(data)
    return reply._replace(body=json.dumps(body).encode())


def answered(status, body):
    return Reply(status, {"content-type": "application/json"}, json.dumps(body).encode())


def pending(call):
    data = {"task_id": call.path.rpartition("/")[2], "status": "pending"}
    return answered(200, {"code": 0, "message": "success", "data": data})


# ruff: noqa: ARG002 - each lie has the shape of all


class Liar:
    """A target that answers as the fake does, but for one thing."""

    def __init__(self, handle):
        self.handle = handle
        self.polls = 0
        self.first = {}  # what was seen first, by the call's path and key

    def __call__(self, call):
        reply = self.handle.answer(call)
        if call.method == "POST":
            return self.submitted(call, reply)
        self.polls += 1
        return self.polled(call, reply)

    def submitted(self, call, reply):
        return reply

    def polled(self, call, reply):
        return reply

    def nothing(self, call):
        return self.handle.answer(call._replace(path="/api/v1/tasks/none"))

    def is_later(self, call, what):
        """Whether `what` was seen of this task before now; it is seen now."""
        return self.handle.now > self.first.setdefault((what, call.path, str(call.headers)), self.handle.now)


class AcceptsAll(Liar):
    def submitted(self, call, reply):
        good = call._replace(body=b'{"image": "https://e.com/a.jpg"}')
        return self.handle.answer(good) if reply.status == 400 else reply


class RefusesAll(Liar):
    def submitted(self, call, reply):
        return self.handle.answer(call._replace(body=b"{}")) if reply.status == 200 else reply


class RefusesWithAnotherStatus(Liar):
    def submitted(self, call, reply):
        return answered(500, {"code": 500, "message": "Internal error: x"}) if reply.status == 400 else reply


class SameId(Liar):
    def submitted(self, call, reply):
        if reply.status != 200:
            return reply
        given = json.loads(bytes(reply.body))["data"]["task_id"]
        return told(reply, task_id=self.first.setdefault("id", given))


class ShowsOthers(Liar):
    def polled(self, call, reply):
        if reply.status == 404 and call.headers["authorization"].endswith("-other"):
            mine = {"authorization": f"Bearer {self.handle.api_key}"}
            return self.handle.answer(call._replace(headers=mine))
        return reply


class GoesBack(Liar):
    def polled(self, call, reply):
        ended = reply.status == 200 and json.loads(bytes(reply.body))["data"]["status"] == "success"
        return pending(call) if ended and self.is_later(call, "its end") else reply


class ForgetsForGood(Liar):
    def polled(self, call, reply):
        return self.nothing(call)


class ComesBack(Liar):
    def submitted(self, call, reply):
        if reply.status == 200:
            task_id = json.loads(bytes(reply.body))["data"]["task_id"]
            self.first[f"/api/v1/tasks/{task_id}"] = call.headers["authorization"]
        return reply

    def polled(self, call, reply):
        gone = reply.status == 404 and self.first.get(call.path) == call.headers["authorization"]
        return pending(call) if gone and self.is_later(call, "a 404") else reply


class KeepsForEver(Liar):
    def polled(self, call, reply):
        asked = (call.path, str(call.headers))
        if reply.status == 200:
            self.first[asked] = reply
        return self.first.get(asked, reply)


class InventsTasks(Liar):
    def polled(self, call, reply):
        return pending(call) if "nobody" in call.path else reply


class TellsOfAnother(Liar):
    def polled(self, call, reply):
        return told(reply, task_id="task-of-another") if reply.status == 200 else reply


class FailsWithoutAnEnvelope(Liar):
    def polled(self, call, reply):
        return answered(500, {})


class Fails(Liar):
    def polled(self, call, reply):
        failed = answered(500, {"code": 500, "message": "Internal error: x"})
        return failed if reply.status == 200 else reply


class Limits(Liar):
    def polled(self, call, reply):
        return answered(429, {"code": 429, "message": "Rate limit exceeded: no"})


class ChangesItsMind(Liar):
    def polled(self, call, reply):
        return told(reply, model_id=f"kling-{self.polls}") if reply.status == 200 else reply


@pytest.mark.parametrize(
    ("liar", "finds"),
    [
        (AcceptsAll, r"^a body that breaks submit\.body\..* was answered with 200"),
        (RefusesAll, "^a valid body .* was answered with 400"),
        (RefusesWithAnotherStatus, r"^a body that breaks submit\.body\..* was answered with 500"),
        (SameId, "^the id task-.* was given twice"),
        (ShowsOthers, "^a poll with another key .* was answered with 200"),
        (GoesBack, r"task\.lifecycle\.order .* success, then pending"),
        (ForgetsForGood, "^task-.* is gone after 0.0 seconds"),
        (ComesBack, "^task-.* is back after a 404"),
        (KeepsForEver, "^task-.* is there .* seconds after its end and retention"),
        (InventsTasks, "^a poll of no task .* was answered with 200"),
        (TellsOfAnother, r"task\.reply\.data\.task_id\.echo"),
        (FailsWithoutAnEnvelope, r"error\.envelope\.code\.required"),
        (Fails, r"^a poll \(task-.*\) was answered with 500"),
        (Limits, "^429, though no limit is on"),
        (ChangesItsMind, "^two polls of task-.* differ"),
    ],
)
def test_a_server_that_lies_is_found_out(kit, monkeypatch, liar, finds):
    monkeypatch.setenv("COLUMNS", "140")

    def connect():
        handle = kit.open({"timing": (5, 55)})
        return handle.target._replace(answer=liar(handle))

    with pytest.raises(Nonconforming, match=finds):
        run_state_machine_as_test(TaskMachine.against(connect), settings=LONG)


@pytest.mark.parametrize(
    ("limits", "finds"),
    [
        ({"rate": 1000}, "^one request too many .* was answered with 404"),
        ({"concurrency": 1000}, "^[0-9]+ tasks run at once"),
        ({"rate": 3}, "^429 after [1-4] requests"),
        ({"concurrency": 1}, "^429 after [12] requests"),
    ],
    ids=str,
)
def test_a_server_whose_limits_are_others_is_found_out(kit, limits, finds):
    machine = TaskMachine.against(lambda: kit.open({"limits": limits, "timing": (5, 55)}).target)
    with pytest.raises(Nonconforming, match=finds):
        run_state_machine_as_test(machine, settings=LONG)


def test_a_poll_beyond_the_limit_says_nothing_of_its_task(kit):
    state = TaskMachine.against(lambda: kit.open({"limits": True}).target)()
    task_id = state.submit(key=0, body={"image": "https://example.com/mountain.jpg"})
    state.burst(key=0)
    state.poll(task_id=task_id)
    assert state.seen[task_id].statuses == []
    state.wait(seconds=60.0)
    state.poll(task_id=task_id)
    assert state.seen[task_id].statuses == ["success"]
