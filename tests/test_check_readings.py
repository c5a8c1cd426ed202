"""Each reading of each open question of 2026-02 that is not the default changes a decision, as it says."""

import json
from typing import Any

import pytest

from klingcontracts.check import check_body, check_history, check_reply
from klingcontracts.contract import load
from klingcontracts.document import read
from klingcontracts.exchange import Call, Reply

Json = Any
LONG = "A" * 13_981_017
TAIL, MASKS = {"image": "x", "image_tail": "y"}, {"image": "x", "dynamic_masks": [{}]}
POINT = {"x": 1, "y": 2}
SHAPED = {"mask": "m", "trajectories": [POINT, POINT]}
NOTHING: tuple[list[str], list[str]] = ([], [])

# (question, reading, body, (refused, noted) by default, (refused, noted) in this reading)
BODIES: list[tuple[str, str, Json, tuple[list[str], list[str]], tuple[list[str], list[str]]]] = [
    ("image-required", "either", {"image_tail": "y"}, (["image.required"], []), NOTHING),
    ("image-required", "either", {}, (["image.required"], []), (["image-or-image_tail.required"], [])),
    ("image-empty", "refuse", {"image": ""}, NOTHING, (["image.minLength"], [])),
    ("image-empty", "refuse", TAIL | {"image_tail": ""}, NOTHING, (["image_tail.minLength"], [])),
    ("image-empty", "refuse", {"image": "x", "static_mask": ""}, NOTHING, (["static_mask.minLength"], [])),
    ("image-prefix", "accept", {"image": "data:x"}, ([], ["image.pattern"]), NOTHING),
    ("image-prefix", "refuse", {"image": "data:x"}, ([], ["image.pattern"]), (["image.pattern"], [])),
    ("image-prefix", "refuse", {"image": "https://a/data:x"}, NOTHING, NOTHING),
    ("image-size", "ten-megabytes", {"image": LONG}, NOTHING, (["image.maxLength"], [])),
    ("image-size", "ten-megabytes", {"image": LONG[1:]}, NOTHING, NOTHING),
    (
        "camera-control",
        "ignore",
        TAIL | {"camera_control": 1},
        (["camera_control.type", "image_tail.excludes.camera_control"], []),
        ([], ["unknown-field"]),
    ),
    (
        "camera-control",
        "refuse",
        {"image": "x", "camera_control": {}},
        ([], ["camera_control.unlisted"]),
        (["camera_control.unlisted"], []),
    ),
    (
        "masks-shape",
        "upstream",
        MASKS,
        NOTHING,
        (["dynamic_masks.[].mask.required", "dynamic_masks.[].trajectories.required"], []),
    ),
    ("masks-shape", "upstream", {"image": "x", "dynamic_masks": [SHAPED]}, NOTHING, NOTHING),
    (
        "masks-shape",
        "upstream",
        {"image": "x", "dynamic_masks": [SHAPED] * 7},
        NOTHING,
        (["dynamic_masks.maxItems"], []),
    ),
    (
        "masks-shape",
        "upstream",
        {"image": "x", "dynamic_masks": [SHAPED | {"trajectories": [POINT] * 78}]},
        NOTHING,
        (["dynamic_masks.[].trajectories.maxItems"], []),
    ),
    (
        "masks-empty",
        "absent",
        TAIL | {"dynamic_masks": []},
        (["image_tail.excludes.dynamic_masks"], []),
        NOTHING,
    ),
    (
        "masks-empty",
        "absent",
        TAIL | {"dynamic_masks": [{}]},
        (["image_tail.excludes.dynamic_masks"], []),
        (["image_tail.excludes.dynamic_masks"], []),
    ),
    ("ten-seconds", "accept", TAIL | {"duration": 10}, ([], ["image_tail.limits.duration"]), NOTHING),
    (
        "ten-seconds",
        "refuse",
        MASKS | {"duration": 10},
        ([], ["dynamic_masks.limits.duration"]),
        (["dynamic_masks.limits.duration"], []),
    ),
    ("ten-seconds", "refuse", MASKS | {"duration": 5}, NOTHING, NOTHING),
    ("ten-seconds", "refuse", {"image": "x", "duration": 10}, NOTHING, NOTHING),
    ("duration-string", "coerce", {"image": "x", "duration": "5"}, (["duration.type"], []), NOTHING),
    (
        "duration-string",
        "coerce",
        {"image": "x", "duration": "7"},
        (["duration.type"], []),
        (["duration.enum"], []),
    ),
    ("null-field", "absent", {"image": "x", "prompt": None}, (["prompt.type"], []), NOTHING),
    ("null-field", "absent", {"image": None}, (["image.type"], []), (["image.required"], [])),
    ("unknown-fields", "accept", {"image": "x", "promt": 1}, ([], ["unknown-field"]), NOTHING),
    (
        "unknown-fields",
        "refuse",
        {"image": "x", "promt": 1},
        ([], ["unknown-field"]),
        (["unknown-field"], []),
    ),
]
# (question, reading, path in the document, by default, in this reading)
NUMBERS: list[tuple[str, str, str, Json, Json]] = [
    (
        "required-category",
        "table",
        "x-errors required category",
        "Invalid parameters",
        "Missing required parameter",
    ),
    ("enum-category", "range", "x-errors enum category", "Invalid parameters", "Value out of range"),
    ("length-category", "parameters", "x-errors length category", "Value out of range", "Invalid parameters"),
    ("wrong-method", "404", "x-errors wrong-method status", 405, 404),
    ("insufficient-balance", "402", "x-balance enforced", False, True),
    ("failed-charge", "refunded", "x-balance failed", "charged", "refunded"),
    ("limit-scope", "team", "x-limits rate scope", "key", "team"),
    ("limit-scope", "key-and-global", "x-limits global enforced", False, True),
    ("rate-headers", "refused", "x-limits rate headers", "always", "refused"),
    ("retention-start", "submission", "x-lifecycle retention from", "completion", "submission"),
    (
        "model-id",
        "opaque",
        "components schemas SubmitData properties model_id examples",
        ["kling-v1-i2v"],
        ["model-123"],
    ),
    (
        "processing-visible",
        "no",
        "x-lifecycle statuses pending next",
        ["processing", "success", "failed"],
        ["success", "failed"],
    ),
]


def decided(body: Json, readings: dict[str, str]) -> tuple[list[str], list[str]]:
    contract = load("2026-02", readings)
    checked = check_body(contract, contract.operation("submit"), json.dumps(body).encode())
    refused, noted = ([one.rule.id.removeprefix("submit.body.") for one in part] for part in checked[1:])
    return refused, noted


@pytest.mark.parametrize(("question", "reading", "body", "before", "after"), BODIES)
def test_a_reading_decides_on_a_body_as_it_says(question, reading, body, before, after) -> None:
    assert decided(body, {}) == before
    assert decided(body, {question: reading}) == after


@pytest.mark.parametrize(("question", "reading", "path", "before", "after"), NUMBERS)
def test_a_reading_changes_a_number_as_it_says(question, reading, path, before, after) -> None:
    for readings, expected in (({}, before), ({question: reading}, after)):
        node: Json = load("2026-02", readings).document
        for name in path.split():
            node = node[name]
        assert node == expected


def test_every_reading_that_is_no_default_is_looked_at() -> None:
    nodes = read("2026-02")["x-questions"].items()
    others = {(name, one) for name, node in nodes for one in node["readings"] if one != node["default"]}
    assert {row[:2] for row in [*BODIES, *NUMBERS]} == others


def test_error_texts_follow_their_category() -> None:
    told = {"field": "prompt"}
    error = load("2026-02", {"required-category": "table"}).errors["required"]
    assert error.message(told) == "Missing required parameter: parameter 'prompt' is required"


@pytest.mark.parametrize("revision", ["2026-02", "2026-04"])
def test_402_is_documented_where_it_is_answered(revision) -> None:
    for reading, findings in (("402", []), ("off", ["submit.reply.status"])):
        contract = load(revision, {"insufficient-balance": reading})
        raw = b'{"code":402,"message":"Insufficient balance: x"}'
        reply = Reply(402, {"content-type": "application/json"}, raw)
        found = check_reply(contract, contract.operation("submit"), Call("POST", "/", {}), reply)
        assert [one.rule.id for one in found] == findings
        assert ("balance.insufficient" in contract.rules) is (reading == "402")


def test_where_processing_is_not_seen_it_is_out_of_order_and_no_status() -> None:
    contract = load("2026-02", {"processing-visible": "no"})
    seen = ["pending", "processing", "success"]
    assert check_history(load(), seen) == []
    assert [one.seen for one in check_history(contract, seen)] == [
        "pending, then processing",
        "processing, then success",
    ]
    raw = b'{"code":0,"message":"success","data":{"status":"processing","task_id":"t"}}'
    reply = Reply(200, {"content-type": "application/json"}, raw)
    found = check_reply(contract, contract.operation("task"), Call("GET", "/api/v1/tasks/t", {}), reply)
    assert [one.rule.id for one in found] == ["task.reply.data.status.enum"]


def test_readings_of_camera_control_and_empty_masks_go_together() -> None:
    both = {"camera-control": "ignore", "masks-empty": "absent"}
    assert decided(MASKS | {"camera_control": {}}, both) == ([], ["unknown-field"])
    assert decided(TAIL | {"dynamic_masks": [], "duration": 10}, both | {"ten-seconds": "refuse"}) == (
        ["image_tail.limits.duration"],
        [],
    )


@pytest.mark.parametrize(
    ("readings", "rule", "source"),
    [
        ({}, "image_tail.excludes.static_mask", "documented S0"),
        ({"ten-seconds": "refuse"}, "image_tail.excludes.static_mask", "documented S0"),
        ({"ten-seconds": "refuse"}, "image_tail.limits.duration", "assumed U2"),
        ({"image-empty": "refuse"}, "image.minLength", "assumed P6"),
        ({"image-empty": "refuse"}, "image.type", "documented S0"),
        ({"unknown-fields": "refuse"}, "unknown-field", "assumed P6"),
        ({"unknown-fields": "refuse"}, "image.required", "documented S0"),
        ({"camera-control": "refuse"}, "camera_control.unlisted", "assumed U2"),
        ({"masks-shape": "upstream"}, "dynamic_masks.[].mask.required", "assumed U1"),
        ({"image-required": "either"}, "image-or-image_tail.required", "documented S0"),
    ],
)
def test_what_a_reading_adds_is_not_said_to_be_on_the_page(readings, rule, source) -> None:
    assert str(load("2026-02", readings).rules[f"submit.body.{rule}"].provenance) == source
