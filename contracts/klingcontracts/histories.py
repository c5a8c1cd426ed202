"""What a server may answer, and the whole life of a task as one who polls sees it."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from klingcontracts.check import reachable
from klingcontracts.contract import Contract
from klingcontracts.exchange import Reply
from klingcontracts.problem import Problem, unknown
from klingcontracts.rule import Rule
from klingcontracts.values import values

MOST_REPEATS = 3  # polls that see one status
PASSING = (429, 500, 503)  # documented errors that the next poll may be rid of


class History(NamedTuple):
    """One task as its polls see it. `statuses` leaves out the polls that met an error."""

    task_id: str
    replies: tuple[Reply, ...]
    statuses: tuple[str, ...]


@lru_cache(maxsize=256)
def replies_of(contract: Contract, operation: str, status: int | None) -> SearchStrategy[Reply]:
    """Documented replies of an operation, of any status or of this one."""
    known = contract.operation(operation).replies
    if status is not None and status not in known:
        raise unknown("Status", str(status), map(str, known), f"Revision {contract.revision} has no other.")
    return st.one_of([_reply(contract, operation, one) for one in ([status] if status else known)])


def _reply(contract: Contract, operation: str, status: int) -> SearchStrategy[Reply]:
    found = contract.operation(operation)
    headers = {name: values(shape.schema) for name, shape in found.headers[status].items()}
    return st.builds(
        _as_reply, st.just(status), values(found.replies[status].schema), st.fixed_dictionaries(headers)
    )


def _as_reply(status: int, value: Any, headers: Mapping[str, Any]) -> Reply:
    body = json.dumps(value, ensure_ascii=False).encode()
    told = {name: str(inner) for name, inner in headers.items()}
    return Reply(status, {"content-type": "application/json", **told}, body)


@st.composite
def legal(draw: DrawFn, contract: Contract) -> History:
    """A history that the lifecycle allows."""
    return draw(_told(contract, draw(_way(_lifecycle(contract))), late=True))


def illegal(contract: Contract) -> SearchStrategy[tuple[History, Rule]]:
    """Histories that break one rule, once, and the rule."""
    lifecycle = _lifecycle(contract)
    breaks = [(one, other) for one in lifecycle for other in lifecycle if _forbidden(lifecycle, one, other)]
    if not breaks:
        raise Problem(f"Revision {contract.revision} allows any order.", "Ask for another rule.")
    return st.one_of(_going_back(contract, breaks), _of_another(contract))


ORDER, ECHO = "task.lifecycle.order", "task.reply.data.task_id.echo"


@st.composite
def _going_back(draw: DrawFn, contract: Contract, breaks: Sequence[tuple[str, str]]) -> tuple[History, Rule]:
    lifecycle = _lifecycle(contract)
    before, after = draw(st.sampled_from(breaks))
    first = draw(_way(lifecycle).map(lambda way: _until(lifecycle, way, before)))
    last = draw(_way(lifecycle, after))
    return draw(_told(contract, [*first, *last], late=False)), contract.rules[ORDER]


@st.composite
def _of_another(draw: DrawFn, contract: Contract) -> tuple[History, Rule]:
    history = draw(_told(contract, draw(_way(_lifecycle(contract))), late=False))
    places = [place for place, reply in enumerate(history.replies) if reply.status == 200]
    place = draw(st.sampled_from(places))
    reply = history.replies[place]
    told = json.loads(bytes(reply.body))
    told["data"]["task_id"] = draw(st.sampled_from(["task-of-another", f"{history.task_id}0"]))
    other = reply._replace(body=json.dumps(told, ensure_ascii=False).encode())
    replies = (*history.replies[:place], other, *history.replies[place + 1 :])
    return history._replace(replies=replies), contract.rules[ECHO]


def _lifecycle(contract: Contract) -> Mapping[str, Any]:
    return dict(contract.document["x-lifecycle"]["statuses"])


def _forbidden(lifecycle: Mapping[str, Any], one: str, other: str) -> bool:
    return one != other and other not in reachable(lifecycle, one)


def _until(lifecycle: Mapping[str, Any], way: Sequence[str], status: str) -> list[str]:
    """The part of a way that may come before the status, and the status."""
    return [*(one for one in way if status in reachable(lifecycle, one)), status]


@st.composite
def _way(draw: DrawFn, lifecycle: Mapping[str, Any], start: str = "") -> list[str]:
    """Statuses in an allowed order; some may be missed, each may be seen again."""
    status, way = start or next(iter(lifecycle)), []
    while True:
        repeats = draw(st.integers(1 if status == start else 0, MOST_REPEATS))
        way += [status] * repeats
        following = lifecycle[status]["next"]
        if not following or (way and not draw(st.integers(0, 4))):
            return way or [status]
        status = draw(st.sampled_from(following))


@st.composite
def _told(draw: DrawFn, contract: Contract, way: Sequence[str], *, late: bool) -> History:
    task_id = draw(
        st.sampled_from(["task-1", "task-abc123"]) | st.from_regex(r"task-[0-9a-f]{24}", fullmatch=True)
    )
    errors = [status for status in PASSING if status in contract.operation("task").replies]
    replies: list[Reply] = []
    for status in way:
        if errors and draw(st.integers(0, 3)) == 3:
            replies.append(draw(replies_of(contract, "task", draw(st.sampled_from(errors)))))
        replies.append(draw(_poll(contract, status)))
    lifecycle = _lifecycle(contract)
    if late and way and not lifecycle[way[-1]]["next"] and draw(st.booleans()):
        replies.append(draw(replies_of(contract, "task", 404)))
    return History(task_id, tuple(_about(task_id, reply) for reply in replies), tuple(way))


def _about(task_id: str, reply: Reply) -> Reply:
    if reply.status != 200:
        return reply
    told = json.loads(bytes(reply.body))
    told["data"]["task_id"] = task_id
    return reply._replace(body=json.dumps(told, ensure_ascii=False).encode())


@lru_cache(maxsize=256)
def _poll(contract: Contract, status: str) -> SearchStrategy[Reply]:
    schema = dict(contract.operation("task").replies[200].schema)
    data = dict(schema["properties"]["data"])
    said = {**data["properties"], "status": {"const": status}}
    schema["properties"] = {**schema["properties"], "data": {**data, "properties": said}}
    return st.builds(_as_reply, st.just(200), values(schema), st.just({}))
