"""One revision as this server serves it: its contract, its numbers, and how it plans a task."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from klingcontracts.contract import Contract, Operation
from klingmock.ledger import prices, units
from klingmock.limits import OFF, Limits, documented
from klingmock.replies import Replies
from klingmock.task import TIMINGS, Luck, Task, Timing


class Plan(NamedTuple):
    """What the user chose about time and limits; None means as documented. Seconds, US dollars."""

    timing: Timing = TIMINGS["quick"]
    speed: float = 1.0
    seed: str = "0"
    limited: bool = True
    rate: int | None = None
    concurrency: int | None = None
    retention: float | None = None
    balance: str | None = None
    prices: tuple[str, ...] = ()  # in place of the contract's, as in pro-10=0.5


class Served:
    """A contract and everything about it that is worked out once and not at each call."""

    def __init__(self, contract: Contract, plan: Plan) -> None:
        document = contract.document
        retention = document["x-lifecycle"]["retention"]
        self.contract = contract
        self.replies = Replies(contract)
        self.limits: Limits = documented(document, plan.rate, plan.concurrency) if plan.limited else OFF
        self.opening = units(plan.balance or document["x-balance"]["opening"])
        self.charges = bool(document["x-balance"]["enforced"])
        self._plan = plan
        self._prices = prices(document, plan.prices)
        self._refunds = document["x-balance"].get("failed") == "refunded"
        self._mode, self._seconds = self._default("mode"), self._default("duration") or 0
        self.kept = float(retention["seconds"]) if plan.retention is None else plan.retention
        self._kept_from_end = retention["from"] == "completion"
        self._shows_processing = "processing" in document["x-lifecycle"]["statuses"]

    def price(self, body: Mapping[str, Any]) -> int:
        """What a job costs, in ten-thousandths of a dollar; 0 where the revision has no price for it."""
        mode, seconds = body.get("mode", self._mode), int(body.get("duration", self._seconds))
        return self._prices.get((mode, seconds), 0)

    def task(self, owner: str, nth: int, now: float, body: Mapping[str, Any], request_id: str) -> Task:
        """Plan the whole future of the owner's n-th job."""
        luck = Luck(self._plan.seed, owner, nth)
        waits, takes = self._plan.timing.draw(luck)
        ends_at = now + (waits + takes) / self._plan.speed
        price = self.price(body)
        return Task(
            luck.task_id,
            owner,
            self.contract,
            int(body.get("duration", self._seconds)),
            price,
            request_id,
            now,
            now + waits / self._plan.speed if self._shows_processing else ends_at,
            ends_at,
            self.kept if self._kept_from_end else self.kept - (ends_at - now),
            refund=price if self._refunds else 0,
        )

    def operation(self, name: str) -> Operation:
        """The contract's operation of this id."""
        return self.contract.operations[name]

    def _default(self, field: str) -> Any:
        shape = self.contract.operations["submit"].body
        return shape.schema["properties"].get(field, {}).get("default") if shape else None
