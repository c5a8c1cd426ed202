"""A body that any combination of readings accepts is taken; one that all of them refuse is not."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klingcontracts.any_reading import AnyReading, narrows
from klingcontracts.check import check_body
from klingcontracts.contract import load
from klingcontracts.document import merged, read, revisions
from klingcontracts.strategies import bodies, broken_bodies, raw_bodies

ANY = {name: AnyReading([read(name)]) for name in revisions()}
BODY = {"image": "https://example.com/mountain.jpg"}
TAKEN = {
    "image-required=either": {"image_tail": "x"},
    "duration-string=coerce": {**BODY, "duration": "5"},
    "null-field=absent": {**BODY, "mode": None},
    "masks-empty=absent": {**BODY, "image_tail": "x", "dynamic_masks": []},
    "camera-control=ignore": {**BODY, "image_tail": "x", "camera_control": 5},
}


def readings():
    questions = load().questions
    chosen = {name: st.sampled_from(sorted(found.readings)) for name, found in questions.items()}
    return st.fixed_dictionaries({}, optional=chosen)


@pytest.mark.parametrize("revision", revisions())
@pytest.mark.parametrize("reading", TAKEN)
def test_what_one_reading_accepts_is_taken(revision, reading):
    body = TAKEN[reading]
    raw = json.dumps(body).encode()
    question, _, answer = reading.partition("=")
    contract = load(revision, {question: answer})
    assert not check_body(contract, contract.operation("submit"), raw).refused
    assert check_body(load(revision), load(revision).operation("submit"), raw).refused
    assert ANY[revision].takes(raw)


def test_what_two_readings_accept_together_is_taken():
    assert ANY["2026-02"].takes(b'{"image_tail": "x", "duration": "10", "mode": null}')


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"{}", b"[]", b'{"image": 5}', b'{"image": "x", "mode": "stt"}', b'{"image": "x", "x": NaN}'],
)
def test_what_none_accepts_is_not_taken(raw):
    assert not ANY["2026-02"].takes(raw)


@settings(max_examples=150, deadline=None)
@given(
    revision=st.sampled_from(revisions()),
    chosen=readings(),
    body=bodies(noted=True) | broken_bodies(noted=True).map(lambda pair: pair[0]),
)
def test_a_combination_of_readings_accepts_nothing_that_is_not_taken(revision, chosen, body):
    raw = json.dumps(body).encode()
    contract = load(revision, chosen)
    if not check_body(contract, contract.operation("submit"), raw).refused:
        assert ANY[revision].takes(raw)


@settings(max_examples=100, deadline=None)
@given(raw=raw_bodies())
def test_bytes_that_are_refused_in_each_reading_alone_are_mostly_refused_in_all(raw):
    taken = ANY["2026-02"].takes(raw)
    accepted = not check_body(load(), load().operation("submit"), raw).refused
    assert taken or not accepted


def test_documents_are_taken_together():
    strict = merged(read("2026-02"), {"x-questions": None})
    assert not AnyReading([strict]).takes(b'{"image_tail": "x"}')
    assert AnyReading([strict, read("2026-07")]).takes(b'{"image_tail": "x"}')


@pytest.mark.parametrize(
    ("new", "old", "expected"),
    [
        (False, {"type": "string"}, True),
        ({"type": "string"}, True, True),
        ({"type": "string"}, {"type": "string", "description": "a text", "x-says": {}}, True),
        (True, {"type": "string"}, False),
        ({}, {"type": "string"}, False),
        ({"type": "string", "minLength": 1}, {"type": "string"}, True),
        ({"type": "string", "x-null": "absent"}, {"type": "string"}, False),
        ({"properties": {"a": False}}, {"properties": {"a": {"type": "string"}}}, True),
        ({"properties": {}}, {"properties": {"a": {"type": "string"}}}, False),
        ({"items": {"enum": [1]}}, {"items": {}}, True),
        ({"items": {}}, {"items": {"enum": [1]}}, False),
        (
            {"properties": {"a": {}}, "additionalProperties": False},
            {"properties": {}, "additionalProperties": False},
            False,
        ),
    ],
)
def test_a_schema_narrows_another_when_each_statement_stands(new, old, expected):
    assert narrows(new, old) is expected
