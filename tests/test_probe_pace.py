"""klingcontracts.probe_pace: how fast requests follow one another."""

import pytest

from klingcontracts.exchange import Reply
from klingcontracts.probe_pace import FIRST_REST, IN_ALL, LEFT, LONGEST, Pace, Rate, TooLong
from klingmock.clock import Manual


def paced(requests=100):
    clock = Manual()
    return Pace(clock.now, clock.advance, Rate(requests)), clock, clock.now()


def reply(**headers):
    return Reply(200, {f"x-ratelimit-{name}": str(value) for name, value in headers.items()})


def test_without_headers_the_documented_rate_is_kept():
    pace, clock, begin = paced(10)
    for _ in range(10 - LEFT):
        pace.wait()
    assert clock.now() == begin
    pace.wait()
    assert clock.now() == begin + 60


def test_the_headers_say_how_many_are_left():
    pace, clock, begin = paced()
    for left in range(50, 20, -1):
        pace.wait()
        pace.saw(reply(remaining=left, reset=int(begin) + 40))
    assert clock.now() == begin
    pace.saw(reply(remaining=LEFT - 1, reset=int(begin) + 40))
    pace.wait()
    assert clock.now() == pytest.approx(begin + 40.5)


@pytest.mark.parametrize("reset", [30, 1_767_225_600_000 + 30_000])
def test_a_reset_in_another_unit_is_taken_for_seconds_from_now(reset):
    pace, clock, begin = paced()
    pace.saw(reply(remaining=0, reset=reset))
    pace.wait()
    assert 0 < clock.now() - begin <= 60


@pytest.mark.parametrize("headers", [{}, {"remaining": 1}, {"remaining": "one", "reset": "x"}])
def test_headers_that_say_nothing_are_left_alone(headers):
    pace, clock, begin = paced()
    pace.saw(reply(**headers))
    pace.wait()
    assert clock.now() == begin


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({"retry-after": "9"}, 9),
        ({"retry-after": "Thu, 01 Jan 2026 00:00:20 GMT"}, 20),
        ({"retry-after": "soon"}, FIRST_REST * 2),
        ({"x-ratelimit-reset": "1767225630"}, 30.5),
        ({"retry-after": "Wed, 31 Dec 2025 00:00:20 GMT"}, 0),
    ],
)
def test_429_says_how_long_to_wait(headers, waits):
    pace, clock, begin = paced()
    assert pace.back_off(Reply(429, headers), 1)
    assert clock.now() - begin == pytest.approx(waits)


def test_nobody_waits_for_a_day_but_who_asks_for_it():
    pace, clock, begin = paced()
    assert not pace.back_off(Reply(429, {"retry-after": "86400"}), 0)
    assert clock.now() == begin
    pace.sleep(86_400)
    pace.rest()
    assert clock.now() == begin + 86_400 + FIRST_REST


def test_a_clock_that_is_set_back_makes_nobody_wait_longer_than_the_window():
    slept, times = [], [10_000.0]
    pace = Pace(lambda: times[-1], slept.append, Rate(LEFT + 1, 60.0))
    pace.wait()
    times.append(1_000.0)
    pace.wait()
    assert slept == [60.0]


def test_headers_that_ask_for_a_longer_wait_end_it():
    pace, clock, begin = paced()
    pace.saw(reply(remaining=0, reset=int(begin) + int(LONGEST) + 30))
    with pytest.raises(
        TooLong, match="ask for a wait of 150 seconds before the next request, after 0 already"
    ):
        pace.wait()
    assert clock.now() == begin


def test_headers_that_ask_for_a_wait_each_time_end_it_as_well():
    pace, clock, begin = paced()
    told = []
    pace.waits = told.append

    def wait_each_time():
        while True:
            pace.saw(reply(remaining=0, reset=int(clock.now()) + 100))
            pace.wait()

    with pytest.raises(TooLong):
        wait_each_time()
    assert len(told) > 5
    assert IN_ALL - 110 < sum(told) == pytest.approx(clock.now() - begin)
    assert sum(told) <= IN_ALL
    assert not pace.back_off(Reply(429, {"retry-after": "119"}), 0)
    assert pace.back_off(Reply(429, {"retry-after": "1"}), 0)
