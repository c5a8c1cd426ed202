"""What is asked without a job: who may call, which paths there are, what is JSON, what is no task."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from klingcontracts.contract import Contract, Operation
from klingcontracts.exchange import Call
from klingcontracts.probe import FREE, GUARDED, NOBODY, Probe, got, posted
from klingcontracts.probe_bodies import Bodies
from klingcontracts.probe_guarded import Guard

KEY = "{key}"  # where the key goes in a header
NO_KEY = "klingmock-no-such-key"
NO_TASK = "klingmock-no-such-task"
NO_PATH = "/api/v1/klingmock/no-such-path"
WITHOUT = {"authorization": ""}  # a header without a value is not sent

# How a key can be carried otherwise than documented: what is special, and the header.
_SCHEMES = (
    ("the key alone, without Bearer", {"authorization": KEY}),
    ("another scheme", {"authorization": f"Token {KEY}"}),
    ("bearer in lower case", {"authorization": f"bearer {KEY}"}),
)


def first_probes(contract: Contract, bodies: Bodies) -> list[Probe]:
    """What is asked before anything else: whether the API is there, takes the key, and takes jobs."""
    submit = contract.operation("submit")
    empty = posted(submit, [])
    return [
        Probe("task.unknown", "a task that is not there", got(task_path(contract, NO_TASK))),
        Probe((bodies.breaks([]) or ["submit.body.json"])[0], "a body that is an array", empty),
    ]


def task_path(contract: Contract, task_id: str) -> str:
    """The path at which a task is asked for."""
    return contract.operation("task").path.replace("{task_id}", task_id)


def free_probes(contract: Contract, minimal: Mapping[str, Any], guard: Guard | None) -> list[Probe]:
    """All of them; `guard` lets none of them be accepted, whatever the server forgets to look at."""
    body = {**minimal, **guard.more} if guard else {}
    call = posted(contract.operation("submit"), body)
    found = [*_keys(contract, call), *_paths(contract, call), *_tasks(contract)]
    named = guard.rule if guard else ""
    found = [_behind(probe, named) if probe.call.body else probe for probe in found]
    found += _json(contract.operation("submit"), body, minimal, named)
    return [*found, *reads(contract)]


def _behind(probe: Probe, guard: str) -> Probe:
    return probe._replace(guard=guard, cost=GUARDED if guard else FREE)


def _keys(contract: Contract, call: Call) -> Iterator[Probe]:
    task = got(task_path(contract, NO_TASK))
    for what, asked in (("submitting", call), ("asking for a task", task)):
        yield Probe("auth.missing-key", f"{what} without a key", asked, NOBODY)
        wrong = {**asked.headers, "authorization": f"Bearer {NO_KEY}"}
        yield Probe(
            "auth.unknown-key", f"{what} with a key that is none", asked._replace(headers=wrong), NOBODY
        )
    elsewhere = {**call.headers, **WITHOUT, "x-api-key": KEY}
    yield Probe("auth.missing-key", "the key as X-API-Key", call._replace(headers=elsewhere))
    for what, header in _SCHEMES:
        headers = {**call.headers, **header}
        yield Probe("auth.bad-scheme", what, call._replace(headers=headers))


def _paths(contract: Contract, call: Call) -> Iterator[Probe]:
    rule = "route.unknown-path"
    yield Probe(rule, "a path that is none", got(NO_PATH))
    yield Probe(rule, "a path in capitals", call._replace(path=call.path.upper()))
    yield Probe(rule, "the path with a slash behind it", call._replace(path=f"{call.path}/"))
    model = call.path.removesuffix("/async").rpartition("/")[2]
    yield Probe(rule, "a model that is none", call._replace(path=call.path.replace(model, f"{model}-none")))
    wrong, task = "route.wrong-method", task_path(contract, NO_TASK)
    yield Probe(wrong, "GET where jobs are submitted", got(call.path))
    yield Probe(wrong, "PUT where jobs are submitted", call._replace(method="PUT"))
    yield Probe(wrong, "HEAD where jobs are submitted", got(call.path, "HEAD"))
    yield Probe(wrong, "DELETE of a task", got(task, "DELETE"))


def _tasks(contract: Contract) -> Iterator[Probe]:
    for what, name in (
        ("a task id like those of others", "0f8fad5b-d9cb-469f-a165-70867728950e"),
        ("a task id with a slash", "folder/task"),
        ("a task id with a space", "no such task"),
    ):
        yield Probe("task.unknown", what, got(task_path(contract, name)))


def _json(
    operation: Operation, body: Mapping[str, Any], minimal: Mapping[str, Any], guard: str
) -> Iterator[Probe]:
    rule, cost = "submit.body.json", GUARDED if guard else FREE
    good = json.dumps(body).encode()
    for what, raw in (
        ("no body", b""),
        ("a body that breaks off", good[:-1]),
        ("a comma too many", good[:-1] + b",}"),
        ("single quotes", good.replace(b'"', b"'")),
        ("a comment", b"// a job\n" + good),
        ("a number that is none", good[:-1] + b', "cfg_scale": NaN}'),
        ("bytes that are no UTF-8", good[:-1] + b', "prompt": "\xff"}'),
        ("a form", b"image=https%3A%2F%2Fexample.com%2Fmountain.jpg&mode=no-such-option"),
    ):
        yield Probe(rule, what, posted(operation, None, raw), cost=cost, guard=guard)
    if guard:
        for what, headers in (
            ("JSON as text/plain", {"content-type": "text/plain"}),
            ("no Content-Type", {}),
        ):
            call = posted(operation, body)._replace(headers=headers)
            about = posted(operation, minimal)._replace(headers=headers)
            yield Probe("submit.body.json", what, call, cost=GUARDED, about=about, guard=guard)


def reads(contract: Contract) -> list[Probe]:
    """The documented reads that cost nothing and need no task."""
    found = []
    for operation in contract.operations.values():
        if operation.method == "GET" and "{" not in operation.path:
            rule = f"{operation.id}.reply.status"
            found.append(Probe(rule, f"the read {operation.id!r}", got(operation.path)))
            if not operation.key_required:
                found.append(Probe(rule, f"{operation.id!r} without a key", got(operation.path), NOBODY))
            else:
                found.append(
                    Probe("auth.missing-key", f"{operation.id!r} without a key", got(operation.path), NOBODY)
                )
    return found
