"""Our own paths, under /__klingmock: no key, no limits, no envelope."""

from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from klingcontracts.contract import Contract
from klingcontracts.problem import Problem, unknown
from klingmock.answer import Answers

PREFIX = "/__klingmock"


def control(engine: Answers) -> Starlette:
    """The control API of a server, an application of its own."""

    def by_name() -> dict[str, Contract]:
        return {one.contract.revision: one.contract for one in engine.served}

    async def health(_: Request) -> Response:
        """Tell that the process is alive, and what it serves."""
        return JSONResponse({"name": "klingmock", "status": "ok", "revisions": list(by_name())})

    async def openapi(request: Request) -> Response:
        """The OpenAPI document of a served revision (?revision=), with the readings in force."""
        served = by_name()
        name = request.query_params.get("revision", next(iter(served), ""))
        if name not in served:
            return _problem(unknown("Revision", name, served, "Start the server with --revision."), 404)
        # Whoever makes a client of it must not end at the vendor's host.
        home = {"servers": [{"url": f"{request.url.scheme}://{request.url.netloc}"}]}
        return JSONResponse({**served[name].document, **home})

    routes = [Route("/health", health), Route("/ready", health), Route("/openapi.json", openapi)]
    known = [PREFIX + route.path for route in routes]

    async def nothing(request: Request, _: Exception) -> Response:
        """Any other path below the prefix."""
        return _problem(unknown("Control path", request.url.path, known, "Call one of these with GET."), 404)

    app = Starlette(routes=routes, exception_handlers={404: nothing, 405: _wrong_method})
    app.router.redirect_slashes = False
    return app


async def _wrong_method(request: Request, error: Exception) -> Response:
    headers = error.headers if isinstance(error, HTTPException) else None
    fact = f"Control path {request.url.path!r} takes no {request.method}."
    return _problem(Problem(fact, "Call it with GET."), 405, headers)


def _problem(problem: Problem, status: int, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"error": problem.fact, "remedy": problem.remedy}, status, headers)
