"""A respx router that meets httpx2 as well, and says what is documented when a call is not."""

from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar, NamedTuple

import httpx
import respx
from respx.mocks import HTTPCoreMocker
from respx.models import AllMockedAssertionError, RouteList

from klingcontracts.base import Base
from klingcontracts.contract import Contract, Operation
from klingcontracts.respx_calls import CALLER, rest_of

NEAREST = 3  # operations that an undocumented call is told of


class Httpcore2Mocker(HTTPCoreMocker):
    """What respx does to httpcore, done to httpcore2, which httpx2 sends with."""

    # Not "httpcore2": another plugin has a mocker of that name, and respx takes each name once.
    name = "klingmock-httpcore2"
    targets: ClassVar[list[str]] = [
        target.replace("httpcore.", "httpcore2.", 1) for target in HTTPCoreMocker.targets
    ]

    @classmethod
    def to_httpx_request(cls, **kwargs: Any) -> httpx.Request:
        """The request, with the library that sends it."""
        build: Callable[..., httpx.Request] = super().to_httpx_request
        request = build(**kwargs)
        request.extensions = {**request.extensions, CALLER: import_module("httpcore2")}
        return request

    @classmethod
    def from_sync_httpx_response(cls, httpx_response: httpx.Response, target: Any, **kwargs: Any) -> Any:  # noqa: ARG003 - respx calls it so
        """The response, as httpcore2 has it."""
        return import_module("httpcore2").Response(
            status=httpx_response.status_code,
            headers=httpx_response.headers.raw,
            content=httpx_response.stream,
            extensions=httpx_response.extensions,
        )


class OwnFirst(RouteList):
    """Routes in their order, but for those of the contract: one that a test adds stands before them."""

    def __init__(self) -> None:
        super().__init__()
        self.contracts: list[respx.Route] = []

    def __iter__(self) -> Iterator[respx.Route]:
        """The routes as they are tried."""
        found = list(super().__iter__())
        return iter(sorted(found, key=lambda route: any(route is one for one in self.contracts)))


class Router(respx.MockRouter):
    """A MockRouter for httpx and httpx2; with a contract, one that explains itself."""

    def __init__(
        self, *, contract: Contract | None = None, bases: Sequence[Base] = (), **settings: Any
    ) -> None:
        super().__init__(**settings)
        self.routes: OwnFirst = OwnFirst()
        self.contract = contract
        self.bases = bases

    def start(self) -> None:
        """Meet the calls of both libraries from now on."""
        super().start()
        if find_spec("httpcore2") is not None:
            Httpcore2Mocker.register(self)
            Httpcore2Mocker.start()

    def stop(self, clear: bool = True, reset: bool = True, quiet: bool = False) -> None:
        """Leave both libraries as they were."""
        Httpcore2Mocker.unregister(self)
        Httpcore2Mocker.stop()
        super().stop(clear, reset, quiet)

    def handler(self, request: httpx.Request) -> httpx.Response:
        """Answer a request; an AssertionError when nothing here does."""
        try:
            return super().handler(request)
        except AllMockedAssertionError as error:
            raise self._explained(request, error) from None

    async def async_handler(self, request: httpx.Request) -> httpx.Response:
        """Answer a request; an AssertionError when nothing here does."""
        try:
            return await super().async_handler(request)
        except AllMockedAssertionError as error:
            raise self._explained(request, error) from None

    def _explained(self, request: httpx.Request, error: AllMockedAssertionError) -> AllMockedAssertionError:
        if self.contract is None:
            return error
        return AllMockedAssertionError(undocumented(request, self.contract, self.bases))


class Near(NamedTuple):
    """An operation, and what of a request does not fit it; fewer and closer ones come first."""

    misfits: int
    distance: float
    text: str


def undocumented(request: httpx.Request, contract: Contract, bases: Sequence[Base]) -> str:
    """What there is to say of a request that no operation fits: the nearest ones, and why they do not fit."""
    near = sorted(_near(request, contract, bases))[:NEAREST]
    url = str(request.url.copy_with(query=None))
    head = f"{request.method} {url} is no operation of revision {contract.revision}. Nearest:"
    foot = "If the call is meant, give the router a route for it."
    return "\n".join([head, *(f"  {one.text}" for one in near), foot])


def _near(request: httpx.Request, contract: Contract, bases: Sequence[Base]) -> Iterator[Near]:
    for base in bases:
        rest = rest_of(request, base)
        path = request.url.path if rest is None else rest
        for operation in contract.operations.values():
            wrong = [f"the base is not {base.url}"] if rest is None else []
            wrong += [f"the method is {request.method}"] if request.method != operation.method else []
            wrong += [_path(operation, path)] if operation.match(path) is None else []
            distance = 1 - SequenceMatcher(None, path, operation.path).ratio()
            text = f"{operation.method} {operation.path} ({operation.id}): {', '.join(wrong)}"
            yield Near(len(wrong), distance, text)


def _path(operation: Operation, path: str) -> str:
    if operation.match(path.rstrip("/")) is not None:
        return "the path has a slash at its end"
    if operation.path.lower() == path.lower():
        return "the path is in other letters"
    asked, documented = path.strip("/").split("/"), operation.path.strip("/").split("/")
    for part, expected in zip(asked, documented, strict=False):
        if part != expected and not expected.startswith("{"):
            return f"{part!r} stands where {expected!r} is documented"
    return f"the path has {len(asked)} parts, not {len(documented)}"
