from dataclasses import replace

import pytest

from klingcontracts.contract import load
from klingcontracts.page_compare import accepted, compared, named_only, pointer, stated, told
from klingcontracts.rule import Level

EXCLUDING = ("image_tail", "static_mask", "dynamic_masks")
ERROR, WARNING, INFO = Level.ERROR, Level.WARNING, Level.INFO


def found(old, new):
    return {(one.rule.id, one.level) for one in compared(old, new)}


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


def test_a_contract_without_a_body_has_no_request_to_compare() -> None:
    bare = replace(load(), operations={"submit": replace(load().operation("submit"), body=None)})
    assert found(load(), bare) == found(bare, load()) == set()
    assert accepted(bare.operation("submit"))[0] == 200


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


def test_findings_of_no_rule() -> None:
    finding = stated("page.server", "where calls go", INFO, "a", "b", "/x/y")
    assert (finding.level, finding.rule.field, finding.operation) == (INFO, "x.y", "submit")
    rule = load().rules["submit.body.image.required"]
    assert told(rule, WARNING, "a", "b").level is WARNING
    assert rule.level is ERROR
