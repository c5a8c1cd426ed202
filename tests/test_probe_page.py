"""klingcontracts.probe_page: who agrees with whom."""

import pytest

from klingcontracts.contract import load
from klingcontracts.pages import read_page
from klingcontracts.probe_judge import found, stated
from klingcontracts.probe_page import three_way
from klingcontracts.rule import Level

CONTRACT = load()
MODE = "submit.body.mode.enum"
CALL = {"image": "https://example.com/mountain.jpg"}
DATA = {"status": "pending", "task_id": "t-1", "model_id": "kling-v1-i2v"}
REPLY = {"code": 0, "message": "success", "data": DATA}


def live(rule, level=Level.ERROR):
    return found(stated(rule, "", level), "here", "there")


def about(*asked):
    """What is said of the mode; the page in our template has no room for all of the prose."""
    return [one for one in three_way(*asked) if one.finding.rule.id == MODE]


@pytest.fixture
def page(template):
    def make(old="", new=""):
        text = template.page_of(CONTRACT.document, call=CALL, reply=REPLY)
        return read_page(text.replace(old, new) if old else text, "The page")

    return make


def test_the_page_and_the_api_have_changed_together(page):
    changed = page("std,", "std,\nmaster,")
    [one] = about([live(MODE)], changed, CONTRACT, {MODE})
    assert one.evidence["agree"] == ["page", "live"]


def test_the_api_alone_has_changed(page):
    [one] = about([live(MODE)], page(), CONTRACT, {MODE})
    assert one.evidence["agree"] == ["page", "contract"]
    assert "nobody documents" in one.evidence["means"]


def test_the_page_alone_has_changed(page):
    changed = page("std,", "std,\nmaster,")
    [one] = about([], changed, CONTRACT, {MODE})
    assert (one.finding.rule.id, one.evidence["agree"]) == (MODE, ["live", "contract"])
    [unlooked] = about([], changed, CONTRACT, set())
    assert "agree" not in unlooked.evidence


def test_what_is_only_info_agrees_with_nobody(page):
    [one] = about([live(MODE, Level.INFO)], page(), CONTRACT, {MODE})
    assert "agree" not in one.evidence
