"""klingmock.swimlane: the picture is well-formed, says what happened, and stays of a bounded size."""

from xml.etree import ElementTree as ET

import pytest

from klingmock.accepted import Charge
from klingmock.script import Account
from klingmock.swimlane import end_of, ending, legend, swimlane

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def drawn():
    """A scenario's picture, read as XML."""
    return lambda played: ET.fromstring(swimlane(played, "s1"))


def classes(picture, name):
    return [node for node in picture.iter() if name in node.get("class", "").split()]


def texts(picture):
    return [node.text for node in picture.iter(f"{SVG}text")]


def test_all_that_happened_is_in_the_picture(drawn, made_up):
    picture = drawn(made_up.lost())
    told = texts(picture)
    assert {"Program", "Submit", "Poll", "Download", "Fault", "Charge", "0 s", "1 s"} <= set(told)
    assert {"1", "2", "3", "4", "5", "6", "7"} <= set(told)
    assert {"lost", "503", "truncate"} <= set(told)  # the faults, by their words
    assert {"2.0 s", "1.0 s"} <= set(told)  # the waits
    assert {"$0.1400", "$0.1400 again", "exit 0"} <= set(told)
    assert len(classes(picture, "spot")) == 7
    assert len(classes(picture, "ring")) == 2
    assert [node.get("class") for node in picture.iter(f"{SVG}circle") if "charge" in node.get("class")] == [
        "charge",
        "charge again",
    ]


def test_who_does_not_see_it_is_told(drawn, made_up):
    picture = drawn(made_up.lost())
    assert picture.get("role") == "img"
    names = picture.get("aria-labelledby").split()
    title, description = (next(node for node in picture if node.get("id") == name) for name in names)
    assert title.text == "The calls of submit-lost over time"
    assert description.text.startswith("1: submit, no reply, submit: lost, at 0.50 s; 2: submit, 200 pending")
    assert description.text.endswith("Jobs charged: 2. exit 0 after 7.0 s.")
    spots = classes(picture, "spot")
    assert all(spot.find(f"{SVG}title").text for spot in spots)


def test_nothing_stands_outside_of_the_picture(drawn, made_up):
    for played in (made_up.lost(), made_up.played(), many(made_up, 999)):
        picture = drawn(played)
        _, _, width, height = map(float, picture.get("viewBox").split())
        for node in picture.iter():
            across = [float(node.get(name)) for name in ("x", "x1", "x2", "cx") if node.get(name)]
            down = [float(node.get(name)) for name in ("y", "y1", "y2", "cy") if node.get(name)]
            assert all(0 <= value <= width for value in across)
            assert all(0 <= value <= height for value in down)
            assert float(node.get("width", 0)) >= 0


def many(made_up, count):
    polls = [made_up.entry(nth + 1, nth * 0.1, hint="script: task: 503~0.5") for nth in range(1, count)]
    faults = [Account("task: 503~0.5", 0, count, 0)]
    return made_up.played(made_up.entry(1, 0, "submit"), *polls, seconds=count / 10, faults=faults)


def test_a_picture_of_many_calls_has_a_bounded_size(drawn, made_up):
    picture = drawn(many(made_up, 1000))
    assert len(list(picture.iter())) < 500
    assert "503~0.5 …" in texts(picture)


def test_a_long_wait_is_drawn_short_and_says_so(drawn, made_up):
    polls = [made_up.entry(nth, nth) for nth in range(1, 6)]
    picture = drawn(made_up.played(*polls, seconds=905.0, exit_code=None, ended="timed out"))
    assert "⋯ 900 s ⋯" in texts(picture)
    assert len(classes(picture, "gap")) == 1


def test_a_reply_that_takes_its_time_is_a_bar(drawn, made_up):
    picture = drawn(made_up.played(made_up.entry(1, 2.0, "submit", delay=65.0)))
    (bar,) = classes(picture, "lasting")
    assert float(bar.get("x")) + float(bar.get("width")) == pytest.approx(868, abs=0.2)


def test_a_second_job_that_was_right_is_not_red(drawn, made_up):
    charged = [Charge(1, 1001.0, "task-1", 1400), Charge(2, 1005.0, "task-2", 1400)]
    entries = [made_up.entry(1, 1.0, "submit"), made_up.entry(2, 5.0, "submit")]
    picture = drawn(made_up.played(*entries, charged=charged))
    assert texts(picture).count("$0.1400") == 2
    assert classes(picture, "again") == []


def test_where_marks_stand_close_only_what_has_room_is_written(drawn, made_up):
    charged = [Charge(nth, 1000.0 + nth, f"task-{nth}", 1400) for nth in (1, 2)]
    faults = [Account("submit: late=65", 2, 2, 0)]
    submits = [made_up.entry(nth, nth / 100, "submit", hint="script: submit: late=65") for nth in (1, 2)]
    picture = drawn(made_up.played(*submits, charged=charged, faults=faults))
    assert texts(picture).count("$0.1400") == 1
    assert texts(picture).count("late=65") == 1
    assert not any(told.endswith(" s") and told.startswith("0.0") for told in texts(picture))


@pytest.mark.parametrize(
    ("more", "end", "says"),
    [
        ({}, "right", "exit 0"),
        ({"exit_code": 1}, "plain", "exit 1"),
        ({"exit_code": 1, "good": "failure"}, "right", "exit 1"),
        ({"exit_code": 1, "good": "either"}, "right", "exit 1"),
        ({"exit_code": -9, "good": "failure"}, "right", "exit -9"),
        ({"exit_code": None, "ended": "timed out", "good": "failure"}, "wrong", "ended by us"),
        ({"ended": "never called"}, "wrong", "exit 0"),
    ],
)
def test_the_end_of_the_program_is_judged_as_the_checks_do(drawn, made_up, more, end, says):
    played = made_up.played(made_up.entry(1, 1), **more)
    assert (end_of(played), ending(played)) == (end, says)
    assert says in texts(drawn(played))
    assert len(classes(drawn(played), end)) == 2


def test_a_check_of_the_end_makes_it_wrong_and_no_other(made_up):
    assert end_of(made_up.played(blamed=[made_up.fail("reports-success")])) == "wrong"
    assert end_of(made_up.played(blamed=[made_up.fail("polls-politely", verdict="warn")])) == "right"


def test_hostile_names_are_text(drawn, made_up):
    entry = made_up.entry(1, 1, told="<script>alert(1)</script>", hint="script: task: status=</svg><script>")
    faults = [Account("task: status=</svg><script>", 1, 1, 0)]
    picture = drawn(made_up.played(entry, name="</title><script>", faults=faults))
    assert {node.tag for node in picture.iter()} <= {
        f"{SVG}{name}" for name in ("svg", "title", "desc", "rect", "text", "line", "circle", "g", "path")
    }


def test_the_legend_shows_each_mark():
    made = ET.fromstring(legend())
    assert [item[0].tail for item in made][:2] == ["answered", "answered with an error"]
    assert len(made.findall("li")) == 8
