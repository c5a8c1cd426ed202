"""A state machine over the whole API: submit, poll, wait, other keys, expiry and limits."""

import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, RuleBasedStateMachine, multiple, precondition, rule

from klingcontracts.bodies import valid_bodies
from klingcontracts.breaks import breaks_of, broken
from klingcontracts.check import check_history, check_reply
from klingcontracts.contract import Contract, load
from klingcontracts.document import DEFAULT
from klingcontracts.exchange import Call, Reply
from klingcontracts.report import Nonconforming, stop_at
from klingcontracts.rule import Rule
from klingcontracts.target import Target

Valid = st.runner().flatmap(lambda machine: valid_bodies(machine.contract, "submit", notes=False))
Broken = st.runner().flatmap(lambda machine: _broken(machine.contract))
Key = st.sampled_from([0, 1])
Seconds = st.sampled_from([1.0, 5.0, 0.25, 60.0, 600.0, 43_200.0, 200_000.0])


def _broken(contract: Contract) -> st.SearchStrategy[tuple[Any, Rule]]:
    return broken(contract, "submit", breaks_of(contract).refused)


class Seen:
    """What the machine knows of one task. Times are seconds on the machine's own count."""

    def __init__(self, key: int, at: float) -> None:
        self.key = key
        self.submitted_at = at
        self.statuses: list[str] = []
        self.ended_by: float | None = None  # when it was first seen at its end
        self.gone = False
        self.running_at: float | None = None  # when it was last seen before its end


class TaskMachine(RuleBasedStateMachine):
    """Submits and polls as clients do, and fails when a reply or a task's life breaks the contract.

    Make one of your own with `TaskMachine.against(connect)`; `connect()` gives a fresh Target for each run.
    """

    contract: ClassVar[Contract] = load()
    connect: ClassVar[Callable[[], Target]]
    tasks: Bundle[str] = Bundle("tasks")

    @classmethod
    def against(
        cls, connect: Callable[[], Target], contract: Contract | str = DEFAULT
    ) -> "type[TaskMachine]":
        """The machine for these targets; its `.TestCase` is what pytest and unittest run."""
        loaded = load(contract) if isinstance(contract, str) else contract
        return type("TaskMachineAgainst", (cls,), {"contract": loaded, "connect": staticmethod(connect)})

    def __init__(self) -> None:
        super().__init__()
        self.target = type(self).connect()
        self._advance = self.target.advance or float  # without a clock, nothing waits
        self.now = 0.0
        self.sent: dict[int, list[float]] = defaultdict(list)  # when each key called
        self.seen: dict[str, Seen] = {}
        self._number = 0

    # What a client can do.

    @rule(target=tasks, key=Key, body=Valid)
    def submit(self, key: int, body: Any) -> "str | MultipleResults[str]":
        """A valid job is accepted, or a limit that is on stands against it."""
        task_id = self._accepted(key, body)
        return multiple() if task_id is None else task_id

    @rule(key=Key, broken=Broken)
    def submit_broken(self, key: int, broken: tuple[Any, Rule]) -> None:
        """A body that breaks a rule is refused, as this rule is refused."""
        body, broke = broken
        reply = self._submit(key, body)
        if reply.status != 429:
            error = self.contract.errors[broke.error]
            _hold(reply.status == error.status, _surprise(f"a body that breaks {broke.id}", body, reply))

    @rule(task_id=tasks)
    def poll(self, task_id: str) -> None:
        """A task goes on as the lifecycle allows, and is there until it expires."""
        seen = self.seen[task_id]
        reply = self._poll(seen.key, task_id)
        if reply.status == 429:
            return
        _hold(reply.status in {200, 404}, _surprise("a poll", task_id, reply))
        if reply.status == 404:
            self._is_gone(task_id, seen)
        else:
            self._is_there(task_id, seen, str(json.loads(bytes(reply.body))["data"]["status"]))

    @rule(task_id=tasks)
    def poll_again(self, task_id: str) -> None:
        """A poll changes nothing: at the same time, the same answer."""
        seen = self.seen[task_id]
        first, second = (self._poll(seen.key, task_id) for _ in range(2))
        if self.target.advance is not None and 429 not in {first.status, second.status}:
            _hold(
                (first.status, bytes(first.body)) == (second.status, bytes(second.body)),
                f"two polls of {task_id} differ",
            )

    @rule(task_id=tasks)
    def poll_with_another_key(self, task_id: str) -> None:
        """A task is there for the key that submitted it, and for no other."""
        reply = self._poll(1 - self.seen[task_id].key, task_id)
        _hold(reply.status in {404, 429}, _surprise("a poll with another key", task_id, reply))

    @rule(key=Key, task_id=st.sampled_from(["task-of-nobody", "x" * 512, "0"]))
    def poll_nothing(self, key: int, task_id: str) -> None:
        """A task that was never submitted is not there."""
        reply = self._poll(key, task_id)
        _hold(reply.status in {404, 429}, _surprise("a poll of no task", task_id, reply))

    @precondition(lambda self: self.target.advance is not None)
    @rule(seconds=Seconds)
    def wait(self, seconds: float) -> None:
        """Time goes on."""
        self._advance(seconds)
        self.now += seconds

    @precondition(lambda self: self.target.advance is not None)
    @rule(task_id=tasks, waits=st.lists(Seconds, min_size=2, max_size=5))
    def follow(self, task_id: str, waits: list[float]) -> None:
        """One task for a while; polls and waits that are drawn one by one seldom see it end and expire."""
        for seconds in waits:
            self.wait(seconds)
            self.poll(task_id)

    @precondition(lambda self: self.target.limited and self.target.advance is not None)
    @rule(key=Key)
    def burst(self, key: int) -> None:
        """More requests at once than a window allows: the last one is too many."""
        for _ in range(int(self._rate["requests"]) + 1):
            reply = self._poll(key, "task-of-nobody")
        _hold(reply.status == 429, _surprise("one request too many", key, reply))

    @precondition(lambda self: self.target.limited and self.target.advance is not None)
    @rule(target=tasks, key=Key, body=Valid)
    def crowd(self, key: int, body: Any) -> "MultipleResults[str]":
        """More jobs at once than may run: each that was accepted is looked at, before time goes on."""
        most = self.contract.document["x-limits"]["concurrency"]["tasks"]
        accepted = [task_id for _ in range(most + 1) if (task_id := self._accepted(key, body)) is not None]
        for task_id in accepted:
            self.poll(task_id)
        return multiple(*accepted)

    # What is held against each reply.

    @property
    def _rate(self) -> Any:
        return self.contract.document["x-limits"]["rate"]

    def _accepted(self, key: int, body: Any) -> str | None:
        """The id of the task that was made of a valid body; None when a limit stood against it."""
        reply = self._submit(key, body)
        if reply.status == 429:
            return None
        _hold(reply.status == 200, _surprise("a valid body", body, reply))
        task_id = str(json.loads(bytes(reply.body))["data"]["task_id"])
        _hold(task_id not in self.seen, f"the id {task_id} was given twice")
        self.seen[task_id] = Seen(key, self.now)
        return task_id

    def _submit(self, key: int, body: Any) -> Reply:
        return self._call("submit", key, "", json.dumps(body).encode())

    def _poll(self, key: int, task_id: str) -> Reply:
        return self._call("task", key, task_id)

    def _call(self, name: str, key: int, task_id: str, body: bytes = b"") -> Reply:
        operation = self.contract.operation(name)
        headers = {"authorization": f"Bearer {self.target.keys[key]}", "content-type": "application/json"}
        call = Call(operation.method, operation.path.replace("{task_id}", task_id), headers, body)
        reply = self.target.answer(call)
        self._number += 1
        self.sent[key].append(self.now)
        found = check_reply(self.contract, operation, call, reply)
        stop_at(self.contract, [(self._number, finding) for finding in found], self._number)
        if reply.status == 429:
            self._may_be_refused(key, name)
        return reply

    def _may_be_refused(self, key: int, name: str) -> None:
        _hold(self.target.limited, "429, though no limit is on")
        rate = self._rate
        keys = self.sent if rate["scope"] == "team" else {key}
        of_late = [at for one in keys for at in self.sent[one] if at > self.now - rate["seconds"]]
        open_tasks = [seen for seen in self.seen.values() if seen.key == key and seen.ended_by is None]
        most = self.contract.document["x-limits"]["concurrency"]["tasks"]
        crowded = name == "submit" and len(open_tasks) >= most
        _hold(len(of_late) > rate["requests"] or crowded, f"429 after {len(of_late)} requests")

    def _is_there(self, task_id: str, seen: Seen, status: str) -> None:
        _hold(not seen.gone, f"{task_id} is back after a 404")
        seen.statuses.append(status)
        found = check_history(self.contract, seen.statuses)
        stop_at(self.contract, [(self._number, finding) for finding in found], self._number)
        if self.contract.document["x-lifecycle"]["statuses"][status]["terminal"]:
            seen.ended_by = self.now if seen.ended_by is None else seen.ended_by
            overdue = self.now - seen.ended_by - self._retention
            _hold(overdue <= 0, f"{task_id} is there {overdue} seconds after its end and retention")
        else:
            seen.running_at = self.now
            self._not_too_many(seen.key)

    def _is_gone(self, task_id: str, seen: Seen) -> None:
        seen.gone = True
        if self.target.advance is not None:
            age = self.now - seen.submitted_at
            _hold(age >= self._retention, f"{task_id} is gone after {age} seconds")

    def _not_too_many(self, key: int) -> None:
        most = self.contract.document["x-limits"]["concurrency"]["tasks"]
        running = [seen for seen in self.seen.values() if seen.key == key and seen.running_at == self.now]
        if self.target.limited and self.target.advance is not None:
            _hold(len(running) <= most, f"{len(running)} tasks run at once")

    @property
    def _retention(self) -> float:
        return float(self.contract.document["x-lifecycle"]["retention"]["seconds"])


def _hold(truth: bool, otherwise: str) -> None:
    if not truth:
        raise Nonconforming(otherwise)


def _surprise(what: str, sent: Any, reply: Reply) -> str:
    told = bytes(reply.body)[:300].decode("utf-8", "replace")
    return f"{what} ({str(sent)[:300]}) was answered with {reply.status}: {told}"
