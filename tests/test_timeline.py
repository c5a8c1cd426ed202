"""klingmock.timeline: places in the order of time, apart from each other, and long waits made short."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klingmock.timeline import Moment, Timeline

WIDTH, CLEAR = 800.0, 20.0
MOMENTS = st.lists(
    st.builds(Moment, st.floats(0, 4000), st.sampled_from(["", "submit", "poll"])), min_size=1, max_size=80
)


@settings(deadline=None)
@given(MOMENTS)
def test_time_goes_to_the_right_and_ends_at_the_end(moments):
    line = Timeline(moments, WIDTH, CLEAR)
    standing = sorted(zip(moments, line.places, strict=True))
    assert all(earlier[1] <= later[1] + 1e-6 for earlier, later in pairwise(standing))
    assert all(-1e-6 <= place <= WIDTH + 1e-6 for place in line.places)
    if max(moment.at for moment in moments) > 0.001:
        assert max(line.places) == pytest.approx(WIDTH, abs=1e-3)


@settings(deadline=None)
@given(MOMENTS)
def test_marks_of_a_lane_keep_clear_of_each_other_unless_it_is_crowded(moments):
    line = Timeline(moments, WIDTH, CLEAR)
    lanes = {moment.lane for moment in moments} - {""}
    for lane in lanes:
        places = sorted(
            place for moment, place in zip(moments, line.places, strict=True) if moment.lane == lane
        )
        clear = all(later - earlier >= CLEAR - 1e-6 for earlier, later in pairwise(places))
        assert clear or line.is_crowded
        assert not line.is_crowded or len(moments) * CLEAR > WIDTH


@settings(deadline=None)
@given(MOMENTS)
def test_ticks_are_few_and_stand_apart(moments):
    ticks = Timeline(moments, WIDTH, CLEAR).ticks()
    assert len(ticks) <= 25
    assert all(later[1] - earlier[1] >= 39 and later[0] > earlier[0] for earlier, later in pairwise(ticks))


def moments(*seconds, lane="poll"):
    return [Moment(at, lane) for at in seconds]


def test_without_a_reason_places_follow_the_seconds():
    line = Timeline(moments(2, 4, 8, 16), WIDTH, CLEAR)
    assert line.places == pytest.approx([100, 200, 400, 800], abs=1e-3)
    assert line.gaps == []
    assert line.at(6) == pytest.approx(300, abs=1e-3)
    assert (line.at(-1), line.at(99)) == pytest.approx((0, 800), abs=1e-3)
    assert [seconds for seconds, _ in line.ticks()] == [0, 2, 4, 6, 8, 10, 12, 14, 16]


def test_a_long_wait_is_drawn_as_three_usual_ones():
    line = Timeline([*moments(1, 2, 3, 4), Moment(3604.0)], WIDTH, CLEAR)
    (gap,) = line.gaps
    assert gap.seconds == 3600
    assert (gap.begins, gap.ends) == pytest.approx((WIDTH * 4 / 7, WIDTH), abs=1e-3)
    assert [seconds for seconds, _ in line.ticks()] == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4]


def test_a_wait_that_is_not_much_of_the_whole_stays_as_it_is():
    assert Timeline(moments(*range(1, 31), 34), WIDTH, 1).gaps == []
    assert Timeline(moments(1, 100), WIDTH, CLEAR).gaps == []  # of two waits neither is the usual one


def test_the_order_is_that_of_the_moments_given():
    line = Timeline([Moment(8.0), Moment(2.0, "poll"), Moment(4.0, "poll")], WIDTH, CLEAR)
    assert line.places == pytest.approx([800, 200, 400], abs=1e-3)


def test_where_there_is_no_room_places_follow_the_seconds_alone():
    line = Timeline(moments(*(nth / 10 for nth in range(1, 101))), WIDTH, CLEAR)
    assert line.is_crowded
    assert line.places[49] == pytest.approx(400, abs=1e-3)


def test_no_time_at_all_takes_no_room():
    assert Timeline(moments(0.0, 0.0), WIDTH, CLEAR).places == [0, 20]
    assert Timeline([Moment(0.0)], WIDTH, CLEAR).places == [0]
    assert Timeline([], WIDTH, CLEAR).ticks() == []
