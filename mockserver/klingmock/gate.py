"""Who may steer: callers of this machine, and no page in a browser; elsewhere, whoever has the token."""

import hmac
from collections.abc import Mapping
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from klingcontracts.problem import Problem

TOKEN_HEADER = "X-Klingmock-Control-Token"  # noqa: S105 - the name of a header
OPEN = "The control API is open to this machine only"
REMEDY = f"Start the server with --control-token, and send it as {TOKEN_HEADER}."


class Gate(NamedTuple):
    """What a caller has to bring: the `token` where there is one, else it has to be of this machine.

    `exposed` is whether the server listens to other machines; without a token nobody steers it then.
    """

    token: str | None = None
    exposed: bool = False

    def closed(self, caller: str | None, headers: Mapping[str, str]) -> Problem | None:
        """Why a caller with this address (None for one without a socket) may not steer; None when it may."""
        if self.token is not None:
            # Bytes: a token may have letters that a header carries in another encoding.
            given = headers.get(TOKEN_HEADER.lower(), "").encode("latin-1", "replace")
            if hmac.compare_digest(given, self.token.encode()):
                return None
            remedy = f"Send that of --control-token as {TOKEN_HEADER}."
            return Problem("The control token is missing or wrong.", remedy)
        if self.exposed:
            return Problem(f"{OPEN}, and the server listens to others too.", REMEDY)
        if caller is not None and not is_local(caller):
            return Problem(f"{OPEN}, and {caller} is none of its addresses.", REMEDY)
        return _of_a_page(headers)


def _of_a_page(headers: Mapping[str, str]) -> Problem | None:
    """Why a call may come from a page of somebody else's in a browser of this machine; None when it does not.

    A page can let its own name lead to this machine, but the Host is that name then, and a browser tells of
    its Origin. It can't send the token.
    """
    for name, host in (("Host", _host(headers.get("host", ""))), ("Origin", _origin(headers))):
        if host and not is_local(host):
            fact = f"{OPEN}, and the {name} of this call is {host[:100]!r}."
            return Problem(fact, f"Call it by 127.0.0.1 or localhost. Or: {REMEDY}")
    return None


def _origin(headers: Mapping[str, str]) -> str:
    origin = headers.get("origin", "")
    try:
        return urlsplit(origin).hostname or origin  # "null" is that of a page without one
    except ValueError:
        return origin


def _host(host: str) -> str:
    name, _, port = host.rpartition(":")
    return name if name and port.isascii() and port.isdigit() else host


def is_local(host: str) -> bool:
    """Whether a host's name or address is one of this machine's own."""
    name = host.strip("[]").lower().removeprefix("::ffff:")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
