"""What a call of the control API asks for: its query or its JSON body, read value by value."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from klingcontracts.problem import Problem, unknown
from klingcontracts.strictjson import BadJson, parse

MOST = 2**20  # bytes of a body
LONGEST = 100  # characters of a name or a value that a refusal repeats
LARGEST = 10.0**12  # of a number


class Asked(NamedTuple):
    """`values` are texts from a query, or anything from a body; `key` is whose world it is."""

    values: Mapping[str, Any] = {}
    key: str = ""
    task_id: str = ""

    def check(self, known: Iterable[str]) -> None:
        """Raise Problem for a name that is not known."""
        names = list(known)
        for name in self.values:
            if name not in names:
                raise unknown("Parameter", name[:LONGEST], names, "Leave it out.")

    def text(self, name: str) -> str | None:
        """A text; None where it is not given."""
        value = self.values.get(name)
        if value is not None and not isinstance(value, str):
            raise Problem(f"{name}: {shown(value)} is no text.", "Put it in quotes.")
        return value

    def one_of(self, name: str, known: Iterable[str]) -> str | None:
        """One of these words; None where it is not given."""
        names, value = [str(one) for one in known], self.text(name)
        if value is not None and value not in names:
            raise unknown(f"{name}:", value[:LONGEST], names, "Give one of them.")
        return value

    def number(self, name: str) -> float | None:
        """A number of 0 or more; None where it is not given."""
        value = self.values.get(name)
        if value is None:
            return None
        try:
            number = float("nan") if isinstance(value, bool | list | dict) else float(value)
        except (ValueError, OverflowError):
            number = -1.0
        if not 0 <= number <= LARGEST:
            fact = f"{name}: {shown(value)} is no number from 0 to {LARGEST:g}."
            raise Problem(fact, "Give one, as in 2.5.")
        return number

    def whole(self, name: str, default: int, most: int = 10**9) -> int:
        """A whole number from 0 to `most`."""
        number = self.number(name)
        if number is None:
            return default
        if number != int(number) or number > most:
            raise Problem(f"{name}: {shown(self.values[name])} is no whole number up to {most}.", "Give one.")
        return int(number)

    def flag(self, name: str) -> bool | None:
        """True or false; None where it is not given."""
        value = self.values.get(name)
        if value is None or isinstance(value, bool):
            return value
        if value not in ("true", "false"):
            raise Problem(f"{name}: {shown(value)} is neither true nor false.", "Give one of them.")
        return bool(value == "true")


def shown(value: Any) -> str:
    """A value as a refusal repeats it."""
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def of_body(raw: bytes) -> Mapping[str, Any]:
    """The values of a JSON object, none for an empty body; Problem for anything else."""
    if not raw.strip():
        return {}
    try:
        body = parse(raw)
    except BadJson as error:
        raise Problem(f"The body is no JSON: {error}.", "Send a JSON object.") from error
    if not isinstance(body, Mapping):
        raise Problem("The body is no JSON object.", 'Send one, as in {"advance": 5}.')
    return body
