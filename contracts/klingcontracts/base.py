"""Where an API is: the vendor's hosts as the document names them, or a base URL somebody gave."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from klingcontracts.contract import Contract
from klingcontracts.problem import Problem

_PORTS: Mapping[str, int] = {"http": 80, "https": 443}


class Base(NamedTuple):
    """A base URL in its parts; `path` has no slash at its end, "" for none."""

    scheme: str
    host: str
    port: int
    path: str = ""

    @property
    def url(self) -> str:
        """As it is written, without the port that goes without saying."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"

    def regex(self, path: str) -> re.Pattern[str]:
        """What matches a whole path under this base, and calls the rest of it `rest_of_path`."""
        return re.compile(rf"\A{re.escape(self.path)}(?P<rest_of_path>{path})\Z", re.DOTALL)

    def below(self, scheme: str, host: str, port: int | None, path: str) -> str | None:
        """The path behind this base, None when the address is none of it."""
        place = (scheme, host.lower().strip("[]"), port or _PORTS.get(scheme))
        if place != self[:3] or not f"{path}/".startswith(f"{self.path}/"):
            return None
        return path[len(self.path) :]


def base_of(url: str) -> Base:
    """A base URL in its parts; Problem when it is none."""
    try:
        place = urlsplit(url)
        port = place.port
    except ValueError:
        place, port = urlsplit(""), None
    if place.scheme not in _PORTS or not place.hostname or place.query or place.fragment:
        raise Problem(f"{url!r} is no base URL.", "Give one such as http://127.0.0.1:8787.")
    return Base(place.scheme, place.hostname, port or _PORTS[place.scheme], place.path.rstrip("/"))


def bases_of(contract: Contract, base_url: str | None = None) -> Sequence[Base]:
    """The given base, or the servers that the contract's document names; Problem when there is none."""
    urls = (
        [base_url] if base_url is not None else [one["url"] for one in contract.document.get("servers", ())]
    )
    if not urls:
        raise Problem(f"Revision {contract.revision} names no server.", "Give a base URL.")
    return [base_of(url) for url in urls]
