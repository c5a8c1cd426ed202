"""What the vendor may add or move without breaking a promise: nothing above a remark is right."""

import json
from calendar import timegm
from collections.abc import Iterator
from time import strptime
from typing import Any

from vendor.changes import (
    RESOURCE,
    body,
    drop,
    life,
    put,
    typed,
    with_headers,
)
from vendor.deviation import Deviation, Needs
from vendor.ways import DAY, JSON, TASKS

HARMLESS = Needs.HARMLESS


def _with_link(told: Any) -> Any:
    url = f"http://127.0.0.1{TASKS}{told['data']['task_id']}"
    return put({"method": "GET", "url": url}, "data", "get_result")(told)


def _with_expiry(told: Any) -> Any:
    ended = strptime(told["data"]["result"]["extensions"]["end_time"], "%Y-%m-%dT%H:%M:%SZ")
    return put((timegm(ended) + DAY) * 1000, "data", "result_expires_at")(told)


def _harmless() -> Iterator[Deviation]:
    bill = {"status": "succeeded", "amount": "0.1400"}
    for name, says, ways in (
        ("more-in-submit", "data of a submission has region", {"submitted": put("eu", "data", "region")}),
        (
            "more-get-result",
            "data of a submission has get_result",
            {"submitted": _with_link},
        ),
        ("more-duration", "data of a submission has duration", {"submitted": put(150, "data", "duration")}),
        (
            "more-beside-data",
            "a reply has request_id beside data",
            {"submitted": put("r-1", "request_id"), "queried": put("r-1", "request_id")},
        ),
        ("more-in-task", "data of a task has progress", {"queried": put(50, "data", "progress")}),
        ("more-billing", "data of a finished task has billing", {"finished": put(bill, "data", "billing")}),
        (
            "more-expiry",
            "data of a finished task has result_expires_at",
            {"finished": _with_expiry},
        ),
        ("more-in-resource", "a resource has size", {"finished": put(123456, *RESOURCE, "size")}),
        (
            "more-resources",
            "there is a cover beside the video",
            {
                "finished": lambda told: (
                    told["data"]["result"]["resources"].append(
                        {"url": "https://cdn.example.com/1.jpg", "type": "image", "role": "cover"}
                    ),
                    told,
                )[1]
            },
        ),
        (
            "more-in-errors",
            "an error has request_id",
            body(lambda s, c, d: {"code": s, "message": f"{c}: {d}", "request_id": "r-1"}),
        ),
        (
            "more-headers",
            "replies have headers of their own",
            with_headers(x_request_id="r-1", server="edge", cache_control="no-store"),
        ),
        ("retry-after", "a reply has Retry-After", with_headers(retry_after="1")),
        (
            "who-are-you",
            "a 401 has WWW-Authenticate",
            {
                "last": lambda _, reply: reply._replace(
                    headers={
                        **reply.headers,
                        **({"www-authenticate": "Bearer"} if reply.status == 401 else {}),
                    }
                )
            },
        ),
        ("charset", "the content type has a charset", typed("application/json; charset=utf-8")),
        ("type-capitals", "the content type is in capitals", typed("Application/JSON")),
        (
            "other-details",
            "the details of errors have other words",
            body(
                lambda s, c, d: {
                    "code": s,
                    "message": f"{c}: {d.replace('must be', 'should be')} (see the docs)",
                }
            ),
        ),
        (
            "indented",
            "bodies are indented",
            {
                "last": lambda _, reply: (
                    reply._replace(body=json.dumps(json.loads(reply.body), indent=2).encode())
                    if reply.headers["content-type"] == JSON["content-type"]
                    else reply
                )
            },
        ),
        (
            "order-of-members",
            "members come in another order",
            {
                "submitted": lambda told: dict(reversed(told.items())),
                "queried": lambda told: dict(reversed(told.items())),
            },
        ),
        ("no-processing", "a task is never processing", life(("pending", 2), "success")),
        ("slow", "a task takes three times as long", life(("pending", 3), ("processing", 6), "success")),
        ("quick", "a task is finished at once", life(("pending", 0), "success")),
        (
            "ids-uuid",
            "ids look like UUIDs",
            {"task_id": lambda number: f"0b9c4b3e-5e0f-4f3c-9c55-{number:012x}"},
        ),
        (
            "nulls",
            "width, height, format and role are null",
            {
                "finished": lambda told: put(
                    {
                        **told["data"]["result"]["resources"][0],
                        "width": None,
                        "height": None,
                        "format": None,
                        "role": None,
                    },
                    *RESOURCE,
                )(told)
            },
        ),
        (
            "bare-result",
            "a result has nothing but resources",
            {
                "finished": lambda told: put(
                    {"resources": told["data"]["result"]["resources"]}, "data", "result"
                )(told)
            },
        ),
        ("no-model-in-task", "a task does not tell model_id", {"queried": drop("data", "model_id")}),
    ):
        yield Deviation(name, says, "harmless", HARMLESS, "", ways)


HARMLESS_ROWS = tuple(_harmless())
