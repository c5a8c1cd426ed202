"""HTTP as `drift live` speaks it: one connection for each request, nothing followed, everything bounded."""

import http.client
import ssl
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from queue import Empty, SimpleQueue
from socket import SHUT_RDWR, socket
from threading import Thread
from urllib.parse import quote, urlsplit

from klingcontracts.exchange import Call, Reply
from klingcontracts.probe_guard import NoReply

LARGEST = 8 * 2**20  # bytes of a reply that are read
PIECE = 64 * 2**10
BEGINNING = 32  # bytes that are read where the call names a range: it wants no more
_PLAIN = "/:@!$&'()*+,;=~-._"  # what stands in a path as it is (RFC 3986, 3.3)


class Http:
    """Sends a call and returns its reply. `timeout` is for all of it, in seconds.

    `headers` go along with each request to `base`, and are shown nowhere.
    """

    def __init__(self, base: str, timeout: float = 30.0, headers: Mapping[str, str] | None = None) -> None:
        self._base, self._timeout, self._headers = base, timeout, dict(headers or {})
        self._context = ssl.create_default_context()

    def __call__(self, call: Call) -> Reply:
        """Raises NoReply when nothing comes back that is HTTP."""
        answers: SimpleQueue[Reply | Exception] = SimpleQueue()
        opened: list[socket] = []
        # A server can stall in more ways than a socket's timeout knows: the whole of it has one deadline.
        Thread(target=self._answer, args=(call, opened.append, answers.put), daemon=True).start()
        try:
            answer = answers.get(timeout=self._timeout)
        except Empty:
            _cut(opened)
            answer = TimeoutError()
        if isinstance(answer, Exception):
            raise NoReply(_why(answer, call.origin.partition("://")[2].partition("/")[0])) from answer
        return answer

    def _answer(
        self, call: Call, opened: Callable[[socket], None], put: Callable[[Reply | Exception], None]
    ) -> None:
        try:
            where = urlsplit(call.origin)
            with closing(self._connection(where.scheme, where.hostname or "", where.port)) as connection:
                connection.connect()
                opened(connection.sock)
                put(self._exchanged(connection, call, where.path.rstrip("/")))
        except Exception as error:  # noqa: BLE001 - raised again where it is waited for
            put(error)

    def _connection(self, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
        if scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=self._timeout, context=self._context)
        return http.client.HTTPConnection(host, port, timeout=self._timeout)

    def _exchanged(self, connection: http.client.HTTPConnection, call: Call, prefix: str) -> Reply:
        target = prefix + quote(call.path, safe=_PLAIN) + (f"?{call.query}" if call.query else "")
        own = self._headers if call.origin == self._base else {}
        headers = {"user-agent": "klingmock drift live", "connection": "close", **own, **call.headers}
        body = bytes(call.body) if call.body or call.method in {"POST", "PUT"} else None
        connection.request(call.method, target, body, headers)
        with connection.getresponse() as response:
            told = {name.lower(): value for name, value in response.getheaders()}
            read = _beginning if "range" in call.headers else _whole
            return Reply(response.status, told, read(response))


def _beginning(response: http.client.HTTPResponse) -> bytes:
    """The first bytes: a server may ignore that no more was asked for."""
    got = response.read(BEGINNING)
    if response.length and len(got) < BEGINNING:
        raise ValueError("its reply breaks off")
    return got


def _whole(response: http.client.HTTPResponse) -> bytes:
    got = bytearray()
    while piece := response.read(PIECE):
        got += piece
        if len(got) > LARGEST:
            raise ValueError(f"its reply is larger than {LARGEST} bytes")
    if response.length:
        raise ValueError("its reply breaks off")
    return bytes(got)


def _cut(opened: list[socket]) -> None:
    """End what is still being read: to close a socket would leave its reader waiting."""
    for sock in opened:
        with suppress(OSError):
            sock.shutdown(SHUT_RDWR)


# What went wrong, the nearest first; what HTTP makes of a closed connection is both kinds of error.
_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (TimeoutError, "{host} did not answer in time"),
    (ssl.SSLCertVerificationError, "the certificate of {host} is not trusted: {error.verify_message}"),
    (ssl.SSLError, "{host} does not speak TLS as it should: is it http://?"),
    (ConnectionRefusedError, "{host} refuses the connection: nothing listens there"),
    (ConnectionError, "{host} closed the connection without an answer"),
    (http.client.HTTPException, "what {host} answers is not HTTP: is it https://?"),
)


def _why(error: Exception, host: str) -> str:
    for kind, text in _REASONS:
        if isinstance(error, kind):
            return text.format(host=host, error=error)
    if not isinstance(error, OSError | ValueError):
        raise error  # a mistake of ours, not of the server
    return f"{host}: {getattr(error, 'strerror', None) or error}"
