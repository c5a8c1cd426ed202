"""The command that repeats a call, for people: its key is left out."""

import json
from shlex import quote
from urllib.parse import quote as escaped

from klingcontracts.exchange import Call, redacted_query, shortened
from klingcontracts.strictjson import BadJson

KEY = "MODELLIX_API_KEY"  # the variable of the environment that the command takes the key from
LONGEST = 2000  # characters of a body that are written out
_KEPT = ("content-type", "accept")


def as_curl(call: Call, variable: str = KEY, *, keyed: bool = True) -> str:
    """The call as a command of a shell, with a key unless told otherwise.

    Images and long texts in its body are shortened to a digest, what is named like a secret is left out.
    """
    query = f"?{redacted_query(call.query)}" if call.query else ""
    address = f"{call.origin}{escaped(call.path)}{query}"
    parts = ["curl", "--request", quote(call.method), "--url", quote(address)]
    if keyed:
        parts += ["--header", f'"Authorization: Bearer ${variable}"']
    for name in _KEPT:
        if name in call.headers:
            parts += ["--header", quote(f"{name}: {call.headers[name]}")]
    if call.body:
        parts += ["--data-raw", quote(_body(call))]
    return " ".join(parts)


def _body(call: Call) -> str:
    try:
        text = json.dumps(shortened(call.json()), ensure_ascii=False)
    except BadJson:
        text = call.body.decode("utf-8", "replace")
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
