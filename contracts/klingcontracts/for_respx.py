"""respx with the contract: a router that answers by an engine, and a check of what any router has seen.

Needs `pip install "klingmock[test]"`. The calls of httpx and of httpx2 are met, sync and async.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import httpx
import respx

from klingcontracts import report
from klingcontracts.base import Base, bases_of
from klingcontracts.contract import load
from klingcontracts.document import DEFAULT
from klingcontracts.exchange import Call, Reply
from klingcontracts.respx_calls import call_of, exchange_of, response_of
from klingcontracts.respx_router import Router
from klingcontracts.rule import Level

VIDEOS = {"video": "GET", "video-head": "HEAD"}

__all__ = ["Router", "assert_conforms", "router"]


def router(
    answer: Callable[[Call], Reply],
    *,
    base_url: str | None = None,
    revision: str = DEFAULT,
    readings: Mapping[str, str] | None = None,
) -> Router:
    """A respx router for each documented operation and the videos, on the vendor's host or at `base_url`.

    `with router(mock.answer): ...` for an engine `mock`. Routes go by the operation's name, as in
    router["submit"].call_count, and can be answered otherwise: router["submit"].respond(503). A route that
    you add comes before those of the contract. A call that is not documented raises an AssertionError with
    the nearest operations. Nothing waits: a reply that is later than the caller's read timeout is a timeout
    at once. Raises Problem for what is no base URL, and for an unknown revision or reading.
    """
    contract = load(revision, readings)
    bases = bases_of(contract, base_url)
    made = Router(contract=contract, bases=bases, assert_all_called=False)
    routes = [(one.id, one.method, one.pattern.pattern) for one in contract.operations.values()]
    routes += [(name, method, f"{re.escape(contract.media)}.*") for name, method in VIDEOS.items()]
    for nth, base in enumerate(bases):
        for name, method, pattern in routes:
            made.add(_route(base, method, pattern, answer), name=None if nth else name)
    made.routes.contracts = list(made.routes)
    return made


def _route(base: Base, method: str, pattern: str, answer: Callable[[Call], Reply]) -> respx.Route:
    def answered(request: httpx.Request, rest_of_path: str, **_: str) -> httpx.Response:
        return response_of(answer(call_of(request, base, rest_of_path)), request)

    place = {"scheme": base.scheme, "host": base.host, "port": base.port}
    return respx.Route(method=method, path__regex=base.regex(pattern), **place).mock(side_effect=answered)


def assert_conforms(
    calls: Iterable[Any],
    revision: str = DEFAULT,
    readings: Mapping[str, str] | None = None,
    *,
    base_url: str | None = None,
    level: Level = Level.WARNING,
) -> None:
    """Raise an AssertionError, with a table, when a call, or the reply it was given, breaks the contract.

    `calls` are those of any respx router, also of one made by hand: assert_conforms(respx_mock.calls). Those
    of other hosts, and of videos, are left out. When none is left, that is an AssertionError too.
    """
    __tracebackhide__ = True
    contract = load(revision, readings)
    bases = bases_of(contract, base_url)
    recorded = list(calls)
    found = [exchange_of(call, base, nth) for nth, call in enumerate(recorded, 1) for base in bases]
    exchanges = [one for one in found if one is not None and not one.call.path.startswith(contract.media)]
    if not exchanges:
        where = " or ".join(base.url for base in bases)
        raise report.Nonconforming(
            f"None of {len(recorded)} calls went to {where}. A router forgets its calls where its block "
            "ends: look at them inside of it."
        )
    report.assert_conforms(contract, exchanges, level)
