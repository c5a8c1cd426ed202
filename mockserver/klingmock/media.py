"""A real, playable MP4 for each finished task, and the manners (RFC 9110) in which it is handed out."""

import hashlib
import re
import struct
import sys
import uuid
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from klingcontracts.exchange import Reply

_CLIPS = Path(__file__).parent / "clips"
CLIPS = (5, 10)  # seconds; made by fixtures/media/make-clips.sh

# ISO/IEC 14496-12, 11.1: players skip a `uuid` box whose type they do not know.
TASK_BOX = uuid.uuid5(uuid.NAMESPACE_URL, "urn:klingmock:task")

# RFC 9110, 14.1.2. A list of ranges does not match, so that it is answered like no range at all.
_RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)", re.ASCII | re.IGNORECASE)
# Longer numbers lie behind the end of every file, and Python refuses to read those of 4,300 digits.
_MOST_DIGITS = 18


class Video(NamedTuple):
    """The file of one task, and the strong ETag that names its bytes."""

    body: bytes
    etag: str


def video(task_id: str, seconds: int) -> Video:
    """Return the clip nearest to `seconds`, made unique by a last box that holds the task id."""
    clip, digest = _clip(min(CLIPS, key=lambda known: abs(known - seconds)))
    box = _task_box(task_id)
    # Behind everything else the box moves no sample, so the clip's chunk offsets stay true.
    return Video(clip + box, f'"{hashlib.sha256(digest + box).hexdigest()[:32]}"')


def serve(video: Video, method: str, headers: Mapping[str, str]) -> Reply:
    """Return the reply to a GET or HEAD; header names are in lower case."""
    # RFC 9110, 13.2.2: If-None-Match comes before If-Range and Range; 14.2: Range is for GET alone.
    if _is_held(video.etag, headers.get("if-none-match", "")):
        return Reply(304, _caching(video))
    if method == "HEAD":
        return _whole(video)._replace(body=b"")
    if headers.get("if-range", video.etag).strip() != video.etag:
        return _whole(video)
    return _part(video, headers.get("range", ""))


@cache
def _clip(seconds: int) -> tuple[bytes, bytes]:
    clip = (_CLIPS / f"{seconds}s.mp4").read_bytes()
    return clip, hashlib.sha256(clip).digest()  # kept, because to hash it takes longer than all the rest


def _task_box(task_id: str) -> bytes:
    content = TASK_BOX.bytes + task_id.encode()
    return struct.pack(">I4s", 8 + len(content), b"uuid") + content


def _is_held(etag: str, condition: str) -> bool:
    # Our own tag holds no comma, so a split inside of a foreign tag cannot make it equal.
    tags = [tag.strip() for tag in condition.split(",")]
    return tags == ["*"] or etag in (tag.removeprefix("W/") for tag in tags)


def _caching(video: Video) -> dict[str, str]:
    # The link expires with the task, so a cache has to ask each time; the ETag makes that cheap.
    return {"etag": video.etag, "cache-control": "private, no-cache"}


def _described(video: Video, length: int) -> dict[str, str]:
    return {
        "content-type": "video/mp4",
        "content-length": str(length),
        "accept-ranges": "bytes",
        **_caching(video),
    }


def _whole(video: Video) -> Reply:
    return Reply(200, _described(video, len(video.body)), video.body)


def _part(video: Video, wanted: str) -> Reply:
    size = len(video.body)
    span = _span(wanted, size)
    if span is None:
        return _whole(video)
    if not span:
        return Reply(416, {"content-range": f"bytes */{size}", "content-length": "0", **_caching(video)})
    place = {"content-range": f"bytes {span.start}-{span.stop - 1}/{size}"}
    return Reply(206, _described(video, len(span)) | place, memoryview(video.body)[span.start : span.stop])


def _span(wanted: str, size: int) -> range | None:
    # None: not a single well-formed range of bytes. An empty range: nothing of the file lies in it.
    match = _RANGE.fullmatch(wanted.strip())
    if match is None or match[0].endswith("=-"):
        return None
    first, last = match.groups()
    if not first:
        return range(max(0, size - _number(last)), size)
    stop = _number(last) + 1 if last else size
    return None if last and _number(first) >= stop else range(_number(first), min(stop, size))


def _number(digits: str) -> int:
    significant = digits.lstrip("0")
    return int(significant or "0") if len(significant) <= _MOST_DIGITS else sys.maxsize
