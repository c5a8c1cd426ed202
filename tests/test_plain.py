"""klingcontracts.plain: whatever a text holds, it can be printed, and be seen for what it is."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klingcontracts.plain import counted, encodable, one_line

TEXTS = st.text(st.characters(exclude_categories=()))  # lone surrogates as well


@settings(deadline=None)
@given(TEXTS, st.integers(0, 50))
def test_one_line_is_printable_and_short(text, most):
    told = one_line(text, most)
    assert told.isprintable()
    assert len(told) <= most * len(r"\U0010ffff") + 1
    assert told.endswith("…") or len(text) <= most
    told.encode()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("as it is, ünd 字", "as it is, ünd 字"),
        ("two\nlines\r", r"two\nlines\r"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\u202eb\u2028c", r"a\u202eb\u2028c"),
        ("\ud800", r"\ud800"),
        ("x" * 400, "x" * 300 + "…"),
    ],
)
def test_what_can_not_be_printed_is_written_out(text, told):
    assert one_line(text) == told


@settings(deadline=None)
@given(
    st.recursive(TEXTS | st.integers() | st.none(), lambda one: st.lists(one) | st.dictionaries(TEXTS, one))
)
def test_json_of_anything_can_be_encoded(value):
    told = json.dumps(encodable(value), ensure_ascii=False).encode()
    assert json.loads(told) == json.loads(json.dumps(encodable(value)))


def test_json_that_can_be_encoded_stays():
    value = {"a": ["é\n", 1, None, {"b": "字"}], "\ud800": ("\udfff",)}
    assert encodable(value) == {"a": ["é\n", 1, None, {"b": "字"}], "?": ["?"]}


def test_a_number_and_its_noun():
    assert (counted(1, "error"), counted(0, "error")) == ("1 error", "0 errors")
