"""klingmock.picture: where the calls of a scenario stand."""

from itertools import pairwise

import pytest

from klingmock.picture import CLEAR, LEFT, LONGEST, RADIUS, RIGHT, SAME, TINY, WIDTH, Picture


def test_each_call_has_a_place_of_its_own_in_its_lane(made_up):
    picture = Picture(made_up.lost())
    assert picture.lanes == ["program", "submit", "poll", "download", "fault", "charge"]
    assert [(spot.lane, spot.name, spot.look) for spot in picture.spots] == [
        ("submit", "1", "lost"),
        ("submit", "2", "good"),
        ("poll", "3", "good"),
        ("poll", "4", "refused"),
        ("poll", "5", "good"),
        ("download", "6", "lost"),
        ("download", "7", "good"),
    ]
    assert all(spot.pad == RADIUS and spot.left == spot.right for spot in picture.spots)
    assert picture.end == pytest.approx(WIDTH - RIGHT)
    assert (picture.place_of(1), picture.place_of(99)) == (picture.spots[0].left, LEFT)
    assert picture.at(0.0) == LEFT
    assert picture.spots[0].says == "1: submit, no reply, submit: lost, at 0.50 s"
    assert [spot.is_blamed for spot in picture.spots[:3]] == [True, True, False]


def test_a_call_of_another_kind_gets_a_lane(made_up):
    picture = Picture(made_up.played(made_up.entry(1, 1, "")))
    assert picture.lanes == ["program", "submit", "poll", "download", "other", "fault", "charge"]
    assert picture.middle("other") < picture.middle("fault") < picture.height


def test_a_reply_is_over_when_the_program_is(made_up):
    picture = Picture(made_up.played(made_up.entry(1, 1, delay=65.0)))
    assert picture.ends == [picture.end]


def crowd(made_up, count, look=lambda _: 200):
    polls = [made_up.entry(nth + 1, nth * 0.1, status=look(nth)) for nth in range(1, count)]
    return Picture(made_up.played(made_up.entry(1, 0, "submit"), *polls, seconds=count / 10))


def test_calls_that_stand_too_close_become_one_as_far_as_they_are_alike(made_up):
    picture = crowd(made_up, 300)
    polls = [spot for spot in picture.spots if spot.lane == "poll"]
    assert sum(len(spot.marks) for spot in polls) == 299
    assert len(polls) < 20
    assert all(spot.right - spot.left <= LONGEST and spot.pad == TINY for spot in polls)
    assert polls[0].name == "2–26"
    assert polls[0].says.startswith("2–26: 25 calls, until 2.50 s, at 0.10 s")
    assert picture.spots[0].pad == RADIUS  # the submission has room


def test_one_that_is_not_alike_is_seen(made_up):
    picture = crowd(made_up, 300, lambda nth: 503 if nth == 150 else 200)
    odd = [spot for spot in picture.spots if spot.look == "refused"]
    assert [spot.name for spot in odd] == ["151"]


def test_however_many_calls_there_are_the_picture_holds_a_bounded_number(made_up):
    picture = crowd(made_up, 1000, lambda nth: 503 if nth % 2 else 200)
    assert len(picture.spots) <= (WIDTH - LEFT - RIGHT) / SAME + 2
    polls = [spot for spot in picture.spots if spot.lane == "poll"]
    assert all(later.left - earlier.left >= SAME for earlier, later in pairwise(polls))
    assert {spot.look for spot in polls} == {"refused"}  # the worst of those that share a place


def test_without_a_call_there_is_the_program_alone(made_up):
    picture = Picture(made_up.played(seconds=0.0))
    assert (picture.spots, picture.end) == ([], LEFT)
    assert CLEAR > 2 * RADIUS
