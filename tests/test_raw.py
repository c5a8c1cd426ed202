"""klingcontracts.raw: bytes that no client means to send; the fake has an answer to each."""

from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from klingcontracts.check import check_body
from klingcontracts.contract import load
from klingcontracts.raw import hostile
from klingcontracts.strictjson import BadJson, parse

RAW = hostile(st.just({"image": "https://example.com/雪.jpg"}))


def is_json(raw):
    try:
        parse(raw)
    except BadJson:
        return False
    return True


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(RAW)
def test_each_is_checked_and_refused_or_understood(raw):
    checked = check_body(load(), load().operation("submit"), raw)
    assert checked.refused or is_json(raw)


def test_both_kinds_are_drawn():
    quick = settings(max_examples=500, deadline=None, database=None)
    assert not is_json(find(RAW, lambda raw: not is_json(raw), settings=quick))
    assert is_json(find(RAW, is_json, settings=quick))
    assert find(RAW, lambda raw: raw.startswith(b"[" * 1000), settings=quick)
    assert find(RAW, lambda raw: raw.count(b'"image"') > 1, settings=quick)
