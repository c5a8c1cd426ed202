"""Deviations in what the vendor asks for: the body, the key, the path, the limits."""

import json
from collections.abc import Callable, Iterator, Mapping
from math import inf
from typing import Any

from vendor.deviation import Deviation, Needs
from vendor.ways import APART, FIELDS, SUBMIT, TASKS, Call, Refused, bearer, strict

Ways = Mapping[str, Any]
FREE, JOB, JOBS = Needs.REFUSED, Needs.JOB, Needs.JOBS
# Of camera_control the page says no type, and of the scheme RFC 9110 (11.1) says that its case is no matter.
OPEN = {"camera-any", "small-bearer"}


def field(name: str, **changed: Any) -> Ways:
    """A field of the request is another one."""
    return {"fields": {**FIELDS, name: FIELDS[name]._replace(**changed)}}


def without(name: str) -> Ways:
    """A field is refused."""

    def look(body: Any) -> Any:
        if isinstance(body, dict) and name in body:
            raise Refused(400, "Invalid parameters", f"parameter '{name}' is not supported")
        return body

    return {"body": look}


def apart(one: str, other: str) -> Ways:
    """Two more fields exclude each other."""
    return {"apart": (*APART, (one, other))}


def together(one: str, other: str) -> Ways:
    """Two fields do not exclude each other any more."""
    return {"apart": tuple(pair for pair in APART if pair != (one, other))}


def on(kind: type | tuple[type, ...], change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Change the values of a type, and leave the others alone."""
    return lambda value: change(value) if isinstance(value, kind) else value


def spelt(text: str) -> Any:
    """The number that a text spells, else the text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def unless(holds: Callable[[Any], bool], wrong: str) -> Callable[[Any], str]:
    """What is wrong with a value for which this does not hold."""
    return lambda value: "" if holds(value) else wrong


def stripped(body: Any) -> Any:
    """A body with its texts stripped of blanks."""
    return (
        {name: on(str, str.strip)(value) for name, value in body.items()} if isinstance(body, dict) else body
    )


as_text = on((int, float), str)
as_number = on(str, spelt)

# name, what it says, the rules of the body, what changes
_PROMPT = (
    ("prompt-most-2000", "at most 2000 characters", "maxLength", {"most": 2000}),
    ("prompt-most-2499", "at most 2499 characters", "maxLength", {"most": 2499}),
    ("prompt-most-3000", "up to 3000 characters", "maxLength", {"most": 3000}),
    ("prompt-most-2501", "up to 2501 characters", "maxLength", {"most": 2501}),
    ("prompt-unbounded", "any length", "maxLength", {"most": None}),
    ("prompt-empty", "may be empty", "minLength", {"least": 0}),
    ("prompt-least-2", "at least two characters", "minLength", {"least": 2}),
    ("prompt-number", "a number is taken as a text", "type", {"read": as_text}),
)
_NEGATIVE = (
    ("negative-most-2000", "at most 2000 characters", "maxLength", {"most": 2000}),
    ("negative-most-5000", "up to 5000 characters", "maxLength", {"most": 5000}),
    ("negative-empty", "may be empty", "minLength", {"least": 0}),
    ("negative-least-3", "at least three characters", "minLength", {"least": 3}),
    ("negative-any", "any type", "type", {"type": "any"}),
)
_SCALE = (
    ("scale-most-2", "may be 2", "maximum", {"most": 2}),
    ("scale-unbounded", "any number from 0", "maximum", {"most": None}),
    ("scale-below-1", "less than 1", "maximum", {"also": unless(lambda x: x < 1, "must be less than 1")}),
    ("scale-most-0.9", "at most 0.9", "maximum", {"most": 0.9}),
    ("scale-least--1", "may be -1", "minimum", {"least": -1}),
    ("scale-above-0", "more than 0", "minimum", {"also": unless(lambda x: x > 0, "must be more than 0")}),
    ("scale-string", "may be a text that spells a number", "type", {"read": as_number}),
    ("scale-boolean", "may be true or false", "type", {"read": on(bool, int)}),
    ("scale-integer", "an integer", "type", {"type": "integer"}),
)
_MODE = (
    ("mode-master", "may be master", "enum", {"options": ("std", "pro", "master")}),
    ("mode-any-case", "may be in capitals", "enum", {"read": on(str, str.lower)}),
    ("mode-any", "any text", "enum", {"options": ()}),
    ("mode-blanks", "may have blanks around it", "enum", {"read": on(str, str.strip)}),
    ("mode-no-pro", "std alone", "enum", {"options": ("std",)}),
    ("mode-no-std", "pro alone", "enum", {"options": ("pro",)}),
    (
        "mode-any-type",
        "a value of another type is ignored",
        "type",
        {"read": lambda x: x if isinstance(x, str) else "std"},
    ),
)
_DURATION = (
    ("duration-15", "may be 15", "enum", {"options": (5, 10, 15)}),
    ("duration-between", "any whole number from 5 to 10", "enum", {"options": tuple(range(5, 11))}),
    ("duration-any", "any whole number", "enum", {"options": ()}),
    ("duration-rounded", "rounded", "type", {"read": on(float, lambda x: round(x) if x < inf else x)}),
    ("duration-no-10", "5 alone", "enum", {"options": (5,)}),
    ("duration-no-5", "10 alone", "enum", {"options": (10,)}),
    ("duration-no-float", "5.0 is no integer", "type", {"read": on(float, str)}),
)
_IMAGE = (
    ("image-optional", "not required", "required", {"required": False}),
    ("image-number", "a number is taken as a text", "type", {"read": as_text}),
    (
        "image-url-alone",
        "no Base64",
        "pattern",
        {"also": unless(lambda x: x.startswith("http"), "must be a URL")},
    ),
)
_TAIL = (
    ("tail-required", "required", "required", {"required": True}),
    ("tail-number", "a number is taken as a text", "type", {"read": as_text}),
)
_STATIC = (("static-mask-number", "a number is taken as a text", "type", {"read": as_text}),)
_DYNAMIC = (
    ("masks-object", "may be one object", "type", {"read": on(dict, lambda x: [x])}),
    ("masks-anything", "items of any type", "[].type", {"read": on(list, lambda x: [{}] * len(x))}),
    ("masks-strings", "items are texts", "[].type", {"type": "string[]"}),
    ("masks-none", "no item", "maxItems", {"most": 0}),
)
_CAMERA = (("camera-any", "any type", "type", {"type": "any"}),)
_FIELDS = {
    "image": _IMAGE,
    "image_tail": _TAIL,
    "prompt": _PROMPT,
    "negative_prompt": _NEGATIVE,
    "cfg_scale": _SCALE,
    "mode": _MODE,
    "static_mask": _STATIC,
    "dynamic_masks": _DYNAMIC,
    "duration": _DURATION,
    "camera_control": _CAMERA,
}
# The other answers to questions that the page leaves open.
_READINGS = (
    ("duration-string", "duration may be '5'", "duration.type", field("duration", read=as_number)),
    ("image-or-tail", "image_tail alone is enough", "image.required", {"either_image": True}),
    ("image-not-empty", "image may not be empty", "image.minLength", field("image", least=1)),
    (
        "image-no-data-url",
        "image may not be a data: URL",
        "image.pattern",
        field("image", also=unless(lambda x: not x.startswith("data:"), "must have no data: prefix")),
    ),
    (
        "camera-refused",
        "camera_control is not supported",
        "camera_control.unlisted",
        without("camera_control"),
    ),
    ("null-is-absent", "null counts as absent", "prompt.type", {"takes_null": True}),
    ("unknown-refused", "an unlisted field is refused", "unknown-field", {"takes_unknown": False}),
    ("json-header-wanted", "a Content-Type other than JSON gives 415", "json", {"json_only": True}),
    (
        "masks-not-empty",
        "an empty dynamic_masks counts as absent",
        "image_tail.excludes.dynamic_masks",
        {"body": lambda body: {k: v for k, v in body.items() if v != []} if isinstance(body, dict) else body},
    ),
    (
        "required-as-table",
        "the category is Missing required parameter",
        "image.required",
        {"required": "Missing required parameter"},
    ),
    (
        "enum-as-range",
        "a wrong option is Value out of range",
        "mode.enum duration.enum",
        {"enum": "Value out of range"},
    ),
    (
        "length-as-parameters",
        "a wrong length is Invalid parameters",
        "prompt.maxLength prompt.minLength",
        {"length": "Invalid parameters"},
    ),
)
_BODY = (
    ("tail-gone", "image_tail is refused", FREE, "image_tail.unlisted", without("image_tail")),
    (
        "negative-gone",
        "negative_prompt is refused",
        FREE,
        "negative_prompt.unlisted",
        without("negative_prompt"),
    ),
    ("static-mask-gone", "static_mask is refused", FREE, "static_mask.unlisted", without("static_mask")),
    ("prompt-required", "prompt is required", FREE, "prompt.required", field("prompt", required=True)),
    (
        "texts-in-bytes",
        "texts are counted in bytes",
        FREE,
        "prompt.maxLength",
        {"count": lambda text: len(text.encode("utf-8", "replace"))},
    ),
    (
        "texts-in-utf16",
        "texts are counted in UTF-16 units",
        FREE,
        "prompt.maxLength",
        {"count": lambda text: len(text.encode("utf-16-le", "replace")) // 2},
    ),
    (
        "texts-stripped",
        "blanks around a text do not count",
        FREE,
        "prompt.minLength prompt.maxLength",
        {"body": stripped},
    ),
    (
        "apart-masks",
        "static_mask excludes dynamic_masks",
        JOBS,
        "static_mask.excludes.dynamic_masks",
        apart("static_mask", "dynamic_masks"),
    ),
    (
        "apart-texts",
        "prompt excludes negative_prompt",
        JOB,
        "prompt.excludes.negative_prompt",
        apart("prompt", "negative_prompt"),
    ),
    (
        "apart-tail-scale",
        "image_tail excludes cfg_scale",
        JOB,
        "image_tail.excludes.cfg_scale",
        apart("image_tail", "cfg_scale"),
    ),
    (
        "apart-mask-mode",
        "static_mask excludes mode",
        JOBS,
        "static_mask.excludes.mode",
        apart("static_mask", "mode"),
    ),
    (
        "empty-is-object",
        "a body of no bytes is an empty object",
        FREE,
        "json",
        {"parsed": lambda raw: strict(raw or b"{}")},
    ),
    ("json-with-nan", "NaN is a number", FREE, "json", {"parsed": json.loads}),
    (
        "array-of-one",
        "an array around the object is taken off",
        FREE,
        "type",
        {"body": on(list, lambda body: body[0] if body else body)},
    ),
)


def _bodies() -> Iterator[Deviation]:
    for name, rows in _FIELDS.items():
        for row, says, rule, changed in rows:
            yield Deviation(
                row,
                f"{name}: {says}",
                "request",
                FREE,
                f"submit.body.{name}.{rule}",
                field(name, **changed),
                row in OPEN,
            )
    for row, says, needs, rules, ways in _BODY:
        yield Deviation(row, says, "request", needs, _all(rules), ways)
    for one, other in APART:
        name = f"{one} beside {other}"
        rule = f"submit.body.{one}.excludes.{other}"
        yield Deviation(
            name.replace("_", "-").replace(" ", "-"),
            f"{name} is taken",
            "request",
            FREE,
            rule,
            together(one, other),
        )
    for row, says, rules, ways in _READINGS:
        yield Deviation(row, says, "request", FREE, _all(rules), ways, reading=True)


def _all(rules: str) -> str:
    return " ".join(f"submit.body.{rule}" for rule in rules.split())


def _refuses(status: int, category: str) -> Callable[[Call], Refused]:
    return lambda _: Refused(status, category, "the API key is missing or not valid")


def _small_bearer(call: Call) -> str:
    scheme, _, key = call.headers.get("authorization", "").partition(" ")
    return key if scheme.lower() == "bearer" else ""


def _key_anywhere(call: Call) -> str:
    return bearer(call) or dict(pair.partition("=")[::2] for pair in call.query.split("&")).get("api_key", "")


def _moved(old: str, new: str, also: bool = False) -> Callable[[str], str]:
    """Answer at a new path what stood at the old one, and there too when asked."""

    def path(asked: str) -> str:
        if asked.startswith(new):
            return old + asked.removeprefix(new)
        return "/gone" if asked.startswith(old) and not also else asked

    return path


def _rows() -> Iterator[Deviation]:
    auth = "Authentication failed"
    for name, says, rules, ways in (
        (
            "no-key-403",
            "without a key the status is 403",
            "auth.missing-key",
            {"no_key": _refuses(403, auth)},
        ),
        (
            "no-key-400",
            "without a key the status is 400",
            "auth.missing-key",
            {"no_key": _refuses(400, "Invalid parameters")},
        ),
        (
            "bad-key-404",
            "with a wrong key the status is 404",
            "auth.unknown-key",
            {"bad_key": _refuses(404, "Resource not found")},
        ),
        (
            "bad-key-403",
            "with a wrong key the status is 403",
            "auth.unknown-key",
            {"bad_key": _refuses(403, "Permission denied")},
        ),
        ("any-key", "every key is taken", "auth.unknown-key", {"any_key": True}),
        ("small-bearer", "the scheme may be in small letters", "auth.bad-scheme", {"key": _small_bearer}),
        (
            "bare-key",
            "the key may stand without a scheme",
            "auth.bad-scheme",
            {"key": lambda call: call.headers.get("authorization", "").removeprefix("Bearer ")},
        ),
        ("key-in-query", "the key may be in the query", "auth.missing-key", {"key": _key_anywhere}),
        (
            "key-in-header",
            "the key may be in X-API-Key",
            "auth.missing-key",
            {"key": lambda call: bearer(call) or call.headers.get("x-api-key", "")},
        ),
        ("open-tasks", "a task is told without a key", "auth.missing-key", {"open_tasks": True}),
        (
            "no-key-needed",
            "no key is needed",
            "auth.missing-key",
            {"key": lambda call: bearer(call) or "nobody", "any_key": True},
        ),
    ):
        yield Deviation(name, says, "auth", FREE, rules, ways, name in OPEN)
    yield Deviation(
        "route-first",
        "a wrong path without a key is 404",
        "auth",
        FREE,
        "auth.missing-key route.unknown-path",
        {"route_first": True},
        reading=True,
    )
    for name, says, rules, ways in (
        (
            "path-2026-04",
            "the path has lost its type",
            "route.unknown-path",
            {"path": _moved(SUBMIT, "/api/v1/kling/kling-v1-i2v/async")},
        ),
        (
            "path-2026-07",
            "the path has lost type and /async",
            "route.unknown-path",
            {"path": _moved(SUBMIT, "/api/v1/kling/kling-v1-i2v")},
        ),
        ("path-any-case", "the case of a path does not count", "route.unknown-path", {"path": str.lower}),
        (
            "path-slash",
            "a slash may end the path",
            "route.unknown-path",
            {"path": lambda path: path.rstrip("/")},
        ),
    ):
        yield Deviation(name, says, "route", FREE, rules, ways)
    yield Deviation(
        "tasks-moved",
        "tasks are at /api/v1/predictions",
        "route",
        JOB,
        "route.unknown-path",
        {"path": _moved(TASKS, "/api/v1/predictions/")},
    )
    yield Deviation(
        "method-404",
        "a wrong method gives 404",
        "route",
        FREE,
        "route.wrong-method",
        {"wrong_method": (404, "Resource not found")},
        reading=True,
    )
    yield Deviation(
        "method-400",
        "a wrong method gives 400",
        "route",
        FREE,
        "route.wrong-method",
        {"wrong_method": (400, "Invalid parameters")},
    )
    for name, says, needs, rules, ways in (
        ("rate-10", "10 requests a minute", FREE, "limit.rate", {"rate": 10}),
        ("rate-60", "60 requests a minute", FREE, "limit.rate", {"rate": 60}),
        ("rate-1000", "1000 requests a minute", FREE, "limit.rate", {"rate": 1000}),
        ("running-1", "one running task", JOBS, "limit.concurrency", {"running": 1}),
        ("running-none", "no task may run", JOB, "limit.concurrency", {"running": 0}),
        ("running-5", "five running tasks", Needs.HIDDEN, "limit.concurrency", {"running": 5}),
    ):
        yield Deviation(name, says, "limits", needs, rules, ways)


ASKED = (*_bodies(), *_rows())
