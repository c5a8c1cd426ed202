"""Between httpx and the contract: a request becomes a call, a reply a response, both recorded an exchange."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import Any

import httpcore
import httpx

from klingcontracts.base import Base
from klingcontracts.exchange import PIECES, Call, Exchange, Reply

CALLER = "klingmock.caller"  # the extension of a request that says which library sent it, httpcore without it
NEVER = Reply(0, {}, wire="drop")  # what is known of a reply that was not read, or never came


def rest_of(request: httpx.Request, base: Base) -> str | None:
    """The path of a request behind a base, None when it goes elsewhere."""
    url = request.url
    return base.below(url.scheme, url.host, url.port, url.path)


def call_of(request: httpx.Request, base: Base, path: str) -> Call:
    """The call that a request to this path behind a base is; its body has been read."""
    query = request.url.query.decode("latin-1")
    return Call(request.method, path, _joined(request.headers.raw), request.content, query, base.url)


def _joined(pairs: Iterable[tuple[bytes, bytes]]) -> Mapping[str, str]:
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return {name: ", ".join(every) for name, every in values.items()}


def response_of(reply: Reply, request: httpx.Request) -> httpx.Response:
    """The response that a reply is, or the transport error that it comes to in the library that asked."""
    library = request.extensions.get(CALLER, httpcore)
    patience = request.extensions.get("timeout", {}).get("read")
    if patience is not None and reply.delay > patience:
        raise library.ReadTimeout("timed out")
    if reply.wire == "drop":
        raise library.RemoteProtocolError("Server disconnected without sending a response.")
    body = b"" if request.method == "HEAD" else bytes(reply.body)
    stream: httpx.ByteStream | Cut = httpx.ByteStream(body)
    if reply.wire == "truncate":
        half = body[: len(body) // 2]
        told = f"(received {len(half)} bytes, expected {len(body)})"
        error = f"peer closed connection without sending complete message body {told}"
        stream = Cut(half, library.RemoteProtocolError(error))
    elif reply.wire in PIECES and patience is not None and reply.seconds / PIECES[reply.wire] > patience:
        stream = Cut(b"", library.ReadTimeout("timed out"))
    return httpx.Response(reply.status, headers=dict(reply.headers), stream=stream)


class Cut(httpx.SyncByteStream, httpx.AsyncByteStream):
    """Some of a body, and then an error."""

    def __init__(self, part: bytes, error: Exception) -> None:
        self._part = part
        self._error = error

    def __iter__(self) -> Iterator[bytes]:
        """What there is, then the error."""
        yield self._part
        raise self._error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The same for a client that is asynchronous."""
        for part in self:
            yield part


def exchange_of(call: Any, base: Base, number: int) -> Exchange | None:
    """What a router recorded, as an exchange; None when the request went elsewhere."""
    path = rest_of(call.request, base)
    if path is None:
        return None
    return Exchange(call_of(call.request, base, path), _reply(call.optional_response), 0.0, number)


def _reply(response: httpx.Response | None) -> Reply:
    if response is None:
        return NEVER
    try:
        return Reply(response.status_code, _joined(response.headers.raw), response.content)
    except httpx.ResponseNotRead:
        return NEVER
