"""Deviations in how errors are told, and in the headers of the limits."""

from collections.abc import Iterator

from vendor.changes import body, html, limit, moved, redirect, renamed, typed
from vendor.deviation import Deviation, Needs
from vendor.ways import JSON, Reply, encoded, envelope

FREE = Needs.REFUSED
ERROR = "error.envelope"
# Who meets no 429 can't tell these from headers that come with a 429 alone, which is an open question.
UNTOLD = {"limits-untold", "limit-renamed"}


def _errors() -> Iterator[Deviation]:
    for name, says, rules, ways in (
        (
            "code-string",
            "code is a text",
            "code.type",
            body(lambda s, c, d: {"code": str(s), "message": f"{c}: {d}"}),
        ),
        (
            "code-upstream",
            "code is a number of its own",
            "code.const",
            body(lambda _s, c, d: {"code": 1201, "message": f"{c}: {d}"}),
        ),
        (
            "code-0",
            "code is 0 in errors",
            "code.const",
            body(lambda _s, c, d: {"code": 0, "message": f"{c}: {d}"}),
        ),
        (
            "code-left-out",
            "code is left out",
            "code.required",
            body(lambda _s, c, d: {"message": f"{c}: {d}"}),
        ),
        (
            "error-nested",
            "the error is nested in error",
            "code.required message.required",
            body(lambda s, c, d: {"error": {"code": s, "message": f"{c}: {d}"}}),
        ),
        (
            "error-in-data",
            "the error is in data.error",
            "message.required",
            body(lambda s, c, d: {"code": s, "data": {"error": f"{c}: {d}"}}),
        ),
        (
            "message-bare",
            "the message has no category",
            "message.pattern",
            body(lambda s, _c, d: {"code": s, "message": d}),
        ),
        (
            "message-category-alone",
            "the message is the category alone",
            "message.pattern",
            body(lambda s, c, _d: {"code": s, "message": c}),
        ),
        (
            "message-detail",
            "message is called detail",
            "message.required",
            body(lambda s, c, d: {"code": s, "detail": f"{c}: {d}"}),
        ),
        (
            "message-list",
            "message is a list",
            "message.type",
            body(lambda s, c, d: {"code": s, "message": [f"{c}: {d}"]}),
        ),
        (
            "message-null",
            "message is null",
            "message.type",
            body(lambda s, _c, _d: {"code": s, "message": None}),
        ),
        (
            "error-list",
            "the error is in a list",
            "type",
            body(lambda s, c, d: [{"code": s, "message": f"{c}: {d}"}]),
        ),
        (
            "category-bad-request",
            "Invalid parameters is called Bad request",
            "message.pattern",
            renamed("Invalid parameters", "Bad request"),
        ),
        (
            "category-small",
            "categories are in small letters",
            "message.pattern",
            body(lambda s, c, d: {"code": s, "message": f"{c.lower()}: {d}"}),
        ),
        (
            "category-range",
            "Value out of range is called Out of range",
            "message.pattern",
            renamed("Value out of range", "Out of range"),
        ),
        (
            "category-format",
            "Invalid format is called Malformed",
            "message.pattern",
            renamed("Invalid format", "Malformed"),
        ),
        (
            "category-auth",
            "Authentication failed is called Unauthorized",
            "message.pattern",
            renamed("Authentication failed", "Unauthorized"),
        ),
        (
            "category-not-found",
            "Resource not found is called Not found",
            "message.pattern",
            renamed("Resource not found", "Not found"),
        ),
        ("status-422", "a wrong body gives 422", "code.const", moved(400, 422)),
        ("status-500", "a wrong body gives 500", "code.const", moved(400, 500)),
        (
            "status-200",
            "errors come with status 200",
            "code.const",
            {"envelope": lambda s, c, d: envelope(s, c, d)._replace(status=200)},
        ),
        ("status-400-for-404", "what is not found gives 400", "code.const", moved(404, 400)),
        ("status-410", "what is not found gives 410", "code.const", moved(404, 410)),
        ("error-html", "errors are HTML", "type", {"envelope": lambda s, *_: html(s)}),
        (
            "error-html-404",
            "what is not found gives HTML",
            "type",
            {"envelope": lambda s, *why: html(s) if s == 404 else envelope(s, *why)},
        ),
        ("error-empty", "errors have no body", "type", {"envelope": lambda s, *_: Reply(s, JSON, b"")}),
        (
            "error-half",
            "errors end in the middle",
            "type",
            {"envelope": lambda s, *why: envelope(s, *why)._replace(body=encoded({"code": s})[:-1])},
        ),
        (
            "error-plain",
            "errors are text/plain",
            "type",
            typed("text/plain", lambda reply: reply.status >= 400),
        ),
        (
            "error-no-type",
            "errors have no content type",
            "type",
            typed("", lambda reply: reply.status >= 400),
        ),
        (
            "error-problem-json",
            "errors are application/problem+json",
            "type",
            typed("application/problem+json", lambda reply: reply.status >= 400),
        ),
        ("redirected", "everything is redirected", "type", {"last": redirect("/v2", 308)}),
    ):
        yield Deviation(
            name, says, "envelope", FREE, " ".join(f"{ERROR}.{rule}" for rule in rules.split()), ways
        )


def _headers() -> Iterator[Deviation]:
    head = "reply.header.X-RateLimit"
    for name, says, rules, ways in (
        ("limits-untold", "no reply has the limit's headers", "Limit.required", {"limits": lambda *_: {}}),
        (
            "limit-left-out",
            "X-RateLimit-Limit is left out",
            "Limit.required",
            {"limits": lambda h, _: {k: v for k, v in h.items() if not k.endswith("-limit")}},
        ),
        (
            "limit-renamed",
            "the headers are called RateLimit-",
            "Limit.required",
            {"limits": lambda h, _: {k.removeprefix("x-"): v for k, v in h.items()}},
        ),
        (
            "limit-words",
            "X-RateLimit-Limit is a text",
            "Limit.type",
            limit("limit", lambda text: f"{text} per minute"),
        ),
        ("limit-0", "X-RateLimit-Limit is 0", "Limit.minimum", limit("limit", lambda _: "0")),
        (
            "remaining-negative",
            "X-RateLimit-Remaining is negative",
            "Remaining.minimum",
            limit("remaining", lambda _: "-1"),
        ),
        (
            "remaining-float",
            "X-RateLimit-Remaining is no integer",
            "Remaining.type",
            limit("remaining", lambda text: f"{text}.5"),
        ),
        (
            "remaining-still",
            "X-RateLimit-Remaining stays as it is",
            "Remaining.type",
            limit("remaining", lambda _: "100"),
        ),
        (
            "reset-milliseconds",
            "X-RateLimit-Reset is in milliseconds",
            "Reset.type",
            limit("reset", lambda text: f"{text}000"),
        ),
        (
            "reset-seconds-left",
            "X-RateLimit-Reset is the seconds that are left",
            "Reset.type",
            limit("reset", lambda text: str(60 - int(text) % 60)),
        ),
        (
            "reset-date",
            "X-RateLimit-Reset is a date",
            "Reset.type",
            limit("reset", lambda _: "Wed, 25 Feb 2026 00:00:00 GMT"),
        ),
    ):
        yield Deviation(name, says, "headers", FREE, f"{head}-{rules}", ways, name in UNTOLD)
    ways = {"limits": lambda headers, status: headers if status == 429 else {}}
    yield Deviation(
        "limits-on-429",
        "only a 429 has the limit's headers",
        "headers",
        FREE,
        f"{head}-Limit.required",
        ways,
        reading=True,
    )


ERRORS = (*_errors(), *_headers())
