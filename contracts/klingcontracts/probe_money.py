"""The balance before and after: what was really spent, and what a job costs."""

from collections.abc import Iterator, Sequence

from klingcontracts.contract import Contract
from klingcontracts.drift import Found
from klingcontracts.exchange import Exchange
from klingcontracts.probe import Probe, got
from klingcontracts.probe_follow import value_of
from klingcontracts.probe_guard import NoReply, NotSent, Spending
from klingcontracts.probe_jobs import price
from klingcontracts.probe_judge import Seen, found, stated
from klingcontracts.rule import Level, provenance
from klingcontracts.strictjson import parse
from klingcontracts.words import value_at

CENT = 0.005  # less than half of it is rounding


class Money:
    """Looks at the balance where the contract has an operation for that."""

    def __init__(self, contract: Contract, spending: Spending) -> None:
        self._contract, self._spending = contract, spending
        self._before: float | None = None

    def before(self) -> None:
        """Note the balance before anything is sent that costs."""
        told = self._balance()
        self._before = told[0] if told else None

    def after(self, jobs: Sequence[Seen]) -> Iterator[Found]:
        """What the balance says about the jobs that were accepted."""
        told = self._balance() if self._before is not None else None
        if told is None or self._before is None:
            return
        left, exchange = told
        gone = self._before - left
        expected = self._expected(jobs)
        taken = self._spending.spent + self._spending.unexpected
        seen = f"{gone:.4f} for {taken} job{'s' * (taken != 1)}"
        if gone > CENT and not taken:
            rule = stated(
                "balance.spent", "what is refused costs nothing", Level.WARNING, operation="balance"
            )
            yield found(rule, "nothing is spent", f"{gone:.4f} is gone, and no job was accepted", exchange)
        elif expected is not None and abs(gone - expected) > CENT / 2:
            origin = provenance(self._contract.document.get("x-price", {}))
            level = Level.INFO if origin.basis == "assumed" else Level.WARNING
            rule = stated("balance.price", "what a job costs", level, origin, "balance")
            yield found(rule, f"{expected:.4f}", seen, exchange)

    def _expected(self, jobs: Sequence[Seen]) -> float | None:
        prices = [price(self._contract, parse(bytes(one.probe.call.body))) for one in jobs]
        known = [amount for amount in prices if amount is not None]
        return sum(known) if known and len(known) == len(prices) and not self._spending.unexpected else None

    def _balance(self) -> tuple[float, Exchange] | None:
        operation = self._contract.operations.get("balance")
        if operation is None:
            return None
        try:
            exchange = self._spending.ask(Probe("balance.reply.status", "the balance", got(operation.path)))
        except (NotSent, NoReply):
            return None
        value = value_at(value_of(exchange), ["data", "balance"])
        return (float(value), exchange) if isinstance(value, (int, float)) else None
