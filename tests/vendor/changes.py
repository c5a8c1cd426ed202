"""What deviations are made of: changes of a reply, of an error, of a header, of a task's life."""

from collections.abc import Callable, Mapping
from math import inf
from typing import Any

from vendor.ways import JSON, Call, Reply, encoded, envelope

Change = Callable[[Any], Any]
HTML = {"content-type": "text/html"}
RESOURCE = ("data", "result", "resources", 0)


def put(value: Any, *path: Any) -> Change:
    """Set a member of a reply."""

    def change(told: Any) -> Any:
        node = told
        for part in path[:-1]:
            node = node[part]
        node[path[-1]] = value
        return told

    return change


def drop(*path: Any) -> Change:
    """Leave a member of a reply out."""

    def change(told: Any) -> Any:
        node = told
        for part in path[:-1]:
            node = node[part]
        node.pop(path[-1], None)
        return told

    return change


def body(make: Callable[[int, str, str], Any]) -> Mapping[str, Any]:
    """Errors have another body."""
    return {"envelope": lambda status, *why: Reply(status, JSON, encoded(make(status, *why)))}


def renamed(old: str, new: str) -> Mapping[str, Any]:
    """A category has another name."""
    return {"envelope": lambda status, name, why: envelope(status, new if name == old else name, why)}


def moved(old: int, new: int) -> Mapping[str, Any]:
    """A status is another one."""
    return {"envelope": lambda status, *why: envelope(new if status == old else status, *why)}


def typed(kind: str, when: Callable[[Reply], bool] = lambda _: True) -> Mapping[str, Any]:
    """Replies have another content type."""

    def last(_: Call, reply: Reply) -> Reply:
        json_too = reply.headers["content-type"] == JSON["content-type"]
        return (
            reply._replace(headers={**reply.headers, "content-type": kind})
            if json_too and when(reply)
            else reply
        )

    return {"last": last}


def with_headers(**more: str) -> Mapping[str, Any]:
    """Replies have more headers."""
    named = {name.replace("_", "-"): value for name, value in more.items()}
    return {"last": lambda _, reply: reply._replace(headers={**reply.headers, **named})}


def limit(name: str, change: Callable[[str], str]) -> Mapping[str, Any]:
    """A header of the limits says something else."""
    key = f"x-ratelimit-{name}"
    return {"limits": lambda headers, _: {**headers, key: change(headers[key])}}


def life(*stages: tuple[str, float] | str) -> Mapping[str, Any]:
    """A task goes through these statuses, each for a unit unless another length is given."""
    told = [stage if isinstance(stage, tuple) else (stage, 1) for stage in stages]
    return {"life": (*told[:-1], (told[-1][0], inf))}


def html(status: int) -> Reply:
    """The page of a proxy."""
    return Reply(status, HTML, b"<html><body><h1>Bad request</h1></body></html>")


def redirect(to: str, status: int = 302) -> Callable[[Call, Reply], Reply]:
    """Send the caller somewhere else."""
    return lambda call, _: Reply(status, {"location": f"{call.origin}{to}", **HTML}, b"")
