import pytest

from klingcontracts.compare_levels import Way, level_of, value_of, way
from klingcontracts.contract import load
from klingcontracts.rule import Level

NARROWER, WIDER, OTHER = Way.NARROWER, Way.WIDER, Way.OTHER


@pytest.mark.parametrize(
    ("keyword", "old", "new", "expected"),
    [
        ("minimum", 0, 1, NARROWER),
        ("minimum", 1, 0, WIDER),
        ("maxLength", 9, 8, NARROWER),
        ("maxLength", 8, 9, WIDER),
        ("maximum", 1, 1.0, None),
        ("pattern", None, "^a", NARROWER),
        ("pattern", "^a", None, WIDER),
        ("pattern", "^a", "^b", OTHER),
        ("required", None, None, None),
        ("type", "number", "integer", NARROWER),
        ("type", "integer", "number", WIDER),
        ("type", ["integer", "null"], "integer", NARROWER),
        ("type", "string", "object", OTHER),
        ("enum", ["a", "b"], ["b", "a"], None),
        ("enum", [1], [True], OTHER),
        ("enum", ["a"], ["a", "b"], WIDER),
        ("const", 0, 1, OTHER),
    ],
)
def test_which_way_a_statement_went(keyword, old, new, expected) -> None:
    assert way(keyword, old, new) is expected


def test_a_request_is_broken_by_less_and_a_reply_by_more() -> None:
    rules = load().rules
    request, reply = rules["submit.body.prompt.maxLength"], rules["submit.reply.data.task_id.required"]
    assert [level_of(one, request, in_reply=False) for one in Way] == [
        Level.ERROR,
        Level.WARNING,
        Level.ERROR,
    ]
    assert [level_of(one, reply, in_reply=True) for one in Way] == [Level.INFO, Level.ERROR, Level.ERROR]
    pattern = rules["submit.reply.data.task_id.pattern"]
    assert level_of(WIDER, pattern, in_reply=True) is Level.WARNING


def test_what_a_rule_sets() -> None:
    rules = load().rules
    assert value_of(rules["submit.body.prompt.maxLength"]) == 2500
    assert value_of(rules["submit.body.image.required"]) is True
    assert value_of(rules["submit.body.image_tail.excludes.static_mask"]) is True
    assert value_of(None) is None
