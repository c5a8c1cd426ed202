"""Our own paths, under /__klingmock: no limits, no faults, no envelope."""

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, NamedTuple

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from klingcontracts.check import bearer
from klingcontracts.contract import Contract
from klingcontracts.problem import Problem, unknown
from klingmock.accepted import NoTask, Unfit
from klingmock.answer import Answers
from klingmock.asked import MOST, Asked, of_body
from klingmock.gate import Gate

PREFIX = "/__klingmock"
LONGEST = 100  # characters of a name that a reply repeats
MOST_SAID = 1000  # characters of a reason: what it repeats of a caller's may be long


class Deed(NamedTuple):
    """One thing that can be asked of a world: the function that does it, what it may be told, and a sentence.

    That of a GET is in `looks`, any other in `moves`. `takes` are names in the query of a GET, in the JSON
    body of any other; None where the function knows.
    """

    method: str
    path: str
    does: str
    says: str
    takes: tuple[str, ...] | None = ()


TASK = "/tasks/{task_id}"
DEEDS = (
    Deed(
        "GET",
        "/requests",
        "requests",
        "the exchanges, oldest first, a page at a time, with what each broke",
        ("operation", "method", "path", "status", "task_id", "findings", "after", "limit"),
    ),
    Deed("GET", "/tasks", "tasks", "the accepted jobs"),
    Deed("GET", TASK, "task", "one of them: its status, its future, its price"),
    Deed("POST", f"{TASK}/hold", "hold", "it stays in its status"),
    Deed("POST", f"{TASK}/release", "release", "it goes on, held or stuck by a script"),
    Deed("POST", f"{TASK}/finish", "finish", "it ends now, with success"),
    Deed("POST", f"{TASK}/fail", "fail", "it ends now, failed"),
    Deed("GET", "/clock", "clock", "the time, Unix seconds, and how it passes"),
    Deed(
        "POST",
        "/clock",
        "clock",
        "time passes by seconds, until a moment or a task's status, stands still, or goes at a speed",
        ("advance", "advance_to", "freeze", "speed"),
    ),
    Deed("GET", "/script", "script", "each fault: how often it was asked for, has fired, and is left"),
    Deed("POST", "/script", "add_script", "more faults, behind those that are there", ("script",)),
    Deed("DELETE", "/script", "clear_script", "no faults any more"),
    Deed("GET", "/ledger", "ledger", "the balance, the charges, and what was paid for twice", ("jobs",)),
    Deed(
        "GET",
        "/verdict",
        "verdict",
        "what the client did wrong, rule by rule",
        ("outcome", "jobs", "format"),
    ),
    Deed("POST", "/reset", "reset", "the world begins anew, with the options given here", None),
)
FREE = ("/health", "/ready", "/openapi.json")  # facts, for anyone who asks

Steer = Callable[[str | None], Any]  # an Authorization header -> the world of its key; Problem for none


def control(engine: Answers, steer: Steer | None = None, gate: Gate | None = None) -> Starlette:
    """The control API of a server, an application of its own. `steer` finds the world of a call's key."""

    def by_name() -> dict[str, Contract]:
        return {one.contract.revision: one.contract for one in engine.served}

    async def health(_: Request) -> Response:
        """Tell that the process is alive, and what it serves."""
        return _json({"name": "klingmock", "status": "ok", "revisions": list(by_name())})

    async def openapi(request: Request) -> Response:
        """The OpenAPI document of a served revision (?revision=), with the readings in force."""
        served = by_name()
        try:
            asked = Asked(_query(request), from_query=True)
            asked.check(["revision"])
        except Problem as problem:
            return _problem(problem, 400)
        name = str(asked.values.get("revision", next(iter(served), "")))
        if name not in served:
            remedy = "Start the server with --revision."
            return _problem(unknown("Revision", name[:LONGEST], served, remedy), 404)
        # Whoever makes a client of it must not end at the vendor's host.
        home = {"servers": [{"url": f"{request.url.scheme}://{request.url.netloc}"}]}
        return _json({**served[name].document, **home})

    free = dict(zip(FREE, (health, health, openapi), strict=True))
    deeds = _endpoints(steer, gate or Gate()) if steer is not None else []
    paths = dict.fromkeys([*FREE, *(route.path for route in deeds)])

    async def nothing(request: Request, _: Exception) -> Response:
        """Any other path below the prefix."""
        known = [PREFIX + path for path in paths]
        name = request.url.path[:LONGEST]
        return _problem(unknown("Control path", name, known, "Call one of these."), 404)

    routes = [*(Route(path, endpoint) for path, endpoint in free.items()), *deeds]
    app = Starlette(routes=routes, exception_handlers={404: nothing, 405: _wrong_method})
    app.router.redirect_slashes = False
    return app


def _endpoints(steer: Steer, gate: Gate) -> list[Route]:
    """A route for each path, which finds the deed by the method."""
    by_path: dict[str, dict[str, Deed]] = {}
    for deed in DEEDS:
        by_path.setdefault(deed.path, {})[deed.method] = deed
    return [
        Route(path, _Endpoint(deeds, steer, gate).answer, methods=list(deeds))
        for path, deeds in by_path.items()
    ]


class _Endpoint:
    """What stands behind one path."""

    def __init__(self, deeds: Mapping[str, Deed], steer: Steer, gate: Gate) -> None:
        self._deeds = {**deeds, "HEAD": deeds["GET"]} if "GET" in deeds else deeds
        self._steer = steer
        self._gate = gate

    async def answer(self, request: Request) -> Response:
        """Do what is asked of the world of the key that asks."""
        client = request.client
        closed = self._gate.closed(client and client.host, request.headers)
        if closed is not None:
            return _problem(closed, 403)
        deed = self._deeds[request.method]
        authorization = request.headers.get("authorization")
        try:
            world = self._steer(authorization)
        except Problem as problem:
            return _problem(problem, 401)
        try:
            body = await _body(request)
        except ClientDisconnect:
            return Response(status_code=400)  # to nobody
        if body is None:
            return _problem(Problem(f"The body is larger than {MOST} bytes.", "Send less."), 413)
        try:
            asked = _asked(request, deed, body, bearer(authorization or "") or "")
        except Problem as problem:
            return _problem(problem, 400)
        return _told(deed, world, asked)


def _told(deed: Deed, world: Any, asked: Asked) -> Response:
    try:
        told = _done(deed, world, asked)
    except NoTask as problem:
        return _problem(problem, 404)
    except Unfit as problem:
        return _problem(problem, 409)
    except Problem as problem:
        return _problem(problem, 400)
    return PlainTextResponse(told + "\n") if isinstance(told, str) else _json(told)


def _done(deed: Deed, world: Any, asked: Asked) -> Any:
    # Loaded when somebody asks: a server that nobody steers starts without them.
    looks = deed.method == "GET"
    module = import_module("klingmock.looks") if looks else import_module("klingmock.moves")
    return getattr(module, deed.does)(world, asked)


def _asked(request: Request, deed: Deed, body: bytes, key: str) -> Asked:
    query, looks = _query(request), request.method in {"GET", "HEAD"}
    if looks and body.strip() not in {b"", b"{}"}:
        raise Problem(f"A {request.method} takes no body.", "Put it into the query.")
    if query and not looks:
        raise Problem(f"A {request.method} takes no query.", "Put it into a JSON body.")
    found = Asked(query if looks else of_body(body), key, request.path_params.get("task_id", ""), looks)
    if deed.takes is not None:
        found.check(deed.takes)
    return found


def _query(request: Request) -> Mapping[str, str]:
    query: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name in query:
            raise Problem(f"Parameter {name[:LONGEST]!r} is given twice.", "Give it once.")
        query[name] = value
    return query


async def _body(request: Request) -> bytes | None:
    """The body; None for one that is too large."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST:
            return None
    return bytes(body)


async def _wrong_method(request: Request, error: Exception) -> Response:
    headers = error.headers if isinstance(error, HTTPException) else None
    allowed = (headers or {}).get("Allow", "GET")
    fact = f"Control path {request.url.path[:LONGEST]!r} takes no {request.method}."
    return _problem(Problem(fact, f"Call it with {allowed}."), 405, headers)


def _json(told: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    # In ASCII: what a client sent may hold half a character, which has no bytes of its own.
    return Response(json.dumps(told), status, headers, "application/json")


def _problem(problem: Problem, status: int, headers: Mapping[str, str] | None = None) -> Response:
    fact = problem.fact if len(problem.fact) <= MOST_SAID else f"{problem.fact[:MOST_SAID]}…"
    return _json({"error": fact, "remedy": problem.remedy}, status, headers)
