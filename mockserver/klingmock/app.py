"""Starlette: a request becomes a call, is answered, and the reply becomes a response."""

import asyncio
import logging
import re
from asyncio import sleep  # this one, whatever a test puts in its place
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple

from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.types import Message, Receive, Scope, Send

from klingcontracts.exchange import PIECES, Call, Reply
from klingmock.answer import Answers
from klingmock.control import PREFIX, Steer, control
from klingmock.gate import Gate
from klingmock.loglines import untold
from klingmock.patience import Patient
from klingmock.replies import encode

STALLED = 30.0  # seconds without a byte, after which a body counts as ended where it is
LONGEST_END = 5.0  # seconds until a connection that is to be closed is closed, whatever the client does
DRAINED = 64 * 2**20  # bytes that are taken and thrown away behind a refusal, so that the client can read it

_BODILESS = frozenset({"GET", "HEAD", "OPTIONS", "DELETE", "TRACE"})
_HOST = re.compile(r"[A-Za-z0-9._~\[\]:-]{1,255}")
_log = logging.getLogger("klingmock")


class Body(NamedTuple):
    """A request's body; `complete` is false when more of it may be on its way."""

    content: bytes
    oversize: bool = False
    complete: bool = True


NEVER = Reply(503, {"content-length": "0"})  # what no client gets to see
NO_BODY = Body(b"")
TOO_LARGE = Body(b"", oversize=True, complete=False)


class HangUp(Exception):
    """The client went away before its request was complete."""


class NoConnection(ConnectionResetError):
    """A script asks to close a request's connection, and the request came over none."""

    def __init__(self, wire: str) -> None:
        super().__init__(
            f"A script asks for {wire!r}, and there is no connection here that could be closed. "
            "Let uvicorn serve the application over a socket, without a middleware that wraps `send`."
        )


class Endpoint:
    """The vendor's side of the server, as an ASGI application."""

    def __init__(self, engine: Answers, public_url: str | None = None, stalled: float = STALLED) -> None:
        self._engine = engine
        self._public_url = public_url.rstrip("/") if public_url else None
        self._stalled = stalled

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = _headers(scope)
        method, path = scope["method"], scope["path"]
        try:
            body = NO_BODY if method in _BODILESS else await self._body(headers, receive)
        except HangUp:
            _log.warning(untold(method, path, "the client hung up before its request was complete"))
            return
        except asyncio.CancelledError:
            await _send(self._said("unavailable"), send, None)  # the server stops: what it can say, it says
            return
        query = scope["query_string"].decode("latin-1")
        origin = self._public_url or _origin(scope, headers)
        reply = self._answer(Call(method, path, headers, body.content, query, origin, body.oversize))
        if reply.delay:
            reply = await self._later(reply)
        if reply.wire in PIECES:
            await _slowly(reply, send)
        elif reply.wire:
            await _cut(reply, send)
        else:
            await _send(reply, send, None if body.complete else receive)

    async def _later(self, reply: Reply) -> Reply:
        try:
            await sleep(reply.delay)
        except asyncio.CancelledError:
            return self._said("unavailable")
        return reply

    def _answer(self, call: Call) -> Reply:
        try:
            return self._engine.answer(call)
        except Exception as error:  # noqa: BLE001 - a fault of ours, which no test has found yet
            _log.error(untold(call.method, call.path, f"klingmock failed: {error!r}. Please report it."))
            return self._said("internal")

    def _said(self, error: str) -> Reply:
        """One of the contract's errors, as a reply that needs no engine."""
        text = self._engine.served[0].contract.errors[error]
        body = encode({"code": text.status, "message": text.message({})}).encode()
        length = str(len(body))
        return Reply(text.status, {"content-type": "application/json", "content-length": length}, body)

    async def _body(self, headers: dict[str, str], receive: Receive) -> Body:
        length = headers.get("content-length", "")
        if length.isascii() and length.isdigit() and int(length[:20]) > self._engine.max_body:
            return TOO_LARGE  # nothing is read: a client that asks whether to continue never sends it
        message = await Patient(receive(), self._stalled)
        if message is None:
            return Body(b"", complete=False)
        chunk = _chunk(message)
        if not message.get("more_body"):
            return Body(chunk) if len(chunk) <= self._engine.max_body else TOO_LARGE
        return await self._rest(chunk, receive)

    async def _rest(self, first: bytes, receive: Receive) -> Body:
        content, more = bytearray(first), True
        while more and len(content) <= self._engine.max_body:
            message = await Patient(receive(), self._stalled)
            if message is None:
                return Body(bytes(content), complete=False)
            content += _chunk(message)
            more = message.get("more_body", False)
        return Body(bytes(content)) if len(content) <= self._engine.max_body else TOO_LARGE


class App(Starlette):
    """Starlette for our own paths; all others go to the vendor's side at once, past routes and middleware."""

    def __init__(
        self, engine: Answers, public_url: str | None, steer: Steer | None, gate: Gate | None
    ) -> None:
        own = control(engine, steer, gate)
        super().__init__(routes=[Mount(PREFIX, own), Route(PREFIX, own)])
        self.router.default = own
        self._vendor = Endpoint(engine, public_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a request to the side that its path is of."""
        if scope["type"] == "http" and not _is_ours(scope["path"]):
            await self._vendor(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        else:
            await super().__call__(scope, receive, send)


def _is_ours(path: str) -> bool:
    return path.startswith(PREFIX) and path[len(PREFIX) : len(PREFIX) + 1] in {"", "/"}


def create_app(
    engine: Answers, public_url: str | None = None, steer: Steer | None = None, gate: Gate | None = None
) -> Starlette:
    """The whole server: our own paths under /__klingmock; everything else is the vendor's to answer.

    `steer` finds the world that a call of ours is about; without it none can be looked at or moved. `gate`
    says who may, without it every caller of this machine.
    """
    return App(engine, public_url, steer, gate)


async def _cut(reply: Reply, send: Send) -> None:
    """Close the connection before any of the reply, or behind half of its body.

    ASGI has no message for that, so it is done to the transport that a server's `send` writes to. What is
    sent after that goes nowhere, but with it the server takes the request as answered: it logs no error.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise NoConnection(reply.wire)
    if reply.wire == "drop":
        transport.abort()
        await _send(NEVER, send, None)
        return

    async def send_half(message: Message) -> None:
        body = message.get("body", b"")
        if message["type"] == "http.response.body":
            await send({**message, "body": body[: len(body) // 2], "more_body": True})
            await _written(transport)
            transport.abort()
            message = {**message, "body": body[len(body) // 2 :]}
        await send(message)

    await _send(reply, send_half, None)


async def _slowly(reply: Reply, send: Send) -> None:
    """Send the headers at once, and the body in so many pieces, each after its share of the seconds."""
    pieces = min(PIECES[reply.wire], max(1, len(reply.body)))
    size = -(-len(reply.body) // pieces)
    headers = [(name.encode(), value.encode()) for name, value in reply.headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    pause = reply.seconds / pieces
    for nth in range(pieces):
        try:
            await sleep(pause)
        except asyncio.CancelledError:  # the server stops: what is left goes out at once
            pause = 0.0
        piece = bytes(reply.body[nth * size : (nth + 1) * size])
        await send({"type": "http.response.body", "body": piece, "more_body": nth < pieces - 1})


async def _written(transport: asyncio.WriteTransport) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(LONGEST_END):
            while transport.get_write_buffer_size():
                await sleep(0.01)


async def _send(reply: Reply, send: Send, drain: Receive | None) -> None:
    headers = [(name.encode(), value.encode()) for name, value in reply.headers.items()]
    if drain is not None:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    if drain is None:
        await send({"type": "http.response.body", "body": bytes(reply.body)})
        return
    await send({"type": "http.response.body", "body": bytes(reply.body), "more_body": True})
    with suppress(TimeoutError, HangUp):
        await asyncio.wait_for(_drain(drain), LONGEST_END)
    await send({"type": "http.response.body", "body": b""})


async def _drain(receive: Receive) -> None:
    # To close on a client that is still sending would reset the connection and lose the reply on its way.
    taken, more = 0, True
    while more and taken < DRAINED:
        message = await receive()
        taken += len(_chunk(message))
        more = message.get("more_body", False)


def _chunk(message: Message) -> bytes:
    if message["type"] == "http.disconnect":
        raise HangUp
    return bytes(message.get("body", b""))


def _headers(scope: Scope) -> dict[str, str]:
    pairs = scope["headers"]
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in pairs}
    return headers if len(headers) == len(pairs) else _joined(pairs)


def _joined(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """A repeated header means its values, joined (RFC 9110, 5.3)."""
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
    return {name: ", ".join(every) for name, every in values.items()}


@lru_cache(maxsize=64)
def _is_host(host: str) -> bool:
    return _HOST.fullmatch(host) is not None


def _origin(scope: Scope, headers: dict[str, str]) -> str:
    host = headers.get("host", "")
    if not _is_host(host):
        address, port = scope.get("server") or ("127.0.0.1", 80)
        host = f"{address}:{port}"
    return f"{scope['scheme']}://{host}"
