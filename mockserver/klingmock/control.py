"""Our own paths, under /__klingmock: no limits, no faults, no envelope."""

import hmac
from collections.abc import Callable, Mapping
from importlib import import_module
from ipaddress import ip_address
from typing import Any, NamedTuple

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from klingcontracts.check import bearer
from klingcontracts.contract import Contract
from klingcontracts.problem import Problem, unknown
from klingmock.answer import Answers
from klingmock.asked import MOST, Asked, of_body

PREFIX = "/__klingmock"
TOKEN_HEADER = "X-Klingmock-Control-Token"  # noqa: S105 - the name of a header
OPEN = "The control API is open to this machine only."


class Deed(NamedTuple):
    """One thing that can be asked of a world: the function that does it, and what it may be told.

    That of a GET is in `looks`, any other in `moves`. `takes` are names in the query of a GET, in the JSON
    body of any other; None where the function knows. `conflict` is the status when it can't be done.
    """

    method: str
    path: str
    does: str
    takes: tuple[str, ...] | None = ()
    conflict: int = 400


TASK = "/tasks/{task_id}"
DEEDS = (
    Deed(
        "GET",
        "/requests",
        "requests",
        ("operation", "method", "path", "status", "task_id", "findings", "after", "limit"),
    ),
    Deed("GET", "/tasks", "tasks"),
    Deed("GET", TASK, "task", conflict=404),
    Deed("POST", f"{TASK}/hold", "hold", conflict=409),
    Deed("POST", f"{TASK}/release", "release", conflict=409),
    Deed("POST", f"{TASK}/finish", "finish", conflict=409),
    Deed("POST", f"{TASK}/fail", "fail", conflict=409),
    Deed("GET", "/clock", "clock"),
    Deed("POST", "/clock", "clock", ("advance", "advance_to", "freeze", "speed")),
    Deed("GET", "/script", "script"),
    Deed("POST", "/script", "add_script", ("script",)),
    Deed("DELETE", "/script", "clear_script"),
    Deed("GET", "/ledger", "ledger", ("jobs",)),
    Deed("GET", "/verdict", "verdict", ("outcome", "jobs", "format")),
    Deed("POST", "/reset", "reset", None),
)
FREE = ("/health", "/ready", "/openapi.json")  # facts, for anyone who asks

Steer = Callable[[str | None], Any]  # an Authorization header -> the world of its key; Problem for none


def control(engine: Answers, steer: Steer | None = None, token: str | None = None) -> Starlette:
    """The control API of a server, an application of its own. `steer` finds the world of a call's key."""

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

    free = dict(zip(FREE, (health, health, openapi), strict=True))
    deeds = _endpoints(steer, token) if steer is not None else []
    paths = dict.fromkeys([*FREE, *(route.path for route in deeds)])

    async def nothing(request: Request, _: Exception) -> Response:
        """Any other path below the prefix."""
        known = [PREFIX + path for path in paths]
        return _problem(unknown("Control path", request.url.path, known, "Call one of these."), 404)

    routes = [*(Route(path, endpoint) for path, endpoint in free.items()), *deeds]
    app = Starlette(routes=routes, exception_handlers={404: nothing, 405: _wrong_method})
    app.router.redirect_slashes = False
    return app


def _endpoints(steer: Steer, token: str | None) -> list[Route]:
    """A route for each path, which finds the deed by the method."""
    by_path: dict[str, dict[str, Deed]] = {}
    for deed in DEEDS:
        by_path.setdefault(deed.path, {})[deed.method] = deed
    return [
        Route(path, _Endpoint(deeds, steer, token).answer, methods=list(deeds))
        for path, deeds in by_path.items()
    ]


class _Endpoint:
    """What stands behind one path."""

    def __init__(self, deeds: Mapping[str, Deed], steer: Steer, token: str | None) -> None:
        self._deeds = {**deeds, "HEAD": deeds["GET"]} if "GET" in deeds else deeds
        self._steer = steer
        self._token = token

    async def answer(self, request: Request) -> Response:
        """Do what is asked of the world of the key that asks."""
        closed = _closed(request, self._token)
        if closed is not None:
            return _problem(closed, 403)
        deed = self._deeds[request.method]
        authorization = request.headers.get("authorization")
        try:
            world = self._steer(authorization)
        except Problem as problem:
            return _problem(problem, 401)
        try:
            asked = await _asked(request, deed, bearer(authorization or "") or "")
        except Problem as problem:
            return _problem(problem, 400)
        try:
            told = _done(deed, world, asked)
        except Problem as problem:
            return _problem(problem, deed.conflict)
        return PlainTextResponse(told + "\n") if isinstance(told, str) else JSONResponse(told)


def _done(deed: Deed, world: Any, asked: Asked) -> Any:
    # Loaded when somebody asks: a server that nobody steers starts without them.
    looks = deed.method == "GET"
    module = import_module("klingmock.looks") if looks else import_module("klingmock.moves")
    return getattr(module, deed.does)(world, asked)


async def _asked(request: Request, deed: Deed, key: str) -> Asked:
    query = dict(request.query_params)
    if request.method in {"GET", "HEAD"}:
        values: Mapping[str, Any] = query
    elif query:
        raise Problem(f"A {request.method} takes no query.", "Put it into a JSON body.")
    else:
        values = of_body(await _body(request))
    found = Asked(values, key, request.path_params.get("task_id", ""))
    if deed.takes is not None:
        found.check(deed.takes)
    return found


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST:
            raise Problem(f"The body is larger than {MOST} bytes.", "Send less.")
    return bytes(body)


def _closed(request: Request, token: str | None) -> Problem | None:
    """Why this caller may not steer; None when it may."""
    if token is None:
        if request.client is None or _is_local(request.client.host):
            return None
        return Problem(OPEN, f"Start the server with --control-token, and send it as {TOKEN_HEADER}.")
    given = request.headers.get(TOKEN_HEADER, "")
    if hmac.compare_digest(given.encode(), token.encode()):
        return None
    remedy = f"Send that of --control-token as {TOKEN_HEADER}."
    return Problem("The control token is missing or wrong.", remedy)


def _is_local(host: str) -> bool:
    try:
        return ip_address(host.removeprefix("::ffff:")).is_loopback
    except ValueError:
        return False


async def _wrong_method(request: Request, error: Exception) -> Response:
    headers = error.headers if isinstance(error, HTTPException) else None
    allowed = (headers or {}).get("Allow", "GET")
    fact = f"Control path {request.url.path!r} takes no {request.method}."
    return _problem(Problem(fact, f"Call it with {allowed}."), 405, headers)


def _problem(problem: Problem, status: int, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"error": problem.fact, "remedy": problem.remedy}, status, headers)
