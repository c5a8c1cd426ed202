import json
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from klingcontracts.strictjson import MAX_DEPTH, MOST_CONTAINERS, BadJson, parse

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)
# Pieces of JSON and of what is nearly JSON, stuck together at random.
PIECES = st.sampled_from(
    [
        *'"\\{}[],:0-1.eab/ \t\n\x00\x1fé😀\ufeff\u2028',
        "\\u",
        "d83d",
        "\\ude00",
        '"k":',
        "E9",
        "1e999",
        "true",
        "null",
        "NaN",
        "Infinity",
    ]
)


def strict(raw: bytes) -> object:
    """What Python's own parser makes of it, held to RFC 8259 by other means than ours."""

    def refuse(name: str) -> object:
        raise ValueError(name)

    def finite(text: str) -> float:
        return float(text) if math.isfinite(float(text)) else refuse(text)

    text = raw.decode("utf-8")
    if text.startswith("\ufeff"):
        raise ValueError("BOM")
    return json.loads(text, parse_constant=refuse, parse_float=finite)


def without_lone_surrogates(value: object) -> object:
    if isinstance(value, str):
        return "".join("\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in value)
    if isinstance(value, list):
        return [without_lone_surrogates(inner) for inner in value]
    if isinstance(value, dict):
        return {without_lone_surrogates(key): without_lone_surrogates(inner) for key, inner in value.items()}
    return value


@given(VALUES, st.booleans())
def test_it_reads_what_json_writes(value, ascii_only) -> None:
    assert parse(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.lists(PIECES, max_size=14).map("".join))
@example('["\\ud83d\\ude00"]')
@example('["\\\\ud83d"]')
@example('"\\ud83d\\ud83d\\ude00"')
def test_it_agrees_with_pythons_parser_on_what_is_json(text) -> None:
    raw = text.encode()
    try:
        expected = strict(raw)
    except ValueError:
        with pytest.raises(BadJson):
            parse(raw)
    else:
        assert parse(raw) == without_lone_surrogates(expected)


@given(st.binary(max_size=40))
def test_bytes_are_json_or_refused_and_nothing_else(raw) -> None:
    try:
        value = parse(raw)
    except BadJson:
        with pytest.raises(ValueError):  # noqa: PT011 - one of several kinds
            strict(raw)
    else:
        assert value == without_lone_surrogates(strict(raw))


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"NaN", "NaN is not a JSON number"),
        (b"[Infinity]", "Infinity is not a JSON number"),
        (b'{"a":-Infinity}', "-Infinity is not a JSON number"),
        (b"1e999", "larger than a double"),
        (b"-1e999", "larger than a double"),
        (b"", "Expecting value at character 0"),
        (b"\xef\xbb\xbf{}", "Expecting value at character 0"),
        ("{}".encode("utf-16"), "byte 0 is not UTF-8"),
        ("{}".encode("utf-16-le"), "Expecting property name"),
        (b'"\xff"', "byte 1 is not UTF-8"),
        (b'"\xed\xa0\xbd"', "byte 1 is not UTF-8"),  # a surrogate, encoded
        (b'"\xc0\x80"', "byte 1 is not UTF-8"),  # overlong
        (b"{} {}", "Extra data at character 3"),
        (b"{}\x00", "Extra data at character 2"),
        (b"01", "Extra data"),
        (b"'a'", "Expecting value"),
        (b'{"a":1,}', "double quotes|trailing comma"),
        (b'"\n"', "Invalid control character"),
        (b"9" * 5000, "too many digits"),
    ],
)
def test_what_is_refused_and_why(raw, why) -> None:
    with pytest.raises(BadJson, match=why):
        parse(raw)


@pytest.mark.parametrize(
    ("opened", "closed", "levels"),
    [(b"[", b"]", 64), (b'{"a":', b"}", 64), (b'[{"a":', b"}]", 32), (b'["[",', b"]", 64)],
)
def test_depth_is_bounded(opened, closed, levels) -> None:
    deepest = opened * levels + b"1" + closed * levels
    assert MAX_DEPTH == 64
    parse(deepest)
    with pytest.raises(BadJson, match="nested deeper than 64 levels"):
        parse(b"[" + deepest + b"]")


def test_an_unclosed_depth_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(BadJson, match="nested deeper"):
        parse(b"[" * 100_000)


@pytest.mark.parametrize("inside", ["[" * 1000, "\\" * 500 + '"' + "{" * 1000, '"' + "[{" * 500])
def test_brackets_inside_strings_are_not_depth(inside) -> None:
    assert parse(json.dumps([inside]).encode()) == [inside]


def test_many_brackets_side_by_side_are_not_depth() -> None:
    assert parse(b"[" + b"[]," * 1000 + b"[]]") == [[]] * 1001


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (rb'"\ud83d"', "\ufffd"),
        (rb'"\uDE00x"', "\ufffdx"),
        (rb'"\ud83d\u0041"', "\ufffdA"),
        (rb'"\ud83d\ud83d\ude00"', "\ufffd😀"),
        (rb'"\ude00\ud83d"', "\ufffd\ufffd"),
        (rb'"\ud83d\ude00"', "😀"),
        (rb'"\\ud83d"', "\\ud83d"),
        (rb'{"\ud83d":1}', {"\ufffd": 1}),
    ],
)
def test_lone_surrogates_become_replacement_characters_and_pairs_stay(raw, value) -> None:
    assert parse(raw) == value


@given(st.lists(st.integers(0, 0xFFFF), max_size=30))
def test_a_string_keeps_its_length_in_code_points(units) -> None:
    raw = ('"' + "".join(f"\\u{unit:04x}" for unit in units) + '"').encode()
    found = parse(raw)
    assert len(found) == len(json.loads(raw))
    assert found.encode().decode() == found


def test_the_last_of_equal_keys_counts() -> None:
    assert parse(b'{"a":1,"b":2,"a":3}') == {"a": 3, "b": 2}


def test_the_number_of_arrays_and_objects_is_bounded_and_brackets_in_texts_do_not_count() -> None:
    most = MOST_CONTAINERS
    assert parse(b'["' + b"[" * (most + 1) + b'"]') == ["[" * (most + 1)]
    assert len(parse(b"[" + b"[]," * (most - 2) + b"[]]")) == most - 1
    with pytest.raises(BadJson, match="more than 1000000 arrays and objects"):
        parse(b"[" + b"{}," * (most - 1) + b"{}]")


def test_lone_surrogates_are_replaced_wherever_they_stand() -> None:
    raw = b'{"\\ud800": ["\\uDfff", {"a": "\\ud83d\\ude00\\ud83d"}, 1, null]}'
    assert parse(raw) == {"\ufffd": ["\ufffd", {"a": "\U0001f600\ufffd"}, 1, None]}
