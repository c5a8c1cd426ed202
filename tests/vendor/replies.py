"""Deviations in what an accepted job and a poll are told."""

from collections.abc import Iterator

from vendor.changes import RESOURCE, drop, put, typed
from vendor.deviation import Deviation, Needs

JOB = Needs.JOB
# The documents have examples of a type, and no list of them.
OPEN = {"type-mp4"}
SUBMIT, TASK = "submit.reply", "task.reply"


def _submitted() -> Iterator[Deviation]:
    for name, says, rules, change in (
        ("submit-code-200", "code is 200", "code.const", put(200, "code")),
        ("submit-code-string", "code is '0'", "code.type", put("0", "code")),
        ("submit-no-code", "code is left out", "code.required", drop("code")),
        ("submit-message-empty", "message is empty", "message.const", put("", "message")),
        ("submit-message-ok", "message is OK", "message.const", put("OK", "message")),
        ("submit-no-message", "message is left out", "message.required", drop("message")),
        ("submit-data-list", "data is a list", "data.type", lambda told: {**told, "data": [told["data"]]}),
        (
            "submit-flat",
            "data has been taken apart",
            "data.required",
            lambda told: {"code": 0, "message": "success", **told["data"]},
        ),
        (
            "submit-processing",
            "the status is processing",
            "data.status.const",
            put("processing", "data", "status"),
        ),
        ("submit-success", "the status is success", "data.status.const", put("success", "data", "status")),
        ("submit-queued", "the status is queued", "data.status.const", put("queued", "data", "status")),
        ("submit-no-status", "the status is left out", "data.status.required", drop("data", "status")),
        ("submit-no-id", "task_id is left out", "data.task_id.required", drop("data", "task_id")),
        (
            "submit-id-renamed",
            "task_id is called id",
            "data.task_id.required",
            lambda told: {**told, "data": {"id": told["data"].pop("task_id"), **told["data"]}},
        ),
        ("submit-no-model", "model_id is left out", "data.model_id.required", drop("data", "model_id")),
        ("submit-model-number", "model_id is a number", "data.model_id.type", put(123, "data", "model_id")),
        (
            "submit-other-id",
            "task_id is not the task's",
            "data.task_id.type",
            put("task-of-another", "data", "task_id"),
        ),
    ):
        yield Deviation(name, says, "submit reply", JOB, f"{SUBMIT}.{rules}", {"submitted": change})
    for name, says, rules, ways in (
        ("submit-201", "the HTTP status is 201", "status", {"accepted": 201}),
        ("submit-202", "the HTTP status is 202", "status", {"accepted": 202}),
        (
            "id-integer",
            "task_id is an integer",
            "data.task_id.type",
            {"task_id": lambda number: 7_000_000 + number},
        ),
        (
            "id-blank",
            "task_id has a blank",
            "data.task_id.pattern",
            {"task_id": lambda number: f"task {number}"},
        ),
        (
            "success-html",
            "an accepted call is told as text/html",
            "content-type",
            typed("text/html", lambda reply: reply.status < 400),
        ),
    ):
        yield Deviation(name, says, "submit reply", JOB, f"{SUBMIT}.{rules}", ways)
    opaque = {
        "submitted": put("model-123", "data", "model_id"),
        "queried": put("model-123", "data", "model_id"),
    }
    yield Deviation(
        "model-opaque",
        "model_id is an opaque id",
        "submit reply",
        JOB,
        f"{SUBMIT}.data.model_id.type",
        opaque,
        reading=True,
    )


def _queried() -> Iterator[Deviation]:
    for name, says, rules, change in (
        ("task-code-200", "code is 200", "code.const", put(200, "code")),
        ("task-no-code", "code is left out", "code.required", drop("code")),
        ("task-message-ok", "message is OK", "message.const", put("OK", "message")),
        ("task-no-message", "message is left out", "message.required", drop("message")),
        (
            "task-other-id",
            "the id is another one",
            "data.task_id.echo",
            put("task-of-another", "data", "task_id"),
        ),
        ("task-no-id", "the id is left out", "data.task_id.required", drop("data", "task_id")),
        ("task-id-integer", "the id is an integer", "data.task_id.type", put(7, "data", "task_id")),
        ("task-no-status", "the status is left out", "data.status.required", drop("data", "status")),
        (
            "task-status-renamed",
            "status is called task_status",
            "data.status.required",
            lambda told: {**told, "data": {"task_status": told["data"].pop("status"), **told["data"]}},
        ),
        ("task-status-number", "the status is a number", "data.status.type", put(2, "data", "status")),
        ("task-data-list", "data is a list", "data.type", lambda told: {**told, "data": [told["data"]]}),
        ("task-model-number", "model_id is a number", "data.model_id.type", put(123, "data", "model_id")),
    ):
        yield Deviation(name, says, "task reply", JOB, f"{TASK}.{rules}", {"queried": change})
    for name, says, rules, change in (
        ("result-left-out", "result is left out", "required", drop("data", "result")),
        (
            "result-list",
            "result is the list of resources",
            "type",
            lambda told: put(told["data"]["result"]["resources"], "data", "result")(told),
        ),
        (
            "resources-left-out",
            "resources is left out",
            "resources.required",
            drop("data", "result", "resources"),
        ),
        (
            "resources-empty",
            "resources is empty",
            "resources.minItems",
            put([], "data", "result", "resources"),
        ),
        (
            "resources-object",
            "resources is an object",
            "resources.type",
            lambda told: put(told["data"]["result"]["resources"][0], "data", "result", "resources")(told),
        ),
        (
            "resources-texts",
            "resources are URLs",
            "resources.[].type",
            lambda told: put([told["data"]["result"]["resources"][0]["url"]], "data", "result", "resources")(
                told
            ),
        ),
        (
            "resources-renamed",
            "resources is called videos",
            "resources.required",
            lambda told: put({"videos": told["data"]["result"]["resources"]}, "data", "result")(told),
        ),
        ("url-left-out", "url is left out", "resources.[].url.required", drop(*RESOURCE, "url")),
        ("url-null", "url is null", "resources.[].url.type", put(None, *RESOURCE, "url")),
        (
            "url-relative",
            "url is a path",
            "resources.[].url.pattern",
            put("/aigc/video/1.mp4", *RESOURCE, "url"),
        ),
        ("type-left-out", "type is left out", "resources.[].type.required", drop(*RESOURCE, "type")),
        ("type-mp4", "type is mp4", "resources.[].type.type", put("mp4", *RESOURCE, "type")),
        ("type-number", "type is a number", "resources.[].type.type", put(1, *RESOURCE, "type")),
        ("width-string", "width is a text", "resources.[].width.type", put("1280", *RESOURCE, "width")),
        ("height-float", "height is no integer", "resources.[].height.type", put(720.5, *RESOURCE, "height")),
        ("format-number", "format is a number", "resources.[].format.type", put(4, *RESOURCE, "format")),
        ("role-list", "role is a list", "resources.[].role.type", put(["primary"], *RESOURCE, "role")),
        (
            "request-id-number",
            "request_id is a number",
            "metadata.request_id.type",
            put(7, "data", "result", "metadata", "request_id"),
        ),
        ("metadata-list", "metadata is a list", "metadata.type", put([], "data", "result", "metadata")),
        (
            "submit-time-unix",
            "submit_time is a number",
            "extensions.submit_time.type",
            put(1772000000, "data", "result", "extensions", "submit_time"),
        ),
        (
            "end-time-zone",
            "end_time has another zone",
            "extensions.end_time.pattern",
            put("2026-02-25T08:00:00+08:00", "data", "result", "extensions", "end_time"),
        ),
    ):
        yield Deviation(
            name, says, "task reply", JOB, f"{TASK}.data.result.{rules}", {"finished": change}, name in OPEN
        )
    for name, says, rules, change in (
        ("took-string", "duration is a text", "duration.type", put("5", "data", "duration")),
        ("took-negative", "duration is negative", "duration.minimum", put(-1, "data", "duration")),
        (
            "took-clip",
            "duration is that of the clip in seconds",
            "duration.type",
            put(5.041, "data", "duration"),
        ),
    ):
        yield Deviation(name, says, "task reply", JOB, f"{TASK}.data.{rules}", {"finished": change})


REPLIES = (*_submitted(), *_queried())
