"""What a hostile client sends, and that it breaks, hangs, fills and forges nothing.

TRIED lists all of it. Each row goes over a real socket to one and the same `klingmock serve`, and after
each the server has to be as well as before: it answers at once, and its log has a plain line a request.
"""

import gzip
import json
import os
import re
import socket
import ssl
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

# Statuses for bytes that are hardly HTTP are its parser's, and without httptools that is another one.
pytest.importorskip("httptools")

try:
    import resource
except ImportError:  # Windows has no such limit
    resource = None

MiB = 2**20
MAX_BODY = 64 * MiB  # the default of --max-body
PATIENCE = 60  # seconds that any single answer may take; a hang ends there
PROMPT = 2  # seconds for the health check after each row, on a machine that is busy with other things
KEPT = 60  # MiB that the server may have grown by in the end
STALLED = 30  # seconds without a byte, after which the server answers to what it has

SUBMIT = b"/api/v1/image-to-video/kling/kling-v1-i2v/async"
HOST = b"Host: localhost\r\n"
CLOSE = b"Connection: close\r\n"
KEY = b"Authorization: Bearer mock-hostile\r\n"
JSON = b"Content-Type: application/json\r\n"
IMAGE = '"image": "https://example.com/mountain.jpg"'
GOOD = b"{%b}" % IMAGE.encode()

# What a log line begins with; an attempt to forge one would begin otherwise, or add a line of its own.
LINE = re.compile(r"\d\d:\d\d:\d\d  [ -~]+")


class Reply(NamedTuple):
    """One HTTP reply as it came off the socket."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Target:
    """The server under attack, and how many replies of its application were read."""

    def __init__(self, process: int, url: str, log: Path) -> None:
        self.process = process
        self.address = ("127.0.0.1", urlsplit(url).port)
        self.log = log
        self.answered = 0
        self.warm = 0.0  # MiB of memory before the first attack

    def lines(self) -> list[str]:
        """The log so far; every byte counts, so nothing is translated."""
        return self.log.read_bytes().decode().split("\n")[:-1]

    def memory(self) -> float:
        """The process's resident memory in MiB."""
        status = Path(f"/proc/{self.process}/status")
        if not status.exists():
            pytest.skip("there is no /proc here")
        return int(re.search(r"VmRSS:\s+(\d+) kB", status.read_text())[1]) / 1024


class Peer:
    """A connection to the server; every wait on it is bounded."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self.socket = socket.create_connection(target.address, timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self.socket.makefile("rb")

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self.socket.close()

    def send(self, *parts: bytes) -> "Peer":
        """Send; that a server has refused and closed is no reason to give up: its reply is there."""
        with suppress(BrokenPipeError, ConnectionResetError):
            for part in parts:
                self.socket.sendall(part)
        return self

    def reply(self, method: bytes = b"POST") -> Reply | None:
        """The next reply; None when the server closed instead."""
        try:
            start = self._file.readline()
            headers = {}
            while line := self._file.readline().strip():
                name, _, value = line.decode("latin-1").partition(":")
                headers[name.lower()] = value.strip()
        except ConnectionResetError:
            return None
        if not start:
            return None
        status = int(start.split()[1])
        # Bytes that are no HTTP are refused below the application, in plain text and without a line.
        below = headers.get("content-type", "").startswith("text/plain")
        self._target.answered += status >= 200 and not below
        length = 0 if status < 200 or method == b"HEAD" else int(headers.get("content-length", 0))
        return Reply(status, headers, self._file.read(length))

    def replies(self, method: bytes = b"POST", most: int = 1000) -> list[Reply]:
        """All replies until the server closes, or as many as are wanted."""
        return list(islice(iter(lambda: self.reply(method), None), most))

    def hang_up(self) -> None:
        """Go without a goodbye."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.__exit__()


Attempt = Callable[[Target], list[Reply]]


class Tried(NamedTuple):
    """One row: what is tried, and the statuses that it is answered with."""

    name: str
    attempt: Attempt
    statuses: tuple[int, ...]
    unheard: int = 0  # how many requests may be in the log whose reply nobody waited for


def head(*lines: bytes, method: bytes = b"POST", path: bytes = SUBMIT, version: bytes = b"HTTP/1.1") -> bytes:
    """A request's head; it asks to close, so that the end of the replies can be seen."""
    first = b"%b %b %b\r\n" % (method, path, version)
    return first + HOST + CLOSE + KEY + JSON + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


def submission(content: bytes, *lines: bytes) -> bytes:
    """A whole submission with this body."""
    return head(b"Content-Length: %d" % len(content), *lines) + content


def raw(*parts: bytes, method: bytes = b"POST", most: int = 1000) -> Attempt:
    """Send these bytes and read to the end, or until there are `most` replies."""

    def attempt(target: Target) -> list[Reply]:
        with Peer(target) as peer:
            return peer.send(*parts).replies(method, most)

    return attempt


def body(make: Callable[[], bytes], *lines: bytes) -> Attempt:
    """Submit with this body, made when it is needed: some are large."""

    def attempt(target: Target) -> list[Reply]:
        return raw(submission(make(), *lines))(target)

    return attempt


def text(content: str, encoding: str = "utf-8") -> Attempt:
    """Submit with this JSON text."""
    return raw(submission(content.encode(encoding)))


def more(content: str) -> Attempt:
    """Submit with S0's body and more in it."""
    return text(f"{{{IMAGE}, {content}}}")


def field(name: str, value: object) -> Attempt:
    """Submit with S0's body and one field more; both are escaped to ASCII, surrogates too."""
    return more(f"{json.dumps(name)}: {json.dumps(value)}")


def get(path: bytes, *lines: bytes, method: bytes = b"GET") -> Attempt:
    """Ask for this path."""
    return raw(head(*lines, method=method, path=path), method=method)


def control(path: bytes, method: bytes = b"GET") -> Attempt:
    """Ask for a path of our own, which leaves no line in the log."""

    def attempt(target: Target) -> list[Reply]:
        before = target.answered
        replies = get(path, method=method)(target)
        target.answered = before
        return replies

    return attempt


def task(name: bytes, *lines: bytes) -> Attempt:
    """Ask for the task of this name."""
    return get(b"/api/v1/tasks/" + name, *lines)


def chunks(*parts: bytes) -> Attempt:
    """Submit with these bytes behind a head that announces chunks."""
    return raw(head(b"Transfer-Encoding: chunked"), *parts, most=1)


def stream(line: bytes, count: int) -> Attempt:
    """Ask for a task so many times over one connection, each time with another number in this line."""

    def attempt(target: Target) -> list[Reply]:
        replies = []
        with Peer(target) as peer:
            for number in range(count):
                request = b"GET /api/v1/tasks/a HTTP/1.1\r\n" + HOST + line % number + b"\r\n"
                key = b"" if line.startswith(KEY[:-2]) else KEY
                replies.append(peer.send(request + key + b"\r\n").reply())
        return replies

    return attempt


def anew(old: bytes, new: bytes) -> Attempt:
    """Ask for a task, with this part of the head exchanged."""
    return raw(head(method=b"GET", path=b"/api/v1/tasks/a").replace(old, new, 1))


def string_of(size: int) -> bytes:
    """S0's body of exactly this many bytes."""
    frame = b'{"image": "https://example.com/mountain.jpg", "x": ""}'
    return frame[:-2] + b"a" * (size - len(frame)) + frame[-2:]


def keys(count: int) -> bytes:
    """S0's body with this many fields more."""
    return GOOD[:-1] + b"".join(b',"%d":0' % n for n in range(count)) + b"}"


def masks(mask: bytes, count: int) -> bytes:
    """S0's body with this many masks."""
    return GOOD[:-1] + b',"dynamic_masks":[' + b",".join([mask] * count) + b"]}"


def less_than_said(target: Target) -> list[Reply]:
    """Fewer bytes than Content-Length says, and then the end."""
    with Peer(target) as peer:
        peer.send(head(b"Content-Length: 1000"), b'{"image": ')
        peer.socket.shutdown(socket.SHUT_WR)
        return peer.replies()


def byte_by_byte(target: Target) -> list[Reply]:
    """A whole submission, a byte at a time."""
    with Peer(target) as peer:
        for byte in submission(GOOD):
            peer.send(bytes([byte]))
            time.sleep(0.002)
        return peer.replies()


def asking_first(target: Target) -> list[Reply]:
    """A client that asks whether it may go on, and goes on when it is told to."""
    with Peer(target) as peer:
        peer.send(head(b"Expect: 100-continue", b"Content-Length: %d" % len(GOOD)))
        told = peer.reply()
        assert told is not None
        return [told, *peer.send(GOOD).replies()]


def tls_hello() -> bytes:
    """The first bytes of a client that takes the port for a secure one."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def idle(target: Target) -> list[Reply]:
    """Two thousand connections that say nothing; in their midst somebody is served."""
    with ExitStack() as stack:
        make_room(2200, stack)
        for _ in range(2000):
            stack.enter_context(socket.create_connection(target.address, timeout=PATIENCE))
        return text(f"{{{IMAGE}}}")(target)


def make_room(files: int, stack: ExitStack) -> None:
    """Allow this process that many open files until the stack unwinds; skip where that can't be."""
    if resource is None:
        pytest.skip("how many files may be open can't be told here")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if resource.RLIM_INFINITY != hard < files:
        pytest.skip(f"the hard limit of {hard} open files is too low for {files}")
    if resource.RLIM_INFINITY != soft < files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))


def gone(*parts: bytes) -> Attempt:
    """Two hundred clients that send this much and are gone."""

    def attempt(target: Target) -> list[Reply]:
        for _ in range(200):
            Peer(target).send(*parts).hang_up()
        return []

    return attempt


def video_path(target: Target) -> bytes:
    """The path of the video of a task that is done: the server runs with --timing instant."""
    (submitted,) = text(f"{{{IMAGE}}}")(target)
    (polled,) = task(json.loads(submitted.body)["data"]["task_id"].encode())(target)
    url = json.loads(polled.body)["data"]["result"]["resources"][0]["url"]
    return urlsplit(url).path.encode()


def video(*lines: bytes, method: bytes = b"GET") -> Attempt:
    """Ask for a video."""
    return lambda target: get(video_path(target), *lines, method=method)(target)


def unread(target: Target) -> list[Reply]:
    """Twenty clients that ask for a video twenty times and read none of it."""
    ask = head(method=b"GET", path=video_path(target)).replace(CLOSE, b"")
    with ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(Peer(target)).send(ask * 20)
        return text(f"{{{IMAGE}}}")(target)


DEEP = 100_000
FORGED = b"%0d%0a00:00:00%20%20200%20%20GET%20/forged"
WEBSOCKET = (
    b"Connection: Upgrade",
    b"Upgrade: websocket",
    b"Sec-WebSocket-Version: 13",
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)

TRIED = (
    # --- JSON ---
    Tried("arrays, 100,000 deep", body(lambda: b"[" * DEEP + b"]" * DEEP), (400,)),
    Tried("arrays, 100,000 deep, never closed", body(lambda: b"[" * DEEP), (400,)),
    Tried("arrays closed 100,000 times, never opened", body(lambda: b"]" * DEEP), (400,)),
    Tried("objects, 100,000 deep", body(lambda: b'{"a":' * DEEP + b"1" + b"}" * DEEP), (400,)),
    Tried("objects, 100,000 deep, never closed", body(lambda: b'{"a":' * DEEP), (400,)),
    Tried("arrays and objects by turns", body(lambda: b'[{"a":' * DEEP + b"1" + b"}]" * DEEP), (400,)),
    Tried("depth in an unknown field", more(f'"x": {"[" * DEEP}{"]" * DEEP}'), (400,)),
    Tried("depth behind an open string", body(lambda: b'"' + b"[" * DEEP), (400,)),
    Tried("depth behind escaped quotes", body(lambda: b'["\\"[",' * DEEP), (400,)),
    Tried("64 MiB of brackets", body(lambda: b"[" * MAX_BODY), (400,)),
    Tried("64 MiB of quotes", body(lambda: b'"' * MAX_BODY), (400,)),
    Tried("64 MiB of backslashes", body(lambda: b'"' + b"\\" * (MAX_BODY - 1)), (400,)),
    Tried("64 MiB of lone surrogates", body(lambda: b'["' + b"\\ud800" * (10 * MiB) + b'"]'), (400,)),
    Tried("64 MiB of spaces", body(lambda: b" " * MAX_BODY), (400,)),
    Tried("1 million keys", body(lambda: keys(10**6)), (200,)),
    Tried("1 million masks, each wrong", body(lambda: masks(b"1", 10**6)), (400,)),
    Tried("900,000 masks, each empty", body(lambda: masks(b"{}", 900_000)), (200,)),
    Tried("1 million masks, each empty, and so too many", body(lambda: masks(b"{}", 10**6)), (400,)),
    Tried("the same key 100,000 times", body(lambda: b"{" + b'"image":1,' * DEEP + GOOD[1:]), (200,)),
    Tried("the same key twice, the last one wrong", more('"image": 5'), (400,)),
    Tried("an integer of 4,300 digits", more(f'"duration": {"9" * 4300}'), (400,)),
    Tried("an integer of 5,000 digits", more(f'"duration": {"9" * 5000}'), (400,)),
    Tried("an integer of 1 million digits", more(f'"x": -{"1" * 10**6}'), (400,)),
    Tried("a fraction of 1 million digits", more(f'"cfg_scale": 0.{"1" * 10**6}'), (200,)),
    Tried("an exponent of 100,000 digits", more(f'"cfg_scale": 1e{"9" * 10**5}'), (400,)),
    Tried("1e999", more('"cfg_scale": 1e999'), (400,)),
    Tried("-1e999 in an unknown field", more('"x": -1e999'), (400,)),
    Tried("1e-999", more('"cfg_scale": 1e-999'), (200,)),
    Tried("1e308 seconds", more('"duration": 1e308'), (400,)),
    Tried("NaN", more('"cfg_scale": NaN'), (400,)),
    Tried("Infinity", more('"cfg_scale": Infinity'), (400,)),
    Tried("-Infinity in an unknown field", more('"x": [-Infinity]'), (400,)),
    Tried("no body", text(""), (400,)),
    Tried("null", text("null"), (400,)),
    Tried("a number", text("1"), (400,)),
    Tried("two bodies in a row", raw(submission(GOOD + GOOD)), (400,)),
    # --- text ---
    Tried("bytes that are no UTF-8", raw(submission(b'{"image": "\xff\xfe"}')), (400,)),
    Tried("overlong UTF-8", raw(submission(b'{"image": "\xc0\xaf\xe0\x80\xaf"}')), (400,)),
    Tried("a surrogate in UTF-8", raw(submission(b'{"image": "\xed\xa0\x80"}')), (400,)),
    Tried("a code point behind the last one", raw(submission(b'{"image": "\xf4\x90\x80\x80"}')), (400,)),
    Tried("UTF-8 cut within a letter", raw(submission(b'{"image": "\xe2\x82')), (400,)),
    Tried("UTF-16 with a mark", text(f"{{{IMAGE}}}", "utf-16"), (400,)),
    Tried("UTF-16 without a mark", text(f"{{{IMAGE}}}", "utf-16-le"), (400,)),
    Tried("UTF-32", text(f"{{{IMAGE}}}", "utf-32"), (400,)),
    Tried("UTF-8 with a mark", text(f"{{{IMAGE}}}", "utf-8-sig"), (400,)),
    Tried("a charset by a wrong name", raw(submission(GOOD, JSON[:-2] + b"; charset=cow")), (200,)),
    Tried("a NUL in a string", raw(submission(b'{"image": "a\0b"}')), (400,)),
    Tried("a NUL behind the body", raw(submission(GOOD + b"\0")), (400,)),
    Tried("an escaped NUL in an image", field("image", "a\0b"), (200,)),
    Tried("a lone surrogate as a key", field("\ud800", 1), (200,)),
    Tried("a lone surrogate as an image", field("image", "\ud800"), (200,)),
    Tried("lone surrogates in a prompt that is too long", field("prompt", "\udfff" * 2501), (400,)),
    Tried("a lone surrogate as a mode", field("mode", "\ud800"), (400,)),
    Tried("lone surrogates in masks", field("dynamic_masks", [{"\udc00": "\ud800"}, "\ud800"]), (400,)),
    Tried("surrogates in the wrong order", field("mode", "\udc00\ud800"), (400,)),
    Tried("half an escape", more(r'"x": "\ud8"'), (400,)),
    Tried("a mode with a line end and a colour", field("mode", "\r\n00:00:00  200\x1b[31m"), (400,)),
    Tried("a key with a line end and a colour", field("a\r\nSet-Cookie: b=c\x1b[2J", 1), (200,)),
    Tried("a mode with braces", field("mode", "{0.__class__} {} %s %(x)s"), (400,)),
    Tried("a key with braces", field("{0.__class__}", "{rule}"), (200,)),
    Tried("a mode of 10 MiB", body(lambda: GOOD[:-1] + b',"mode":"' + b"m" * 10 * MiB + b'"}'), (400,)),
    Tried(
        "a prompt of 60 MiB", body(lambda: GOOD[:-1] + b',"prompt":"' + b"a b " * 15 * MiB + b'"}'), (400,)
    ),
    Tried("60 MiB of text", body(lambda: GOOD[:-1] + b',"x":"' + b"\xc3\xa9 c " * 12 * MiB + b'"}'), (200,)),
    # --- size ---
    Tried("a body of exactly 64 MiB", body(lambda: string_of(MAX_BODY)), (200,)),
    Tried("a body one byte larger", body(lambda: string_of(MAX_BODY + 1)), (413,)),
    Tried("80 MiB in chunks", chunks(*[b"100000\r\n%b\r\n" % (b"[" * MiB)] * 80), (413,)),
    Tried("1 million chunks of one byte", chunks(b"1\r\n \r\n" * 10**6, b"0\r\n\r\n"), (400,)),
    Tried("a zip bomb", body(lambda: gzip.compress(string_of(MAX_BODY)), b"Content-Encoding: gzip"), (400,)),
    Tried("a length of 10^15", raw(head(b"Content-Length: 1%b" % (b"0" * 15)), most=1), (413,)),
    Tried("a length of 10^30", raw(head(b"Content-Length: 1%b" % (b"0" * 30))), (400,)),
    Tried("a length below zero", raw(head(b"Content-Length: -1")), (400,)),
    Tried("a length that is no number", raw(head(b"Content-Length: many")), (400,)),
    Tried("two lengths", raw(head(b"Content-Length: 2", b"Content-Length: 3"), b"{}"), (400,)),
    Tried("more than the length says", raw(submission(GOOD), b"x" * 1000), (200,)),
    Tried("less than the length says", less_than_said, (), unheard=1),
    Tried("a length and chunks", raw(submission(GOOD, b"Transfer-Encoding: chunked")), (400,)),
    Tried("a chunk without a number", chunks(b"zz\r\n"), (400,), unheard=1),
    Tried("a chunk of 2^64 bytes", chunks(b"1" + b"0" * 16 + b"\r\n"), (400,), unheard=1),
    Tried("an unknown transfer coding", raw(head(b"Transfer-Encoding: cow")), (400,), unheard=1),
    # --- paths ---
    Tried("a path of 60 kB", get(b"/" + b"a" * 60_000), (404,)),
    Tried("a task id of 60 kB", task(b"a" * 60_000), (404,)),
    Tried("a path of 10,000 slashes", get(b"/" * 10_000), (404,)),
    Tried("a path of 1 MiB of escapes", get(b"/" + b"%F0%9F%98%80" * (MiB // 12)), (400,)),
    Tried("a path of 60 kB of escapes", get(b"/" + b"%F0%9F%98%80" * 5000), (404,)),
    Tried("dots in a path", task(b"../../../etc/passwd"), (404,)),
    Tried("escaped dots in a path", task(b"..%2f..%2f..%2fetc%2fpasswd"), (404,)),
    Tried("escapes that are none", get(b"/%zz%%%1%"), (404,)),
    Tried("escapes that are no UTF-8", task(b"%ff%fe%c0%af"), (404,)),
    Tried("an escaped surrogate in a path", task(b"%ed%a0%80"), (404,)),
    Tried("an escaped NUL in a path", task(b"a%00b"), (404,)),
    Tried("a NUL in a path", get(b"/a\0b"), (400,)),
    Tried("bytes above ASCII in a path", get(b"/\xc3\xa9\xff"), (400,)),
    Tried("a task id with a line end", task(b"a" + FORGED), (404,)),
    Tried("a path with a line end", get(b"/" + FORGED), (404,)),
    Tried("a task id with other line ends", task(b"a%0b%0c%1c%c2%85%e2%80%a8%e2%80%a9b"), (404,)),
    Tried("a task id with a terminal's escape", task(b"%1b[2J%1b]0;title%07%c2%9b31m"), (404,)),
    Tried("a task id with braces", task(b"{0.__class__.__init__.__globals__}"), (404,)),
    Tried("a path with braces", get(b"/{0.__class__}/%7Bx%7D/%25s"), (404,)),
    Tried("a task id that is a template", task(b"{task_id}"), (404,)),
    Tried("another host's URL for a path", get(b"http://169.254.169.254/latest/meta-data"), (404,)),
    Tried("a query of 60 kB", task(b"a?" + b"q=%00&" * 10_000), (404,)),
    Tried("a query of 1 MiB", task(b"a?" + b"q=%00&" * (MiB // 6)), (400,)),
    Tried("a fragment", task(b"a#b"), (404,)),
    # --- heads ---
    Tried("a header of 1 MiB", task(b"a", b"X-Long: " + b"a" * MiB), (404,)),
    Tried("a header of 20 MiB", task(b"a", b"X-Long: " + b"a" * 20 * MiB), (404,)),
    Tried("1,000 heads of 50 kB", stream(b"X-Long: %d" + b"a" * 50_000, 1000), (404,) * 1000),
    Tried("12,000 keys", stream(KEY[:-2] + b"-%d", 12_000), (404,) * 12_000),
    Tried("10,000 headers", task(b"a", *[b"X-%d: a" % n for n in range(10_000)]), (404,)),
    Tried("the same header 10,000 times", task(b"a", *[b"X-Same: a"] * 10_000), (404,)),
    Tried("10,000 headers, each twice", task(b"a", *[b"X-%d: a" % n for n in range(10_000)] * 2), (404,)),
    Tried("two keys", task(b"a", KEY[:-2]), (401,)),
    Tried("a key of 100 kB", anew(KEY, KEY[:-2] + b"a" * 100_000 + b"\r\n"), (401,)),
    Tried("a key over two lines", anew(KEY, b"Authorization: Bearer\r\n mock-a\r\n"), (400,)),
    Tried("a key with a NUL", anew(KEY, b"Authorization: Bearer mock-\0\r\n"), (400,)),
    Tried("a key above ASCII", anew(KEY, b"Authorization: Bearer mock-\xff\xc3\xa9\r\n"), (401,)),
    Tried("a request id with an escape", task(b"a", b"X-Request-Id: \x1b[31m"), (400,)),
    Tried("a request id above ASCII", task(b"a", b"X-Request-Id: \xe2\x80\xa8"), (404,)),
    Tried("a host that is a script", anew(b"localhost", b"<script>"), (404,)),
    Tried("no host", anew(HOST, b""), (404,)),
    Tried("two hosts", task(b"a", b"Host: b"), (404,)),
    Tried("a host of 10 kB", anew(b"localhost", b"h" * 10_000), (404,)),
    Tried("a header without a name", task(b"a", b": a"), (400,)),
    Tried("a header with a space before its colon", task(b"a", b"A : a"), (400,)),
    Tried("a header with a NUL", task(b"a", b"A: a\0b"), (400,)),
    Tried("a header with half a line end", task(b"a", b"A: a\rb: c"), (400,)),
    # --- methods ---
    Tried("GETT", raw(head(method=b"GETT")), (400,)),
    Tried("post", raw(head(method=b"post")), (400,)),
    Tried("a method of 100 kB", raw(head(method=b"A" * 100_000)), (400,)),
    Tried("no method", raw(head(method=b"")), (400,)),
    Tried("TRACE", get(SUBMIT, method=b"TRACE"), (405,)),
    Tried("PROPFIND", get(SUBMIT, method=b"PROPFIND"), (405,)),
    Tried("HEAD", get(SUBMIT, method=b"HEAD"), (405,)),
    Tried("OPTIONS *", get(b"*", method=b"OPTIONS"), (404,)),
    Tried("CONNECT", get(b"example.com:443", method=b"CONNECT"), (400,)),
    Tried("GET with a body", raw(head(b"Content-Length: 2", method=b"GET"), b"{}"), (405,)),
    Tried("POST to our own path", control(b"/__klingmock/health", method=b"POST"), (405,)),
    Tried("TRACE of our own path", control(b"/__klingmock/health", method=b"TRACE"), (405,)),
    Tried("braces in our own path", control(b"/__klingmock/{0.__class__}%1b[2J"), (404,)),
    Tried("a revision that is a path", control(b"/__klingmock/openapi.json?revision=../2026-02"), (404,)),
    Tried("POST to a task", raw(submission(GOOD).replace(SUBMIT, b"/api/v1/tasks/a")), (405,)),
    # --- other protocols ---
    Tried("HTTP/1.0", raw(head(b"Content-Length: 2", version=b"HTTP/1.0"), b"{}"), (400,)),
    Tried("HTTP/0.9", raw(b"GET /\r\n\r\n"), (401,)),
    Tried("HTTP/9.9", raw(head(version=b"HTTP/9.9")), (400,)),
    Tried("HTTP/2 from the start", raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9)), (400,)),
    Tried("an upgrade to HTTP/2", task(b"a", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAoAAA"), (404,)),
    Tried("an upgrade to a websocket", task(b"a", *WEBSOCKET), (404,)),
    Tried("a secure connection", raw(tls_hello()), (400,)),
    Tried("noise", raw(bytes(range(256)) * 100), (400,)),
    Tried("1 MiB of line ends, then a request", raw(b"\r\n" * (MiB // 2), submission(GOOD)), (200,)),
    Tried("1 MiB without a line end", raw(b"G" * MiB), (400,)),
    # --- the video ---
    Tried("thousands of ranges", video(b"Range: bytes=" + b",".join([b"0-0,1-1"] * 5000)), (200,)),
    Tried("ranges that overlap", video(b"Range: bytes=" + b",".join([b"0-"] * 5000)), (200,)),
    Tried("a range of 5,000 digits", video(b"Range: bytes=%b-" % (b"9" * 5000)), (416,)),
    Tried("a range backwards", video(b"Range: bytes=9-1"), (200,)),
    Tried("a range of noise", video(b"Range: " + b"bytes=-,;" * 12_000), (200,)),
    Tried("If-None-Match of 100 kB", video(b"If-None-Match: " + b'W/"",' * 20_000), (200,)),
    Tried("If-None-Match of noise", video(b'If-None-Match: \xff"\\,*,W/W/"'), (200,)),
    Tried("If-Range of noise", video(b"If-Range: \xff*", b"Range: bytes=0-1"), (200,)),
    Tried("DELETE of a video", video(method=b"DELETE"), (405,)),
    Tried("videos that nobody reads", unread, (200,), unheard=400),
    # --- clients that are slow, silent or gone ---
    Tried("a byte at a time", byte_by_byte, (200,)),
    Tried("a client that asks first", asking_first, (100, 200)),
    Tried(
        "a client that asks first, for too much",
        raw(head(b"Expect: 100-continue", b"Content-Length: 99999999"), most=1),
        (413,),
    ),
    Tried("another expectation", raw(submission(b"{}", b"Expect: miracles")), (400,)),
    Tried(
        "300 requests in one go",
        raw(submission(GOOD).replace(CLOSE, b"") * 299, submission(GOOD)),
        (200,) * 300,
    ),
    Tried("2,000 idle connections", idle, (200,)),
    Tried("200 clients gone without a word", gone(), ()),
    Tried("200 clients gone within the head", gone(head()[:-2]), ()),
    Tried("200 clients gone within the body", gone(head(b"Content-Length: 99"), b"{"), (), unheard=200),
    Tried("200 clients gone before the reply", gone(submission(GOOD)), (), unheard=200),
    Tried(
        "200 clients gone, leaving a forged path",
        gone(head(b"Content-Length: 99", path=b"/" + FORGED)),
        (),
        unheard=200,
    ),
    # --- last, so that it is still in the journal when the memory is measured ---
    *(
        Tried(
            f"field {n} with a name of 10 MiB",
            body(lambda: GOOD[:-1] + b',"%b":1}' % (b"k" * 10 * MiB)),
            (200,),
        )
        for n in range(8)
    ),
)


@pytest.fixture(scope="module")
def target(launch) -> Iterator[Target]:
    flags = ("--timing", "instant", "--rate-limit", "1000000", "--log-level", "info")
    with launch(*flags, environment=os.environ | GIVING_BACK) as running:
        target = Target(running.process.pid, running.url, running.log)
        # What is measured at the end is compared with a server that has worked: one large body, one video.
        body(lambda: string_of(MAX_BODY))(target)
        video()(target)
        target.warm = target.memory()
        yield target


# glibc learns from each large block that is freed to keep larger ones for later, up to 32 MiB a piece: that
# is up to 80 MiB here, it comes and goes, and hides what is measured. A fixed threshold switches it off.
GIVING_BACK = {"MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "131072"}

HALF = {
    "behind the head": head(b"Content-Length: 99"),
    "within the body": head(b"Content-Length: 99") + b"{",
    "within a chunk": head(b"Transfer-Encoding: chunked") + b"5\r\n{",
}


@pytest.fixture(scope="module", autouse=True)
def half(launch) -> Iterator[dict[str, Peer]]:
    """Requests that stop halfway, to a server of their own; begun first, so that few wait for their end."""
    with launch() as running, ExitStack() as stack:
        target = Target(running.process.pid, running.url, running.log)
        yield {name: stack.enter_context(Peer(target)).send(part) for name, part in HALF.items()}
        # Some are still open when the server is told to end: it does, and says nothing about it.
        for part in (head()[:-2], *HALF.values()):
            stack.enter_context(Peer(target)).send(part)
        assert_prompt(target)
    assert [line for line in target.lines() if not LINE.fullmatch(line)] == []


def test_no_two_rows_have_the_same_name():
    names = [tried.name for tried in TRIED]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("tried", TRIED, ids=lambda tried: tried.name)
def test_the_server_is_as_well_as_before(target, tried):
    answered, logged = target.answered, len(target.lines())
    replies = tried.attempt(target)
    assert tuple(reply.status for reply in replies) == tried.statuses
    assert_prompt(target)
    lines = (settled(target) if tried.unheard else target.lines())[logged:]
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    assert len(lines) - (target.answered - answered) in range(tried.unheard + 1)


def settled(target: Target) -> list[str]:
    """The log, once clients that have gone are no longer found in it one by one."""
    lines, before = target.lines(), None
    for _ in range(50):
        if lines == before:
            break
        time.sleep(0.2)
        lines, before = target.lines(), lines
    return lines


def assert_prompt(target: Target) -> None:
    """It is there, and answers at once."""
    before = time.monotonic()
    (health,) = control(b"/__klingmock/health")(target)
    took = time.monotonic() - before
    assert (health.status, json.loads(health.body)["status"]) == (200, "ok")
    assert took < PROMPT


@pytest.mark.parametrize("where", HALF)
def test_a_body_that_stalls_is_taken_as_it_is(target, half, where):
    half[where].socket.settimeout(STALLED + PATIENCE)
    assert [reply.status for reply in half[where].replies()] == [400]


def test_the_memory_is_given_back(target):
    # The journal has filled up since, and there are 10,000 keys and some tasks: hence not zero.
    assert target.memory() < target.warm + KEPT
