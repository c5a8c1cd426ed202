import pytest

from klingcontracts.problem import COULD_NOT_LOOK, USAGE, Problem, nearest, unknown


def test_a_problem_is_a_fact_and_a_remedy() -> None:
    problem = Problem("The port is taken.", "Choose another.")
    assert str(problem) == "The port is taken. Choose another."
    assert (problem.fact, problem.remedy, problem.exit_code) == (
        "The port is taken.",
        "Choose another.",
        USAGE,
    )


def test_a_problem_knows_its_exit_code() -> None:
    assert (USAGE, COULD_NOT_LOOK) == (2, 3)
    assert Problem("a", "b", COULD_NOT_LOOK).exit_code == 3


@pytest.mark.parametrize(
    ("name", "known", "near"),
    [
        ("burts", ["burst", "slow"], "burst"),
        ("promt", iter(["prompt", "image"]), "prompt"),
        ("xyz", ["burst"], None),
        ("", ["burst"], None),
        ("burst", [], None),
    ],
)
def test_the_nearest_name(name, known, near) -> None:
    assert nearest(name, known) == near


def test_an_unknown_name_tells_the_nearest_and_all() -> None:
    problem = unknown("Scenario", "burts", iter(["slow", "burst"]), "List them.")
    assert str(problem) == "Scenario 'burts' is not known. Nearest: 'burst'. Known: slow, burst. List them."


def test_an_unknown_name_that_is_like_none() -> None:
    assert unknown("Scenario", "zzz", ["slow"], "-").fact == "Scenario 'zzz' is not known. Known: slow."
    assert unknown("Scenario", "zzz", [], "-").fact == "Scenario 'zzz' is not known. Known: none."


def test_a_name_that_is_no_slip_is_compared_with_none() -> None:
    assert nearest("x" * 10**6, ["x" * 10**6]) is None
