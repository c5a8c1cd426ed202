"""klingmock.media: the file of a task, and how it is handed out."""

import json
import subprocess
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from klingmock.media import CLIPS, TASK_BOX, Video, serve, video

DIGITS = Video(b"0123456789", '"tag"')  # short enough to name every byte
HUGE = "9" * 5000  # Python's own limit for int() is 4,300 digits


def get(source=DIGITS, /, **headers):
    return serve(source, "GET", {name.replace("_", "-"): value for name, value in headers.items()})


def boxes(data: bytes):
    """Walk over the top-level boxes of an ISO file."""
    while data:
        size = int.from_bytes(data[:4])
        assert 8 <= size <= len(data)
        yield data[4:8], data[8:size]
        data = data[size:]


# --- the file ---


@pytest.mark.parametrize("seconds", CLIPS)
def test_the_task_box_is_last_and_holds_the_id(seconds):
    found = list(boxes(video("task-é", seconds).body))
    assert [kind for kind, _ in found[:2]] == [b"ftyp", b"moov"]  # playable before all of it is there
    assert found[-1] == (b"uuid", TASK_BOX.bytes + "task-é".encode())
    assert [kind for kind, _ in found].count(b"uuid") == 1


@given(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")))
def test_two_tasks_share_neither_bytes_nor_tag(one, other):
    first, second = video(one, 5), video(other, 5)
    assert (first == second) == (first.body == second.body) == (first.etag == second.etag) == (one == other)


def test_the_same_task_is_the_same_file():
    assert video("a", 5) == video("a", 5)
    assert video("a", 5).etag != video("a", 10).etag


@pytest.mark.parametrize(("seconds", "nearest"), [(-1, 5), (0, 5), (7, 5), (8, 10), (3600, 10)])
def test_another_length_takes_the_nearest_clip(seconds, nearest):
    assert video("a", seconds) == video("a", nearest)


def test_clips_are_small_enough_to_ship():
    assert len(video("a", 5).body) < 150_000
    assert len(video("a", 10).body) < 300_000


@pytest.mark.parametrize("seconds", CLIPS)
def test_ffprobe_reads_the_file_with_its_box(need, tmp_path, seconds):
    path = tmp_path / "video.mp4"
    path.write_bytes(video("task-1", seconds).body)
    asked = ["-show_entries", "stream=codec_name,width,height,duration:packet=pts_time,flags", "-of", "json"]
    run = subprocess.run(
        [need("ffprobe"), "-v", "warning", *asked, path], capture_output=True, text=True, check=True
    )
    assert run.stderr == ""
    told = json.loads(run.stdout)
    (stream,) = told["streams"]
    assert (stream["codec_name"], stream["width"], stream["height"]) == ("h264", 1280, 720)
    assert float(stream["duration"]) == pytest.approx(seconds, abs=0.05)
    keyframes = [float(packet["pts_time"]) for packet in told["packets"] if "K" in packet["flags"]]
    assert keyframes == list(range(seconds))  # a seek never has to decode more than a second


# --- whole ---


def test_get_hands_out_everything():
    reply = get()
    assert (reply.status, reply.body) == (200, DIGITS.body)
    assert reply.headers == {
        "content-type": "video/mp4",
        "content-length": "10",
        "accept-ranges": "bytes",
        "etag": '"tag"',
        "cache-control": "private, no-cache",
    }


def test_head_is_get_without_the_body_and_knows_no_range():
    reply = serve(DIGITS, "HEAD", {"range": "bytes=2-3"})
    assert (reply.status, reply.headers, reply.body) == (200, get().headers, b"")


# --- parts ---


@pytest.mark.parametrize(
    ("wanted", "place", "body"),
    [
        ("bytes=0-0", "0-0", b"0"),
        ("bytes=2-4", "2-4", b"234"),
        ("Bytes=2-4", "2-4", b"234"),
        (" bytes=2-4 ", "2-4", b"234"),
        ("bytes=7-", "7-9", b"789"),
        ("bytes=0-", "0-9", b"0123456789"),
        ("bytes=8-99", "8-9", b"89"),
        (f"bytes=8-{HUGE}", "8-9", b"89"),
        ("bytes=-3", "7-9", b"789"),
        ("bytes=-99", "0-9", b"0123456789"),
        (f"bytes=-{HUGE}", "0-9", b"0123456789"),
        (f"bytes={'0' * 5000}8-", "8-9", b"89"),
    ],
)
def test_one_range_gets_its_part(wanted, place, body):
    reply = get(range=wanted)
    assert (reply.status, bytes(reply.body)) == (206, body)
    expected = {"content-range": f"bytes {place}/10", "content-length": str(len(body))}
    assert reply.headers == get().headers | expected


@pytest.mark.parametrize(
    "wanted", ["bytes=10-", "bytes=10-11", "bytes=-0", f"bytes={HUGE}-", f"bytes={HUGE}-{HUGE}"]
)
def test_a_range_outside_of_the_file_is_refused_with_its_size(wanted):
    reply = get(range=wanted)
    assert (reply.status, reply.body) == (416, b"")
    assert reply.headers["content-range"] == "bytes */10"
    assert reply.headers["content-length"] == "0"


@pytest.mark.parametrize(
    "wanted",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=4-2",
        f"bytes={HUGE}-2",
        "bytes=a-b",
        "bytes=1 - 2",
        "bytes=٣-٤",
        "byteſ=0-1",
        "bytes=0-1,3-4",
        "bytes=0-1,",
        "seconds=0-1",
        "0-1",
        "bytes=--1",
        "bytes=+1-2",
        "bytes=1_0-",
    ],
)
def test_a_range_it_cannot_follow_is_no_range(wanted):
    assert get(range=wanted) == get()


def test_a_part_is_not_a_copy():
    source = video("a", 5)
    assert get(source, range="bytes=1-").body.obj is source.body


@given(st.data(), st.sampled_from(CLIPS))
def test_parts_put_together_are_the_file(data, seconds):
    source = video("task", seconds)
    size = len(source.body)
    cuts = data.draw(st.sets(st.integers(1, size - 1), max_size=6))
    parts = [
        get(source, range=f"bytes={start}-{stop - 1}") for start, stop in pairwise([0, *sorted(cuts), size])
    ]
    assert {part.status for part in parts} == {206}
    assert b"".join(part.body for part in parts) == source.body


@given(st.integers(0, 20), st.integers(0, 20))
def test_any_two_numbers_mean_what_a_slice_means(start, stop):
    reply = get(range=f"bytes={start}-{stop}")
    if start > stop:
        assert reply.status == 200
    elif start >= 10:
        assert reply.status == 416
    else:
        assert bytes(reply.body) == DIGITS.body[start : stop + 1]


HEADER = (
    st.text() | st.from_regex(r"bytes=[0-9]*-[0-9]*", fullmatch=True) | st.sampled_from(['"tag"', "*", ","])
)


@given(
    st.sampled_from(["GET", "HEAD"]),
    st.dictionaries(st.sampled_from(["range", "if-range", "if-none-match"]), HEADER),
)
@example("GET", {"range": f"bytes={HUGE}-{HUGE}"})
def test_no_header_text_breaks_it(method, headers):
    reply = serve(DIGITS, method, headers)
    assert reply.status in {200, 206, 304, 416}
    if method == "GET" and reply.status != 304:
        assert reply.headers["content-length"] == str(len(reply.body))
    else:
        assert reply.body == b""


# --- conditions ---


@pytest.mark.parametrize("condition", ['"tag"', 'W/"tag"', '"other", "tag"', '"a,b" ,W/"tag"', "*", " * "])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_caller_who_has_it_is_told_so(method, condition):
    reply = serve(DIGITS, method, {"if-none-match": condition, "range": "bytes=0-1"})
    assert (reply.status, reply.body) == (304, b"")
    assert reply.headers == {"etag": '"tag"', "cache-control": "private, no-cache"}


@pytest.mark.parametrize("condition", ["", '"other"', "tag", 'w/"tag"', '"tag', "**", '"*"', ","])
def test_a_caller_who_has_something_else_gets_it(condition):
    assert get(if_none_match=condition) == get()


def test_if_range_continues_the_same_file():
    assert get(range="bytes=2-4", if_range='"tag"').status == 206


@pytest.mark.parametrize("condition", ['"other"', 'W/"tag"', "Wed, 21 Oct 2026 07:28:00 GMT", "", "tag"])
def test_if_range_starts_over_with_any_other(condition):
    assert get(range="bytes=2-4", if_range=condition) == get()
    assert get(range="bytes=99-", if_range=condition) == get()
