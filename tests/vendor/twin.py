"""The vendor as revision 2026-02 documents it, for a test to talk to in place of the real one.

`Twin` answers plain calls; `app` is the same as ASGI; `serving` puts it on a socket. With the name of a row
of DEVIATIONS it differs from what is documented in that one thing.
"""

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import takewhile
from typing import Any, NoReturn

import uvicorn

from vendor.deviation import Deviation, Needs
from vendor.deviations import DEVIATIONS
from vendor.ways import JSON, SUBMIT, TASKS, TYPES, Call, Field, Refused, Reply, Task, Ways, encoded

__all__ = [
    "DEVIATIONS",
    "KEY",
    "SECOND",
    "UNFUNDED",
    "Call",
    "Deviation",
    "Needs",
    "Reply",
    "Twin",
    "app",
    "serving",
]

KEY, SECOND, UNFUNDED = "twin-key-1", "twin-key-2", "twin-key-without-money"
VIDEOS = "/aigc/video/"
WORKING = {"pending", "processing", "queued"}
# The two boxes that a player looks for, and nothing to play.
MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0\0\0\x08mdat"


class Twin:
    """The vendor.

    `pace` is the length of a unit of a task's life in seconds; `clock` tells Unix seconds. Without `limits`
    nothing is refused for being too much.
    """

    def __init__(
        self,
        deviation: str | None = None,
        *,
        clock: Callable[[], float] = time.time,
        pace: float = 1.0,
        limits: bool = True,
    ) -> None:
        self.ways = Ways(**DEVIATIONS[deviation].ways) if deviation else Ways()
        self.clock, self.pace, self.limits = clock, pace, limits
        self.tasks: dict[str, Task] = {}
        self.requests = self.limited = 0
        self._spent: Counter[tuple[str, int]] = Counter()

    def answer(self, call: Call) -> Reply:
        """Answer a call."""
        self.requests += 1
        if call.path.startswith(VIDEOS):
            return self.ways.last(call, self._video(call))
        headers: dict[str, str] = {}
        try:
            if self.ways.route_first:
                self._route(call)
            key = self._key(call)
            self._limit(key, headers)
            reply = self._route(call)(call, key)
        except Refused as refused:
            reply = self.ways.envelope(refused.status, refused.category, refused.detail)
            reply = reply._replace(headers={**reply.headers, **refused.headers})
        shown = self.ways.limits(headers, reply.status) if headers else headers
        return self.ways.last(call, reply._replace(headers={**reply.headers, **shown}))

    def _key(self, call: Call) -> str:
        key = self.ways.key(call)
        if self.ways.open_tasks and call.path.startswith(TASKS):
            return key or KEY
        if not key:
            raise self.ways.no_key(call)
        if key not in {KEY, SECOND, UNFUNDED} and not self.ways.any_key:
            raise self.ways.bad_key(call)
        return key

    def _limit(self, key: str, headers: dict[str, str]) -> None:
        minute = int(self.clock() // 60)
        self._spent[key, minute] += 1
        left = self.ways.rate - self._spent[key, minute]
        headers["x-ratelimit-limit"] = str(self.ways.rate)
        headers["x-ratelimit-remaining"] = str(max(0, left))
        headers["x-ratelimit-reset"] = str((minute + 1) * 60)
        if left < 0 and self.limits:
            self.limited += 1
            raise Refused(429, "Rate limit exceeded", f"more than {self.ways.rate} requests in a minute")

    def _route(self, call: Call) -> Callable[[Call, str], Reply]:
        path = self.ways.path(call.path)
        name = path.removeprefix(TASKS)
        if path == SUBMIT:
            method, operation = "POST", self._submit
        elif path != name and name and "/" not in name:
            method, operation = "GET", self._query
        else:
            raise Refused(404, "Resource not found", f"there is nothing at '{call.path}'")
        if call.method != method:
            status, category = self.ways.wrong_method
            allow = {"allow": method} if status == 405 else {}  # RFC 9110, 15.5.6
            raise Refused(status, category, f"'{call.method}' is not for this path", allow)
        return operation

    def _submit(self, call: Call, key: str) -> Reply:
        body = checked(self.ways, call)
        if key == UNFUNDED:
            raise Refused(402, "Insufficient balance", "the balance of the account is too low")
        mine = [task for task in self.tasks.values() if task.key == key]
        again = [task for task in mine if self.ways.same_job and task.body == body]
        running = sum(self._age(task) < self._takes() for task in mine)
        if not again and running >= self.ways.running and self.limits:
            raise Refused(429, "Concurrent limit exceeded", f"{self.ways.running} tasks are running")
        task = again[0] if again else Task(self.ways.task_id(len(self.tasks) + 1), key, self.clock(), body)
        self.tasks[str(task.id)] = task
        told = {"status": "pending", "task_id": task.id, "model_id": "kling-v1-i2v"}
        return _said(self.ways.submitted({"code": 0, "message": "success", "data": told}), self.ways.accepted)

    def _query(self, call: Call, key: str) -> Reply:
        asked = self.ways.path(call.path).removeprefix(TASKS)
        task = self.tasks.get(asked)
        if task is None or self._gone(task) or (task.key != key and self.ways.foreign == "404"):
            stranger = self.ways.stranger(asked)
            if stranger is not None:
                raise stranger
            task = Task(asked, key, self.clock(), {})
        if task.key != key and self.ways.foreign == "403":
            raise Refused(403, "Permission denied", "the task belongs to another key")
        told = {"status": self._status(task), "task_id": task.id, "model_id": "kling-v1-i2v"}
        whole = {"code": 0, "message": "success", "data": told}
        if told["status"] == "failed":
            del told["model_id"]
        elif told["status"] not in WORKING:
            told |= self._result(task, call.origin)
            whole = self.ways.finished(whole)
        return _said(self.ways.queried(whole))

    def _result(self, task: Task, origin: str) -> dict[str, Any]:
        took = self._takes()
        video = {"url": f"{origin}{VIDEOS}{task.id}.mp4", "type": "video", "width": 1280, "height": 720}
        times = {"submit_time": _iso(task.at), "end_time": _iso(task.at + took)}
        result = {
            "resources": [{**video, "format": "mp4", "role": "primary"}],
            "metadata": {"request_id": f"req-{task.id}"},
            "extensions": times,
        }
        return {"duration": round(took * 1000), "result": result}

    def _video(self, call: Call) -> Reply:
        task = self.tasks.get(call.path.removeprefix(VIDEOS).removesuffix(".mp4"))
        if task is None or self._gone(task):
            reply = self.ways.envelope(404, "Resource not found", "there is no such video")
        else:
            headers = {"content-type": "video/mp4", "content-length": str(len(MP4))}
            reply = Reply(200, headers, b"" if call.method == "HEAD" else MP4)
        return self.ways.video(call, reply)

    def _age(self, task: Task) -> float:
        return self.clock() - task.at

    def _takes(self) -> float:
        """Seconds from submission to the first status that is an end."""
        lengths = takewhile(lambda stage: stage[0] in WORKING, self.ways.life)
        return sum(length for _, length in lengths) * self.pace

    def _gone(self, task: Task) -> bool:
        return self._age(task) >= self._takes() + self.ways.kept

    def _status(self, task: Task) -> str:
        age = self._age(task)
        for status, length in self.ways.life:
            age -= length * self.pace
            if age < 0:
                return status
        return self.ways.life[-1][0]


def _said(told: Any, status: int = 200) -> Reply:
    return Reply(status, JSON, encoded(told))


def _iso(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def checked(ways: Ways, call: Call) -> dict[str, Any]:
    """The body of a submission; raises Refused for the first thing that is wrong with it."""
    if ways.json_only and call.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise Refused(415, "Unsupported media type", "send application/json")
    try:
        body = ways.body(ways.parsed(call.body))
    except (ValueError, RecursionError):
        raise Refused(400, "Invalid format", "invalid JSON format") from None
    if not isinstance(body, dict):
        raise Refused(400, "Invalid format", "the body is not an object")
    if ways.takes_null:
        body = {name: value for name, value in body.items() if value is not None}
    _present(ways, body)
    given = {name: field.read(body[name]) for name, field in ways.fields.items() if name in body}
    for name, value in given.items():
        if not TYPES[ways.fields[name].type](value):
            _invalid("Invalid parameters", f"parameter '{name}' must be of type {ways.fields[name].type}")
    for name, value in given.items():
        _bounded(ways, name, ways.fields[name], value)
    for one, other in ways.apart:
        if one in given and other in given:
            _invalid("Invalid parameters", f"parameter '{one}' cannot be combined with '{other}'")
    return body


def _invalid(category: str, detail: str) -> NoReturn:
    raise Refused(400, category, detail)


def _present(ways: Ways, body: Mapping[str, Any]) -> None:
    for name, field in ways.fields.items():
        instead = ways.either_image and name == "image" and "image_tail" in body
        if field.required and name not in body and not instead:
            _invalid(ways.required, f"parameter '{name}' is required")
    for name in body:
        if name not in ways.fields and not ways.takes_unknown:
            _invalid("Invalid parameters", f"parameter '{name}' is not known")


def _bounded(ways: Ways, name: str, field: Field, value: Any) -> None:
    if field.options and value not in field.options:
        options = ", ".join(map(str, field.options))
        _invalid(ways.enum, f"parameter '{name}' must be one of {options}")
    size = value if isinstance(value, int | float) else ways.count(value) if isinstance(value, str) else None
    size = len(value) if isinstance(value, list) else size
    low, high = field.least, field.most
    if size is not None and ((low is not None and size < low) or (high is not None and size > high)):
        category = "Value out of range" if isinstance(value, int | float) else ways.length
        _invalid(category, f"parameter '{name}' must be between {low} and {high}, got {size}")
    wrong = field.also(value)
    if wrong:
        _invalid("Invalid parameters", f"parameter '{name}' {wrong}")


Send = Callable[[dict[str, Any]], Any]


def app(deviation: str | None = None, *, twin: Twin | None = None, **options: Any) -> Any:
    """The vendor as an ASGI application; of a twin of your own, or with the options of one."""
    vendor = twin or Twin(deviation, **options)

    async def answer(scope: Mapping[str, Any], receive: Callable[[], Any], send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        origin = f"{scope['scheme']}://{headers.get('host', '127.0.0.1')}"
        query = scope["query_string"].decode("latin-1")
        reply = vendor.answer(Call(scope["method"], scope["path"], headers, body, query, origin))
        told = {"content-length": str(len(reply.body)), **reply.headers}
        sent = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in told.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": sent})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else reply.body})

    return answer


@contextmanager
def serving(twin: Twin) -> Iterator[str]:
    """A twin on a free port of 127.0.0.1, in a thread; gives its base URL."""
    config = uvicorn.Config(app(twin=twin), log_level="error", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()
