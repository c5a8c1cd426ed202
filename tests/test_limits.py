"""klingmock.limits: windows and headers as arithmetic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klingcontracts.contract import load
from klingmock.limits import OFF, Limits, documented

MINUTE = Limits(rate=100)


@given(st.floats(0, 1e11, allow_nan=False))
def test_reset_is_the_next_full_minute(now):
    reset = int(MINUTE.headers(100, 1, now)["x-ratelimit-reset"])
    assert reset % 60 == 0
    assert 0 < reset - now <= 60
    assert MINUTE.window(reset) == MINUTE.window(now) + 1


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_remaining_never_goes_below_nothing(limit, count):
    headers = MINUTE.headers(limit, count, 0.0)
    assert headers["x-ratelimit-limit"] == str(limit)
    assert int(headers["x-ratelimit-remaining"]) == max(0, limit - count)


def test_a_window_of_another_length():
    hour = Limits(rate=1, seconds=3600)
    assert (hour.window(3599.9), hour.window(3600)) == (0, 1)
    assert hour.headers(1, 0, 3599.9)["x-ratelimit-reset"] == "3600"


def test_off_is_off():
    assert (OFF.rate, OFF.team, OFF.concurrency) == (None, None, None)


@pytest.mark.parametrize(("revision", "concurrency"), [("2026-02", 3), ("2026-04", 3), ("2026-07", 2)])
def test_the_documented_numbers_are_the_default(revision, concurrency):
    assert documented(load(revision).document) == Limits(
        rate=100, seconds=60, team=None, concurrency=concurrency, always=True
    )


def test_the_users_numbers_win():
    limits = documented(load().document, rate=7, concurrency=1)
    assert (limits.rate, limits.team, limits.concurrency) == (7, None, 1)


@pytest.mark.parametrize(
    ("readings", "rate", "team", "always"),
    [
        ({"limit-scope": "team"}, None, 100, True),
        ({"limit-scope": "key-and-global"}, 100, 1000, True),
        ({"rate-headers": "refused"}, 100, None, False),
    ],
)
def test_a_reading_changes_who_shares_and_who_is_told(readings, rate, team, always):
    limits = documented(load("2026-02", readings).document)
    assert (limits.rate, limits.team, limits.always) == (rate, team, always)


def test_the_users_rate_counts_for_the_team_where_the_team_shares_it():
    limits = documented(load("2026-02", {"limit-scope": "team"}).document, rate=5)
    assert (limits.rate, limits.team) == (None, 5)
