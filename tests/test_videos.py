"""klingmock.videos: which task a video's path belongs to, and what is there."""

import pytest

from klingcontracts.contract import load
from klingcontracts.exchange import Call
from klingmock.served import Plan, Served
from klingmock.store import Memory
from klingmock.videos import Videos, why

SERVED = [Served(load(revision), Plan()) for revision in ("2026-02", "2026-07")]


@pytest.fixture
def store():
    return Memory()


def kept(store, served, now=0.0):
    task = served.task("mock-a", 1, now, {"image": "https://e.com/a.jpg"}, "req-1")
    store.put(task)
    return task, served.replies.video_path(task.id)


@pytest.mark.parametrize("served", SERVED, ids=["2026-02", "2026-07"])
def test_a_path_leads_to_its_task(store, served):
    videos = Videos(SERVED, store)
    task, path = kept(store, served)
    assert videos.task(path) == task
    for wrong in (path.replace(".mp4", "0.mp4"), path + "/", "/aigc/video/", "/aigc/video/x_y.mp4"):
        assert videos.task(wrong) is None


def test_a_file_is_there_while_its_task_is(store):
    videos = Videos(SERVED, store)
    task, path = kept(store, SERVED[0])
    call = Call("GET", path, {})
    for moment, status in ((0.0, 404), (task.ends_at, 200), (task.expires_at, 404)):
        answer, file = videos.file(task, call, moment, "req-2")
        assert (answer.status, answer.operation) == (status, "video")
        assert (file is not None) == (status == 200)
    _, file = videos.file(task, call, task.ends_at, "req-2")
    assert (file.headers["x-request-id"], bytes(file.body[4:8])) == ("req-2", b"ftyp")


def test_why_it_is_not_there(store):
    task, _ = kept(store, SERVED[0])
    assert why(None, "mock-a") == "nothing of this name is kept here"
    assert why(task, "mock-a") == "it has expired, or is not finished"
    assert why(task, "mock-b") == "the task belongs to another key"
