"""The one decision: a call becomes a reply. No socket, no waiting, nothing asynchronous."""

from collections.abc import Mapping, Sequence
from random import getrandbits
from threading import Lock
from typing import Any, Protocol

from klingcontracts.check import check_body, wire
from klingcontracts.contract import Contract, Operation
from klingcontracts.exchange import Call, Reply
from klingcontracts.finding import Finding
from klingcontracts.problem import Problem
from klingmock.clock import Clock, System
from klingmock.damage import Scene
from klingmock.faults import Fault
from klingmock.journal import Journal
from klingmock.keys import UNFUNDED, Keys
from klingmock.ledger import CHARGED
from klingmock.limits import TEAM
from klingmock.refusal import NO_HEADERS, Answer, not_allowed, noted, one_line, refuse
from klingmock.routes import Route, Routes
from klingmock.script import Script
from klingmock.scripted import fated, fates, faulted, hinted, no_script, scripted
from klingmock.scripts import Scripts
from klingmock.served import Plan, Served
from klingmock.store import Memory, Store
from klingmock.task import Task
from klingmock.videos import Videos, why

MAX_BODY = 64 * 2**20  # bytes; the cap of the vendor's own client (C4)
LONGEST_ID = 128  # characters of a request id, a path or a task id that a reply repeats


class Answers(Protocol):
    """What a server needs of the engine behind it; `served` may be another at another time, never empty."""

    @property
    def served(self) -> Sequence[Served]:
        """The revisions that are served; the first is the one that speaks where none is asked for."""

    @property
    def max_body(self) -> int:
        """Bytes of the largest request body."""

    def answer(self, call: Call) -> Reply:
        """Answer a call, from any thread."""


class Mock:
    """The fake vendor: `answer` turns a call into a reply. One key, one world."""

    def __init__(
        self,
        contracts: Sequence[Contract],
        plan: Plan | None = None,
        *,
        clock: Clock | None = None,
        store: Store | None = None,
        keys: Keys | None = None,
        journal: Journal | None = None,
        scripts: Scripts | None = None,
        max_body: int = MAX_BODY,
        like: "Mock | None" = None,
    ) -> None:
        if not contracts:
            raise Problem(
                "There is no contract to answer by.", "Give Mock at least one, as in Mock([load()])."
            )
        self.plan = plan or Plan()
        self.served: Sequence[Served] = like.served if like else [Served(one, self.plan) for one in contracts]
        self.clock: Clock = clock or System()
        self.store: Store = store or Memory()
        self.keys = keys or Keys()
        self.journal = journal or Journal()
        self.scripts = scripts or Scripts()
        self.max_body = max_body
        self.routes: Routes = like.routes if like else Routes(self.served)
        self.team = like.store if like else self.store  # counts the requests of all keys together
        self._lock = Lock()
        self._by_contract = {one.contract: one for one in self.served}
        self._media = contracts[0].media
        self._videos = Videos(self.served, self.store)

    def answer(self, call: Call) -> Reply:
        """Answer a call, from any thread. Never raises for anything that a caller can send."""
        with self._lock:
            return self._answer(call)

    def replace(self, task: Task) -> None:
        """Let a task have another future."""
        with self._lock:
            self.store.replace(task)

    def _answer(self, call: Call) -> Reply:
        now = self.clock.now()
        request_id = _request_id(call)
        if call.path.startswith(self._media):
            answer, file = self._video(call, now, request_id)
            reply = file or _reply(answer, request_id, answer.headers)
        else:
            answer, headers = self._decide(call, now, request_id)
            reply = _reply(answer, request_id, headers)
        if answer.faults:
            answer, reply = faulted(answer, reply, Scene(call, now))
        self.journal.add(call, reply, now, answer)
        return reply

    def _decide(self, call: Call, now: float, request_id: str) -> tuple[Answer, Mapping[str, str]]:
        # The order (an open question): authenticate, route, limits, then what the operation itself asks.
        # A script stands behind the limits: what they refuse is no call that a fault could meet.
        route = self.routes.find(call.method, call.path)
        served, operation = route.served, route.operation
        owner, rule, hint = self.keys.admit(call.headers.get("authorization"))
        if not owner:
            if operation is not None and not operation.key_required:
                return Answer(200, served.replies.valid_key(valid=False), operation.id), NO_HEADERS
            return refuse(served.contract, [wire(served.contract, rule, hint)], hint=hint), NO_HEADERS
        headers, spent = self._spend(served, owner, now)
        if operation is None:
            answer = self._nowhere(call, route)
        elif spent is not None:
            answer = refuse(served.contract, [spent], operation.id)
        elif self.scripts.concerns(call):
            answer = hinted(self._scripted(route, operation, call, owner, now, request_id), call)
        else:
            answer = self._perform(route, operation, call, owner, now, request_id)
        shown = headers if served.limits.always or answer.status == 429 else NO_HEADERS
        return answer, {**shown, **answer.headers} if answer.headers else shown

    def _scripted(
        self, route: Route, operation: Operation, call: Call, owner: str, now: float, request_id: str
    ) -> Answer:
        task_id = route.parameters.get("task_id", "")
        try:
            script = self.scripts.of_call(owner, call, task_id)
        except Problem as problem:
            return no_script(route.served.contract, problem, operation.id)
        crowded = operation.id == "submit" and self._crowded(route.served, owner, now) is not None
        fault = None if crowded else script.next(operation.id)
        if fault is None:
            return self._perform(route, operation, call, owner, now, request_id, script)
        if fault.kind.carried_out:
            answer = self._perform(route, operation, call, owner, now, request_id, script)
        else:
            blanks = {"task_id": task_id[:LONGEST_ID]}
            answer = self._instead(route.served, fault, operation.id, call, blanks, now)
        return answer._replace(faults=(fault, *answer.faults))

    def _instead(
        self, served: Served, fault: Fault, operation: str, call: Call, blanks: Mapping[str, Any], now: float
    ) -> Answer:
        rate, limits = served.contract.document["x-limits"]["rate"], served.limits
        requests = limits.team or limits.rate or rate["requests"]
        limit = self.max_body if fault.status == 413 else requests
        told = {"path": call.path[:LONGEST_ID], "method": call.method, "limit": limit}
        return scripted(served.contract, fault, operation, {**told, "seconds": limits.seconds, **blanks}, now)

    def _perform(
        self,
        route: Route,
        operation: Operation,
        call: Call,
        owner: str,
        now: float,
        request_id: str,
        script: Script | None = None,
    ) -> Answer:
        if operation.id == "submit":
            return self._submit(route.served, operation, call, owner, now, request_id, script)
        if operation.id == "task":
            return self._query(route.served, route.parameters["task_id"], call.origin, owner, now)
        return self._read(route.served, operation, call.origin, owner, now)

    def _spend(self, served: Served, owner: str, now: float) -> tuple[Mapping[str, str], Finding | None]:
        limits = served.limits
        headers = NO_HEADERS
        for store, limit, who in ((self.team, limits.team, TEAM), (self.store, limits.rate, owner)):
            if limit is not None:
                count = store.count_in(who, limits.window(now))
                headers = limits.headers(limit, count, now)
                if count > limit:
                    seen = f"request {count}"
                    return headers, wire(
                        served.contract, "limit.rate", seen, limit=limit, seconds=limits.seconds
                    )
        return headers, None

    def _nowhere(self, call: Call, route: Route) -> Answer:
        contract, path = route.served.contract, call.path[:LONGEST_ID]
        if route.allowed:
            return not_allowed(contract, call.method, ", ".join(route.allowed))
        finding = wire(contract, "route.unknown-path", path, path=path)
        return refuse(contract, [finding], hint=self.routes.advice(path))

    def _submit(
        self,
        served: Served,
        operation: Operation,
        call: Call,
        owner: str,
        now: float,
        request_id: str,
        script: Script | None,
    ) -> Answer:
        contract = served.contract
        crowded = self._crowded(served, owner, now)
        if crowded is not None:
            return refuse(contract, [crowded], "submit")
        if call.oversize:
            large = wire(contract, "submit.body.size", "more bytes", "submit", limit=self.max_body)
            return refuse(contract, [large], "submit")
        body, broken, notes = check_body(contract, operation, call.body)
        if broken:
            return refuse(contract, broken, "submit")
        if served.charges and served.price(body) > max(0, self.left(served, owner, now)):
            return refuse(contract, [wire(contract, "balance.insufficient", "too low", "submit")], "submit")
        task = served.task(owner, self.store.count(owner, "submissions"), now, body, request_id)
        fate = script.next("outcome") if script is not None else None
        if fate is not None:
            task = fated(task, fate)
        if script is not None:
            self.scripts.accepted(owner, call, task.id)
        self.store.put(task)
        self.store.count(owner, CHARGED, task.price)
        hint = noted(notes, operation) if notes else ""
        told = served.replies.submitted(task, call.origin)
        return Answer(200, told, "submit", notes, hint, NO_HEADERS, () if fate is None else (fate,))

    def _crowded(self, served: Served, owner: str, now: float) -> Finding | None:
        most = served.limits.concurrency
        if most is not None:
            running = self.store.running(owner, now)
            if running >= most:
                seen = f"{running} running"
                return wire(served.contract, "limit.concurrency", seen, "submit", limit=most)
        return None

    def _query(self, served: Served, task_id: str, origin: str, owner: str, now: float) -> Answer:
        task = self.store.get(task_id)
        status = task.status(now) if task is not None and task.owner == owner else None
        if task is None or status is None:
            finding = wire(served.contract, "task.unknown", "", "task", task_id=task_id[:LONGEST_ID])
            return refuse(served.contract, [finding], "task", why(task, owner))
        # A task answers in the shape of the revision it was submitted to.
        replies = self._by_contract[task.contract].replies
        fate = fates(task.fate) if task.fate and status == task.outcome else ()
        return Answer(200, replies.queried(task, status, origin), "task", faults=fate)

    def _read(self, served: Served, operation: Operation, origin: str, owner: str, now: float) -> Answer:
        replies = served.replies
        if operation.id == "models":
            return Answer(200, replies.models(origin), "models")
        if operation.id == "balance":
            return Answer(200, replies.balance(max(0, self.left(served, owner, now))), "balance")
        return Answer(200, replies.valid_key(valid=True), operation.id)

    def left(self, served: Served, owner: str, now: float) -> int:
        """What a key has left, in ten-thousandths of a dollar; below 0 where nothing is refused for money."""
        opening = 0 if owner.startswith(UNFUNDED) else served.opening
        return opening - self.store.count(owner, CHARGED, 0) + self.store.returned(owner, now)

    def _video(self, call: Call, now: float, request_id: str) -> tuple[Answer, Reply | None]:
        contract = self.served[0].contract
        if call.method not in {"GET", "HEAD"}:
            return not_allowed(contract, call.method, "GET, HEAD"), None
        task = self._videos.task(call.path)
        owner, task_id = (task.owner, task.id) if task is not None else ("", "")
        try:
            wanted = self.scripts.concerns(call)
            fault = self.scripts.of_call(owner, call, task_id).next("media") if wanted else None
        except Problem as problem:
            return no_script(contract, problem, "video"), None
        if fault is None:
            return self._videos.file(task, call, now, request_id)
        if fault.kind.carried_out:
            answer, file = self._videos.file(task, call, now, request_id)
        else:
            answer, file = self._instead(self.served[0], fault, "video", call, {}, now), None
        return answer._replace(faults=(fault,)), file


def _reply(answer: Answer, request_id: str, more: Mapping[str, str]) -> Reply:
    body = answer.body.encode()
    headers = {
        "content-type": "application/json",
        "content-length": str(len(body)),
        "x-request-id": request_id,
        **more,
    }
    if answer.hint:
        headers["x-klingmock-hint"] = one_line(answer.hint)
    return Reply(answer.status, headers, body)


def _request_id(call: Call) -> str:
    given = call.headers.get("x-request-id", "")
    if given and len(given) <= LONGEST_ID and given.isascii() and given.isprintable():
        return given
    return f"req-{getrandbits(64):016x}"
