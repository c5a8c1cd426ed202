import dataclasses

import pytest

from klingcontracts.rule import ASSUMED, Level, Provenance, Rule, provenance


def test_levels_are_ordered_and_named() -> None:
    assert Level.INFO < Level.WARNING < Level.ERROR
    assert [str(level) for level in Level] == ["info", "warning", "error"]


@pytest.mark.parametrize(
    ("node", "keyword", "expected"),
    [
        ({"x-provenance": "documented S0,P1"}, "*", Provenance("documented", ("S0", "P1"))),
        ({"x-provenance": "assumed"}, "type", ASSUMED),
        (
            {"x-provenance": {"*": "documented S0", "minimum": "observed C4"}},
            "minimum",
            Provenance("observed", ("C4",)),
        ),
        (
            {"x-provenance": {"*": "documented S0", "minimum": "observed C4"}},
            "type",
            Provenance("documented", ("S0",)),
        ),
        ({"x-provenance": {"minimum": "observed C4"}}, "type", ASSUMED),
        ({}, "*", ASSUMED),
        (True, "*", ASSUMED),
        (None, "*", ASSUMED),
    ],
)
def test_where_a_statement_comes_from(node, keyword, expected) -> None:
    assert provenance(node, keyword) == expected


@pytest.mark.parametrize("text", ["documented S0,P1", "assumed", "observed C4"])
def test_a_provenance_reads_as_it_was_written(text) -> None:
    assert str(provenance({"x-provenance": text})) == text


def test_a_rule_is_frozen_and_hashable() -> None:
    rule = Rule("a.b", "*", "says", Level.ERROR, ASSUMED, schema={"enum": []})
    assert {rule: 1}[dataclasses.replace(rule, schema={})] == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        rule.id = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("keyword", "is_option"),
    [("enum", True), ("const", True), ("limits.duration", True), ("excludes.mode", False), ("type", False)],
)
def test_which_rules_list_options(keyword, is_option) -> None:
    assert Rule("a", "*", "", Level.ERROR, ASSUMED, keyword=keyword).is_option is is_option
