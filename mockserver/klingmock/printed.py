"""What a foreign program printed: the end of it, as text that can be shown, and without secrets."""

import os
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence

from klingcontracts.exchange import REDACTED, is_secret

KEPT = 8192  # bytes of the end that are kept
MOST = 4096  # characters of it that are shown
LEAST_SECRET, LONGEST_SECRET = 6, 1024  # characters of a value that is looked for: a short one is in any text
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
# Whatever XML 1.0 can't hold, and what would move a terminal's cursor.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_BYTES = re.compile(r"[\ud800-\udfff]")  # how Python holds a byte of a word that is no UTF-8
_NAME = r"(?:authorization|cookie|(?:api|access|auth)[_-]?key|token|secret|passw\w{0,10}|credentials?)"
_VALUE = r"[^\s\"',;&)}]+"
_NAMED = re.compile(  # in a header, in JSON, in an assignment; and behind a flag
    rf"(?i)({_NAME}[\"']?\s{{0,9}}[:=]\s{{0,9}}[\"']?(?:(?:bearer|basic)\s+)?"
    rf"|--?[\w-]{{0,40}}(?:key|token|secret|password|credentials?)\s{{1,9}}[\"']?){_VALUE}"
)
_BEARER = re.compile(rf"(?i)\b(bearer\s+){_VALUE}")
_LIKE_A_KEY = re.compile(
    r"\b(?:sk|pk|ghp|gho|xox[bp])[-_][A-Za-z0-9_-]{12,}|\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*"
)


def shown(raw: bytes, secrets: Iterable[str] = ()) -> str:
    """The end of what was printed, without secrets, colours and control characters."""
    if len(raw) >= KEPT:
        raw = raw[LONGEST_SECRET:]  # it may begin in the middle of a secret
    text = _CONTROLS.sub("", _ESCAPES.sub("", raw.decode("utf-8", "replace").replace("\r\n", "\n")))
    text = redacted_text(text, secrets).strip("\n")
    return text if len(text) <= MOST else f"…{text[-MOST:]}"


def redacted_text(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without these secrets, and without what goes by the name of one."""
    for secret in sorted(set(secrets), key=len, reverse=True):
        text = text.replace(secret, REDACTED)
    for named in (_NAMED, _BEARER):
        text = named.sub(lambda found: f"{found[1]}{REDACTED}", text)
    return _LIKE_A_KEY.sub(REDACTED, text)


def secrets_of(environ: Mapping[str, str]) -> list[str]:
    """The values in an environment that go by the name of a secret."""
    return [value for name, value in environ.items() if is_secret(name) and len(value) >= LEAST_SECRET]


def shown_command(words: Sequence[str]) -> str:
    """A command as it is typed, without secrets; a byte that is no UTF-8 is shown by its number in hex."""
    readable = _BYTES.sub(lambda found: f"\\x{ord(found[0]) & 0xFF:02x}", shlex.join(words))
    return redacted_text(readable, secrets_of(os.environ))
