import json

import pytest

from klingcontracts.compare_numbers import ROWS, numbers
from klingcontracts.contract import load, of_document
from klingcontracts.document import read
from klingcontracts.rule import Level

ERROR, WARNING, INFO = Level.ERROR, Level.WARNING, Level.INFO


def with_part(*path, **values):
    document = json.loads(json.dumps(read("2026-07")))
    node = document
    for name in filter(None, path):
        node = node.setdefault(name, {})
    node.update(values)
    return of_document(document, "own")


def found(old, new):
    return [(one.rule.id, one.level) for one in numbers(old, new)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.rule)
def test_each_row_has_a_hard_and_an_easy_way(row) -> None:
    *path, name = row.path
    first, last = (row.order[0], row.order[-1]) if row.order else (5, 9)
    if name == "currency":
        first, last = "EUR", "USD"
    hard, easy = (
        with_part(*path, **{name: value}) for value in ((first, last) if row.smaller else (last, first))
    )
    assert found(easy, hard) == [(row.rule, row.level)]
    assert found(hard, easy) == [(row.rule, row.level if name == "currency" else INFO)]
    assert found(hard, hard) == []


def test_a_row_that_the_document_may_leave_out() -> None:
    bare = json.loads(json.dumps(read("2026-07")))
    del bare["x-balance"]["failed"], bare["x-balance"]["currency"]
    bare = of_document(bare, "bare")
    assert found(load("2026-07"), bare) == [("balance.currency", WARNING)]
    assert found(bare, with_part("x-balance", failed="refunded", currency="not stated")) == [
        ("balance.failed", INFO)
    ]


def test_a_status_with_another_name() -> None:
    document = json.loads(json.dumps(read("2026-07")).replace('"success"', '"succeeded"'))
    renamed = of_document(document, "renamed")
    assert found(load("2026-07"), renamed) == [
        ("task.lifecycle.success.listed", WARNING),
        ("task.lifecycle.succeeded.listed", ERROR),
    ]
    (went, came) = numbers(load("2026-07"), renamed)
    assert (went.seen, came.seen) == ("not stated", "succeeded is a status that a task ends with")


def test_ways_in_words() -> None:
    fewer = with_part("x-lifecycle", "statuses", "pending", next=["processing"])
    (finding,) = numbers(load("2026-07"), fewer)
    assert finding.documented == "after pending: failed, processing, success"
    assert finding.seen == "after pending: processing"
    assert finding.level is INFO


def test_prices() -> None:
    dearer = with_part("x-price", "std", **{"5": "0.5", "15": "0.9"})
    assert found(load("2026-07"), dearer) == [("price.std-5", WARNING), ("price.std-15", INFO)]
    assert found(dearer, load("2026-07")) == [("price.std-5", INFO), ("price.std-15", WARNING)]
    assert found(load("2026-07"), with_part("x-price", "std", **{"5": "0.14"})) == []
    (finding, _) = numbers(load("2026-07"), dearer)
    assert (finding.documented, finding.seen) == ("std-5 costs 0.1400", "std-5 costs 0.5")
