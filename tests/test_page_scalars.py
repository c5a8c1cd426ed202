import pytest
from hypothesis import given
from hypothesis import strategies as st

from klingcontracts.page_scalars import BadYaml, balance, block, flow, folded, joined, plain, unquoted


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("FALSE", False),
        ("yes", "yes"),
        ("12", 12),
        ("-0.5", -0.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1.2.3", "1.2.3"),
        ("16:9", "16:9"),
        ("5 s", "5 s"),
    ],
)
def test_plain_texts(text, value) -> None:
    assert plain(text) == value
    assert type(plain(text)) is type(value)


@pytest.mark.parametrize("text", ["0x1F", "0o17", "-.inf", ".NaN", "1" * 19])
def test_numbers_that_json_has_not(text) -> None:
    with pytest.raises(BadYaml, match="the number"):
        plain(text)


def test_quotes() -> None:
    assert unquoted("'", "it''s \\n") == "it's \\n"
    assert unquoted('"', r"a\tb\x41\u00e9\U0001F600\"\/\\") == 'a\tbAé😀"/\\'
    assert unquoted('"', r"\ud83d\ude00 \ud83d") == "😀 \ufffd"
    for text in (r"\q", r"\UFFFFFFFF"):
        with pytest.raises(BadYaml, match=r"the (escape|character)"):
            unquoted('"', text)


def test_lines_of_one_text() -> None:
    assert folded(["a", "b", "", "", "c"]) == "a b\n\nc"
    assert folded(["a", ""]) == "a "
    assert joined(["a\\", "b", "c\\\\", "d"]) == "ab c\\\\ d"


def test_texts_in_a_block() -> None:
    assert block("|", ["  a", "", "   b", ""], 0) == "a\n\n b\n"
    assert block("|2", ["   a"], 0) == " a\n"
    assert block(">1-", ["  a", " b"], 0) == " a\nb"
    assert block(">", [], 0) == ""
    for header, lines in (("|x", ["  a"]), ("|", ["   a", " b"])):
        with pytest.raises(BadYaml, match=r"a text whose|the head"):
            block(header, lines, 0)


def test_balance_looks_past_quotes() -> None:
    assert balance("[{'[': \"{\"") == 2
    assert balance("]}") == -2


def test_brackets() -> None:
    assert flow('{a: [b c, "d", \'e\'], f: 1, "g":2,}') == {"a": ["b c", "d", "e"], "f": 1, "g": 2}
    assert flow("[]") == []
    assert flow("[a, {}, [],]") == ["a", {}, []]
    assert flow("[http://x, a:b, -1, c#d]") == ["http://x", "a:b", -1, "c#d"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[a] b", "behind a closing"),
        ("[a", "in brackets"),
        ("[,]", "a value is expected"),
        ("[a b: c]", "no ]"),
        ("{a}", "a key in brackets"),
        ("{a: 1, a: 2}", "a key in brackets"),
        ("{[a]: 1}", "a key in brackets"),
        ("{a: 1]", "no }"),
        ("[a, *b]", "in brackets"),
        ("['a\n b']", "next line"),
        ("[- a]", "in brackets"),
        ("{? a}", "in brackets"),
        ("[: a]", "a value is expected"),
        ("[" * 70 + "a" + "]" * 70, "nested too deep"),
    ],
)
def test_brackets_that_are_none(text, why) -> None:
    with pytest.raises(BadYaml, match=why):
        flow(text)


@given(st.lists(st.text("abc .", min_size=1, max_size=9).map(str.strip).filter(bool), min_size=1))
def test_lines_without_gaps_are_words(lines) -> None:
    assert folded(lines) == " ".join(lines)
    assert block(">-", [f" {line}" for line in lines], 0) == " ".join(lines)
