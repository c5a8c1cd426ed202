"""Deviations in a task's life, in who sees it, and in its video."""

from collections.abc import Iterator

from vendor.changes import html, life
from vendor.deviation import Deviation, Needs
from vendor.ways import DAY, JSON, Refused, Reply, envelope

FREE, JOB, JOBS, HIDDEN = Needs.REFUSED, Needs.JOB, Needs.JOBS, Needs.HIDDEN
SUBMIT, TASK = "submit.reply", "task.reply"


def _lives() -> Iterator[Deviation]:
    order, status = "task.lifecycle.order", f"{TASK}.data.status.enum"
    for name, says, rules, ways in (
        (
            "goes-back",
            "a task goes back to pending",
            order,
            life("pending", "processing", ("pending", 2), "success"),
        ),
        (
            "leaves-success",
            "a finished task goes on",
            order,
            life("pending", "processing", ("success", 1), "processing"),
        ),
        (
            "fails-after-success",
            "a finished task fails",
            order,
            life("pending", "processing", ("success", 1), "failed"),
        ),
        ("ends-succeed", "the end is called succeed", status, life("pending", "processing", "succeed")),
        ("ends-succeeded", "the end is called succeeded", status, life("pending", "processing", "succeeded")),
        ("ends-completed", "the end is called completed", status, life("pending", "processing", "completed")),
        ("ends-capitals", "the end is called SUCCESS", status, life("pending", "processing", "SUCCESS")),
        (
            "begins-queued",
            "a task is queued before it is pending",
            status,
            life("queued", "processing", "success"),
        ),
        ("runs-running", "processing is called running", status, life("pending", ("running", 1), "success")),
        ("ends-canceled", "a fine job ends canceled", status, life("pending", "processing", "canceled")),
        ("never-ends", "a task is processing for ever", "task.lifecycle.end", life("pending", "processing")),
        ("never-begins", "a task is pending for ever", "task.lifecycle.end", life("pending")),
        ("fails", "a fine job fails", "task.lifecycle.end", life("pending", "processing", "failed")),
    ):
        yield Deviation(name, says, "lifecycle", JOB, rules, ways)
    for name, says, needs, ways in (
        ("gone-at-the-end", "a task is gone when it ends", JOB, {"kept": 0}),
        ("gone-after-an-hour", "a task is gone an hour after its end", HIDDEN, {"kept": 3600}),
        ("kept-a-week", "a task is kept for a week", HIDDEN, {"kept": 7 * DAY}),
    ):
        yield Deviation(name, says, "lifecycle", needs, "task.unknown", ways)


def _seen() -> Iterator[Deviation]:
    for name, says, needs, ways, reading in (
        ("foreign-seen", "another key sees a task", JOB, {"foreign": "200"}, False),
        ("foreign-403", "another key is told 403", JOB, {"foreign": "403"}, False),
        ("unknown-pending", "an unknown task is pending", FREE, {"stranger": lambda _: None}, False),
        (
            "unknown-400",
            "an unknown task gives 400",
            FREE,
            {"stranger": lambda _: Refused(400, "Invalid parameters", "no such task")},
            False,
        ),
        (
            "unknown-500",
            "an unknown task gives 500",
            FREE,
            {"stranger": lambda _: Refused(500, "Internal error", "")},
            False,
        ),
    ):
        yield Deviation(name, says, "visibility", needs, "task.unknown", ways, reading)
    yield Deviation(
        "same-job",
        "the same body gives the same task",
        "visibility",
        JOBS,
        f"{SUBMIT}.data.task_id.type",
        {"same_job": True},
        reading=True,
    )
    for name, says, video in (
        (
            "video-404",
            "the video is not there",
            lambda *_: envelope(404, "Resource not found", "no such video"),
        ),
        ("video-html", "the video is an HTML page", lambda *_: html(200)),
        (
            "video-empty",
            "the video is empty",
            lambda _, reply: reply._replace(headers={"content-type": "video/mp4"}, body=b""),
        ),
        (
            "video-403",
            "the video is not for everybody",
            lambda *_: envelope(403, "Permission denied", "no signature"),
        ),
        ("video-json", "the video is JSON", lambda *_: Reply(200, JSON, b"{}")),
    ):
        yield Deviation(
            name, says, "result", JOB, f"{TASK}.data.result.resources.[].url.pattern", {"video": video}
        )


LIVES = (*_lives(), *_seen())
