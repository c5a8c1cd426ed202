from string import Formatter

import pytest

from klingcontracts.contract import load
from klingcontracts.document import revisions
from klingcontracts.rule import ASSUMED, Provenance
from klingcontracts.wire import WIRE, may_fill, wire_rules

DOCUMENTED = Provenance("documented", ("P2",))


def ids(operations: dict[str, bool], enforced: set[str]) -> list[str]:
    return [rule.id for rule in wire_rules(operations, {}, frozenset(enforced))]


def test_each_row_has_a_name_of_its_own() -> None:
    assert len({row.id for row in WIRE}) == len(WIRE)


def test_a_row_has_a_refusal_or_says_where_it_comes_from() -> None:
    assert [row.id for row in WIRE if bool(row.error) == bool(row.basis)] == []


def test_a_refusal_that_is_not_enforced_makes_no_rule() -> None:
    assert "balance.insufficient" in ids({"submit": True}, {"balance"})
    assert "balance.insufficient" not in ids({"submit": True}, {"rate"})


def test_rules_of_one_operation_need_it() -> None:
    assert "task.unknown" in ids({"task": False}, {"unknown-task"})
    assert "task.unknown" not in ids({"other": False}, {"unknown-task"})
    assert "limit.rate" in ids({}, {"rate"})


def test_rules_of_bodies_and_of_each_operation() -> None:
    found = ids({"submit": True, "task": False}, {"bad-json"})
    assert [name for name in found if name.endswith(".json")] == [
        "submit.body.json",
        "submit.reply.json",
        "task.reply.json",
    ]


def test_a_rule_comes_from_where_its_refusal_comes_from() -> None:
    found = {
        rule.id: rule
        for rule in wire_rules({"task": False}, {"rate": DOCUMENTED}, frozenset({"rate", "bad-key"}))
    }
    assert found["limit.rate"].provenance == DOCUMENTED
    assert found["auth.unknown-key"].provenance == ASSUMED
    assert str(found["task.lifecycle.order"].provenance) == "documented K3"
    assert (found["limit.rate"].operation, found["task.reply.json"].operation) == ("*", "task")


@pytest.mark.parametrize("revision", revisions())
def test_errors_name_only_what_fills_them(revision) -> None:
    for name, error in load(revision).errors.items():
        named = {blank for _, blank, _, _ in Formatter().parse(error.detail) if blank is not None}
        assert named <= may_fill(name), name


def test_what_may_fill_a_text() -> None:
    assert may_fill("rate") == {"limit", "seconds"}
    assert may_fill("no-key") == may_fill("internal") == may_fill("balance") == set()
    assert may_fill("range") >= {"field", "bounds", "got"}
