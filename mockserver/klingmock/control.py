"""Our own paths, under /__klingmock: no key, no limits, no envelope."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from klingcontracts.problem import Problem, unknown
from klingmock.answer import Mock

PREFIX = "/__klingmock"


def routes(mock: Mock) -> list[Route]:
    """The control API of a server."""
    by_name = {one.contract.revision: one.contract for one in mock.served}

    async def health(_: Request) -> Response:
        """Tell that the process is alive, and what it serves."""
        return JSONResponse({"name": "klingmock", "status": "ok", "revisions": list(by_name)})

    async def openapi(request: Request) -> Response:
        """The OpenAPI document of a served revision (?revision=), with the readings in force."""
        name = request.query_params.get("revision", next(iter(by_name)))
        if name not in by_name:
            return _problem(unknown("Revision", name, by_name, "Start the server with --revision."), 404)
        return JSONResponse(by_name[name].document)

    async def nothing(request: Request) -> Response:
        """Any other path below the prefix."""
        known = [f"{PREFIX}/{name}" for name in ("health", "ready", "openapi.json")]
        return _problem(unknown("Control path", request.url.path, known, "Call one of these with GET."), 404)

    return [
        Route("/health", health),
        Route("/ready", health),
        Route("/openapi.json", openapi),
        Route("/{rest:path}", nothing, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
    ]


def _problem(problem: Problem, status: int) -> Response:
    return JSONResponse({"error": problem.fact, "remedy": problem.remedy}, status)
