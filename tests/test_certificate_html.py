"""klingmock.certificate_html: one file that says all, runs and fetches nothing, and can't be broken into."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klingmock.certificate import CHECKS
from klingmock.certificate_html import html

EMPTY = {"meta", "br"}
TAGS = """
html head meta title style body header main section footer div span p h1 h2 h3 h4 a b br code pre ul li
dl dt dd
table thead tbody tr th td figure details summary svg desc rect line circle path text g
"""
ATTRIBUTES = """
lang charset name content class id href title scope colspan role tabindex aria-label aria-hidden
aria-labelledby xmlns viewbox x y x1 x2 y1 y2 cx cy r rx d width height text-anchor
"""
NASTY = st.one_of(
    st.text(st.characters(codec=None, exclude_categories=()), max_size=40),
    st.sampled_from(
        [
            "<script>alert(1)</script>",
            "</style><script>alert(1)</script>",
            '" onload="alert(1)',
            "' onclick='alert(1)",
            "</title></svg><img src=x onerror=alert(1)>",
            "<!--",
            "]]>",
            "javascript:alert(1)",
            "\x1b[31m\x00\ud800\u202e",
        ]
    ),
)


class Reader(HTMLParser):
    """Reads a page and holds it against what a page of ours may have."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.ids, self.links, self.data = [], [], [], [], []

    def handle_starttag(self, tag, attrs):
        assert tag in TAGS.split(), tag
        assert {name for name, _ in attrs} <= set(ATTRIBUTES.split()), attrs
        found = dict(attrs)
        self.seen.append((tag, found))
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"]] if "href" in found else []
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.data.append(data)

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data}")

    @property
    def text(self):
        return " ".join(" ".join(self.data).split())


def read(page):
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    assert len(reader.ids) == len(set(reader.ids))
    assert {link.removeprefix("#") for link in reader.links} <= set(reader.ids)
    assert all(link.startswith("#") for link in reader.links)
    return reader


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_nothing_that_a_client_says_breaks_out(made_up, data):
    def text():
        return data.draw(NASTY)

    entry = made_up.entry(1, 1.0, told=text(), hint=f"script: {text()}")
    call = entry.exchange.call._replace(path=text(), method=text())
    entry = entry._replace(exchange=entry.exchange._replace(call=call))
    played = made_up.played(
        entry,
        name=text(),
        says=text(),
        script=text(),
        output=text(),
        blamed=[made_up.fail("submits-once", text(), (1,))],
    )
    page = html(made_up.certificate(played, command=text(), revision=text(), hint=text()))
    page.encode("utf-8")
    reader = read(page)
    assert sum(tag == "style" for tag, _ in reader.seen) == 1
    plain = read(html(made_up.certificate(made_up.played(made_up.entry(1, 1.0)))))
    assert {tag for tag, _ in reader.seen} - {tag for tag, _ in plain.seen} <= {"h4", "code", "pre", "ul"}


def test_the_matrix_has_a_row_for_each_scenario_and_a_column_for_each_check(made_up):
    reader = read(html(made_up.certificate()))
    cells = [found for tag, found in reader.seen if tag == "td" and ": " in found.get("title", "")]
    assert len(cells) == 2 * len(CHECKS)
    assert [found["title"] for found in cells if found["class"] == "fail"] == [
        "submits-once: fail, submitted again after no reply"
    ]
    assert reader.links.count("#s2-submits-once") == 2  # from the matrix, and from what went wrong
    columns = [found for tag, found in reader.seen if tag == "th" and found.get("title") in CHECKS.values()]
    assert len(columns) >= len(CHECKS)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("passed", "This client survives 1 scenario"),
        ("failed", "This client fails 1 of 2 scenarios"),
        ("warned", "This client is warned in 1 of 1 scenario"),
        ("silent", "This client never called"),
        ("half", "This client never called in 1 of 2 scenarios"),
        ("ended", "This client could not be judged in 1 of 2 scenarios"),
    ],
)
def test_the_headline_says_how_it_went(made_up, name, says):
    entry = made_up.entry(1, 1.0)
    silent = made_up.played(ended="never called")
    played = {
        "passed": [made_up.played(entry)],
        "failed": [made_up.played(entry), made_up.lost()],
        "ended": [made_up.played(entry), made_up.played(entry, ended="timed out")],
        "warned": [made_up.played(entry, blamed=[made_up.fail("gives-up", verdict="warn")])],
        "silent": [silent],
        "half": [made_up.played(entry), silent],
    }[name]
    reader = read(html(made_up.certificate(*played, hint="Set MODELLIX_BASE_URL.")))
    assert says in reader.text
    assert ("Set MODELLIX_BASE_URL." in reader.text) == (name in {"silent", "half"})


def test_what_went_wrong_comes_first(made_up):
    page = html(made_up.certificate(*[made_up.lost() for _ in range(60)]))
    reader = read(page)
    assert "What went wrong ✕ fail submits-once In submit-lost , submit-lost" in reader.text
    seen = "submit-lost: submitted again after no reply (exchanges 1, 2)"
    assert f"Seen {seen} {seen}" in reader.text
    assert "Advice Do something else. Scenarios and checks" in reader.text
    assert reader.links.count("#s50-submits-once") == 2
    assert reader.links.count("#s51-submits-once") == 1  # in the matrix
    assert "What went wrong" not in html(made_up.certificate(made_up.played(made_up.entry(1, 1.0))))


def test_advice_that_differs_stands_with_its_scenarios(made_up):
    other = made_up.fail("submits-once")._replace(advice="Wait.")
    reader = read(html(made_up.certificate(made_up.lost(), made_up.played(name="slow", blamed=[other]))))
    assert "Advice submit-lost: Do something else. slow: Wait. Scenarios" in reader.text


def test_what_fails_comes_before_what_is_warned_of(made_up):
    blamed = [
        made_up.fail("polls-politely", verdict="warn"),
        made_up.fail("ends"),
        made_up.fail("submits-once"),
    ]
    played = [made_up.played(blamed=[one]) for one in blamed]
    reader = read(html(made_up.certificate(*played)))
    assert reader.text.index("submits-once In") < reader.text.index("ends In")
    assert reader.text.index("ends In") < reader.text.index("polls-politely In")


def test_who_pays_twice_sees_it_in_the_matrix(made_up):
    reader = read(html(made_up.certificate()))
    assert [
        found["class"] for tag, found in reader.seen if tag == "td" and "bad" in found.get("class", "")
    ] == ["plain bad"]


def test_how_to_point_a_client_here_is_for_those_that_never_called(made_up):
    certificate = made_up.certificate(hint="Set MODELLIX_BASE_URL.")
    assert "MODELLIX_BASE_URL" not in html(certificate)
    ended = made_up.played(ended="timed out", exit_code=None)
    assert "–" in read(html(made_up.certificate(ended))).text


def test_the_page_tells_of_the_client(made_up):
    reader = read(html(made_up.certificate()))
    for told in ("python client.py", "It uses revision 2026-02.", "1/2 scenarios passed", "12.3 s"):
        assert told in reader.text
    assert "It uses" not in read(html(made_up.certificate(revision=""))).text


def test_nothing_is_fetched(made_up):
    page = html(made_up.certificate())
    assert not re.search(r"@import|url\(|<link|<img|<script|src=", page)
    assert set(re.findall(r"https?://[^\s\"'<]+", page)) == {"http://www.w3.org/2000/svg"}


def brightness(colour):
    parts = [int(colour[nth : nth + 2], 16) / 255 for nth in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("nth", [0, 1, 2], ids=["light", "dark", "print"])
def test_texts_stand_out_from_what_is_behind_them(made_up, nth):
    """The ratio of WCAG 2.2 for texts of any size."""
    page = html(made_up.certificate())
    colours = dict(
        re.findall(r"--([\w-]+): (#[0-9a-f]{6});", page.split(":root {")[nth + 1].partition("}")[0])
    )
    pairs = [(front, back) for front in ("ink", "quiet", "blue") for back in ("paper", "raised")]
    pairs += [
        (name, back) for name in ("good", "bad", "warn") for back in ("paper", "raised", f"{name}-soft")
    ]
    pairs += [("inside", name) for name in ("good", "bad", "warn", "blue", "quiet")]
    pairs += [("blue", f"{name}-soft") for name in ("bad", "warn")]
    for front, back in pairs:
        light, dark = sorted((brightness(colours[front]), brightness(colours[back])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (front, back)
