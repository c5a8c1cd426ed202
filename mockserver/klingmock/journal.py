"""What was asked and answered: a bounded memory, and a file of JSON lines when one is named."""

import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from klingcontracts.exchange import Call, Exchange, Reply, body_to_json, digest, redacted
from klingcontracts.finding import Finding
from klingcontracts.problem import Problem
from klingmock.refusal import Answer

# A body up to this many bytes is kept as it came; of a larger one, images are shortened before it is kept.
KEPT_WHOLE = 4096
MOST_BODY = 65536  # bytes of a body that is kept at all; of a larger one, a digest
MOST_HEADERS = 10_000  # characters of a path, a query, or of all headers together
SIZE = 1000


Row = tuple[Call, Reply, float, int, str, Sequence[Finding], str]


class Entry(NamedTuple):
    """One exchange, its operation ("" when the path leads nowhere), its findings, and the refusal's hint."""

    exchange: Exchange
    operation: str
    findings: Sequence[Finding] = ()
    hint: str = ""

    def to_json(self) -> dict[str, Any]:
        """As one line of the journal file."""
        told = {"operation": self.operation, "hint": self.hint}
        return {
            **self.exchange.to_json(),
            **told,
            "findings": [finding.to_json() for finding in self.findings],
        }


class File:
    """A file of one entry a line, until it can't be written any more."""

    def __init__(self, file: TextIOWrapper | None, complain: Callable[[str], None]) -> None:
        self._file = file
        self._complain = complain
        self._written = 0

    def write(self, row: Row, world: int) -> None:
        """Append an entry of the so-and-so-many-th world; 0 where there is only one.

        Its number is the file's own: each world counts for itself.
        """
        if self._file is None:
            return
        told = {**_entry(row).to_json(), "number": self._written + 1}
        told = {"world": world, **told} if world else told
        try:
            self._file.write(json.dumps(told, separators=(",", ":")) + "\n")
            self._file.flush()
        except OSError as error:
            self._file = None
            self._complain(
                f"The journal file can't be written ({error.strerror}): it ends at exchange "
                f"{self._written}. Make room and start again; the server goes on without it."
            )
            return
        self._written += 1

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._file is not None:
            self._file.close()
            self._file = None


class Journal:
    """The last `size` exchanges, and all of them in `file`. `watch` is called with each entry."""

    def __init__(
        self,
        size: int = SIZE,
        file: TextIOWrapper | None = None,
        watch: Callable[[Entry], None] | None = None,
        complain: Callable[[str], None] = print,
    ) -> None:
        # Rows, and not entries: the fewer objects stay alive, the more of the next request is in the cache.
        self._rows: deque[Row] = deque(maxlen=size)
        self.size = size
        self.total = 0
        self._file = File(file, complain)
        self._watch = watch
        self._world = 0

    def twin(self, world: int) -> "Journal":
        """An empty journal of another world, which writes to the same file."""
        twin = Journal(self.size, watch=self._watch)
        twin._file, twin._world = self._file, world
        return twin

    def add(self, call: Call, reply: Reply, at: float, answer: Answer) -> None:
        """Keep an exchange; nothing of it that is secret or large is kept."""
        self.total += 1
        row = (_lighter(call), _light(reply), at, self.total, answer.operation, answer.findings, answer.hint)
        self._rows.append(row)
        if self._watch:
            self._watch(_entry(row))
        self._file.write(row, self._world)

    @property
    def kept(self) -> int:
        """How many exchanges are kept in memory."""
        return len(self._rows)

    def empty(self) -> None:
        """Keep none of the exchanges so far in memory; they are counted all the same."""
        self._rows.clear()

    @property
    def entries(self) -> list[Entry]:
        """What is kept in memory, oldest first."""
        return [_entry(row) for row in list(self._rows)]

    def whole(self) -> list[Entry]:
        """All exchanges; Problem when some are not kept: by the rest, a client is blamed for what is gone."""
        found = self.entries
        if len(found) < self.total:
            fact = f"Of {self.total} exchanges the last {len(found)} are kept: too few to judge a client by."
            raise Problem(fact, "Reset the world before each client, or serve with a larger --journal-size.")
        return found

    def close(self) -> None:
        """Close the file, if there is one; what is added later is kept in memory alone."""
        self._file.close()


def _entry(row: Row) -> Entry:
    return Entry(Exchange(*row[:4]), *row[4:])


def open_file(path: str) -> TextIOWrapper:
    """Open a journal file to append to; Problem when that can't be done."""
    try:
        return Path(path).open("a", encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Problem(
            f"Journal file {path!r} can't be opened: {reason}.", "Name a file that can be written."
        ) from error


def _lighter(call: Call) -> Call:
    headers = redacted(call.headers)
    if (
        sum(map(len, headers.values())) + sum(map(len, headers)) > MOST_HEADERS
        or len(headers) > MOST_HEADERS // 100
    ):
        headers = _cut(headers)
    path, query = call.path[:MOST_HEADERS], call.query[:MOST_HEADERS]
    return Call(call.method, path, headers, _lighter_body(call.body), query, call.origin, call.oversize)


def _cut(headers: Mapping[str, str]) -> dict[str, str]:
    first = islice(headers.items(), MOST_HEADERS // 100)
    return {name[:100]: value if len(value) <= 100 else f"{value[:100]}…" for name, value in first}


def _lighter_body(body: bytes) -> bytes:
    if len(body) <= KEPT_WHOLE:
        return body
    lighter = json.dumps(body_to_json(body)).encode()
    return lighter if len(lighter) <= MOST_BODY else json.dumps(digest(body, f"{len(body)} bytes")).encode()


def _light(reply: Reply) -> Reply:
    if len(reply.body) <= KEPT_WHOLE:
        return reply
    return reply._replace(body=json.dumps(f"<{len(reply.body)} bytes>").encode())
