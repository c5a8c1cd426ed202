"""What a person sees first: where it listens, what is in force, what it does not do, and a call to copy."""

import json
import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from klingmock import __version__
from klingmock.answer import Mock
from klingmock.control import PREFIX
from klingmock.gate import is_local
from klingmock.keys import SPECIAL
from klingmock.ledger import dollars
from klingmock.served import Served
from klingmock.settings import Settings
from klingmock.task import TIMINGS

NOT_IMITATED = (
    "a real model (the video is a synthetic test clip), webhooks, file uploads, /stream, CORS, "
    "content moderation, provider limits per model"
)


def banner(settings: Settings, engine: Mock, url: str) -> str:
    """The text; `url` is where the server listens."""
    rows = list(_rows(settings, engine, url))
    width = max(len(name) for name, _ in rows)
    table = "\n".join(f"  {name:<{width}}  {text}" for name, text in rows)
    title = f"klingmock {__version__}: a local fake of an asynchronous image-to-video API"
    return "\n\n".join((title, table, _curl(engine, url)))


def _rows(settings: Settings, engine: Mock, url: str) -> Iterator[tuple[str, str]]:
    exposed = "" if is_local(settings.host) else " (open to other machines: --host)"
    yield "listens on", url + exposed
    if settings.public_url:
        yield "links point to", settings.public_url
    for served in engine.served:
        operation = served.operation("submit")
        yield f"revision {served.contract.revision}", f"{operation.method} {operation.path}"
    asked = {q.id: q for served in engine.served for q in served.contract.questions.values()}
    for question in asked.values():
        if question.chosen != question.default:
            yield f"reading {question.id}", question.readings[question.chosen]
    named = f" and {len(settings.api_key)} named by --api-key" if settings.api_key else ""
    yield "keys", f"every key that begins with mock-{named}; anything else is 401"
    for special in SPECIAL:
        yield "", f"{special.key}: {special.means}"
    yield from _each(engine, "limits", _limits)
    yield "timing", f"{_timing(settings)} (seed {engine.plan.seed})"
    yield from _each(engine, "results kept", _kept)
    yield from _each(engine, "balance", _balance)
    if settings.script:
        yield "script", f"{settings.script} (for each key)"
    yield "journal", settings.journal or f"the last {settings.journal_size} exchanges of each key, in memory"
    yield "control API", _control(settings, url)
    yield "not imitated", NOT_IMITATED


def _control(settings: Settings, url: str) -> str:
    what = "requests, tasks, clock, script, ledger, verdict, reset"
    if settings.control_token:
        return f"{url}{PREFIX}/... with the --control-token: {what}"
    if is_local(settings.host):
        return f"{url}{PREFIX}/... from this machine: {what}"
    return "closed, since other machines reach it (--control-token opens it)"


def _each(engine: Mock, name: str, tell: Callable[[Served], str]) -> Iterator[tuple[str, str]]:
    """One row when all revisions agree, else one for each."""
    told = {served.contract.revision: tell(served) for served in engine.served}
    if len(set(told.values())) == 1:
        yield name, next(iter(told.values()))
        return
    for revision, text in told.items():
        yield f"{name} {revision}", text


def _kept(served: Served) -> str:
    start = served.contract.document["x-lifecycle"]["retention"]["from"]
    return f"{_span(served.kept)} from {start}"


def _balance(served: Served) -> str:
    after = "a job that it does not cover is 402"
    free = "nothing is refused for money (402 from revision 2026-04 on)"
    return f"{dollars(served.opening)} US dollars for each key, made up; {after if served.charges else free}"


def _limits(served: Served) -> str:
    limits = served.limits
    if limits.rate is None and limits.team is None and limits.concurrency is None:
        return "off"
    shared = f"{limits.team} requests a minute for all keys" if limits.team is not None else ""
    own = f"{limits.rate} requests a minute" if limits.rate is not None else ""
    running = f"{limits.concurrency} running tasks for each key"
    return ", ".join(part for part in (own, shared, running) if part) + " (--no-limits switches them off)"


def _timing(settings: Settings) -> str:
    timing = TIMINGS[settings.timing]
    fast = f", {settings.speed:g} times as fast" if settings.speed != 1 else ""
    about = "about " if timing.spread else ""
    text = (
        f"{settings.timing}: {about}{timing.pending:g} s pending, {about}{timing.processing:g} s processing"
    )
    return text + fast


def _span(seconds: float) -> str:
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 2 * size or seconds == size < 86400:
            return _plural(seconds / size, name)
    return _plural(seconds, "second")


def _plural(number: float, name: str) -> str:
    return f"{number:g} {name}" if number == 1 else f"{number:g} {name}s"


def _curl(engine: Mock, url: str) -> str:
    operation = engine.served[0].operation("submit")
    quoted, body = shlex.quote(f"{url}{operation.path}"), shlex.quote(json.dumps(_example(engine.served[0])))
    return (
        f"Try it:\n\ncurl --request {operation.method} \\\n  --url {quoted} \\\n"
        "  --header 'Authorization: Bearer mock-key' \\\n"
        "  --header 'Content-Type: application/json' \\\n"
        f"  --data {body}\n"
    )


def _example(served: Served) -> Any:
    """The smallest body that the contract shows; without one, what can be said in any contract: nothing."""
    operation = served.operation("submit")
    raw = served.contract.document["paths"][operation.path][operation.method.lower()]
    media = raw["requestBody"]["content"]["application/json"]
    shown = media.get("examples")
    kept = list(shown.values()) if isinstance(shown, Mapping) else []
    values = [one["value"] for one in kept if isinstance(one, Mapping) and "value" in one]
    values += [media["example"]] if "example" in media else []
    return min(values, key=lambda body: len(json.dumps(body)), default={})
