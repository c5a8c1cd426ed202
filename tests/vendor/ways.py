"""What the vendor does, as data: all that a deviation can change is a field of Ways.

Written from the page and the vendor's other documents, without a look at klingmock or klingcontracts.
"""

import json
from collections.abc import Callable, Mapping
from math import inf, isfinite
from typing import Any, NamedTuple

SUBMIT = "/api/v1/image-to-video/kling/kling-v1-i2v/async"
TASKS = "/api/v1/tasks/"
MODEL = "kling-v1-i2v"
DAY = 86_400
JSON = {"content-type": "application/json"}


class Call(NamedTuple):
    """A request: names of headers in lower case, the path decoded, the origin without a slash at its end."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    query: str = ""
    origin: str = "http://127.0.0.1"


class Reply(NamedTuple):
    """A response."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Refused(Exception):
    """A request that the vendor does not carry out."""

    def __init__(
        self, status: int, category: str, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.category, self.detail, self.headers = status, category, detail, headers or {}


class Task(NamedTuple):
    """A job that was accepted."""

    id: str
    key: str
    at: float
    body: Mapping[str, Any]


class Field(NamedTuple):
    """A field of the request; `least` and `most` bound a number, or the length of a text or an array.

    `read` is what a value is taken as before anything else, `also` says what else is wrong with it.
    """

    type: str
    required: bool = False
    least: float | None = None
    most: float | None = None
    options: tuple[Any, ...] = ()
    read: Callable[[Any], Any] = lambda value: value
    also: Callable[[Any], str] = lambda _: ""


FIELDS = {
    "image": Field("string", required=True),
    "image_tail": Field("string"),
    "prompt": Field("string", least=1, most=2500),
    "negative_prompt": Field("string", least=1, most=2500),
    "cfg_scale": Field("number", least=0, most=1),
    "mode": Field("string", options=("std", "pro")),
    "static_mask": Field("string"),
    "dynamic_masks": Field("object[]"),
    "duration": Field("integer", options=(5, 10)),
    "camera_control": Field("object"),
}
APART = (
    ("image_tail", "static_mask"),
    ("image_tail", "dynamic_masks"),
    ("image_tail", "camera_control"),
    ("static_mask", "camera_control"),
    ("dynamic_masks", "camera_control"),
)


def is_number(value: Any) -> bool:
    """A JSON number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


TYPES: Mapping[str, Callable[[Any], bool]] = {
    "any": lambda _: True,
    "string": lambda value: isinstance(value, str),
    "number": is_number,
    "integer": lambda value: is_number(value) and float(value).is_integer(),
    "object": lambda value: isinstance(value, dict),
    "object[]": lambda value: isinstance(value, list) and all(isinstance(item, dict) for item in value),
    "string[]": lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
}


def strict(raw: bytes) -> Any:
    """The JSON of a body; raises ValueError for what is none, also for NaN and numbers without end."""

    def finite(digits: str) -> float:
        if not isfinite(float(digits)):
            raise ValueError(digits)
        return float(digits)

    return json.loads(raw.decode(), parse_constant=finite, parse_float=finite)


def encoded(value: Any) -> bytes:
    """As JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False).encode()


def envelope(status: int, category: str, detail: str) -> Reply:
    """The error body as documented."""
    return Reply(status, JSON, encoded({"code": status, "message": f"{category}: {detail}"}))


def bearer(call: Call) -> str:
    """The key of a call, "" when it carries none in the one documented form."""
    scheme, _, key = call.headers.get("authorization", "").partition(" ")
    return key if scheme == "Bearer" else ""


def no_key(_: Call) -> Refused:
    """What a call without a key is told."""
    return Refused(401, "Authentication failed", "no API key was given")


def bad_key(_: Call) -> Refused:
    """What a call with an unknown key is told."""
    return Refused(401, "Authentication failed", "the API key is not valid")


class Ways(NamedTuple):
    """How the vendor behaves. `life` is what a task goes through, in units of the twin's pace."""

    # the request
    fields: Mapping[str, Field] = FIELDS
    apart: tuple[tuple[str, str], ...] = APART
    count: Callable[[str], int] = len
    parsed: Callable[[bytes], Any] = strict
    body: Callable[[Any], Any] = lambda body: body
    takes_unknown: bool = True
    takes_null: bool = False
    either_image: bool = False
    json_only: bool = False
    required: str = "Invalid parameters"
    length: str = "Value out of range"
    enum: str = "Invalid parameters"
    # who asks, and for what
    key: Callable[[Call], str] = bearer
    no_key: Callable[[Call], Refused] = no_key
    bad_key: Callable[[Call], Refused] = bad_key
    any_key: bool = False
    open_tasks: bool = False
    route_first: bool = False
    path: Callable[[str], str] = lambda path: path
    wrong_method: tuple[int, str] = (405, "Method not allowed")
    # limits
    rate: int = 100
    running: int = 3
    # the task
    life: tuple[tuple[str, float], ...] = (("pending", 1), ("processing", 2), ("success", inf))
    kept: float = DAY
    foreign: str = "404"
    stranger: Callable[[str], Refused | None] = lambda task_id: Refused(
        404, "Resource not found", f"there is nothing at '{TASKS}{task_id}'"
    )
    same_job: bool = False
    # what is said
    task_id: Callable[[int], Any] = lambda number: f"task-{number:012x}"
    accepted: int = 200
    submitted: Callable[[dict[str, Any]], Any] = lambda told: told
    queried: Callable[[dict[str, Any]], Any] = lambda told: told
    finished: Callable[[dict[str, Any]], Any] = lambda told: told
    envelope: Callable[[int, str, str], Reply] = envelope
    limits: Callable[[dict[str, str], int], Mapping[str, str]] = lambda headers, _: headers
    video: Callable[[Call, Reply], Reply] = lambda _, reply: reply
    last: Callable[[Call, Reply], Reply] = lambda _, reply: reply
