"""klingcontracts.probe_money: the balance before and after."""

import json

import pytest

from klingcontracts.contract import load
from klingcontracts.probe_guard import NoReply
from klingcontracts.rule import Level
from klingmock.answer import Mock
from klingmock.clock import Manual


def with_balance(look, balances, spend=0, status=200, against="2026-07"):
    clock, left = Manual(), list(balances)
    fake = Mock([load("2026-07")], clock=clock)

    def send(call):
        if call.path == "/api/v1/team/balance" and call.headers.get("authorization"):
            value = left.pop(0) if len(left) > 1 else left[0]
            if isinstance(value, Exception):
                raise value
            told = {"code": 0, "message": "success", "data": {"balance": value}}
            return fake.answer(call)._replace(status=status, body=json.dumps(told).encode())
        return fake.answer(call)

    report = look(send, clock=clock, against=against, spend=spend).report()
    return {one.finding.rule.id: (one.finding.level, one.finding.seen) for one in report.found}


def test_money_that_is_gone_though_nothing_was_accepted_is_told(look):
    told = with_balance(look, [100, 100, 99.5])
    assert told["balance.spent"] == (Level.WARNING, "0.5000 is gone, and no job was accepted")


def test_a_changed_price_is_told(look):
    assert with_balance(look, [100, 100, 99.8], spend=1) == {
        "balance.price": (Level.INFO, "0.2000 for 1 job")
    }
    assert with_balance(look, [100, 100, 99.86], spend=1) == {}


@pytest.mark.parametrize("balance", ["much", True])
def test_a_balance_that_is_no_number_says_nothing_of_money(look, balance):
    assert "balance.spent" not in with_balance(look, [balance])


def test_a_balance_that_is_not_told_says_nothing(look):
    assert "balance.spent" not in with_balance(look, [NoReply("lost"), NoReply("lost"), 100])
