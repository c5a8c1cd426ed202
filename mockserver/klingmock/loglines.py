"""One line for each request, for people: when, what, how it went, and which rule was broken."""

import json
import time
from typing import TextIO

from klingmock.journal import Entry

_LOST = {"drop": " (never arrived)", "truncate": " (broke off)"}
LONGEST = 300  # characters of a path or a hint


class Lines:
    """Writes a line for each entry of a journal to a stream; a stream that is gone is left alone."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, entry: Entry) -> None:
        """Write the entry's line."""
        try:
            self._stream.write(line(entry) + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            return


def line(entry: Entry) -> str:
    """The entry in one line, whatever the path holds."""
    call, reply = entry.exchange.call, entry.exchange.reply
    clock = time.strftime("%H:%M:%S", time.localtime(entry.exchange.at))
    told = untold(call.method, call.path, entry.hint or _about(entry))
    return f"{clock}  {reply.status}  {told}".rstrip()


def record(entry: Entry) -> str:
    """The entry in a few lines: the number, the call, what it sent, what came back; secrets redacted."""
    told = entry.to_json()
    call, reply = entry.exchange.call, entry.exchange.reply
    status = f"{reply.status or '---'}{_LOST.get(reply.wire, '')}"
    head = f"{entry.exchange.number}  {status}  {untold(call.method, call.path, entry.hint)}"
    bodies = ((">", told["call"]["body"]), ("<", told["reply"]["body"]))
    shown = [f"   {mark} {_cut(json.dumps(body, ensure_ascii=True))}" for mark, body in bodies if body]
    return "\n".join([head.rstrip(), *shown])


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def untold(method: str, path: str, told: str) -> str:
    """What is logged of a request that got no answer of the engine's; the logger puts the time before it."""
    return f"{method[:20]:<4} {_safe(path)}  {_safe(told)}"


def _safe(text: str) -> str:
    # A path can hold anything, line ends and terminal codes too: it is shown as a Python literal would.
    return ascii(text[:LONGEST])[1:-1]


def _about(entry: Entry) -> str:
    """What a reply that refuses nothing says of its task."""
    if entry.operation not in {"submit", "task"}:
        return ""
    body = json.loads(bytes(entry.exchange.reply.body))
    if not isinstance(body, dict):  # too long to be kept as it was
        return ""
    data = body["data"]
    return f"{data['task_id']} {data['status']}" if entry.operation == "submit" else str(data["status"])
