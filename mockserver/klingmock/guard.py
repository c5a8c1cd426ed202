"""No test that uses the fake calls the vendor: the name of the vendor's host leads nowhere meanwhile."""

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, NoReturn
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


class _Watch(NamedTuple):
    """One block: the ends of the names that it refuses, and how."""

    ends: tuple[str, ...]
    refuse: Callable[[str], NoReturn]


_watches: list[_Watch] = []  # of the blocks that are open; they may end in any order
_originals: dict[str, Callable[..., Any]] = {}  # of the socket module, while there are any


@contextmanager
def no_calls_home(hosts: Sequence[str], refuse: Callable[[str], NoReturn]) -> Iterator[None]:
    """Let `refuse` raise for each look-up of one of these hosts, or of a host of the same domain.

    What resolves names without the functions of Python's socket module, such as uvloop, is not seen.
    """
    watch = _Watch(tuple(f".{domain}" for domain in domains_of(hosts)), refuse)
    if not _watches:
        for name in LOOKUPS:
            _originals[name] = getattr(socket, name)
            setattr(socket, name, _guarded(_originals[name]))
    _watches.append(watch)
    try:
        yield
    finally:
        _watches.remove(watch)
        if not _watches:
            for name, original in _originals.items():
                setattr(socket, name, original)


def _guarded(look_up: Callable[..., Any]) -> Callable[..., Any]:
    def guard(host: Any, *arguments: Any, **more: Any) -> Any:
        name = _plain(host)
        for watch in reversed(_watches):
            if f".{name}".endswith(watch.ends):
                watch.refuse(name)
        return look_up(host, *arguments, **more)

    return guard


def _plain(host: Any) -> str:
    """The name as it would be asked for; "" for one that Python itself refuses."""
    try:
        raw = host if isinstance(host, bytes) else str(host).encode("idna")
    except UnicodeError:
        return ""
    return raw.decode("ascii", "replace").lower().rstrip(".")
