"""klingmock.parser: errors in our form, and flags that are added when they are needed."""

import pytest

from klingcontracts.problem import Problem
from klingmock.parser import Parser


@pytest.fixture
def parser():
    """A command with two actions, whose flags come later."""
    made, added = Parser(prog="p"), []
    actions = made.add_subparsers(dest="action", parser_class=Parser)
    for name in ("one", "two"):
        actions.add_parser(name).later = lambda inner, name=name: (
            added.append(name) or inner.add_argument(f"--{name}")
        )
    return made, added


def test_only_the_chosen_action_gets_its_flags(parser):
    made, added = parser
    assert made.parse_known_args(["two", "--two", "x"])[0].two == "x"
    assert made.parse_known_args(["two", "--two", "y"])[0].two == "y"
    assert added == ["two"]


def test_the_innermost_parser_is_the_one_of_the_action(parser):
    made, _ = parser
    chosen, left = made.parse_known_args(["one", "--twoo"])
    assert (chosen.innermost.prog, left) == ("p one", ["--twoo"])
    assert made.parse_known_args([])[0].innermost is made


def test_an_error_is_a_fact_and_a_remedy(parser):
    made, _ = parser
    with pytest.raises(Problem) as caught:
        made.parse_args(["one", "--one"])
    assert str(caught.value) == "Argument --one: expected one argument. See: p one --help"
