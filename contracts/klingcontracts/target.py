"""Something that answers calls: an engine in this process, an ASGI application, or a base URL."""

import asyncio
import http.client
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from klingcontracts.exchange import Call, Reply
from klingcontracts.problem import Problem

TIMEOUT = 30.0  # seconds without a byte from a server
Message = MutableMapping[str, Any]
Asgi = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]


class Target(NamedTuple):
    """What a TaskMachine runs against.

    `advance` moves the target's clock forward by seconds; without it nothing expires. `keys` are two that it
    takes. `limited` says whether the contract's limits are on.
    """

    answer: Callable[[Call], Reply]
    advance: Callable[[float], object] | None = None
    keys: tuple[str, str] = ("mock-a", "mock-b")
    limited: bool = False


def over_asgi(app: Asgi) -> Callable[[Call], Reply]:
    """Answer calls by an ASGI application, without a socket; not to be called from a running event loop."""
    return lambda call: asyncio.run(_ask(app, call))


async def _ask(app: Asgi, call: Call) -> Reply:
    sent: list[Message] = []
    waiting: list[Message] = [{"type": "http.request", "body": call.body, "more_body": False}]

    async def receive() -> Message:
        return waiting.pop() if waiting else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(_scope(call), receive, send)
    start = next(message for message in sent if message["type"] == "http.response.start")
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in start["headers"]}
    return Reply(start["status"], headers, b"".join(bytes(message.get("body", b"")) for message in sent))


def _scope(call: Call) -> Message:
    place = urlsplit(call.origin)
    named = {"host": place.netloc, **call.headers}
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": call.method,
        "scheme": place.scheme,
        "path": call.path,
        "raw_path": quote(call.path).encode(),
        "query_string": call.query.encode("latin-1"),
        "root_path": "",
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in named.items()],
        "client": ("127.0.0.1", 1),
        "server": (place.hostname, place.port or 80),
    }


def over_http(base_url: str) -> Callable[[Call], Reply]:
    """Answer calls by the server at a base URL, one connection for each; Problem for another kind of URL."""
    place = urlsplit(base_url)
    if place.scheme not in _CONNECTIONS or not place.hostname:
        raise Problem(f"{base_url!r} is no base URL.", "Give one such as http://127.0.0.1:8787.")

    def answer(call: Call) -> Reply:
        connection = _CONNECTIONS[place.scheme](place.netloc, timeout=TIMEOUT)
        try:
            path = place.path.rstrip("/") + quote(call.path) + (f"?{call.query}" if call.query else "")
            connection.request(call.method, path, call.body or None, dict(call.headers))
            reply = connection.getresponse()
            headers = {name.lower(): value for name, value in reply.getheaders()}
            return Reply(reply.status, headers, reply.read())
        finally:
            connection.close()

    return answer


_CONNECTIONS: dict[str, Callable[..., http.client.HTTPConnection]] = {
    "http": http.client.HTTPConnection,
    "https": http.client.HTTPSConnection,
}
