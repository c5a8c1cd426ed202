"""Schemathesis against a revision: its schema with our key, our checks, and a guard where a job costs money.

Importing this module registers checks and hooks with schemathesis. They leave alone every schema whose
document is no contract. For `st run`, its name is what `hooks` is set to in a schemathesis.toml.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast
from urllib.parse import urlsplit

import schemathesis
from hypothesis.strategies import SearchStrategy
from schemathesis import BaseSchema, HookContext, Response
from schemathesis.transport import is_asgi_app

from klingcontracts.check import bearer
from klingcontracts.contract import Contract, load
from klingcontracts.document import DEFAULT, read, revisions
from klingcontracts.exchange import shortened
from klingcontracts.problem import Problem, unknown
from klingcontracts.schemathesis_checks import (
    lifecycle,
    look,
    rate_limit_headers,
    task_visibility,
    vendor_envelope,
    went_back,
)
from klingcontracts.schemathesis_run import AnyCase, AnyOperation, Run, Tested, at_home, run_of, sends

__all__ = [
    "CHECKS",
    "PAID",
    "lifecycle",
    "rate_limit_headers",
    "schema",
    "task_visibility",
    "vendor_envelope",
]

CHECKS = (vendor_envelope, lifecycle, rate_limit_headers, task_visibility)
PAID = "KLINGCONTRACTS_PAID"  # for `st run`: yes, no, or where it leaves this machine
_PAID: Mapping[str, bool | None] = {"": None, "yes": True, "no": False}


def schema(
    app_or_url: Any,
    revision: str = DEFAULT,
    readings: Mapping[str, str] | None = None,
    *,
    api_key: str = "mock-schemathesis",
    paid: bool | None = None,
) -> BaseSchema:
    """A schemathesis schema of a revision, for `parametrize()` and `as_state_machine()`.

    `app_or_url` is an ASGI application or a base URL. With `paid` nothing is sent that the contract could
    accept in any reading of its open questions; None means: wherever the base URL is not this machine's.
    What schemathesis.toml configures is in force. Raises Problem for an argument that can't be used.
    """
    base_url = _base_url(app_or_url)
    if bearer(f"Bearer {api_key}") is None:
        raise Problem("The API key can't be sent as Authorization: Bearer KEY.", "Give one without spaces.")
    contract = load(revision, readings)
    run = Run(contract, _every_document(read(revision)), paid=paid)
    found = schemathesis.openapi.from_dict(Tested(at_home(contract.document), run))
    if base_url is None:
        found.app = app_or_url
    else:
        found.config.update(base_url=base_url)
    found.auth(refresh_interval=None)(sends(api_key))
    _guard(found)
    return found


def _base_url(app_or_url: Any) -> str | None:
    """The base URL, None for an application."""
    if not isinstance(app_or_url, str):
        if not is_asgi_app(app_or_url):
            fact = f"{type(app_or_url).__name__} is neither an ASGI application nor a base URL."
            raise Problem(fact, "Give one such as http://127.0.0.1:8787.")
        return None
    place = urlsplit(app_or_url)
    if place.scheme not in {"http", "https"} or not place.hostname or place.query or place.fragment:
        raise Problem(f"{app_or_url!r} is no base URL.", "Give one such as http://127.0.0.1:8787.")
    return app_or_url.rstrip("/")


def _every_document(own: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    # Nobody knows which revision a server is at.
    return [own, *map(read, revisions())]


def _guard(found: BaseSchema) -> None:
    # Hooks of the schema itself: what is generated is right even where somebody unregisters the global ones.
    found.hook(before_generate_case)
    found.hook(map_case)
    found.hook(before_add_examples)


def before_generate_case(context: HookContext, strategy: SearchStrategy[AnyCase]) -> SearchStrategy[AnyCase]:
    """Draw other bodies in place of those that may not be sent."""
    guard = _guard_of(context)
    return strategy if guard is None else strategy.flatmap(guard.cases)


def map_case(context: HookContext, case: AnyCase) -> AnyCase:
    """Mend the cases that schemathesis does not draw: those of its coverage phase."""
    guard = _guard_of(context)
    return case if guard is None else guard.mended(case)


def before_add_examples(context: HookContext, examples: list[AnyCase]) -> None:
    """Leave out the examples that may not be sent: they are made to be accepted, and nothing else."""
    guard = _guard_of(context)
    if guard is not None:
        examples[:] = [case for case in examples if guard.may_send(case.body)]


def _guard_of(context: HookContext) -> Any:
    operation = cast("AnyOperation", context.operation)
    run = run_of(operation.schema)
    return run and run.guard(operation)


@schemathesis.hook
def before_call(_: HookContext, case: AnyCase, kwargs: dict[str, Any]) -> None:
    """Note when a call begins, and hold back what could be accepted where that costs money."""
    run = run_of(case.operation.schema)
    if run is not None:
        run.hold(case, kwargs)
        run.seen.begin(case.id)


@schemathesis.hook
def after_call(_: HookContext, case: AnyCase, response: Response) -> None:
    """Note when a call has ended and what it tells of a task; stop where a job was accepted and charged."""
    run = run_of(case.operation.schema)
    if run is None:
        return
    run.seen.end(case.id)
    seen = look(response, case)
    if seen is None:
        return
    went_back(seen)
    guard = run.guard(case.operation)
    if guard is not None and seen.operation.id == "submit" and seen.reply.status < 300:
        guard.taken = json.dumps(shortened(case.body), default=repr)


@schemathesis.hook
def after_load_schema(_: HookContext, schema: BaseSchema) -> None:
    """Take up a contract that schemathesis has loaded by itself, as `st run` does."""
    document = schema.raw_schema
    if isinstance(document, Tested) or not {"x-lifecycle", "x-errors"} <= document.keys():
        return
    named = os.environ.get(PAID, "")
    if named not in _PAID:
        raise unknown(
            f"Value of {PAID}", named, filter(None, _PAID), "Set it to one of these, or not at all."
        )
    run = Run(_loaded(document), _every_document(document), paid=_PAID[named])
    schema.raw_schema = Tested(at_home(document), run)
    _guard(schema)


def _loaded(document: Mapping[str, Any]) -> Contract:
    with TemporaryDirectory() as folder:
        path = Path(folder, "contract.json")
        path.write_text(json.dumps(document), encoding="utf-8")
        return load(str(path))
