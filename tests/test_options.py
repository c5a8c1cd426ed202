"""klingmock.options: what a test may say about its world, and what is said when it makes no sense."""

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klingcontracts.problem import Problem
from klingmock.options import Options, options
from klingmock.served import Plan
from klingmock.task import TIMINGS, Timing

JUNK = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=3)
    | st.lists(st.integers() | st.text(max_size=3), max_size=3)
    | st.dictionaries(st.text(max_size=5) | st.integers(), st.integers() | st.text(max_size=3), max_size=2)
)


def test_without_a_word_the_world_is_quick_and_has_no_limits():
    assert options() == Options()
    assert options().plan == Plan(timing=TIMINGS["quick"], limited=False)
    assert options().contract.revision == "2026-02"


def test_what_comes_later_wins():
    found = options(
        {"timing": "instant", "seed": "1"}, {}, {"seed": "2", "revision": "2026-04"}, {"seed": "3"}
    )
    assert found == Options(timing="instant", seed="3", revision="2026-04")


def test_the_options_are_what_the_engine_is_told():
    limits = {"rate": 5, "concurrency": 2}
    found = options(
        {
            "timing": (1, 2.5),
            "limits": limits,
            "retention": 60,
            "balance": "1.5",
            "seed": "luck",
            "script": "",
        }
    )
    plan = found.plan
    assert plan.timing == Timing(1, 2.5)
    assert (plan.limited, plan.rate, plan.concurrency) == (True, 5, 2)
    assert (plan.retention, plan.balance, plan.seed) == (60, "1.5", "luck")


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        (False, (False, None, None)),
        (True, (True, None, None)),
        ({}, (True, None, None)),
        ({"rate": 1}, (True, 1, None)),
        ({"concurrency": 9}, (True, None, 9)),
    ],
)
def test_limits(limits, told):
    plan = options({"limits": limits}).plan
    assert (plan.limited, plan.rate, plan.concurrency) == told


@pytest.mark.parametrize("timing", [*TIMINGS, (0, 0), [3, 5.5], (10**12, 0)])
def test_timings(timing):
    plan = options({"timing": timing}).plan
    assert plan.timing == (TIMINGS[timing] if isinstance(timing, str) else Timing(*timing))


@pytest.mark.parametrize(
    "reading",
    [
        {"image-required": "either", "retention-start": "submission"},
        ["image-required=either", "retention-start=submission"],
        ("image-required=either", "retention-start=submission"),
    ],
)
def test_readings_are_a_mapping_or_pairs(reading):
    found = options({"reading": reading})
    assert found.reading == {"image-required": "either", "retention-start": "submission"}
    assert found.contract.questions["image-required"].chosen == "either"


def test_one_reading_is_a_text():
    assert options({"reading": "image-required=either"}).reading == {"image-required": "either"}


@pytest.mark.parametrize(
    ("given_", "fact"),
    [
        ({"tming": "instant"}, r"Option 'tming' is not known\. Nearest: 'timing'\."),
        ({5: "instant"}, r"Option '5' is not known\."),
        ({"timing": "instnt"}, r"Timing 'instnt' is not known\. Nearest: 'instant'\."),
        ({"timing": None}, r"Option timing: None is no timing\."),
        ({"timing": (1, 2, 3)}, r"Option timing: \(1, 2, 3\) is no timing\."),
        ({"timing": (1, -1)}, r"Option timing: \(1, -1\) is no timing\."),
        ({"timing": (math.nan, 1)}, r"Option timing: \(nan, 1\) is no timing\."),
        ({"timing": (True, 1)}, r"Option timing: \(True, 1\) is no timing\."),
        ({"limits": 5}, r"Option limits: 5 is neither a bool nor a mapping\."),
        ({"limits": None}, r"Option limits: None is neither a bool nor a mapping\."),
        ({"limits": {"rats": 5}}, r"Limit 'rats' is not known\. Nearest: 'rate'\."),
        ({"limits": {"rate": 0}}, r"Limit rate: 0 is no count\."),
        ({"limits": {"rate": True}}, r"Limit rate: True is no count\."),
        ({"limits": {"concurrency": "5"}}, r"Limit concurrency: '5' is no count\."),
        ({"retention": "1h"}, r"Option retention: '1h' is no time\."),
        ({"retention": -1}, r"Option retention: -1 is no time\."),
        ({"retention": math.inf}, r"Option retention: inf is no time\."),
        ({"prices": ["std-5=1"]}, r"Option prices: \['std-5=1'\] is no table of prices\."),
        ({"prices": {"std-5": 1}}, r"Option prices: \{'std-5': 1\} is no table of prices\."),
        ({"prices": {"std-5": "1,5"}}, r"'1,5' is not an amount of money\."),
        ({"balance": "much"}, r"'much' is not an amount of money\."),
        ({"balance": 5}, r"Option balance: 5 is no text\."),
        ({"time": "virtal"}, r"Option time 'virtal' is not known\. Nearest: 'virtual'\."),
        ({"seed": 1}, r"Option seed: 1 is no text\."),
        ({"revision": None}, r"Option revision: None is no text\."),
        ({"script": 503}, r"Option script: 503 is no text\."),
        ({"script": "submit: dropp"}, r"Fault 'dropp' is not known\. Nearest: 'drop'\."),
        ({"base_url_variable": 5}, r"Option base_url_variable: 5 is no text\."),
        ({"base_url_variable": ""}, r"Option base_url_variable: '' is no name of an environment variable\."),
        (
            {"api_key_variable": "A=B"},
            r"Option api_key_variable: 'A=B' is no name of an environment variable\.",
        ),
        (
            {"api_key_variable": "\0"},
            r"Option api_key_variable: '\\x00' is no name of an environment variable\.",
        ),
        ({"reading": "either"}, r"Option reading: 'either' is no reading\."),
        ({"reading": ["=either"]}, r"Option reading: \['=either'\] is no reading\."),
        ({"reading": 5}, r"Option reading: 5 is no reading\."),
        ({"reading": {"image-required": 5}}, r"Option reading: \{'image-required': 5\} is no reading\."),
        ({"reading": {5: "either"}}, r"Option reading: \{5: 'either'\} is no reading\."),
    ],
)
def test_what_makes_no_sense_is_said_with_a_remedy(given_, fact):
    with pytest.raises(Problem, match=fact) as caught:
        options(given_)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("given_", "fact"),
    [
        ({"revision": "2026-03"}, r"Revision '2026-03' is not known\. Nearest: '2026-0"),
        ({"reading": {"image-require": "either"}}, "Nearest: 'image-required'"),
        ({"reading": {"image-required": "eitherr"}}, "Nearest: 'either'"),
    ],
)
def test_what_the_revision_does_not_have_is_said_when_it_is_read(given_, fact):
    with pytest.raises(Problem, match=fact):
        _ = options(given_).contract


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(Options._fields, JUNK)))
def test_whatever_is_given_the_options_make_sense_or_there_is_a_problem(given_):
    found = None
    with suppress(Problem):  # and nothing else
        found = options(given_)
    if found is None:
        return
    assert isinstance(found.plan, Plan)
    assert {name: getattr(found, name) for name in given_ if name != "reading"} == {
        name: value for name, value in given_.items() if name != "reading"
    }
    assert all(isinstance(text, str) and text for pair in found.reading.items() for text in pair)
