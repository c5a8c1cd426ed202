"""klingmock.asked: a query or a JSON body, read value by value."""

import pytest

from klingcontracts.problem import Problem
from klingmock.asked import LONGEST, Asked, of_body, shown

HUGE = "x" * 100_000


def asked(**values) -> Asked:
    return Asked(values)


def query(**values) -> Asked:
    return Asked(values, from_query=True)


@pytest.mark.parametrize("name", ["text", "flag"])
def test_what_is_not_given_is_none(name):
    assert getattr(asked(), name)("a") is None
    with pytest.raises(Problem, match=r"^a: null is n"):  # to give nothing is not to leave it out
        getattr(asked(a=None), name)("a")
    assert asked().one_of("a", ["b"]) is None
    assert asked().whole("a", 7) == 7


def test_a_name_that_is_not_known_is_told_with_the_nearest():
    asked(limit="1").check(["limit"])
    with pytest.raises(Problem) as caught:
        asked(limt="1").check(["limit", "after"])
    assert caught.value.fact == "Parameter 'limt' is not known. Nearest: 'limit'. Known: limit, after."
    with pytest.raises(Problem) as caught:
        Asked({HUGE: 1}).check(["limit"])
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("value", [1, True, ["a"], {}])
def test_what_is_no_text(value):
    assert asked(a="b").text("a") == "b"
    with pytest.raises(Problem, match=r"^a: .* is no text"):
        asked(a=value).text("a")


def test_one_of_several_words():
    assert asked(a="json").one_of("a", ["text", "json"]) == "json"
    with pytest.raises(Problem, match="Nearest: 'json'"):
        asked(a="jsn").one_of("a", ["text", "json"])
    with pytest.raises(Problem) as caught:
        asked(a=HUGE).one_of("a", ["text"])
    assert len(str(caught.value)) < 300


def test_a_number():
    for value, meant in [("2.5", 2.5), ("3", 3.0), ("0", 0.0), ("1e3", 1000.0)]:
        assert query(a=value).number("a") == meant
    for value, meant in [(2.5, 2.5), (3, 3.0), (0, 0.0), (10**12, 1e12)]:
        assert asked(a=value).number("a") == meant


NO_NUMBERS = [
    None,
    "",
    "x",
    "-1",
    "5",
    -0.1,
    True,
    "nan",
    float("nan"),
    1e13,
    10**400,
    [],
    {},
    [1],
    HUGE,
    [HUGE],
]


IN_A_QUERY = ["", "x", "-1", "nan", "inf", "1e13", "1e400", "true", "null", "[]", HUGE]


@pytest.mark.parametrize(
    "given", [*(asked(a=value) for value in NO_NUMBERS), *(query(a=value) for value in IN_A_QUERY)]
)
def test_what_is_no_number(given):
    with pytest.raises(Problem, match=r"^a: .* is no number from 0 to 1e") as caught:
        given.number("a")
    assert len(str(caught.value)) < 300


def test_a_whole_number():
    assert [asked(a=value).whole("a", 0, 9) for value in (0, 9, 4.0)] == [0, 9, 4]
    assert [query(a=value).whole("a", 0, 9) for value in ("0", "9", "4.0")] == [0, 9, 4]
    for given in (query(a="1.5"), asked(a=10), query(a="1e9")):
        with pytest.raises(Problem, match="is no whole number up to 9"):
            given.whole("a", 0, 9)


def test_a_flag():
    for value, meant in [(True, "true"), (False, "false")]:
        assert asked(a=value).flag("a") is value
        assert query(a=meant).flag("a") is value
    for given in (*(asked(a=one) for one in ("yes", "true", 1, [], {}, "")), query(a="yes"), query(a="")):
        with pytest.raises(Problem, match="is neither true nor false"):
            given.flag("a")


def test_a_value_is_repeated_in_part_when_it_is_long():
    assert (shown("a"), shown(None), shown([True])) == ("'a'", "null", "[true]")
    assert len(shown(HUGE)) == LONGEST + 1


@pytest.mark.parametrize("raw", [b"", b" \r\n"])
def test_an_empty_body_has_no_values(raw):
    assert of_body(raw) == {}


def test_a_body():
    assert of_body(b'{"advance": 5}') == {"advance": 5}


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"{", "is no JSON: "),
        (b"\xff", "is no JSON: byte 0 is not UTF-8"),
        (b'{"a": NaN}', "NaN is not a JSON number"),
        (b"[" * 1000, "nested deeper"),
        (b"[]", "is no JSON object"),
        (b"5", "is no JSON object"),
        (b'"advance"', "is no JSON object"),
    ],
)
def test_what_is_no_body(raw, why):
    with pytest.raises(Problem, match=why):
        of_body(raw)
