"""Which operation a path leads to, over all revisions served; and help for one that leads nowhere."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from klingcontracts.contract import Operation, load
from klingcontracts.document import revisions
from klingcontracts.problem import nearest
from klingmock.served import Served


class Route(NamedTuple):
    """Where a call goes; without an operation, `allowed` are the methods that the path does know."""

    served: Served
    operation: Operation | None = None
    parameters: Mapping[str, str] = {}
    allowed: Sequence[str] = ()


class Routes:
    """The paths of all revisions served; one that several have in common belongs to the first."""

    def __init__(self, served: Sequence[Served]) -> None:
        self._first = served[0]
        self._exact: dict[tuple[str, str], Route] = {}
        self._patterns: list[Route] = []
        for one in served:
            for operation in one.contract.operations.values():
                self._add(Route(one, operation))

    def _add(self, route: Route) -> None:
        operation = route.operation
        if operation is None or operation.path in self.paths():
            return
        if "{" in operation.path:
            self._patterns.append(route)
        else:
            self._exact[operation.method, operation.path] = route

    def paths(self) -> list[str]:
        """All documented paths, templates as they are written."""
        return [path for _, path in self._exact] + [r.operation.path for r in self._patterns if r.operation]

    def find(self, method: str, path: str) -> Route:
        """The route of a call; one without an operation when there is none."""
        exact = self._exact.get((method, path))
        return exact or self._search(method, path)

    def _search(self, method: str, path: str) -> Route:
        allowed = [known for known, exact in self._exact if exact == path]
        for route in self._patterns:
            operation = route.operation
            found = operation.match(path) if operation else None
            if operation and found is not None:
                if operation.method == method:
                    return route._replace(parameters=found)
                allowed.append(operation.method)
        return Route(self._first, allowed=allowed)

    def advice(self, path: str) -> str:
        """For a path that leads nowhere: the revision that serves it, or the path that is most like it."""
        for revision in revisions():
            if path in _paths(load(revision).operations.values()):
                return f"revision {revision} serves it: start with --revision {revision}"
        near = nearest(path, self.paths())
        return f"nearest: {near}" if near else f"known: {', '.join(self.paths())}"


def _paths(operations: Iterable[Operation]) -> set[str]:
    return {operation.path for operation in operations}
