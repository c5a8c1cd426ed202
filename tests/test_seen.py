"""What a run of schemathesis remembers, on a clock that is moved by hand."""

import pytest

from klingcontracts import seen
from klingcontracts.seen import Seen, Span, Window


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_a_call_lasts_from_its_beginning_to_its_end(clock):
    memory = Seen(clock)
    memory.begin("a")
    clock.now += 2
    assert memory.span("a") == (100, 102)  # not ended yet
    memory.end("a")
    clock.now += 5
    assert memory.span("a") == (100, 102)
    assert memory.span("b") == (107, 107)  # of which nobody told
    memory.begin("a")  # once more
    assert memory.span("a") == (107, 107)


def test_only_what_was_over_before_a_call_began_comes_before_it(clock):
    memory = Seen(clock)
    assert memory.status("task", "processing", Span(3, 5)) == []
    assert memory.status("task", "pending", Span(1, 2)) == []  # told later, and asked before
    assert memory.status("task", "success", Span(4, 9)) == ["pending"]
    assert memory.status("task", "success", Span(10, 11)) == ["pending", "processing", "success"]
    assert memory.status("other", "pending", Span(12, 13)) == []


def test_noting_a_status_twice_says_the_same(clock):
    memory = Seen(clock)
    memory.status("task", "success", Span(0, 1))
    assert [memory.status("task", "pending", Span(2, 3)) for _ in range(2)] == [["success"]] * 2


@pytest.mark.parametrize(
    ("later", "fits"),
    [
        (Window(10, 6, 60), True),
        (Window(10, 3, 60), True),  # others count as well
        (Window(10, 7, 60), False),
        (Window(10, 8, 60), False),
        (Window(9, 6, 60), False),
        (Window(10, 9, 120), True),  # the next window
    ],
)
def test_what_is_left_goes_down(clock, later, fits):
    memory = Seen(clock)
    earlier = Window(10, 7, 60)
    assert not memory.tells("key")
    assert memory.window("key", earlier, Span(0, 1)) is None
    assert memory.tells("key")
    assert memory.window("key", later, Span(2, 3)) == (None if fits else earlier)
    assert memory.window("key", earlier, Span(0, 1)) is None  # at the same time as the first
    assert memory.window("other", earlier, Span(2, 3)) is None


def test_nothing_left_stays_nothing(clock):
    memory = Seen(clock)
    memory.window("key", Window(10, 0, 60), Span(0, 1))
    assert memory.window("key", Window(10, 0, 60), Span(2, 3)) is None


def test_the_first_key_that_submitted_a_task_owns_it(clock):
    memory = Seen(clock)
    assert memory.owner("task") is None
    memory.submitted("task", "key", Span(97, 98))
    memory.submitted("task", "key", Span(99, 99))
    assert memory.owner("task") == ("key", 3)


def test_the_memory_is_bounded(clock, monkeypatch):
    monkeypatch.setattr(seen, "MOST_KEYS", 2)
    memory = Seen(clock)
    for key in ("a", "b", "a", "c"):
        memory.window(key, Window(10, 5, 60), Span(0, 1))
    assert [memory.tells(key) for key in "abc"] == [True, False, True]  # b was not looked at for longest
