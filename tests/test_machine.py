"""klingcontracts.machine: it passes against the fake, and finds what is wrong with others."""

import json

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from klingcontracts.exchange import Reply
from klingcontracts.report import Nonconforming
from klingcontracts.strategies import TaskMachine
from klingcontracts.target import over_asgi, over_http
from klingmock.app import create_app
from klingmock.kit import Kit

SHORT = settings(
    max_examples=12, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
LONG = settings(
    max_examples=400,
    stateful_step_count=25,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
REVISIONS = ["2026-02", "2026-04", "2026-07"]


@pytest.fixture
def kit():
    made = Kit()
    yield made
    made.close()


@pytest.mark.parametrize("limits", [False, True, {"rate": 5, "concurrency": 1}], ids=str)
@pytest.mark.parametrize("revision", REVISIONS)
def test_the_engine_passes(kit, revision, limits):
    contract = kit.open({"revision": revision}).contract
    if isinstance(limits, dict):  # the machine knows the documented limits only
        limits = True
    machine = TaskMachine.against(lambda: kit.open({"revision": revision, "limits": limits}).target, contract)
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


# ruff: noqa: ARG002 - each lie has the shape of all


class Liar:
    """A target that answers as the fake does, but for one thing."""

    def __init__(self, handle):
        self.handle = handle
        self.polls = 0
        self.last = {}

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


class AcceptsAll(Liar):
    def submitted(self, call, reply):
        return (
            self.handle.answer(call._replace(body=b'{"image": "https://e.com/a.jpg"}'))
            if reply.status == 400
            else reply
        )


class RefusesAll(Liar):
    def submitted(self, call, reply):
        broken = self.handle.answer(call._replace(body=b"{}"))
        return broken if reply.status == 200 else reply


class SameId(Liar):
    def submitted(self, call, reply):
        return told(reply, task_id="task-1") if reply.status == 200 else reply


class ShowsOthers(Liar):
    def polled(self, call, reply):
        if reply.status == 404 and call.headers["authorization"].endswith("-other"):
            mine = {"authorization": f"Bearer {self.handle.api_key}"}
            return self.handle.answer(call._replace(headers=mine))
        return reply


class GoesBack(Liar):
    def polled(self, call, reply):
        return told(reply, status="pending") if reply.status == 200 and self.polls % 3 == 0 else reply


class Forgets(Liar):
    def polled(self, call, reply):
        missing = self.handle.answer(call._replace(path="/api/v1/tasks/none"))
        return missing if self.polls % 2 == 0 else reply


class ForgetsForGood(Liar):
    def polled(self, call, reply):
        self.last.setdefault(call.path, self.handle.answer(call._replace(path="/api/v1/tasks/none")))
        return self.last[call.path]


class KeepsForEver(Liar):
    def polled(self, call, reply):
        if reply.status == 200:
            self.last[call.path] = reply  # of the key that asked first
        return (
            self.last.get(call.path, reply)
            if reply.status == 404 and "other" not in str(call.headers)
            else reply
        )


class InventsTasks(Liar):
    def polled(self, call, reply):
        good = json.dumps(
            {"code": 0, "message": "success", "data": {"task_id": call.path[14:], "status": "pending"}}
        )
        headers = {"content-type": "application/json", "content-length": str(len(good))}
        return Reply(200, {**reply.headers, **headers}, good.encode()) if "nobody" in call.path else reply


class Fails(Liar):
    def polled(self, call, reply):
        return reply._replace(status=500, body=b"{}")


class Limited(Liar):
    def polled(self, call, reply):
        body = json.dumps({"code": 429, "message": "Rate limit exceeded: no"}).encode()
        return Reply(429, {"content-type": "application/json"}, body)


class ChangesItsMind(Liar):
    def polled(self, call, reply):
        return told(reply, model_id=f"kling-{self.polls}") if reply.status == 200 else reply


@pytest.mark.parametrize(
    ("liar", "finds"),
    [
        (AcceptsAll, "a body that breaks"),
        (RefusesAll, "a valid body"),
        (SameId, "was given twice|echo|task-1 is gone"),
        (ShowsOthers, "a poll with another key"),
        (GoesBack, "task.lifecycle.order|two polls|differ"),
        (Forgets, "is gone after|is back after|two polls"),
        (KeepsForEver, "after its end and retention|another key"),
        (InventsTasks, "a poll of no task|task.reply"),
        (Fails, "error.envelope|a poll"),
        (Limited, "429, though no limit is on"),
        (ChangesItsMind, "differ|model_id"),
    ],
)
def test_a_server_that_lies_is_found_out(kit, liar, finds):
    def connect():
        handle = kit.open({"timing": (5, 55)})
        return handle.target._replace(answer=liar(handle))

    with pytest.raises(Nonconforming, match=finds):
        run_state_machine_as_test(TaskMachine.against(connect), settings=LONG)


@pytest.mark.parametrize(
    ("options", "finds"), [({"limits": False}, "one request too many|tasks run at once")]
)
def test_a_server_that_does_not_keep_its_limits_is_found_out(kit, options, finds):
    machine = TaskMachine.against(lambda: kit.open(options).target._replace(limited=True))
    with pytest.raises(Nonconforming, match=finds):
        run_state_machine_as_test(machine, settings=LONG)


def test_a_server_that_limits_too_early_is_found_out(kit):
    machine = TaskMachine.against(lambda: kit.open({"limits": {"rate": 3, "concurrency": 1}}).target)
    with pytest.raises(Nonconforming, match="429 after"):
        run_state_machine_as_test(machine, settings=LONG)
