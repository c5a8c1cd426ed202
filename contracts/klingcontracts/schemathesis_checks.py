"""The checks that schemathesis makes of replies, beside its own; importing this module registers them.

They look only at schemas that belong to a run of ours. A failure names the rule, what was seen and what is
documented.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import schemathesis
from schemathesis import CheckContext, Response

from klingcontracts.check import bearer, check_history, check_reply, wire
from klingcontracts.contract import METHODS, Contract, Operation
from klingcontracts.exchange import Call, Reply
from klingcontracts.finding import Finding
from klingcontracts.report import Nonconforming
from klingcontracts.schemathesis_run import AnyCase, Run, run_of, stays_here
from klingcontracts.seen import Window
from klingcontracts.strictjson import BadJson, parse
from klingcontracts.words import value_at

WINDOW = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
COUNTS = "what is left goes down with each request of a window, and its limit stays"
NOBODYS = "-of-nobody"  # behind a task's id: the id of a task that nobody has submitted
OTHERS = "-other"  # behind a key that a fake takes: another key that it takes


class Looked(NamedTuple):
    """A case and its reply in the contract's words; `operation` is the case's, or its path's."""

    run: Run
    case: AnyCase
    operation: Operation
    call: Call
    reply: Reply
    url: str

    @property
    def key(self) -> str | None:
        """The key that the request carried in the documented way, else None."""
        return bearer(self.call.headers.get("authorization", ""))

    def told(self, name: str) -> Any:
        """A field of the reply's data; None when there is none."""
        try:
            return value_at(parse(bytes(self.reply.body)), ["data", name])
        except BadJson:
            return None

    @property
    def task(self) -> Any:
        """The id of the task that the exchange is about, None when it is about none."""
        if self.operation.id == "submit":
            return self.told("task_id") if self.reply.status == 200 else None
        return (self.operation.match(self.call.path) or {}).get("task_id")


def look(response: Response, case: AnyCase) -> Looked | None:
    """What there is to look at, None for a schema or a method that is not ours."""
    run = run_of(case.operation.schema)
    if run is None:
        return None
    operation = run.operation(case) or _of_path(run.contract, case)
    if operation is None:
        return None
    request = response.request
    url = str(request.url)
    sent = {name.lower(): _text(value) for name, value in request.headers.items()}
    call = Call(str(request.method), _path(operation, url), sent)
    headers = {name.lower(): ", ".join(values) for name, values in response.headers.items()}
    return Looked(run, case, operation, call, Reply(response.status_code, headers, response.content), url)


def _of_path(contract: Contract, case: AnyCase) -> Operation | None:
    # The other documented methods answer with a body; what HEAD, OPTIONS and TRACE answer is nobody's to say.
    if case.method.lower() not in METHODS:
        return None
    return next((one for one in contract.operations.values() if one.path == case.path), None)


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")


def _path(operation: Operation, url: str) -> str:
    """The path as it is documented: without what a base URL puts in front of it."""
    path = unquote(urlsplit(url).path)
    fixed = operation.path.partition("{")[0]
    return path[path.find(fixed) :] if fixed in path else path


def _stop(found: Iterable[Finding]) -> None:
    texts = []
    for finding in found:
        told = finding.to_json()
        place = f" at {told['pointer']}" if told["pointer"] else ""
        texts.append(f"{told['rule']}: seen{place}: {told['seen']}; documented: {told['documented']}")
    if texts:
        raise Nonconforming("\n".join(texts))


def _is_header(finding: Finding) -> bool:
    return finding.rule.id.startswith("reply.header.")


@schemathesis.check
def vendor_envelope(_: CheckContext, response: Response, case: AnyCase) -> bool | None:
    """Status, content type and body of each reply are as documented, errors too."""
    seen = look(response, case)
    if seen is None:
        return True
    found = check_reply(seen.run.contract, seen.operation, seen.call, seen.reply)
    _stop(finding for finding in found if not _is_header(finding))
    return None


@schemathesis.check
def lifecycle(_: CheckContext, response: Response, case: AnyCase) -> bool | None:
    """A task's statuses, as the replies of the run have told them, are in an order of the lifecycle."""
    seen = look(response, case)
    if seen is None:
        return True
    _stop(went_back(seen))
    return None


def went_back(seen: Looked) -> list[Finding]:
    """Note the status that a reply tells of a task; the finding that it can't follow one before it."""
    status, contract = seen.told("status"), seen.run.contract
    known = [*contract.document["x-lifecycle"]["statuses"]]
    if seen.reply.status != 200 or status not in known or not isinstance(seen.task, str):
        return []
    before = seen.run.seen.status(seen.task, status, seen.run.seen.span(seen.case.id))
    return [finding for one in before for finding in check_history(contract, [one, status])][-1:]


@schemathesis.check
def rate_limit_headers(_: CheckContext, response: Response, case: AnyCase) -> bool | None:
    """The headers of the limit are there where they are documented, and count down within a window.

    A server whose limit is off tells of none: they are missed only beside replies that have them.
    """
    seen = look(response, case)
    if seen is None:
        return True
    found = check_reply(seen.run.contract, seen.operation, seen.call, seen.reply)
    _stop([*filter(_is_header, found), *_missing(seen), *_counted(seen)])
    return None


def _missing(seen: Looked) -> Iterator[Finding]:
    documented = seen.operation.headers.get(seen.reply.status, {})
    lacking = [name for name in documented if name not in seen.reply.headers]
    always = seen.run.contract.document["x-limits"]["rate"]["headers"] == "always"
    if len(lacking) < len(documented) or _is_over(seen) or (always and seen.run.seen.tells(seen.key)):
        for name in lacking:
            rule = next(iter(documented[name].rules.values()))
            yield Finding(rule, seen.operation.id, "", "no such header", f"{name} is there", {})


def _is_over(seen: Looked) -> bool:
    """Whether the reply refuses a call because of the limit of requests."""
    rate = seen.run.contract.errors["rate"]
    said = f'"{rate.category}:'.encode()
    return seen.reply.status == rate.status and said in bytes(seen.reply.body)


def _counted(seen: Looked) -> Iterator[Finding]:
    told = [seen.reply.headers.get(name, "") for name in WINDOW]
    if seen.key is None or not all(text.isascii() and text.isdigit() for text in told):
        return
    window = Window(*map(int, told))
    earlier = seen.run.seen.window(seen.key, window, seen.run.seen.span(seen.case.id))
    if earlier is not None:
        text = f"{earlier.remaining} of {earlier.limit}, then {window.remaining} of {window.limit}"
        yield wire(seen.run.contract, "limit.rate", text, seen.operation.id)._replace(documented=COUNTS)


@schemathesis.check
def task_visibility(_: CheckContext, response: Response, case: AnyCase) -> bool | None:
    """A task is there for the key that has submitted it, and for no other; a task of nobody is not there.

    Behind each accepted submission it asks for the task, for one of nobody and, with a key of a fake on this
    machine, as another key. Where accepting costs money, it asks nothing.
    """
    seen = look(response, case)
    if seen is None or not isinstance(seen.task, str) or seen.key is None:
        return True
    _stop(_at_submission(seen, seen.task, seen.key) if seen.operation.id == "submit" else _at_poll(seen))
    return None


def _at_submission(seen: Looked, task: str, key: str) -> Iterator[Finding]:
    memory = seen.run.seen
    memory.submitted(task, key, memory.span(seen.case.id))
    if seen.run.guard(seen.case.operation) is not None:
        return
    if _status(seen, task, key) == 404:
        yield _visible(seen, f"404 for {task}, just submitted")
    if _status(seen, task + NOBODYS, key) == 200:
        yield _visible(seen, f"200 for {task}{NOBODYS}, which nobody has submitted")
    here = None if seen.case.operation.app is not None else seen.url
    if key.startswith("mock-") and stays_here(here) and _status(seen, task, key + OTHERS) == 200:
        yield _visible(seen, f"200 for {task}, asked for with another key")


def _at_poll(seen: Looked) -> Iterator[Finding]:
    owner = seen.run.seen.owner(seen.task)
    if owner is None:
        return
    key, seconds = owner
    kept = seen.run.contract.document["x-lifecycle"]["retention"]["seconds"]
    if key != seen.key and seen.reply.status == 200:
        yield _visible(seen, f"200 for {seen.task}, asked for with another key")
    if key == seen.key and seen.reply.status == 404 and seconds < kept:
        yield _visible(seen, f"404 for {seen.task}, submitted {seconds:.0f} seconds ago")


def _visible(seen: Looked, text: str) -> Finding:
    return wire(seen.run.contract, "task.unknown", text, "task")


def _status(seen: Looked, task: str, key: str) -> int:
    """The status that a poll of the task is answered with."""
    operation = seen.run.contract.operation("task")
    schema = seen.case.operation.schema
    poll: AnyCase = schema[operation.path][operation.method].Case(
        path_parameters={"task_id": task}, headers={"Authorization": f"Bearer {key}"}
    )
    base_url = None if poll.operation.app is not None else _base(seen)
    return poll.call(base_url).status_code


def _base(seen: Looked) -> str:
    return seen.url.partition(seen.operation.path)[0]
