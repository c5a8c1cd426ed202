"""HTTP as `drift live` speaks it: one connection for each request, nothing followed, everything bounded."""

import http.client
import ssl
import time
from collections.abc import Mapping
from threading import Timer
from urllib.parse import quote, urlsplit

from klingcontracts.exchange import Call, Reply
from klingcontracts.probe_guard import NoReply

LARGEST = 8 * 2**20  # bytes of a reply that are read
PIECE = 64 * 2**10
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
        where = urlsplit(call.origin)
        connection = self._connection(where.scheme, where.hostname or "", where.port)
        deadline = time.monotonic() + self._timeout
        watch = Timer(self._timeout, _cut, (connection,))
        watch.daemon = True
        watch.start()
        try:
            return self._exchanged(connection, call, where.path.rstrip("/"), deadline)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NoReply(_why(error, where.netloc, late=time.monotonic() >= deadline)) from error
        finally:
            watch.cancel()
            connection.close()

    def _connection(self, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
        if scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=self._timeout, context=self._context)
        return http.client.HTTPConnection(host, port, timeout=self._timeout)

    def _exchanged(
        self, connection: http.client.HTTPConnection, call: Call, prefix: str, deadline: float
    ) -> Reply:
        target = prefix + quote(call.path, safe=_PLAIN) + (f"?{call.query}" if call.query else "")
        own = self._headers if call.origin == self._base else {}
        headers = {"user-agent": "klingmock drift live", "connection": "close", **own, **call.headers}
        body = bytes(call.body) if call.body or call.method in {"POST", "PUT"} else None
        connection.request(call.method, target, body, headers)
        response = connection.getresponse()
        got = bytearray()
        while piece := response.read(PIECE):
            got += piece
            if len(got) > LARGEST:
                raise ValueError(f"its reply is larger than {LARGEST} bytes")
            if time.monotonic() > deadline:
                raise TimeoutError
        if response.length:
            raise ValueError("its reply breaks off")
        told = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, told, bytes(got))


def _cut(connection: http.client.HTTPConnection) -> None:
    if connection.sock is not None:
        connection.sock.close()


# What went wrong, the nearest first; what HTTP makes of a closed connection is both kinds of error.
_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (TimeoutError, "{host} did not answer in time"),
    (ssl.SSLCertVerificationError, "the certificate of {host} is not trusted: {error.verify_message}"),
    (ssl.SSLError, "{host} does not speak TLS as it should: is it http://?"),
    (ConnectionRefusedError, "{host} refuses the connection: nothing listens there"),
    (ConnectionError, "{host} closed the connection without an answer"),
    (http.client.HTTPException, "what {host} answers is not HTTP: is it https://?"),
)


def _why(error: Exception, host: str, *, late: bool) -> str:
    if late:
        error = TimeoutError()
    for kind, text in _REASONS:
        if isinstance(error, kind):
            return text.format(host=host, error=error)
    return f"{host}: {getattr(error, 'strerror', None) or error}"
