"""Which script a call meets: the one it brings along, the one its job brought along, or that of its world."""

import re
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

from klingcontracts.exchange import Call
from klingmock.script import Script

HEADER = "x-klingmock-script"
MARK = b"[[klingmock:"
_OPEN = b"[["  # what all that looks like a directive has
_ALMOST = re.compile(rb"\[\[\s{0,9}klingmock\b", re.IGNORECASE)
ADVICE = (
    "the prompt has something like a directive, and it is read as words: write it as in "
    "[[klingmock: submit: 503]], in lower case, with its colon and its end, in ASCII without quotes"
)
_DIRECTIVE = re.compile(rb"\[\[klingmock:([^\]\"\\]{0,1000})\]\]")
MOST = 10_000  # worlds, texts and tasks whose scripts are remembered, of each


class Brought:
    """The script of a text that calls brought along; after a job was accepted with it, it begins anew."""

    __slots__ = ("accepted", "script")

    def __init__(self, text: str, seed: str) -> None:
        self.script = Script(text, seed)
        self.accepted = False


class Scripts:
    """The scripts of all keys: `one` where it is given, else one for each key that begins with `text`."""

    def __init__(self, one: Script | None = None, text: str = "", seed: str = "0") -> None:
        self._one = one
        self._seed = seed
        self._text = text
        Script(text)  # so that a mistake is told of now
        self._worlds: OrderedDict[Hashable, Script] = OrderedDict()
        self._brought: OrderedDict[Hashable, Brought] = OrderedDict()
        self._tasks: OrderedDict[Hashable, Script] = OrderedDict()
        self._busy = bool(text)  # whether there are scripts of keys, or of tasks

    def concerns(self, call: Call) -> bool:
        """Whether there may be a script for this call; where not, nothing else has to be looked at."""
        return (
            self._busy
            or HEADER in call.headers
            or _OPEN in call.body
            or (self._one is not None and self._one.active)
        )

    def of(self, owner: str) -> Script:
        """The script of a key's world."""
        if self._one is not None:
            return self._one
        if owner not in self._worlds:
            self._busy = True
            _keep(self._worlds, owner, Script(self._text, f"{self._seed}\n{owner}"))
        return self._worlds[owner]

    def of_call(self, owner: str, call: Call, task_id: str = "") -> Script:
        """The script that a call meets, `task_id` being the task that it asks for.

        Raises Problem for a text, in the header or in the prompt, that is no script.
        """
        text = brought(call)
        if text:
            return self._of_text(owner, text, is_new=not task_id).script
        return self._tasks.get(task_id) or self.of(owner)

    def accepted(self, owner: str, call: Call, task_id: str) -> None:
        """Let the polls and downloads of a job meet the script that its submission brought along."""
        text = brought(call)
        if text:
            found = self._of_text(owner, text, is_new=False)
            found.accepted = self._busy = True
            _keep(self._tasks, task_id, found.script)

    def _of_text(self, owner: str, text: str, *, is_new: bool) -> Brought:
        found = self._brought.get((owner, text))
        if found is None or (is_new and found.accepted and not found.script.active):
            found = Brought(text, f"{self._seed}\n{owner}")
            _keep(self._brought, (owner, text), found)
        return found


def brought(call: Call) -> str:
    """The script that a call brings along, in its header or in brackets in its prompt; "" for none."""
    if HEADER in call.headers:
        return call.headers[HEADER].strip()
    found = _DIRECTIVE.search(call.body) if MARK in call.body else None
    return found[1].decode("ascii", "replace").strip() if found else ""


def almost(call: Call) -> str:
    """What to say of a prompt that has something like a directive, which is none; "" where nothing is."""
    if HEADER in call.headers or _OPEN not in call.body or not _ALMOST.search(call.body):
        return ""
    return "" if _DIRECTIVE.search(call.body) else ADVICE


def _keep(kept: OrderedDict[Hashable, Any], key: Hashable, value: Any) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > MOST:
        kept.popitem(last=False)
