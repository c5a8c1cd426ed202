"""klingmock.html_parts: text is text, whatever it holds."""

from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klingmock.html_parts import Html, element, items, join, table, text, words

ANY = st.text(st.characters(codec=None, exclude_categories=()))


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.names, self.data = [], ""

    def handle_starttag(self, tag, attrs):
        self.names.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.data += data


@settings(deadline=None)
@given(ANY, ANY)
def test_no_text_becomes_an_element_or_an_attribute(inside, value):
    made = element("p", inside, title=value)
    reader = Reader()
    reader.feed(made)
    reader.close()
    assert [name for name, _ in reader.names] == ["p"]
    assert set(reader.names[0][1]) == {"title"}
    made.encode("utf-8")
    assert ET.fromstring(made).tag == "p"


def test_what_can_be_shown_is_shown_as_it_is():
    assert text("<a href='x'>&") == "&lt;a href=&#x27;x&#x27;&gt;&amp;"
    assert text("tab\tand line\nstay, 雪 too") == "tab\tand line\nstay, 雪 too"
    assert text("bell\x07 half\ud800") == "bell\ufffd half\ufffd"
    assert text("ab\u202ecd") == "abcd"
    assert text(7) == "7"


def test_what_was_escaped_is_not_escaped_again():
    once = element("b", "<")
    assert text(once) == "<b>&lt;</b>"
    assert join("<", once, None, by=" ") == "&lt; <b>&lt;</b>"
    assert isinstance(join("a", "b"), Html)
    assert join("a", "b", by="<") == "a&lt;b"


@pytest.mark.parametrize(
    ("attributes", "written"),
    [
        ({"class_": "a b"}, ' class="a b"'),
        ({"aria_label": 'say "so"'}, ' aria-label="say &quot;so&quot;"'),
        ({"open_": True}, ' open=""'),
        ({"open_": False, "id": None}, ""),
        ({"colspan": 3}, ' colspan="3"'),
    ],
)
def test_attributes_are_named_as_html_names_them(attributes, written):
    assert element("i", **attributes) == f"<i{written}></i>"


def test_an_element_that_has_no_end_has_none():
    assert element("br") == "<br>"


def test_a_long_text_is_cut():
    assert words("abcdef", 6) == "abcdef"
    assert words("abcdefg", 6) == "abcde…"


def test_a_table_and_a_list():
    made = table(element("th", "a"), [element("tr", element("td", "<"))], class_="x")
    assert made == (
        '<table class="x"><thead><tr><th>a</th></tr></thead><tbody><tr><td>&lt;</td></tr></tbody></table>'
    )
    assert items(("a", "b"), ("c", None), ("d", "")) == "<dl><div><dt>a</dt><dd>b</dd></div></dl>"
