"""klingmock.refusal: from a finding to the vendor's error and our hint."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klingcontracts.check import check_body, wire
from klingcontracts.contract import load
from klingmock.refusal import LONGEST_HINT, MOST_NOTED, explained, noted, one_line, refuse

CONTRACT = load()
SUBMIT = CONTRACT.operation("submit")


def checked(body):
    return check_body(CONTRACT, SUBMIT, json.dumps(body).encode())


def refused(body):
    return refuse(CONTRACT, checked(body).refused, "submit")


def test_the_envelope_speaks_of_the_first_finding():
    answer = refused({"cfg_scale": 7, "mode": 1})
    assert answer.status == 400
    assert json.loads(answer.body) == {
        "code": 400,
        "message": "Invalid parameters: parameter 'image' is required",
    }
    assert answer.operation == "submit"
    assert len(answer.findings) >= 3
    assert answer.hint.startswith("submit.body.image.required: ")


def test_a_hint_names_the_nearest_option():
    assert refused({"image": "x", "mode": "prof"}).hint.endswith("; nearest: pro")


def test_a_hint_names_no_option_that_is_not_near():
    assert "nearest" not in refused({"image": "x", "mode": "quality"}).hint


def test_a_hint_of_ones_own_takes_the_place_of_the_contracts():
    answer = refuse(CONTRACT, [wire(CONTRACT, "auth.unknown-key", "")], hint="use another")
    assert answer.hint == "auth.unknown-key: use another"
    assert (answer.operation, answer.status) == ("", 401)


def test_what_is_only_noted_names_field_and_nearest_field():
    text = noted(checked({"image": "x", "promt": "y", "zzzz": 1}).noted, SUBMIT)
    assert "promt" in text
    assert "nearest: prompt" in text
    assert "zzzz" in text
    assert "\n" not in text


def test_each_noted_field_has_rule_name_and_what_is_known():
    says = CONTRACT.rules["submit.body.unknown-field"].says
    known = f"submit.body.unknown-field: promt: expected: {says}; nearest: prompt"
    other = f"submit.body.unknown-field: zzzz: expected: {says}"
    text = noted(checked({"image": "x", "promt": "y", "zzzz": 1}).noted, SUBMIT)
    assert text in {f"{known}; {other}", f"{other}; {known}"}


def test_a_body_that_is_no_json_is_told_why():
    answer = refuse(CONTRACT, check_body(CONTRACT, SUBMIT, b"[NaN]").refused, "submit")
    says = CONTRACT.rules["submit.body.json"].says
    assert answer.hint == f"submit.body.json: expected: {says}; NaN is not a JSON number"
    assert json.loads(answer.body)["message"] == "Invalid format: invalid JSON format"


def test_of_very_many_noted_fields_only_some_are_told():
    text = noted(checked({"image": "x", **{f"zz{n}": n for n in range(2000)}}).noted, SUBMIT)
    assert 1 <= text.count("submit.body.unknown-field") <= MOST_NOTED


def test_nothing_noted_is_no_text():
    assert noted((), SUBMIT) == ""


def test_without_an_operation_no_name_is_known():
    [finding] = checked({"image": "x", "promt": "y"}).noted
    assert "nearest" in explained(finding, SUBMIT)
    assert "nearest" not in explained(finding, None)


@given(st.text(max_size=1000))
def test_a_hint_is_a_header_whatever_it_holds(text):
    line = one_line(text)
    assert line.isascii()
    assert line == "" or line.isprintable()
    assert len(line) <= LONGEST_HINT


@pytest.mark.parametrize("text", ["a", "a" * LONGEST_HINT])
def test_a_short_hint_stays_as_it_is(text):
    assert one_line(text) == text


def test_a_long_hint_says_that_it_goes_on():
    assert one_line("a" * (LONGEST_HINT + 1)) == "a" * (LONGEST_HINT - 3) + "..."
