"""Walks past a vendor that show what can be seen: of refused requests, of one job, of a few, and of days."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from vendor.twin import KEY, SECOND, Call, Needs, Reply, Twin
from vendor.ways import SUBMIT, TASKS

IMAGE = "https://example.com/mountain.jpg"
MINIMAL: Mapping[str, Any] = {"image": IMAGE}
TAIL = {"image_tail": "https://example.com/end.jpg"}
STATIC = {"static_mask": "https://example.com/mask.jpg"}
MASKS = {"dynamic_masks": [{"mask": "https://example.com/mask.jpg", "trajectories": [{"x": 1, "y": 2}]}]}
CAMERA = {"camera_control": {"type": "simple"}}
EVERYTHING = {
    **MINIMAL,
    **TAIL,
    "prompt": "山" * 2500,
    "negative_prompt": "雾" * 2500,
    "cfg_scale": 1,
    "mode": "pro",
    "duration": 10,
}
# Each breaks a rule, and nothing else.
BROKEN: tuple[Mapping[str, Any], ...] = (
    *({**MINIMAL, "prompt": value} for value in ("", "x" * 2501, "x" * 3001, f" {'x' * 2500} ", 7, None)),
    *({**MINIMAL, "negative_prompt": value} for value in ("", "x" * 2501, "x" * 5001, True)),
    *({**MINIMAL, "cfg_scale": value} for value in (-0.01, -1, 1.01, 2, 1000, "0.5", True, None)),
    *({**MINIMAL, "mode": value} for value in ("master", "STD", " std ", "fast", 1)),
    *({**MINIMAL, "duration": value} for value in (15, 7, 0, "5", 5.4, True)),
    {},
    dict(TAIL),
    {"image": 7},
    {"image": None},
    {**MINIMAL, "image_tail": 7},
    {**MINIMAL, "static_mask": 7},
    {**MINIMAL, "dynamic_masks": {}},
    {**MINIMAL, "dynamic_masks": ["x"]},
    {**MINIMAL, "camera_control": "simple"},
    {**MINIMAL, **TAIL, **STATIC},
    {**MINIMAL, **TAIL, **MASKS},
    {**MINIMAL, **TAIL, "dynamic_masks": []},
    {**MINIMAL, **TAIL, **CAMERA},
    {**MINIMAL, **STATIC, **CAMERA},
    {**MINIMAL, **MASKS, **CAMERA},
)
# Each is valid; beside a guard it is refused, and the field that the error names tells what is looked at.
EDGES: tuple[Mapping[str, Any], ...] = (
    *({**MINIMAL, "prompt": value} for value in ("x", "x" * 2500, "山" * 2500, "🏔" * 2500, " ")),
    *({**MINIMAL, "negative_prompt": value} for value in ("x", "x" * 2500)),
    *({**MINIMAL, "cfg_scale": value} for value in (0, 1, 0.5)),
    *({**MINIMAL, "mode": value} for value in ("std", "pro")),
    *({**MINIMAL, "duration": value} for value in (5, 10, 5.0)),
    *({"image": value} for value in ("", "data:image/png;base64,aGk=", "aGk=")),
    {**MINIMAL, "seed": 7},
)
GUARD = {**TAIL, **STATIC}
RAW = (b"", b"{", b"[]", b'"image"', b'[{"image": "x"}]', b"NaN")
PATHS = (
    "/api/v1/kling/kling-v1-i2v/async",
    "/api/v1/kling/kling-v1-i2v",
    SUBMIT.upper().replace("/API/V1/", "/api/v1/"),
    f"{SUBMIT}/",
    "/api/v2",
)


def post(body: Any, key: str = KEY, **more: Any) -> Call:
    """A submission; a body that is bytes goes as it is."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    return Call("POST", SUBMIT, headers, raw)._replace(**more)


def get(path: str, key: str = KEY) -> Call:
    """A request without a body."""
    return Call("GET", path, {"authorization": f"Bearer {key}"})


def refusals() -> Iterator[Call]:
    """What the documented vendor refuses; the bodies among it can be accepted by another one alone."""
    unknown = f"{TASKS}task-unknown"
    for call in (get(unknown), post({})):
        yield call
        carried = ("", "Bearer wrong", f"bearer {KEY}", f"Basic {KEY}", KEY)
        yield from (call._replace(headers={"authorization": value} if value else {}) for value in carried)
        yield call._replace(headers={}, query=f"api_key={KEY}")
        yield call._replace(headers={"x-api-key": KEY})
    yield Call("GET", "/api/v1/nothing", {})
    yield from (post({}, path=path) for path in PATHS)
    yield post({}, method="PUT")
    yield post({}, headers={"authorization": f"Bearer {KEY}", "content-type": "text/plain"})
    yield from map(post, (*RAW, *BROKEN))
    yield from (post({**edge, **GUARD}) for edge in EDGES)
    yield post(b'{"image": "x", "cfg_scale": NaN}')


class Walk:
    """A twin on a clock that a test moves, and all that it has said; what was accepted counts as said."""

    def __init__(self, deviation: str | None = None) -> None:
        self.now = 1_772_000_000.0
        self.twin = Twin(deviation, clock=lambda: self.now)
        self.seen: list[tuple[Call, Reply, int]] = []

    def ask(self, call: Call, after: float = 1.0) -> Reply:
        """Send a call, and let some seconds pass."""
        reply = self.twin.answer(call)
        self.seen.append((call, reply, len(self.twin.tasks)))
        self.now += after
        return reply

    def said(self) -> list[tuple[Reply, int]]:
        """The replies, each with how many jobs there were by then."""
        return [(reply, jobs) for _, reply, jobs in self.seen]

    def submit(self, body: Any, after: float = 1.0) -> str:
        """Submit a job; its id as far as one was told."""
        try:
            return str(json.loads(self.ask(post(body), after).body)["data"]["task_id"])
        except (ValueError, LookupError, TypeError):
            return "task-none"

    def refused(self) -> None:
        """Everything that is refused."""
        for call in refusals():
            self.ask(call)

    def job(self) -> None:
        """One job with all that it can hold, polled to its end and on, seen by another key, and its video."""
        task = self.submit(EVERYTHING, after=0)
        for _ in range(24):
            told = self.ask(get(f"{TASKS}{task}"), after=0.5)
        self.ask(get(f"{TASKS}{task}", SECOND))
        try:
            url = json.loads(told.body)["data"]["result"]["resources"][0]["url"]
            self.ask(get(url.removeprefix("http://127.0.0.1"))._replace(headers={}))
        except (ValueError, LookupError, TypeError, AttributeError):
            pass

    def jobs(self) -> None:
        """Three jobs: two of the same body, the second while the first runs, and one with both masks."""
        self.submit(MINIMAL)
        self.submit(MINIMAL)
        self.submit({**MINIMAL, **STATIC, **MASKS, "cfg_scale": 0, "mode": "std", "duration": 5})

    def days(self) -> None:
        """What takes longer, or more jobs: six at once, and one that is asked for again days later."""
        tasks = [self.submit(MINIMAL, after=0) for _ in range(6)]
        for hours in (2, 23, 48):
            self.ask(get(f"{TASKS}{tasks[0]}"), after=hours * 3600)


WALKS: Mapping[Needs, Callable[[Walk], None]] = {
    Needs.REFUSED: Walk.refused,
    Needs.JOB: Walk.job,
    Needs.JOBS: Walk.jobs,
    Needs.HIDDEN: Walk.days,
}


def walked(need: Needs, deviation: str | None = None) -> list[tuple[Reply, int]]:
    """What a vendor says to a walk."""
    walk = Walk(deviation)
    WALKS[need](walk)
    return walk.said()
