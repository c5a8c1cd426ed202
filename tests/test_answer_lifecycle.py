"""klingmock.answer: a task from its submission to its expiry, its links and its video."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klingcontracts.contract import load
from klingcontracts.document import revisions
from klingmock.task import TIMINGS


def rule_of(reply) -> str:
    return reply.headers.get("x-klingmock-hint", "").partition(": ")[0]


# --- the lifecycle ---


@pytest.mark.parametrize("revision", revisions())
def test_a_task_goes_its_way_at_the_planned_times(fake, revision):
    world = fake(revision)
    name = world.submitted()
    seen = [world.status(name)]
    for step in (0.999, 0.001, 3.999, 0.001):
        world.clock.advance(step)
        seen.append(world.status(name))
    assert seen == ["pending", "pending", "processing", "processing", "success"]


@pytest.mark.parametrize("advance", [0, 1, 5])
def test_the_same_poll_at_the_same_time_is_the_same_reply(fake, advance):
    world = fake("2026-07", limited=False)
    name = world.submitted()
    world.clock.advance(advance)
    first, second = (world.poll(name, x_request_id="r") for _ in range(2))
    assert first == second


@given(st.permutations(range(4)), st.integers(0, 3))
def test_who_polls_first_and_how_often_changes_nothing(fake, order, extra):
    def seen(sequence):
        world = fake("2026-07", limited=False, timing=TIMINGS["realistic"])
        names = [world.submitted(x_request_id="r") for _ in range(4)]
        world.clock.advance(140)
        replies = {number: world.poll(names[number], x_request_id="r") for number in sequence}
        world.clock.advance(400)
        return replies, [world.told(world.poll(name)) for name in names]

    assert seen([*order, *order[:extra]]) == seen(range(4))


def test_a_task_that_no_one_looked_at_is_finished_all_the_same(fake):
    world = fake()
    polled, forgotten = world.submitted(), world.submitted()
    for _ in range(5):
        world.clock.advance(1)
        world.status(polled)
    one, other = (world.told(world.poll(name))["data"] for name in (polled, forgotten))
    assert one["status"] == other["status"] == "success"
    assert one["duration"] == other["duration"] == 5000


@pytest.mark.parametrize(
    ("revision", "kept"), [("2026-02", 86400), ("2026-04", 86400), ("2026-07", 7 * 86400)]
)
def test_query_and_video_expire_together_at_the_documented_moment(fake, revision, kept):
    world = fake(revision)
    name = world.submitted()
    world.clock.advance(5)
    url = world.told(world.poll(name))["data"]["result"]["resources"][0]["url"]
    video = url.removeprefix("http://127.0.0.1")
    world.clock.advance(kept - 0.5)
    assert (world.status(name), world.call("GET", video, key="").status) == ("success", 200)
    world.clock.advance(0.5)
    assert (world.status(name), world.call("GET", video, key="").status) == ("404", 404)
    assert rule_of(world.poll(name)) == "task.unknown"
    assert "expired" in world.poll(name).headers["x-klingmock-hint"]


def test_another_keys_task_is_as_unknown_as_one_that_never_was(fake):
    world = fake()
    name = world.submitted(key="mock-a")
    foreign, never = world.poll(name, "mock-b"), world.poll("task-000000000000000000000000", "mock-b")
    assert foreign.status == never.status == 404
    assert world.told(foreign)["message"] == f"Resource not found: task '{name}' not found"
    assert (
        world.told(never)["message"].replace("task-000000000000000000000000", name)
        == world.told(foreign)["message"]
    )
    assert "another key" in foreign.headers["x-klingmock-hint"]
    assert world.status(name, "mock-a") == "pending"


def test_ids_are_unique_and_of_the_documented_form(fake):
    world = fake(limited=False)
    names = [world.submitted(key=f"mock-{number % 3}") for number in range(300)]
    assert len(set(names)) == 300
    assert all(re.fullmatch(r"task-[A-Za-z0-9_-]+", name) for name in names)


def test_two_engines_of_one_seed_plan_the_same(fake):
    def history(seed):
        world = fake(limited=False, seed=seed, timing=TIMINGS["realistic"])
        names = [world.submitted(x_request_id="r") for _ in range(5)]
        world.clock.advance(1000)
        return [bytes(world.poll(name).body) for name in names]

    assert history("1") == history("1")
    assert not set(history("1")) & set(history("2"))


def test_speed_shortens_what_the_task_reports(fake):
    world = fake(speed=10.0)
    name = world.submitted()
    world.clock.advance(0.5)
    assert world.told(world.poll(name))["data"]["duration"] == 500


# --- several revisions side by side ---


def test_a_task_answers_in_the_shape_it_was_submitted_in(fake):
    world = fake(*revisions(), limited=False)
    names = [world.submitted(path=load(one).operation("submit").path) for one in revisions()]
    world.clock.advance(5)
    told = [world.told(world.poll(name))["data"] for name in names]
    assert ["billing" in data for data in told] == [False, False, True]
    assert [data["model_id"] for data in told] == ["kling-v1-i2v", "model-123", "model-123"]


# --- links ---


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8787", "https://fake.example", "http://[::1]:9"])
def test_links_lead_to_where_the_call_came_in(fake, origin):
    world = fake("2026-07")
    told = world.told(world.submit(origin=origin))["data"]
    assert told["get_result"]["url"] == f"{origin}/api/v1/tasks/{told['task_id']}"
    world.clock.advance(5)
    done = world.told(world.poll(told["task_id"], origin="http://other"))["data"]
    assert done["result"]["resources"][0]["url"].startswith("http://other/aigc/video/")
    assert "modellix" not in json.dumps([told, done])


# --- the video ---


@pytest.fixture
def finished(fake):
    world = fake()
    name = world.submitted({"image": "x", "duration": 10})
    world.clock.advance(5)
    [resource] = world.told(world.poll(name))["data"]["result"]["resources"]
    return world, resource["url"].removeprefix("http://127.0.0.1")


def test_the_video_needs_no_key_and_has_the_length_that_was_asked_for(finished, fake):
    world, path = finished
    reply = world.call("GET", path, key="")
    assert reply.status == 200
    assert reply.headers["content-type"] == "video/mp4"
    assert bytes(reply.body)[4:8] == b"ftyp"
    other = fake()
    name = other.submitted()
    other.clock.advance(5)
    five = other.told(other.poll(name))["data"]["result"]["resources"][0]["url"].removeprefix(
        "http://127.0.0.1"
    )
    assert len(reply.body) > len(other.call("GET", five).body)


def test_the_videos_manners_are_those_of_media(finished):
    world, path = finished
    assert world.call("HEAD", path).body == b""
    assert world.call("GET", path, range="bytes=0-3").status == 206
    assert world.call("GET", path, range="bytes=99999999-").status == 416
    etag = world.call("GET", path).headers["etag"]
    assert world.call("GET", path, if_none_match=etag).status == 304


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_a_video_can_only_be_read(finished, method):
    world, path = finished
    reply = world.call(method, path)
    assert (reply.status, reply.headers["allow"], rule_of(reply)) == (405, "GET, HEAD", "route.wrong-method")


@pytest.mark.parametrize(
    "change", [lambda p: p[:-5] + "0.mp4", lambda p: p + "x", lambda p: p.replace("_", "-")]
)
def test_a_videos_name_cannot_be_guessed_from_the_task(finished, change):
    world, path = finished
    changed = change(path)
    assert changed != path
    reply = world.call("GET", changed)
    assert (reply.status, rule_of(reply)) == (404, "video.unknown")


def test_there_is_no_video_before_the_end(fake):
    world = fake()
    name = world.submitted()
    path = world.mock.served[0].replies.video_path(name)
    world.clock.advance(4.999)
    assert world.call("GET", path).status == 404
    world.clock.advance(0.001)
    assert world.call("GET", path).status == 200
