import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klingcontracts.compare import compare
from klingcontracts.contract import load, of_document
from klingcontracts.document import read, revisions
from klingcontracts.rule import Level

ERROR, WARNING, INFO = Level.ERROR, Level.WARNING, Level.INFO
HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


def told(old, new):
    return {(one.rule.id, one.level, one.operation, one.pointer) for one in compare(old, new)}


@pytest.mark.parametrize("revision", revisions())
def test_a_contract_is_what_it_is(revision) -> None:
    assert compare(load(revision), load(revision)) == []


# What the vendor did, as far as public material tells.
HISTORY = {
    ("2026-02", "2026-04"): {
        ("route.unknown-path", ERROR, "submit", ""),  # /image-to-video is gone from the path
        ("submit.reply.data.get_result.listed", INFO, "submit", "/data/get_result"),
        ("submit.reply.status", WARNING, "submit", "/402"),
        ("balance.enforced", WARNING, "submit", ""),
        ("question.model-id.reading", WARNING, "*", ""),  # the slug, then an opaque id
    },
    ("2026-04", "2026-07"): {
        ("route.unknown-path", ERROR, "submit", ""),  # /async is gone from the path
        ("task.reply.data.billing.listed", INFO, "task", "/data/billing"),
        ("task.reply.data.result_expires_at.listed", INFO, "task", "/data/result_expires_at"),
        ("models.listed", INFO, "models", ""),
        ("validate-key.listed", INFO, "validate-key", ""),
        ("balance.listed", INFO, "balance", ""),
        ("task.retention.seconds", INFO, "task", ""),  # a day, then seven
        ("limit.concurrency.tasks", WARNING, "submit", ""),  # three, then two in the lowest tier
        ("question.tier.listed", INFO, "*", ""),
    },
    ("2026-04", "2026-02"): {
        ("route.unknown-path", ERROR, "submit", ""),
        ("submit.reply.data.get_result.listed", ERROR, "submit", "/data/get_result"),
        ("submit.reply.status", INFO, "submit", "/402"),
        ("balance.enforced", INFO, "submit", ""),
        ("question.model-id.reading", WARNING, "*", ""),
    },
    ("2026-07", "2026-04"): {
        ("route.unknown-path", ERROR, "submit", ""),
        ("task.reply.data.billing.listed", ERROR, "task", "/data/billing"),
        ("task.reply.data.result_expires_at.listed", ERROR, "task", "/data/result_expires_at"),
        ("models.listed", ERROR, "models", ""),
        ("validate-key.listed", ERROR, "validate-key", ""),
        ("balance.listed", ERROR, "balance", ""),
        ("task.retention.seconds", ERROR, "task", ""),
        ("limit.concurrency.tasks", INFO, "submit", ""),
        ("question.tier.listed", INFO, "*", ""),
    },
}


@pytest.mark.parametrize("pair", HISTORY, ids=" to ".join)
def test_the_vendors_history(pair) -> None:
    assert told(*map(load, pair)) == HISTORY[pair]


def test_a_finding_says_what_was_what_is_and_who_says_so() -> None:
    found = {one.rule.id: one for one in compare(load("2026-04"), load("2026-07"))}
    path = found["route.unknown-path"].to_json()
    assert (path["documented"], path["seen"]) == (
        "POST /api/v1/kling/kling-v1-i2v/async",
        "POST /api/v1/kling/kling-v1-i2v",
    )
    assert path["sources"]
    assert path["fingerprint"] == "route.unknown-path@submit"
    kept = found["task.retention.seconds"].to_json()
    assert kept["documented"] == "results are kept for 86400 seconds"
    assert kept["seen"] == "results are kept for 604800 seconds"
    assert kept["sources"] == ["K11", "B1"]


SUBMIT = ("paths", load("2026-07").operation("submit").path, "post")
TASK = ("paths", "/api/v1/tasks/{task_id}", "get")
MODELS = ("paths", "/api/v1/models")
SCHEMAS = ("components", "schemas")
BODY = (*SCHEMAS, "SubmitBody", "properties")
DATA = (*SCHEMAS, "SubmitData")
TASKDATA = (*SCHEMAS, "TaskData")
ANSWERS = ("components", "responses")
MOVE = object()  # the node is put where the next words of the row say, and nothing is left behind

# One edit of the document in force: the place, what stands there then (None: nothing), the rule that is
# named, its level, and its level when the edit is undone.
EDITS = {
    "the path": (SUBMIT[:2], (MOVE, ("paths", "/api/v2/kling")), "route.unknown-path", ERROR, ERROR),
    "another call's path": (
        TASK[:2],
        (MOVE, ("paths", "/api/v2/tasks/{task_id}")),
        "route.unknown-path",
        ERROR,
        ERROR,
    ),
    "the method": (SUBMIT, (MOVE, (*SUBMIT[:2], "put")), "route.wrong-method", ERROR, ERROR),
    "the host": (("servers",), [{"url": "https://a.example"}], "route.server", ERROR, ERROR),
    "no host": (("servers",), None, "route.server", ERROR, ERROR),
    "an operation": (MODELS, None, "models.listed", ERROR, INFO),
    "no key": ((*MODELS, "get", "security"), [{}], "auth.missing-key", WARNING, ERROR),
    "how keys are sent": (
        ("components", "securitySchemes", "apiKey"),
        {"type": "apiKey", "in": "header", "name": "X-Key"},
        "auth.bad-scheme",
        ERROR,
        ERROR,
    ),
    "a parameter": (
        (*TASK, "parameters"),
        [*read("2026-07")["paths"][TASK[1]]["get"]["parameters"], {"in": "query", "name": "full"}],
        "task.parameter.full.listed",
        INFO,
        ERROR,
    ),
    "a parameter that is needed": (
        (*MODELS, "get", "parameters"),
        [{"in": "query", "name": "type", "required": True}],
        "models.parameter.type.listed",
        ERROR,
        ERROR,
    ),
    "a parameter's bound": (
        (*TASK, "parameters", 0, "schema", "maxLength"),
        64,
        "task.parameter.1.maxLength",
        ERROR,
        WARNING,
    ),
    "one more content type": (
        (*SUBMIT, "requestBody", "content", "multipart/form-data"),
        {},
        "submit.body.content-type",
        INFO,
        ERROR,
    ),
    "a body that may be left out": (
        (*SUBMIT, "requestBody", "required"),
        False,
        "submit.body.required",
        WARNING,
        ERROR,
    ),
    "a body where there was none": (
        (*MODELS, "get", "requestBody"),
        {"content": {"application/json": {"schema": {"type": "object"}}}},
        "models.body.content-type",
        INFO,
        ERROR,
    ),
    "a body that is needed where there was none": (
        (*MODELS, "get", "requestBody"),
        {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
        "models.body.content-type",
        ERROR,
        ERROR,
    ),
    "a field that is needed": (
        (*SCHEMAS, "SubmitBody", "required"),
        None,
        "submit.body.image.required",
        WARNING,
        ERROR,
    ),
    "a field": ((*BODY, "seed"), {"type": "integer"}, "submit.body.seed.listed", INFO, ERROR),
    "a type": ((*BODY, "mode", "type"), "integer", "submit.body.mode.type", ERROR, ERROR),
    "a wider type": ((*BODY, "duration", "type"), "number", "submit.body.duration.type", WARNING, ERROR),
    "a bound down": ((*BODY, "prompt", "maxLength"), 2000, "submit.body.prompt.maxLength", ERROR, WARNING),
    "a bound up": ((*BODY, "prompt", "maxLength"), 9000, "submit.body.prompt.maxLength", WARNING, ERROR),
    "a bound more": (
        (*BODY, "dynamic_masks", "maxItems"),
        6,
        "submit.body.dynamic_masks.maxItems",
        ERROR,
        WARNING,
    ),
    "a bound less": ((*BODY, "cfg_scale", "minimum"), None, "submit.body.cfg_scale.minimum", WARNING, ERROR),
    "a pattern": ((*BODY, "prompt", "pattern"), "^A", "submit.body.prompt.pattern", ERROR, WARNING),
    "an option more": (
        (*BODY, "mode", "enum"),
        ["std", "pro", "max"],
        "submit.body.mode.enum",
        WARNING,
        ERROR,
    ),
    "an option less": ((*BODY, "duration", "enum"), [5], "submit.body.duration.enum", ERROR, WARNING),
    "a default": ((*BODY, "cfg_scale", "default"), 0.7, "submit.body.cfg_scale.default", WARNING, WARNING),
    "no default": ((*BODY, "mode", "default"), None, "submit.body.mode.default", WARNING, WARNING),
    "a format": ((*BODY, "image", "format"), "uri", "submit.body.image.format", INFO, INFO),
    "a field on its way out": (
        (*BODY, "static_mask", "deprecated"),
        True,
        "submit.body.static_mask.deprecated",
        WARNING,
        INFO,
    ),
    "null": ((*SCHEMAS, "SubmitBody", "x-null"), "absent", "submit.body.x-null", WARNING, ERROR),
    "an empty array": (
        (*BODY, "dynamic_masks", "x-empty"),
        "absent",
        "submit.body.dynamic_masks.x-empty",
        WARNING,
        ERROR,
    ),
    "an exclusion less": (
        (*SCHEMAS, "SubmitBody", "dependentSchemas", "image_tail", "properties", "static_mask"),
        None,
        "submit.body.image_tail.excludes.static_mask",
        WARNING,
        ERROR,
    ),
    "an exclusion more": (
        (*SCHEMAS, "SubmitBody", "dependentSchemas", "image_tail", "properties", "cfg_scale"),
        False,
        "submit.body.image_tail.excludes.cfg_scale",
        ERROR,
        WARNING,
    ),
    "a condition": (
        (*SCHEMAS, "SubmitBody", "dependentSchemas", "static_mask", "properties", "mode"),
        {"const": "std"},
        "submit.body.static_mask.limits.mode",
        ERROR,
        WARNING,
    ),
    "a statement in prose": (
        (*SCHEMAS, "SubmitBody", "x-prose", "cfg_scale", "says"),
        ["only for: v2"],
        "submit.body.cfg_scale.only-for",
        ERROR,
        WARNING,
    ),
    "a status": ((*SUBMIT, "responses", "402"), None, "submit.reply.status", INFO, WARNING),
    "the status of what is accepted": (
        (*SUBMIT, "responses", "200"),
        (MOVE, (*SUBMIT, "responses", "202")),
        "submit.reply.status",
        ERROR,
        ERROR,
    ),
    "one more content type of a reply": (
        (*TASK, "responses", "200", "content", "text/plain"),
        {},
        "task.reply.content-type",
        WARNING,
        ERROR,
    ),
    "a field of a reply": (
        (*TASKDATA, "properties", "cost"),
        {"type": "number"},
        "task.reply.data.cost.listed",
        INFO,
        ERROR,
    ),
    "a field that a reply always has": (
        (*DATA, "required"),
        ["status", "task_id", "get_result"],
        "submit.reply.data.model_id.required",
        ERROR,
        INFO,
    ),
    "a type in a reply": (
        (*TASKDATA, "properties", "duration", "type"),
        "string",
        "task.reply.data.duration.type",
        ERROR,
        ERROR,
    ),
    "null in a reply": (
        (*TASKDATA, "properties", "duration", "type"),
        ["integer", "null"],
        "task.reply.data.duration.type",
        ERROR,
        INFO,
    ),
    "a value more in a reply": (
        (*TASKDATA, "properties", "status", "enum"),
        ["pending", "processing", "success", "failed", "canceled"],
        "task.reply.data.status.enum",
        WARNING,
        INFO,
    ),
    "when a field is there": (
        (*TASKDATA, "if", "properties", "status", "const"),
        "failed",
        "task.reply.data.if",
        WARNING,
        WARNING,
    ),
    "the envelope": (
        (*ANSWERS, "429", "content", "application/json", "schema", "required"),
        ["code"],
        "error.envelope.message.required",
        ERROR,
        INFO,
    ),
    "a header": (
        (*ANSWERS, "429", "headers", "Retry-After"),
        {"schema": {"type": "integer"}},
        "reply.header.Retry-After.listed",
        INFO,
        WARNING,
    ),
    "a header's type": (
        ("components", "headers", HEADERS[0], "schema", "type"),
        "string",
        "reply.header.X-RateLimit-Limit.type",
        ERROR,
        ERROR,
    ),
    "a status on the way": (
        ("x-lifecycle", "statuses", "queued"),
        {"next": ["processing"], "terminal": False},
        "task.lifecycle.queued.listed",
        WARNING,
        INFO,
    ),
    "an end": (
        ("x-lifecycle", "statuses", "canceled"),
        {"next": [], "terminal": True},
        "task.lifecycle.canceled.listed",
        ERROR,
        WARNING,
    ),
    "an end that is none": (
        ("x-lifecycle", "statuses", "failed", "terminal"),
        False,
        "task.lifecycle.failed.terminal",
        ERROR,
        ERROR,
    ),
    "a way": (
        ("x-lifecycle", "statuses", "failed", "next"),
        ["pending"],
        "task.lifecycle.failed.next",
        WARNING,
        INFO,
    ),
    "retention": (("x-lifecycle", "retention", "seconds"), 86400, "task.retention.seconds", ERROR, INFO),
    "from when on": (("x-lifecycle", "retention", "from"), "submission", "task.retention.from", ERROR, INFO),
    "the rate": (("x-limits", "rate", "requests"), 60, "limit.rate.requests", WARNING, INFO),
    "the window": (("x-limits", "rate", "seconds"), 90, "limit.rate.seconds", WARNING, INFO),
    "whose limit it is": (("x-limits", "rate", "scope"), "team", "limit.rate.scope", WARNING, INFO),
    "headers of the limit": (("x-limits", "rate", "headers"), "refused", "limit.rate.headers", WARNING, INFO),
    "the rate of all": (("x-limits", "global", "requests"), 900, "limit.global.requests", WARNING, INFO),
    "the window of all": (("x-limits", "global", "seconds"), 61, "limit.global.seconds", WARNING, INFO),
    "whether it holds": (("x-limits", "global", "enforced"), True, "limit.global.enforced", WARNING, INFO),
    "tasks at once": (("x-limits", "concurrency", "tasks"), 1, "limit.concurrency.tasks", WARNING, INFO),
    "the balance": (("x-balance", "enforced"), False, "balance.enforced", INFO, WARNING),
    "what failed": (("x-balance", "failed"), "refunded", "balance.failed", INFO, WARNING),
    "the currency": (("x-balance", "currency"), "EUR", "balance.currency", WARNING, WARNING),
    "a price": (("x-price", "std", "5"), "0.2", "price.std-5", WARNING, INFO),
    "a price that goes": (("x-price", "pro", "10"), None, "price.pro-10", WARNING, INFO),
    "an error's status": (("x-errors", "range", "status"), 422, "error.range.status", ERROR, ERROR),
    "an error's category": (
        ("x-errors", "enum", "category"),
        "Bad value",
        "error.enum.category",
        WARNING,
        WARNING,
    ),
    "one more error": (
        ("x-errors", "moderation"),
        {"status": 400, "category": "Refused", "detail": "no"},
        "error.moderation.listed",
        INFO,
        INFO,
    ),
    "a question": (("x-questions", "tier"), None, "question.tier.listed", INFO, INFO),
}


def put(document, place, value):
    node = document
    for name in place[:-1]:
        node = node.setdefault(name, {}) if isinstance(node, dict) else node[name]
    if isinstance(value, tuple):
        put(document, value[1], node.pop(place[-1]))
    elif value is None:
        del node[place[-1]]
    else:
        node[place[-1]] = value


def edited(*edits):
    document = json.loads(json.dumps(read("2026-07")))
    for place, value in edits:
        put(document, place, value)
    return of_document(document, "The edited one")


def test_there_are_edits_enough() -> None:
    assert len(EDITS) >= 70


@pytest.mark.parametrize("name", EDITS)
def test_each_edit_is_found_and_named_in_both_directions(name) -> None:
    place, value, rule, there, back = EDITS[name]
    old, new = load("2026-07"), edited((place, value))
    forth, undone = compare(old, new), compare(new, old)
    assert [(one.rule.id, one.level) for one in forth] == [(rule, there)]
    assert [(one.rule.id, one.level) for one in undone] == [(rule, back)]
    assert forth[0].documented != forth[0].seen
    if not rule.endswith("listed"):
        assert {forth[0].documented, forth[0].seen} == {undone[0].seen, undone[0].documented}


@settings(max_examples=60, deadline=None)
@given(st.sets(st.sampled_from(sorted(EDITS)), min_size=2, max_size=4))
def test_edits_in_different_places_are_each_found(names) -> None:
    places = [EDITS[name][0] for name in names]
    apart = not any(
        one[: len(other)] == other
        for at, one in enumerate(places)
        for at_2, other in enumerate(places)
        if at != at_2
    )
    if apart and not any(isinstance(EDITS[name][1], tuple) for name in names):
        found = {
            one.rule.id for one in compare(load("2026-07"), edited(*(EDITS[name][:2] for name in names)))
        }
        assert found == {EDITS[name][2] for name in names}


# What is said in other words, or is ours.
SAME = {
    "a title": (("info", "title"), "Another"),
    "a description": (("info", "description"), "Another"),
    "the name of the revision": (("info", "version"), "mine"),
    "a field's description": ((*BODY, "image", "description"), "A picture"),
    "examples": ((*BODY, "image", "examples"), ["https://example.com/b.jpg"]),
    "an example of a reply": ((*DATA, "properties", "task_id", "examples"), ["task-9"]),
    "provenance": ((*BODY, "image", "x-provenance"), "assumed"),
    "a summary": ((*SUBMIT, "summary"), "Do it"),
    "a link": ((*SUBMIT, "responses", "200", "links"), {}),
    "the order of options": ((*BODY, "mode", "enum"), ["pro", "std"]),
    "the order of what is needed": ((*DATA, "required"), ["get_result", "task_id", "model_id", "status"]),
    "a whole number": ((*BODY, "cfg_scale", "maximum"), 1.0),
    "the words of an error": (("x-errors", "range", "detail"), "no, {got}"),
    "the wording on the page": ((*SCHEMAS, "SubmitBody", "x-prose", "mode", "wording"), "0" * 12),
    "what is noted": ((*SCHEMAS, "SubmitBody", "x-noted", "properties", "image"), None),
    "what the fake makes up": (("x-balance", "opening"), "5"),
    "where videos lie": (("x-media", "path"), "/v/{name}.mp4"),
    "a price in other digits": (("x-price", "std", "5"), "0.14"),
    "a slash behind the host": (("servers",), [{"url": "https://api.modellix.ai/"}]),
}


@pytest.mark.parametrize("name", SAME)
def test_what_says_the_same_is_no_change(name) -> None:
    new = edited(SAME[name])
    assert compare(load("2026-07"), new) == compare(new, load("2026-07")) == []


def test_what_a_parameter_of_the_path_is_called_is_seen_by_nobody() -> None:
    moved = (TASK[:2], (MOVE, ("paths", "/api/v1/tasks/{task}")))
    new = edited((((*TASK, "parameters", 0, "name")), "task"), moved)
    assert compare(load("2026-07"), new) == []


def test_fields_that_are_not_listed() -> None:
    refused = load(readings={"unknown-fields": "refuse"})
    rule = ("submit.body.unknown-field", WARNING, "submit", "")
    assert told(load(), refused) == told(refused, load()) == {rule}


def test_one_value_is_a_choice_of_one() -> None:
    status = (*DATA, "properties", "status")
    choice = edited((status, {"type": "string", "enum": ["pending", "queued"]}))
    place = ("submit", "/data/status")
    assert told(load("2026-07"), choice) == {("submit.reply.data.status.enum", WARNING, *place)}
    assert told(choice, load("2026-07")) == {("submit.reply.data.status.const", INFO, *place)}
    assert told(load("2026-07"), edited((status, {"type": "string", "enum": ["pending"]}))) == set()


def test_one_change_of_many_operations_is_one_finding() -> None:
    security = edited((("security",), [{}]))
    (finding,) = [one for one in compare(load("2026-07"), security) if one.rule.id == "auth.missing-key"]
    assert (finding.operation, finding.level) == ("*", WARNING)
    pattern = (*ANSWERS, "404", "content", "application/json", "schema", "properties", "message", "pattern")
    (envelope,) = compare(load("2026-07"), edited((pattern, "^Gone: ")))
    assert (envelope.operation, envelope.pointer, envelope.level) == ("*", "/404/message", ERROR)


def test_a_reading_that_rules_tell_is_not_told_again() -> None:
    either = load(readings={"image-required": "either"})
    assert told(load(), either) == {("submit.body.image.required", WARNING, "submit", "/image")}
    assert {rule for rule, *_ in told(either, load())} == {
        "submit.body.image.required",
        "submit.body.image-or-image_tail.required",
    }


def test_a_reading_that_no_rule_tells_is_told() -> None:
    noted = load(readings={"unknown-fields": "accept"})
    assert told(load(), noted) == {("question.unknown-fields.reading", WARNING, "*", "")}
    assert told(noted, load()) == {("question.unknown-fields.reading", WARNING, "*", "")}


def test_a_reading_that_the_other_does_not_know() -> None:
    question = {"question": "One?", "default": "yes", "readings": {"yes": {"text": "yes"}}}
    other = {"question": "One?", "default": "no", "readings": {"no": {"text": "no"}}}
    place = ("x-questions", "one")
    assert told(edited((place, question)), edited((place, other))) == {
        ("question.one.reading", WARNING, "*", "")
    }
