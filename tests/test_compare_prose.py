from dataclasses import replace

import pytest

from klingcontracts.compare_prose import accepted, kept, prose, prose_finding, rule_at, spoken_of
from klingcontracts.contract import load
from klingcontracts.page_prose import KEY, REPLY
from klingcontracts.rule import Level

ERROR, WARNING, INFO = Level.ERROR, Level.WARNING, Level.INFO


@pytest.fixture
def saying(own_body):
    """The contract whose prose of cfg_scale says this."""

    def made(*says, name="cfg_scale"):
        return own_body(**{"x-prose": {name: {"says": list(says)}}})

    return made


def found(old, new):
    return [(one.rule.id, one.level, one.documented, one.seen) for one in prose(old, new, [])]


@pytest.mark.parametrize(
    ("before", "after", "rule", "level"),
    [
        ((), ("only for: v1",), "only-for", WARNING),
        ((), ("only for: v2",), "only-for", ERROR),
        (("only for: v1",), (), "only-for", WARNING),
        (("one of: image, prompt",), (), "one-of", WARNING),
        ((), ("excludes: mode",), "excludes", INFO),
        (("says: not at night",), ("says: not by day",), "says", WARNING),
    ],
)
def test_statements(saying, before, after, rule, level) -> None:
    was, now = ("; ".join(one) or "not stated" for one in (before, after))
    assert found(saying(*before), saying(*after)) == [(f"submit.body.cfg_scale.{rule}", level, was, now)]


def test_the_same_statements_in_another_order(saying) -> None:
    assert found(saying("says: a", "says: b"), saying("says: b", "says: a")) == []


def test_what_rules_tell_is_not_told_again(saying) -> None:
    told = prose_finding("x", "x", INFO, "a", "b", "cfg_scale", load())
    excluded = load().rules["submit.body.image_tail.excludes.static_mask"]
    pair = told._replace(rule=excluded)
    before, after = saying(name="static_mask"), saying("excludes: image_tail", name="static_mask")
    assert list(prose(before, after, [pair])) == []
    assert len(list(prose(before, after, []))) == 1
    alternatives = load(readings={"image-required": "either"})
    either = told._replace(rule=alternatives.rules["submit.body.image-or-image_tail.required"])
    assert list(prose(saying(), saying("one of: image, image_tail"), [either])) == []


def test_a_field_that_came_brings_its_prose_along(saying) -> None:
    assert found(saying(name="mark"), saying("says: a", name="mark"))  # a field of neither
    listed = [name for name, *_ in spoken_of(load(), load())]
    assert KEY in listed
    assert f"{REPLY} code" in listed


def test_what_is_no_prose_is_none(own_body) -> None:
    assert kept(load())["mode"]["wording"]
    assert kept(own_body(**{"x-prose": {}})) == {}


def test_a_submission_that_nothing_accepts() -> None:
    submit = load().operation("submit")
    assert accepted(submit) is submit.replies[200]
    bare = replace(load(), operations={"submit": replace(submit, replies={}, body=None)})
    assert accepted(bare.operation("submit")) is None
    assert list(spoken_of(bare, bare)) == []
    assert list(spoken_of(load(), bare)) != []
    assert prose_finding("x", "x", INFO, "a", "b", "mode", bare).rule.provenance.sources == ()


@pytest.mark.parametrize(
    ("name", "rule", "at"),
    [
        (KEY, "auth", ""),
        ("", "submit.body", ""),
        ("mode", "submit.body.mode", "/mode"),
        (REPLY, "submit.reply", ""),
        (f"{REPLY} data", "submit.reply.data", "/data"),
    ],
)
def test_places(name, rule, at) -> None:
    assert rule_at(name) == rule
    finding = prose_finding("x", "x", INFO, "a", "b", name, load())
    assert finding.pointer == at
    assert bool(finding.rule.provenance.sources) == (name == "mode")
