"""klingmock.scripts: which script a call meets, by its header, its prompt, its task and its key."""

import json

import pytest

import klingmock.scripts as module
from klingcontracts.exchange import Call
from klingcontracts.problem import Problem
from klingmock.script import Script
from klingmock.scripts import ADVICE, HEADER, Scripts, almost, brought

IMAGE = {"image": "https://example.com/mountain.jpg"}


def call(text="", prompt=""):
    headers = {HEADER: text} if text else {}
    return Call("POST", "/x", headers, json.dumps({**IMAGE, "prompt": prompt}).encode())


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        (call(), ""),
        (call(" submit: 503 "), "submit: 503"),
        (call(prompt="A ridge [[klingmock: submit: 503; task: drop ]] at dawn"), "submit: 503; task: drop"),
        (call("task: drop", "[[klingmock: submit: 503]]"), "task: drop"),
        (call(prompt="[[klingmock: submit: 503"), ""),
        (call(prompt="[[klingmock: 雪]]"), ""),  # JSON writes it as an escape
        (call(prompt="[[ klingmock: submit: 503]]"), ""),
    ],
)
def test_a_call_brings_its_script_along(sent, text):
    assert brought(sent) == text


ALMOST = (
    "[[klingmock: submit: 503",
    "[[klingmock submit: 503]]",
    "[[KLINGMOCK: submit: 503]]",
    "[[ klingmock: submit: 503]]",
    "[[klingmock: submit: 503]",
    '[[klingmock: submit: "503"]]',
    "[[klingmock: 雪]]",
)


@pytest.mark.parametrize("prompt", ALMOST)
def test_what_looks_like_a_directive_and_is_none_is_told(prompt):
    assert brought(call(prompt=prompt)) == ""
    assert almost(call(prompt=f"A ridge {prompt} at dawn")) == ADVICE
    assert almost(call("task: drop", prompt)) == ""


@pytest.mark.parametrize(
    "prompt", ["", "[[x]]", "klingmock: 503", "[[klingmocks]]", "[[klingmock: task: drop]]"]
)
def test_what_is_a_directive_or_looks_like_none_needs_no_advice(prompt):
    assert almost(call(prompt=prompt)) == ""


def test_where_there_is_no_script_nothing_is_looked_at():
    scripts = Scripts()
    assert not scripts.concerns(call())
    assert scripts.concerns(call("submit: 503"))
    assert scripts.concerns(call(prompt="[[klingmock: task: drop]]"))
    assert not Scripts(Script()).concerns(call())
    assert Scripts(Script("task: drop")).concerns(call())
    assert Scripts(text="task: drop").concerns(call())
    scripts.of("mock-a")
    assert scripts.concerns(call())


def test_each_key_has_the_script_of_its_world():
    scripts = Scripts(text="task: drop")
    assert scripts.of("mock-a").next("task").text == "task: drop"
    assert scripts.of("mock-a").next("task") is None
    assert scripts.of("mock-b").next("task") is not None
    assert scripts.of_call("mock-b", call()) is scripts.of("mock-b")
    one = Script()
    assert Scripts(one).of("mock-a") is Scripts(one).of("mock-b") is one


def test_calls_with_one_text_go_through_one_script():
    scripts = Scripts()
    met = [scripts.of_call("mock-a", call("submit: 503, 429")).next("submit") for _ in range(3)]
    assert [fault and fault.status for fault in met] == [503, 429, None]
    assert scripts.of_call("mock-b", call("submit: 503, 429")).next("submit").status == 503


def test_after_a_job_was_accepted_it_begins_anew():
    scripts, sent = Scripts(), call("submit: 503")
    assert scripts.of_call("mock-a", sent).next("submit") is not None
    assert scripts.of_call("mock-a", sent).next("submit") is None
    scripts.accepted("mock-a", sent, "task-1")
    assert scripts.of_call("mock-a", sent).next("submit") is not None


def test_a_job_brings_its_script_to_its_polls():
    scripts, sent = Scripts(), call(prompt="[[klingmock: task: drop]]")
    assert scripts.of_call("mock-a", sent).next("submit") is None
    scripts.accepted("mock-a", sent, "task-1")
    poll = Call("GET", "/api/v1/tasks/task-1", {})
    assert scripts.of_call("mock-a", poll, "task-2").next("task") is None
    assert scripts.of_call("mock-a", poll, "task-1").next("task").text == "task: drop"
    scripts.accepted("mock-a", call(), "task-3")
    assert scripts.of_call("mock-a", poll, "task-3") is scripts.of("mock-a")


def test_a_text_that_is_no_script_is_told():
    with pytest.raises(Problem, match="Nearest: 'drop'"):
        Scripts().of_call("mock-a", call("submit: drp"))
    with pytest.raises(Problem, match="Nearest: 'drop'"):
        Scripts(text="submit: drp")


def test_only_so_much_is_remembered(monkeypatch):
    monkeypatch.setattr(module, "MOST", 2)
    scripts = Scripts(text="task: drop")
    scripts.of("mock-a").next("task")
    for key in ("mock-b", "mock-c"):
        scripts.of(key)
    assert scripts.of("mock-a").next("task") is not None  # it was forgotten, and begins anew


class TestTheEngine:
    """A client in any language gives a script to one call, or to one job."""

    def test_by_a_header(self, fake):
        world = fake(parts={"scripts": Scripts()})
        replies = [world.submit(x_klingmock_script="submit: 503, 429 retry-after=7") for _ in range(3)]
        assert [reply.status for reply in replies] == [503, 429, 200]
        assert replies[1].headers["retry-after"] == "7"
        assert replies[0].headers["x-klingmock-hint"] == "script: submit: 503"

    def test_by_the_prompt_of_a_job(self, fake):
        world = fake(parts={"scripts": Scripts()})
        task_id = world.submitted({**IMAGE, "prompt": "[[klingmock: outcome: fail; task: 503]]"})
        other = world.submitted()
        world.clock.advance(100)
        assert [world.status(task_id), world.status(task_id)] == ["503", "failed"]
        assert world.status(other) == "success"

    @pytest.mark.parametrize("scripts", [Scripts(), Scripts(Script())])
    def test_what_was_meant_for_a_directive_gets_a_hint(self, fake, scripts):
        world = fake(parts={"scripts": scripts})
        for prompt in ALMOST:
            reply = world.submit({**IMAGE, "prompt": prompt})
            assert (reply.status, reply.headers["x-klingmock-hint"]) == (200, ADVICE)
            world.clock.advance(100)
        refused = world.submit({"prompt": ALMOST[0]})
        assert refused.status == 400
        assert ADVICE in refused.headers["x-klingmock-hint"]
        assert ADVICE not in world.submit({**IMAGE, "prompt": "[[x]]"}).headers.get("x-klingmock-hint", "")

    def test_the_video_of_a_job_meets_its_script(self, fake):
        world = fake(parts={"scripts": Scripts()})
        task_id = world.submitted({**IMAGE, "prompt": "[[klingmock: media: 404]]"})
        world.clock.advance(100)
        url = world.told(world.poll(task_id))["data"]["result"]["resources"][0]["url"]
        path = "/" + url.split("/", 3)[3]
        assert [world.call("GET", path).status, world.call("GET", path).status] == [404, 200]

    @pytest.mark.parametrize("place", ["submit", "task", "media"])
    def test_a_mistake_is_refused_and_the_hint_says_why(self, fake, place):
        world = fake(parts={"scripts": Scripts()})
        paths = {"submit": world.submit_path, "task": "/api/v1/tasks/task-1", "media": "/aigc/video/x.mp4"}
        headers = {"authorization": "Bearer mock-a", HEADER: "submit: drp"}
        reply = world.mock.answer(Call("POST" if place == "submit" else "GET", paths[place], headers, b"{}"))
        assert reply.status == 400
        assert "Fault 'drp' is not known. Nearest: 'drop'." in reply.headers["x-klingmock-hint"]
        assert not world.mock.store.tasks()

    def test_each_key_begins_with_the_script_of_the_server(self, fake):
        world = fake(parts={"scripts": Scripts(text="submit: 503")})
        assert [world.submit(key=key).status for key in ("mock-a", "mock-a", "mock-b")] == [503, 200, 503]
