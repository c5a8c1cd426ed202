"""klingcontracts.probe_plan: what will be asked, and what not."""

import pytest

from klingcontracts.contract import load
from klingcontracts.document import revisions
from klingcontracts.probe import FREE, GUARDED, ORACLE, PAID
from klingcontracts.probe_guarded import guards
from klingcontracts.probe_plan import planned, shown, unlooked
from klingcontracts.probe_reading import Readings


def plan_of(revision="2026-02", **chosen):
    readings = Readings(lambda given: load(revision, given), {})
    return planned(readings, guards(readings), **{"oracle": False, **chosen}), readings


@pytest.mark.parametrize("revision", revisions())
def test_nothing_that_may_be_accepted_is_called_free(revision):
    plan, readings = plan_of(revision)
    for probe in plan.all():
        taken = probe.call.method == "POST" and readings.takes(bytes(probe.call.body))
        assert (probe.cost == PAID) is taken, probe
    assert {probe.cost for probe in plan.all()} == {FREE, GUARDED, PAID}
    assert len(plan.all()) < 250


def test_an_oracle_answers_all_that_else_costs():
    plan, _ = plan_of(oracle=True)
    assert {probe.cost for probe in plan.points} == {ORACLE}
    assert [probe.what for probe in plan.oracle] == [
        "a bad body with the unfunded key",
        "a good body with the unfunded key",
    ]
    assert plan.risky == []


def test_the_plan_shows_what_it_costs_and_what_stays_unlooked_at(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    plan, readings = plan_of()
    text = shown(plan, readings.contract, 0, 250)
    assert "With --spend 0 none of the probes that may be accepted is sent." in text
    assert "submit.body.mode.enum" in text
    assert "it needs an accepted job: --spend 1" in text
    assert "auth.expired-key" in text
    rich = shown(plan, readings.contract, 2, 250)
    assert "With --spend 2 at most 2 jobs are paid for: 0.7350 USD at worst." in rich
    assert "it needs an accepted job" not in rich


def test_a_price_that_nobody_knows_is_unknown(own_document):
    contract = load(own_document(**{"x-price": {}}))
    readings = Readings(lambda _: contract, {})
    plan = planned(readings, guards(readings), oracle=False)
    assert "unknown" in shown(plan, contract, 1, 250)


def test_each_rule_is_looked_at_or_told_of_with_a_reason():
    contract = load()
    rest = unlooked(contract, {"auth.missing-key"})
    assert {one.rule for one in rest} == set(contract.rules) - {"auth.missing-key"}
    assert all(one.why for one in rest)
    assert {one.why for one in unlooked(contract, (), (), "it broke off")} == {"it broke off"}


def test_the_plan_of_a_contract_of_which_all_is_looked_at_has_no_rest():
    plan, readings = plan_of()
    assert unlooked(readings.contract, readings.contract.rules) == []
    assert plan.first
