"""One run of schemathesis against a contract: what it is held against, what it has seen, what it may send."""

import copy
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from schemathesis import APIOperation, BaseSchema, Case

from klingcontracts.contract import METHODS, Contract, Operation
from klingcontracts.schemathesis_guard import Guard
from klingcontracts.seen import Seen

AnyCase = Case[Any]
AnyOperation = APIOperation[Any, Any, Any, Any]


class Run:
    """A contract, and what one schema's run has seen.

    Nothing is sent that a reading of one of the documents takes: wherever it leaves this machine with `paid`
    None, anywhere with True, nowhere with False.
    """

    def __init__(
        self, contract: Contract, documents: Iterable[Mapping[str, Any]], *, paid: bool | None
    ) -> None:
        self.contract = contract
        self.seen = Seen()
        self._paid = paid
        self._guard = None if paid is False else Guard(contract, documents)

    def guard(self, operation: AnyOperation, app: Any = None) -> Guard | None:
        """What stands between a server and a bill; None where nothing has to."""
        inside = (operation.app if app is None else app) is not None
        return self._guard if self._costs(None if inside else operation.base_url) else None

    def _costs(self, url: str | None) -> bool:
        return bool(self._paid) or not stays_here(url)

    def hold(self, case: AnyCase, kwargs: dict[str, Any]) -> None:
        """Look at a case before it is sent, and at its request, which may go to another place than planned.

        `kwargs` are the transport's. Raises Problem when nothing more may be sent.
        """
        app = kwargs.get("app", case.operation.app)
        guard = self.guard(case.operation, app)
        if guard is not None:
            guard.hold(case)
        if self._guard is not None:
            costs = self._costs if app is None else lambda _: self._costs(None)
            kwargs["auth"] = self._guard.on_the_wire(kwargs.get("auth"), costs)

    def operation(self, case: AnyCase) -> Operation | None:
        """The documented operation that a case calls, None when it uses another method."""
        for operation in self.contract.operations.values():
            if operation.path == case.path and operation.method == case.method:
                return operation
        return None


class Tested(dict[str, Any]):
    """A document that schemathesis tests, with the run that it belongs to."""

    def __init__(self, document: Mapping[str, Any], run: Run) -> None:
        super().__init__(document)
        self.run = run


def at_home(document: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a document that names no server, so that nothing is sent where nobody asked for it."""
    found: dict[str, Any] = copy.deepcopy(dict(document))  # schemathesis writes links into it
    paths = found.get("paths", {}).values()
    operations = [path[method] for path in paths for method in METHODS if method in path]
    for node in (found, *paths, *operations):
        node.pop("servers", None)
    return found


def stays_here(url: str | None) -> bool:
    """Whether a URL is this machine's; None is that of an application in this process."""
    if url is None:
        return True
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def run_of(schema: BaseSchema) -> Run | None:
    """The run that a schema belongs to, None for a schema that is not ours."""
    document = schema.raw_schema
    return document.run if isinstance(document, Tested) else None


def sends(key: str) -> type:
    """The provider that schemathesis asks for the key of each case."""

    class Bearer:
        def get(self, _case: AnyCase, _context: Any) -> str:
            return key

        def set(self, case: AnyCase, data: str, _context: Any) -> None:
            case.headers["Authorization"] = f"Bearer {data}"

    return Bearer
