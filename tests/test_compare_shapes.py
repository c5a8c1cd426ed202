import json

import pytest

from klingcontracts.compare_shapes import named_only, pointer, shapes
from klingcontracts.contract import load
from klingcontracts.rule import Level
from klingcontracts.shape import Shape

EXCLUDING = ("image_tail", "static_mask", "dynamic_masks")
ERROR, WARNING, INFO = Level.ERROR, Level.WARNING, Level.INFO


def found(old, new):
    before, after = old.operation("submit"), new.operation("submit")
    told = [*shapes(before.body, after.body, in_reply=False)]
    told += shapes(before.replies[200], after.replies[200], in_reply=True)
    return {(one.rule.id, one.level) for one in told}


def test_a_contract_is_what_it_is() -> None:
    for revision in ("2026-02", "2026-04", "2026-07"):
        assert found(load(revision), load(revision)) == set()


def test_both_ways() -> None:
    assert found(load("2026-02"), load("2026-04")) == {("submit.reply.data.get_result.listed", INFO)}
    assert found(load("2026-04"), load("2026-02")) == {("submit.reply.data.get_result.listed", ERROR)}


def test_readings_differ_as_contracts_do() -> None:
    either = load(readings={"image-required": "either"})
    assert found(load(), either) == {("submit.body.image.required", WARNING)}
    assert found(either, load()) == {
        ("submit.body.image.required", ERROR),
        ("submit.body.image-or-image_tail.required", WARNING),
    }
    upstream = load(readings={"masks-shape": "upstream"})
    assert ("submit.body.dynamic_masks.[].mask.required", ERROR) in found(load(), upstream)
    assert ("submit.body.dynamic_masks.[].mask.listed", ERROR) in found(upstream, load())


def test_new_alternatives(own_body) -> None:
    one = own_body(required=[], anyOf=[{"required": ["image"]}, {"required": ["prompt"]}])
    none = own_body(required=[])
    assert ("submit.body.image-or-prompt.required", ERROR) in found(none, one)


def test_a_field_that_is_refused_is_none() -> None:
    refused = load(readings={"camera-control": "refuse"})
    lost = {(f"submit.body.{one}.excludes.camera_control", WARNING) for one in EXCLUDING}
    assert found(load(), refused) == lost


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({}, set()),
        ({"properties": {"a": False, "b": {}}}, {"a"}),
        ({"properties": {"a": {}, "b": {}}, "x-noted": {"properties": {"a": False, "b": {}}}}, {"a"}),
    ],
)
def test_fields_that_are_only_named(schema, expected) -> None:
    assert named_only(schema) == expected


def test_places() -> None:
    assert pointer("a.b[].c") == "/a/b/0/c"
    assert pointer("") == ""


def test_a_condition_that_changes(own_body) -> None:
    def limited(**limit):
        return own_body(
            dependentSchemas={"static_mask": {"properties": {"duration": limit}}}, **{"x-noted": {}}
        )

    rule = "submit.body.static_mask.limits.duration"
    assert found(limited(const=5), limited(const=10)) == {(rule, ERROR)}
    assert found(limited(const=5), limited(enum=[5, 10])) == {(rule, WARNING)}
    assert found(limited(enum=[5, 10]), limited(const=5)) == {(rule, ERROR)}
    assert found(limited(enum=[5]), limited(const=5)) == set()
    assert found(limited(const=5), limited(maximum=5)) == {(rule, ERROR)}
    assert found(limited(maximum=5), limited(maximum=9)) == {(rule, WARNING)}


def test_a_choice_beside_one_value(own_body) -> None:
    def mode(**says):
        return own_body(properties={"image": {"type": "string"}, "mode": {"type": "string", **says}})

    both = mode(enum=["std", "pro"], const="std")
    assert found(both, mode(enum=["std", "pro"])) == {("submit.body.mode.const", WARNING)}
    assert found(mode(enum=["std", "pro"]), both) == {("submit.body.mode.const", ERROR)}


def test_what_else_a_schema_says(own_body) -> None:
    def body(**more):
        return own_body(properties={"image": {"type": "string"}, "flag": {"type": "boolean", **more}})

    assert found(body(default=True), body(default=1)) == {("submit.body.flag.default", WARNING)}
    (told,) = shapes(
        body().operation("submit").body, body(default=True).operation("submit").body, in_reply=False
    )
    assert (told.documented, told.seen) == ("the default of flag is none", "the default of flag is true")
    absent = own_body(**{"x-null": "absent"})
    (told,) = shapes(load().operation("submit").body, absent.operation("submit").body, in_reply=False)
    assert told.documented == "what null means in the body is none"
    assert (told.rule.id, told.pointer) == ("submit.body.x-null", "")


def test_when_something_is_needed() -> None:
    reply = load().operation("task").replies[200]
    other = Shape(json.loads(json.dumps(reply.schema).replace('"success"}', '"failed"}')), reply.place)
    (told,) = shapes(reply, other, in_reply=True)
    assert told.rule.id == "task.reply.data.if"
    assert '{"const": "failed"}' in told.seen
