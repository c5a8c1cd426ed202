"""Three-way: for each finding of a live run, who agrees with whom: the page, the live API, the contract."""

from collections.abc import Sequence

from klingcontracts.contract import Contract
from klingcontracts.drift import Found
from klingcontracts.page_findings import page_findings
from klingcontracts.page_parts import Page
from klingcontracts.rule import Level

CHANGED = ("page", "live")
AHEAD = ("live", "contract")
BEHIND = ("page", "contract")
_MEANS = {
    CHANGED: "the vendor has changed, and says so: the contract is out of date",
    AHEAD: "the page says what the API does not do: it is wrong, or ahead of a change",
    BEHIND: "the API does what nobody documents: a fault of the vendor's, or a change that is not told",
}


def three_way(found: Sequence[Found], page: Page, contract: Contract, looked: set[str]) -> list[Found]:
    """The findings of a live run with what the page says of them, then what the page alone says otherwise.

    `looked` are the ids of the rules that the run looked at. Raises Problem for a page of no contract.
    """
    told = [one for one in page_findings(page, contract) if one.level > Level.INFO]
    changed = {one.rule.id for one in told}
    live = [_with(one, CHANGED if one.finding.rule.id in changed else BEHIND) for one in found]
    seen = {one.finding.rule.id for one in found}
    alone = [Found(one, {"place": "page"}) for one in told if one.rule.id not in seen]
    return [*live, *(_with(one, AHEAD) if one.finding.rule.id in looked else one for one in alone)]


def _with(one: Found, agree: tuple[str, str]) -> Found:
    if one.finding.level == Level.INFO:
        return one
    return one._replace(evidence={**one.evidence, "agree": list(agree), "means": _MEANS[agree]})
