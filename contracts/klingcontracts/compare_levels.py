"""Which way a statement has changed, and how much that matters to a client that keeps to the old one."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

from klingcontracts.derive import KEYWORDS
from klingcontracts.rule import Level, Rule

Known = Mapping[str, Any]


class Way(Enum):
    """Which values a changed statement allows: fewer, more, or others."""

    NARROWER = "narrower"
    WIDER = "wider"
    OTHER = "other"


_LEAST = frozenset({"minLength", "minimum", "exclusiveMinimum", "minItems"})
_MOST = frozenset({"maxLength", "maximum", "exclusiveMaximum", "maxItems"})
_WIDENED = {"number": {"number", "integer"}}

_REQUEST = {Way.NARROWER: Level.ERROR, Way.WIDER: Level.WARNING, Way.OTHER: Level.ERROR}
_REPLY = {Way.NARROWER: Level.INFO, Way.WIDER: Level.WARNING, Way.OTHER: Level.ERROR}


def way(keyword: str, old: Any, new: Any) -> Way | None:
    """Which way a keyword has gone from `old` to `new`, None where it allows what it did.

    As a value, None is a keyword that is not there.
    """
    if old is None and new is None:
        return None
    if old is None or new is None:
        return Way.NARROWER if old is None else Way.WIDER
    if keyword in _LEAST | _MOST:
        if new == old:
            return None
        return Way.NARROWER if (new > old) == (keyword in _LEAST) else Way.WIDER
    before, after = _options(keyword, old), _options(keyword, new)
    within, around = all(one in before for one in after), all(one in after for one in before)
    if within:
        return None if around else Way.NARROWER
    return Way.WIDER if around else Way.OTHER


def _options(keyword: str, value: Any) -> list[Any]:
    if keyword == "type":
        kinds = [value] if isinstance(value, str) else value
        return sorted({one for kind in kinds for one in _WIDENED.get(kind, {kind})})
    # JSON has one kind of number; True is none.
    values = value if keyword == "enum" else [value]
    return [(isinstance(one, bool), one) for one in values]


def level_of(change: Way, rule: Rule, in_reply: bool) -> Level:
    """How much the change of this rule matters.

    A request that was right may be refused now, or a reply may hold what no client expects: an error. What
    the contract refuses and the page allows: a warning, for tests against the contract are stricter than the
    page. What a reply promises beyond the contract: info.
    """
    if in_reply and change is Way.WIDER and rule.keyword in {"required", "type"}:
        return Level.ERROR
    return (_REPLY if in_reply else _REQUEST)[change]


def way_of(old: Rule | None, new: Rule | None) -> Way | None:
    """Which way a rule has gone; None for a rule that is not there, and where it allows what it did."""
    if old is None or new is None:
        return way("", options_of(old), options_of(new))
    keyword = keyword_of(new)
    if keyword_of(old) != keyword:
        single = {keyword_of(old), keyword} == {"enum", "const"}
        return way("enum", options_of(old), options_of(new)) if single else Way.OTHER
    return way(keyword, value_of(old), value_of(new))


def keyword_of(rule: Rule) -> str:
    """The keyword that a rule is of; of a condition on another field, the one of that condition."""
    if rule.keyword.startswith("limits."):
        return next(name for name in rule.schema if name in KEYWORDS)
    return rule.keyword


def options_of(rule: Rule | None) -> Any:
    """What a rule sets, as a list where it is the one value that is allowed."""
    value = value_of(rule)
    return [value] if rule is not None and keyword_of(rule) == "const" else value


def value_of(rule: Rule | None) -> Any:
    """What a rule sets: its keyword's value, True where that has none; None for no rule."""
    if rule is None:
        return None
    return rule.schema.get(keyword_of(rule)) if keyword_of(rule) in KEYWORDS else True
