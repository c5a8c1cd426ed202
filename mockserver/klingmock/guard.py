"""No test that uses the fake calls the vendor: the name of the vendor's host leads nowhere meanwhile."""

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn
from urllib.parse import urlsplit

from klingcontracts.contract import Contract

LOOKUPS = ("getaddrinfo", "gethostbyname", "gethostbyname_ex")


def hosts_of(contract: Contract) -> list[str]:
    """The vendor's hosts, as the document names them; addresses and names without a dot are none."""
    names = (urlsplit(server["url"]).hostname for server in contract.document.get("servers", ()))
    return [name for name in names if name and "." in name and not name[-1].isdigit()]


def domains_of(hosts: Sequence[str]) -> list[str]:
    """The domains of these hosts: the last two parts of each name."""
    return [".".join(host.split(".")[-2:]) for host in hosts]


@contextmanager
def no_calls_home(hosts: Sequence[str], refuse: Callable[[str], NoReturn]) -> Iterator[None]:
    """Let `refuse` raise for each look-up of one of these hosts, or of a host of the same domain.

    What resolves names without the functions of Python's socket module, such as uvloop, is not seen.
    """
    ends = [f".{domain}" for domain in domains_of(hosts)]
    originals = {name: getattr(socket, name) for name in LOOKUPS}

    def guarded(look_up: Callable[..., Any]) -> Callable[..., Any]:
        def guard(host: Any, *arguments: Any, **more: Any) -> Any:
            name = _plain(host)
            if f".{name}".endswith(tuple(ends)):
                refuse(name)
            return look_up(host, *arguments, **more)

        return guard

    for name, original in originals.items():
        setattr(socket, name, guarded(original))
    try:
        yield
    finally:
        for name, original in originals.items():
            setattr(socket, name, original)
        ends.clear()  # whoever kept a guarded function has the original in it from now on


def _plain(host: Any) -> str:
    """The name as it would be asked for; "" for one that Python itself refuses."""
    try:
        raw = host if isinstance(host, bytes) else str(host).encode("idna")
    except UnicodeError:
        return ""
    return raw.decode("ascii", "replace").lower().rstrip(".")
