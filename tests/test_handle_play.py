"""klingmock.handle: a scenario is played in a world, in virtual time."""

import time

import pytest

import klingmock
from klingcontracts.problem import Problem
from klingmock.scenario import Scenario
from klingmock.virtual import Endless


def test_a_scenario_begins_anew_and_in_virtual_time():
    with klingmock.running(script="task: 503", time="system") as fake:
        with fake.play("slow"):
            begun = fake.now
            time.sleep(900)
            assert fake.now - begun == 900
            assert [fault.text for fault in fake.faults()] == ["outcome: slow=10"]
        assert fake.clock.speed == 0


def test_two_scenarios_follow_each_other_and_the_marker_does_no_harm():
    with klingmock.running(time="virtual") as fake:
        for one in klingmock.scenarios("submit-lost", "plain"):
            with fake.play(one):
                time.sleep(5)
            assert [fault.text for fault in fake.faults()] == list(filter(None, [one.script]))
        time.sleep(5)  # still in virtual time, for the block is not at its end


def test_a_client_that_sleeps_for_too_long_is_ended():
    with klingmock.running() as fake, fake.play(Scenario("mine", "it is as always"), longest=10):
        for _ in range(3):
            time.sleep(5)
        with pytest.raises(Endless):
            time.sleep(5)


def test_a_name_that_is_not_known_is_refused():
    with (
        klingmock.running() as fake,
        pytest.raises(Problem, match="'plane' is not known"),
        fake.play("plane"),
    ):
        pass
