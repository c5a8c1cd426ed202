"""klingmock.ledger: money in whole ten-thousandths."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klingcontracts.contract import load
from klingcontracts.document import revisions
from klingcontracts.problem import Problem
from klingmock.ledger import UNITS, dollars, price, prices, units


@given(st.integers(0, 10**15))
def test_what_is_written_is_read_again(amount):
    text = dollars(amount)
    assert Decimal(text) * UNITS == amount
    assert len(text.partition(".")[2]) == 4
    assert units(text) == amount


@pytest.mark.parametrize(
    ("text", "amount"),
    [("0", 0), ("12.5", 125_000), ("0.0001", 1), ("1000.0000", 10_000_000), ("007", 70_000)],
)
def test_dollars_may_have_up_to_four_decimals(text, amount):
    assert units(text) == amount


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "-1",
        "0.00001",
        "NaN",
        "sNaN",
        "Infinity",
        "1e999999",
        "1e400",
        "1,5",
        "$5",
        "5 ",
        "１",
        "9" * 5000,
    ],
)
def test_what_is_no_amount_is_refused_with_its_text(text):
    with pytest.raises(Problem) as caught:
        units(text)
    assert repr(text) in caught.value.fact
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("revision", revisions())
def test_every_mode_and_length_has_a_price(revision):
    table = prices(load(revision).document)
    assert set(table) == {(mode, seconds) for mode in ("std", "pro") for seconds in (5, 10)}
    assert all(price > 0 for price in table.values())
    assert table["std", 5] < table["pro", 5] < table["pro", 10]


def test_a_document_without_prices_has_none():
    assert prices({}) == {}


def test_a_price_of_ones_own_stands_in_place_of_the_documents():
    document = load().document
    assert prices(document, ["pro-10=0.5"]) == prices(document) | {("pro", 10): 5000}


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ("pro-11=1", "Price 'pro-11' is not known. Nearest: .pro-10"),
        ("pro-10", "'' is not an amount"),
        ("=1", "is no price"),
        ("pro-10=-1", "'-1' is not an amount"),
    ],
)
def test_a_price_of_no_job_is_told(own, told):
    with pytest.raises(Problem, match=told):
        prices(load().document, [own])


def test_a_price_has_a_name_and_an_amount():
    assert price("std-5=0.07") == ("std-5", 700)
