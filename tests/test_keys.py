"""klingmock.keys: which keys are accepted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klingcontracts.contract import load
from klingmock.keys import LONGEST_KEY, MOST_TAKEN, SPECIAL, UNFUNDED, Admission, Keys

REAL = "sk-live-51Habcdefghijklmnop"


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40))
def test_every_key_that_begins_with_mock_is_taken(rest):
    admitted = Keys().admit(f"Bearer mock-key{rest}")
    assert admitted == Admission(owner=f"mock-key{rest}")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "bearer mock-a",
        "BEARER mock-a",
        "Basic mock-a",
        "mock-a",
        "Bearer  mock-a",
        " Bearer mock-a",
        "Bearer mock-a ",
        "Bearer mock-a mock-b",
        "Bearer mock-a, Bearer mock-a",
        "Bearer mock-é",
        "Bearer mock-\t",
        "Bearer mock-\x00",
        "Token mock-a",
    ],
)
def test_the_form_is_exact(header):
    admitted = Keys().admit(header)
    assert (admitted.owner, admitted.rule) == ("", "auth.bad-scheme")
    assert "Authorization: Bearer KEY" in admitted.hint


def test_no_header_is_a_case_of_its_own():
    assert Keys().admit(None).rule == "auth.missing-key"


@pytest.mark.parametrize("key", [REAL, "Mock-a", "MOCK-a", "mock", "mock_a", "xmock-a"])
def test_a_key_of_another_form_is_unknown_and_not_repeated(key):
    admitted = Keys().admit(f"Bearer {key}")
    assert (admitted.owner, admitted.rule) == ("", "auth.unknown-key")
    assert key == "mock" or key not in admitted.hint
    assert "begin with mock-" in admitted.hint


def test_a_named_key_is_taken_as_it_stands():
    keys = Keys([REAL])
    assert keys.admit(f"Bearer {REAL}") == Admission(owner=REAL)
    assert keys.admit(f"Bearer {REAL}x").rule == "auth.unknown-key"
    assert keys.admit("Bearer mock-a").owner == "mock-a"


def test_a_name_beats_a_special_meaning():
    assert Keys(["mock-invalid"]).admit("Bearer mock-invalid").owner == "mock-invalid"


@pytest.mark.parametrize("special", SPECIAL, ids=lambda special: special.key)
@pytest.mark.parametrize("rest", ["", "-2", "er"])
def test_a_special_key_shares_its_meaning_with_those_that_begin_with_it(special, rest):
    admitted = Keys().admit(f"Bearer {special.key}{rest}")
    assert admitted.rule == special.rule
    assert admitted.owner == ("" if special.rule else special.key + rest)
    if special.rule:
        assert special.means in admitted.hint


@pytest.mark.parametrize(("length", "owner"), [(LONGEST_KEY, True), (LONGEST_KEY + 1, False), (10**6, False)])
def test_a_key_of_megabytes_is_not_the_name_of_a_world(length, owner):
    assert bool(Keys().admit("Bearer " + "mock-".ljust(length, "x")).owner) is owner


def test_however_many_keys_there_are_each_is_answered_as_the_first_time():
    keys = Keys(["mine"])
    headers = [f"Bearer mock-{n}" for n in range(MOST_TAKEN + 10)] + [
        "Bearer mine",
        "Bearer sk-x",
        "Bearer mock-expired",
    ]
    assert [keys.admit(header) for header in headers] == [keys.admit(header) for header in headers]
    assert keys.admit(headers[MOST_TAKEN + 5]).owner == f"mock-{MOST_TAKEN + 5}"


def test_every_refusal_is_a_rule_of_the_contract():
    rules = {special.rule for special in SPECIAL if special.rule}
    assert rules | {"auth.missing-key", "auth.bad-scheme", "auth.unknown-key"} <= set(load().rules)


def test_one_special_key_is_without_money():
    assert [special.key for special in SPECIAL if not special.rule] == [UNFUNDED]
