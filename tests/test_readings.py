import pytest

from klingcontracts.contract import load
from klingcontracts.problem import Problem
from klingcontracts.readings import load_each, readings


def test_texts_are_read() -> None:
    assert readings(["tier=10", "null-field=absent", "tier=10"]) == {"tier": "10", "null-field": "absent"}
    assert readings([]) == {}


@pytest.mark.parametrize(
    ("texts", "fact"),
    [(["tier"], "no equals sign"), (["tier=10", "tier=100"], "'tier' is read in two ways")],
)
def test_what_is_no_reading_is_told(texts, fact) -> None:
    with pytest.raises(Problem, match=fact):
        readings(texts)


def test_each_contract_is_read_as_far_as_the_question_is_open_in_it() -> None:
    first, second, third = load_each(
        ["2026-02", "2026-07", "2026-02"], {"tier": "10", "null-field": "absent"}
    )
    assert "tier" not in first.questions
    assert second.questions["tier"].chosen == "10"
    assert first.questions["null-field"].chosen == second.questions["null-field"].chosen == "absent"
    assert first is third
    assert load_each(["2026-02"], {}) == [load()]


@pytest.mark.parametrize("chosen", [{"teir": "10"}, {"tier": "11"}])
def test_a_question_that_none_of_them_has_is_told(chosen) -> None:
    with pytest.raises(Problem, match=r"Nearest: '(tier|10?0?)'"):
        load_each(["2026-02", "2026-07"], chosen)
