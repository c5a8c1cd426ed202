"""klingmock.doors: a call goes in by the address that it was sent to."""

import pytest

from klingcontracts.contract import load
from klingcontracts.exchange import Call
from klingmock.answer import Mock
from klingmock.doors import Doors

URLS = ("http://127.0.0.1:5001", "http://127.0.0.1:5002")


@pytest.fixture
def engines():
    return {url: Mock([load()]) for url in URLS}


def test_each_engine_has_its_door(engines):
    first = Mock([load("2026-07")])
    doors = Doors(first)
    assert (doors.served, doors.max_body) == (first.served, first.max_body)
    doors.open(engines)
    for origin in (URLS[0], URLS[1], "http://localhost:5002", "http://127.0.0.1:5009", "http://127.0.0.1"):
        assert doors.answer(Call("GET", "/api/v1/tasks/x", {}, origin=origin)).status == 401
    assert [engine.journal.total for engine in engines.values()] == [1, 2]
    assert first.journal.total == 2
