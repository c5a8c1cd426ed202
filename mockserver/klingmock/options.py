"""What a test can say about the world it is given: one table, read from keywords, a marker or a fixture."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from klingcontracts.contract import Contract, load
from klingcontracts.document import DEFAULT
from klingcontracts.problem import Problem, unknown
from klingmock.grammar import parse
from klingmock.ledger import price, units
from klingmock.served import Plan
from klingmock.task import TIMINGS, Timing

TIMES = ("manual", "virtual", "system")


class Options(NamedTuple):
    """The world of one handle. Seconds, US dollars.

    `reading` maps open questions to readings; `timing` is a name or a pair of seconds (pending, processing);
    `limits` is False, True for the documented ones, or a mapping with `rate` and `concurrency` of your own;
    `prices` are those of jobs, as in {"pro-10": "0.5"}; `script` are the faults to begin with; `time` is
    "manual", "virtual" where a client's sleep moves it, or "system" where it passes as it does outside.
    """

    revision: str = DEFAULT
    reading: Mapping[str, str] = {}
    timing: str | tuple[float, float] = "quick"
    limits: bool | Mapping[str, int] = False
    retention: float | None = None
    balance: str | None = None
    prices: Mapping[str, str] = {}
    seed: str = "0"
    script: str = ""
    time: str = "manual"
    base_url_variable: str = "MODELLIX_BASE_URL"
    api_key_variable: str = "MODELLIX_API_KEY"

    @property
    def contract(self) -> Contract:
        """The revision, read as asked; Problem for a question or reading that it does not have."""
        return load(self.revision, dict(self.reading))

    @property
    def plan(self) -> Plan:
        """What the engine is told."""
        own = self.limits if isinstance(self.limits, Mapping) else {}
        return Plan(
            timing=TIMINGS[self.timing] if isinstance(self.timing, str) else Timing(*self.timing),
            seed=self.seed,
            limited=self.limits is not False,
            rate=own.get("rate"),
            concurrency=own.get("concurrency"),
            retention=self.retention,
            balance=self.balance,
            prices=tuple(f"{name}={amount}" for name, amount in self.prices.items()),
        )


def options(*given: Mapping[str, Any]) -> Options:
    """Put the options together; what comes later wins. Problem for a name or a value that makes no sense."""
    values: dict[str, Any] = {}
    for one in given:
        for name, value in one.items():
            if name not in Options._fields:
                raise unknown("Option", str(name), Options._fields, "Leave it out, or call it by its name.")
            values[name] = _reading(value) if name == "reading" else value
    found = Options(**values)
    _check(found)
    return found


def _reading(value: Any) -> Mapping[str, str]:
    pairs = list(_pairs(value))
    if not all(isinstance(name, str) and name for pair in pairs for name in pair):
        raise Problem(
            f"Option reading: {value!r} is no reading.", "Give QUESTION=READING, as in image-required=either."
        )
    return dict(pairs)


def _pairs(value: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        return value.items()
    given = value if isinstance(value, Iterable) and not isinstance(value, str) else [value]
    return [(question, reading) for question, _, reading in (str(pair).partition("=") for pair in given)]


def _check(found: Options) -> None:
    _check_texts(found)
    _check_timing(found.timing)
    _check_limits(found.limits)
    if found.retention is not None and not _is_time(found.retention):
        raise Problem(f"Option retention: {found.retention!r} is no time.", "Give seconds, from 0 on.")
    if found.balance is not None:
        units(found.balance)
    _check_prices(found.prices)
    if found.time not in TIMES:
        raise unknown("Option time", str(found.time), TIMES, "Name one of them.")
    parse(found.script)


def _check_prices(given: Any) -> None:
    if not isinstance(given, Mapping) or not all(isinstance(amount, str) for amount in given.values()):
        raise Problem(f"Option prices: {given!r} is no table of prices.", "Give one as {'pro-10': '0.5'}.")
    for name, amount in given.items():
        price(f"{name}={amount}")


def _check_texts(found: Options) -> None:
    balance = {} if found.balance is None else {"balance": found.balance}
    variables = {name: getattr(found, name) for name in ("base_url_variable", "api_key_variable")}
    texts = {"revision": found.revision, "seed": found.seed, "script": found.script, **balance, **variables}
    for name, value in texts.items():
        if not isinstance(value, str):
            raise Problem(f"Option {name}: {value!r} is no text.", "Give a str.")
    for name, value in variables.items():
        if not value or "=" in value or "\0" in value:
            fact = f"Option {name}: {value!r} is no name of an environment variable."
            raise Problem(fact, f"Give one such as {Options._field_defaults[name]}.")


def _check_timing(timing: Any) -> None:
    if isinstance(timing, str):
        if timing not in TIMINGS:
            raise unknown("Timing", timing, TIMINGS, "Or give a pair of seconds: (pending, processing).")
        return
    pair = timing if isinstance(timing, (tuple, list)) else ()
    if len(pair) != 2 or not all(map(_is_time, pair)):
        remedy = f"Give {', '.join(TIMINGS)} or a pair of seconds: (pending, processing)."
        raise Problem(f"Option timing: {timing!r} is no timing.", remedy)


def _is_time(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 10**12


def _check_limits(limits: Any) -> None:
    if isinstance(limits, bool):
        return
    if not isinstance(limits, Mapping):
        raise Problem(
            f"Option limits: {limits!r} is neither a bool nor a mapping.", "Give True, False or {'rate': 5}."
        )
    for name, value in limits.items():
        if name not in {"rate", "concurrency"}:
            raise unknown("Limit", str(name), ("rate", "concurrency"), "Leave it out.")
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise Problem(f"Limit {name}: {value!r} is no count.", "Give a whole number from 1 on.")
