"""What a fault does to a reply that was ready to go. Each function takes the reply and gives another one."""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from klingcontracts.exchange import Call, Reply
from klingmock.replies import encode

PAGE = (
    "<html>\n<head><title>{line}</title></head>\n"
    "<body>\n<center><h1>{line}</h1></center>\n<hr><center>proxy</center>\n</body>\n</html>\n"
)
ADDED: Mapping[str, Any] = {"x_added": {"by": "klingmock", "list": [1, None, "雪"]}}
OTHER_TASK = "task-ffffffffffffffffffffffff"
_NUMBER_FOR = 4711  # what stands where something else than a number was


class Scene(NamedTuple):
    """What a fault was given, and the call that it met; `now` is Unix seconds of the world."""

    call: Call
    now: float
    value: str = ""
    status: int = 0


Damage = Callable[[Reply, Scene], Reply]


def with_body(reply: Reply, body: bytes | memoryview, kind: str = "") -> Reply:
    """The reply with another body, its length, and, if one is given, another content type."""
    headers = {**reply.headers, "content-length": str(len(body))}
    return reply._replace(headers={**headers, "content-type": kind} if kind else headers, body=body)


def page(reply: Reply, scene: Scene) -> Reply:
    """The page of a proxy that stands in between."""
    body = PAGE.format(line=f"{scene.status} {_phrase(scene.status)}".strip()).encode()
    return with_body(reply, body, "text/html")._replace(status=scene.status)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:  # a number that nobody has named
        return ""


def empty(reply: Reply, scene: Scene) -> Reply:
    """No body at all."""
    return with_body(reply, b"")


def cut(reply: Reply, scene: Scene) -> Reply:
    """The first half of the body, as if it were the whole."""
    return with_body(reply, bytes(reply.body[: len(reply.body) // 2]))


def invalid(reply: Reply, scene: Scene) -> Reply:
    """A body that looks like JSON and is none: its texts stand in single quotes."""
    return with_body(reply, bytes(reply.body).replace(b'"', b"'"))


def text(reply: Reply, scene: Scene) -> Reply:
    """The right body, called plain text."""
    return with_body(reply, reply.body, "text/plain; charset=utf-8")


def accepted_error(reply: Reply, scene: Scene) -> Reply:
    """An error that HTTP calls a success: status 200, and the code in the body."""
    return reply._replace(status=200)


def added(reply: Reply, scene: Scene) -> Reply:
    """More fields than are documented, in the envelope and in its data."""
    told = _told(reply)
    if not isinstance(told, dict):
        return reply
    data = told.get("data")
    more = {"data": {**data, **ADDED}} if isinstance(data, dict) else {}
    return _say(reply, {**told, **more, **ADDED})


def missing(reply: Reply, scene: Scene) -> Reply:
    """Without the field that `value` names, as in data.task_id."""
    return _change(reply, scene.value, lambda node, name: node.pop(name))


def null(reply: Reply, scene: Scene) -> Reply:
    """With null in the field that `value` names."""
    return _change(reply, scene.value, lambda node, name: node.update({name: None}))


def mistyped(reply: Reply, scene: Scene) -> Reply:
    """With a number in the field that `value` names, or a text where there was a number."""
    return _change(reply, scene.value, lambda node, name: node.update({name: _another(node[name])}))


def _another(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) else _NUMBER_FOR


def status(reply: Reply, scene: Scene) -> Reply:
    """A task of the status that `value` names, without a result, whatever it is in truth."""
    changed = _change(reply, "data.status", lambda node, name: node.update({name: scene.value}))
    return _change(changed, "data.result", lambda node, name: node.pop(name))


def other_task(reply: Reply, scene: Scene) -> Reply:
    """The id of a task that was not asked for."""
    return _change(reply, "data.task_id", lambda node, name: node.update({name: OTHER_TASK}))


def without_url(reply: Reply, scene: Scene) -> Reply:
    """A result that holds nothing."""
    return _change(reply, "data.result.resources", lambda node, name: node.update({name: []}))


def with_reason(reply: Reply, scene: Scene) -> Reply:
    """A failed task that says why, in a field where clients look for it; no place is documented."""
    told = _told(reply)
    if not isinstance(told, dict) or not isinstance(told.get("data"), dict):
        return reply
    return _say(reply, {**told, "data": {**told["data"], "error": scene.value.replace("_", " ")}})


def elsewhere(reply: Reply, scene: Scene) -> Reply:
    """A redirect to the same path under another name of this machine."""
    scheme, _, place = scene.call.origin.partition("://")
    host, colon, port = place.rpartition(":") if not place.endswith("]") else (place, "", "")
    name, port = (host, port) if colon and port.isdigit() else (place, "")
    other = "127.0.0.1" if name == "localhost" else "localhost"
    address = f"{scheme}://{other}{':' if port else ''}{port}{scene.call.path}"
    return Reply(302, {"location": address, "content-length": "0"})


def _told(reply: Reply) -> Any:
    try:
        return json.loads(bytes(reply.body))
    except ValueError:
        return None


def _say(reply: Reply, told: Any) -> Reply:
    return with_body(reply, encode(told).encode())


def _change(reply: Reply, place: str, change: Callable[[dict[str, Any], str], Any]) -> Reply:
    """The reply with one field changed; one that does not have the field stays as it is."""
    told = _told(reply)
    *path, name = place.split(".")
    node = told
    for part in path:
        node = node.get(part) if isinstance(node, dict) else None
    if not isinstance(node, dict) or name not in node:
        return reply
    change(node, name)
    return _say(reply, told)
