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

    def parameters_of(self, path: str) -> Mapping[str, str] | None:
        """What the path's parameters are when it is this route's path, else None."""
        return self.operation.match(path) if self.operation is not None else None


class Routes:
    """The paths of all revisions served; one that several have in common belongs to the first."""

    def __init__(self, served: Sequence[Served]) -> None:
        self._exact: dict[str, dict[str, Route]] = {}
        self._patterns: dict[str, dict[str, Route]] = {}
        self._nowhere = Route(served[0])
        for one in served:
            for operation in one.contract.operations.values():
                table = self._patterns if "{" in operation.path else self._exact
                table.setdefault(operation.path, {}).setdefault(operation.method, Route(one, operation))

    def paths(self) -> list[str]:
        """All documented paths, templates as they are written."""
        return [*self._exact, *self._patterns]

    def find(self, method: str, path: str) -> Route:
        """The route of a call; one without an operation when there is none."""
        exact = self._exact.get(path)
        if exact is not None:
            return exact.get(method) or self._nowhere._replace(allowed=list(exact))
        for methods in self._patterns.values():
            found = next(iter(methods.values())).parameters_of(path)
            if found is not None:
                route = methods.get(method)
                if route is None:
                    return self._nowhere._replace(allowed=list(methods))
                return Route(route.served, route.operation, found)
        return self._nowhere

    def advice(self, path: str) -> str:
        """For a path that leads nowhere: the revision that serves it, or the path that is most like it."""
        for revision in revisions():
            if path in _paths(load(revision).operations.values()):
                return f"revision {revision} serves it: start with --revision {revision}"
        near = nearest(path, self.paths())
        return f"nearest: {near}" if near else f"known: {', '.join(self.paths())}"


def _paths(operations: Iterable[Operation]) -> set[str]:
    return {operation.path for operation in operations}
