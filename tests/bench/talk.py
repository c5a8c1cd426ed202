"""HTTP/1.1 by hand: requests as ready bytes, and as much reading of a reply as counting needs."""

import json
import socket
import struct
from collections.abc import Mapping

KEY = "mock-bench"
SUBMIT_PATH = "/api/v1/image-to-video/kling/kling-v1-i2v/async"
MINIMAL = {"image": "https://example.com/mountain.jpg"}
FULL = MINIMAL | {
    "prompt": "Camera slowly zooms in on the mountain landscape",
    "negative_prompt": "blurry, low quality, static",
    "cfg_scale": 0.6,
    "mode": "std",
    "duration": 5,
}
REFUSED = MINIMAL | {"mode": "fast"}
SILENCE_SECONDS = 20


class CouldNotMeasureError(Exception):
    """A measurement is missing, and the sentence says why."""


def submission(body: Mapping[str, object]) -> bytes:
    """Build the bytes of a submission."""
    data = json.dumps(body).encode()
    head = f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n"
    return _request("POST", SUBMIT_PATH, head) + data


def query(task_id: str) -> bytes:
    """Build the bytes of a question for a task."""
    return _request("GET", f"/api/v1/tasks/{task_id}", "")


def _request(method: str, path: str, head: str) -> bytes:
    lines = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {KEY}\r\n{head}\r\n"
    return lines.encode()


class Connection:
    """One keep-alive connection that asks and reads in turn."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), SILENCE_SECONDS)
        self._socket.settimeout(None)  # the kernel's own timer: Python's asks poll() before each call
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", SILENCE_SECONDS, 0))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.send = self._socket.sendall

    def receive(self) -> tuple[int, bytes]:
        """Read one reply: its status and its body."""
        data = self._more()
        head, end, body = data.partition(b"\r\n\r\n")
        while not end:
            data += self._more()
            head, end, body = data.partition(b"\r\n\r\n")
        length = content_length(head)
        while len(body) < length:
            body += self._more()
        return int(head[9:12]), body

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send one request and read its reply."""
        self.send(request)
        return self.receive()

    def succeed(self, request: bytes) -> bytes:
        """Send one request and read the body of its reply, which must be a 200."""
        status, body = self.ask(request)
        if status != 200:
            raise CouldNotMeasureError(f"Wanted 200, got {status}: {body[:200]!r}")
        return body

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _more(self) -> bytes:
        try:
            data = self._socket.recv(65536)
        except BlockingIOError:
            raise CouldNotMeasureError(f"The server gave no answer in {SILENCE_SECONDS} s.") from None
        if not data:
            raise CouldNotMeasureError("The server hung up before it had answered.")
        return data


def content_length(head: bytes) -> int:
    """Find how long the body is that belongs to this head."""
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    if not found:
        raise CouldNotMeasureError(f"A reply came without Content-Length: {head[:200]!r}")
    return int(rest.split(b"\r\n", 1)[0])


def task_of(body: bytes) -> str:
    """Take the task's id out of the reply to a submission."""
    return str(json.loads(body)["data"]["task_id"])
