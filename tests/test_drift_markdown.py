"""klingcontracts.drift_markdown: tables of GitHub's Markdown, in which hostile text is text."""

import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klingcontracts.drift import Found, NotLooked, Report, Waived
from klingcontracts.drift_markdown import MOST_ROWS, as_markdown, code
from klingcontracts.plain import one_line
from klingcontracts.rule import Level


@pytest.fixture
def report(finding):
    found = [Found(finding(Level.INFO)), Found(finding(seen="a|b"), {"curl": "curl ```", "place": "entry 1"})]
    looked = [NotLooked(f"a.{nth}", "no key") for nth in range(9)]
    waived = [Waived(Found(finding(Level.WARNING)), "known", "2027-01-31"), Waived(Found(finding()), "b")]
    return Report("drift live", "2026-02", "http://x", found, looked, 0, 9, "broke off", waived)


def test_the_whole_of_it(report):
    assert as_markdown(report) == (
        "### drift live: drift\n\n"
        "`http://x` held against `2026-02`: 1 error; 0 warnings; 1 info; 9 requests, 0 accepted jobs; "
        "2 waived; 9 rules not looked at.\n\n"
        "**Could not look**: `broke off`\n\n"
        "| level | rule | seen | documented | source |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| error | `submit.body.mode.enum` | `/mode a\\|b` | `mode is 'std'` | `S0` |\n"
        "| info | `submit.body.mode.enum` | `/mode 'pro'` | `mode is 'std'` | `S0` |\n\n"
        "`submit.body.mode.enum@submit/mode`\n\n"
        "````text\nwhere: entry 1\nrepeat: curl ```\n````\n\n"
        "| waived | reason | expires |\n"
        "| --- | --- | --- |\n"
        "| `submit.body.mode.enum@submit/mode` | `known` | 2027-01-31 |\n"
        "| `submit.body.mode.enum@submit/mode` | `b` | never |\n\n"
        "- Not looked at (`no key`): `a.0`, `a.1`, `a.2`, `a.3`, `a.4`, `a.5`, `a.6`, `a.7` and 1 more"
    )


def test_nothing_found_is_two_lines():
    told = as_markdown(Report("diff", "2026-02", "2026-04", not_looked=[NotLooked("a", "b")]))
    assert told.startswith("### diff: conforms\n\n`2026-04` held against `2026-02`: 0 errors; ")
    assert "|" not in told


def test_an_issue_holds_it_however_much_was_found(finding):
    found = [Found(finding(seen="x" * 10_000), {"curl": "y" * 10_000})] * 1000
    told = as_markdown(Report("diff", "a", "b", found))
    assert "And 900 more findings." in told
    assert told.count("| error |") == MOST_ROWS
    assert len(told) < 65_536


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a", "`a`"),
        ("", ""),
        (" ", ""),
        ("a|b", r"`a\|b`"),
        ("`", "`` ` ``"),
        ("a``b", "```a``b```"),
        ("@user #1 <b>", "`@user #1 <b>`"),
        ("a\nb", r"`a\nb`"),
    ],
)
def test_code(text, told):
    assert code(text) == told


@given(st.text(st.characters(exclude_categories=()), max_size=40))
def test_code_is_read_back_as_the_text(text):
    pytest.importorskip("markdown_it")
    from markdown_it import MarkdownIt

    rendered = MarkdownIt("gfm-like", {"linkify": False}).render(f"| a |\n| --- |\n| {code(text)} |")
    cells = re.findall(r"<td>(.*?)</td>", rendered, re.DOTALL)
    shown = one_line(text, 200).strip()
    expected = f"<code>{html.escape(shown, quote=False)}</code>" if shown else ""
    assert [cell.replace("&quot;", '"') for cell in cells] == ([expected] if shown else cells)
    assert shown or not "".join(cells)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_hostile_texts_stay_in_their_cells(hostile_reports, data):
    report = data.draw(hostile_reports)
    rows = [line for line in as_markdown(report).split("\n") if re.match(r"\| (error|warning|info) \|", line)]
    assert len(rows) == len(report.found)
    for row in rows:
        assert len(re.findall(r"(?<!\\)\|", row)) >= 6
        assert row.isprintable()
