"""What a call of the control API asks for: its query or its JSON body, read value by value."""

from collections.abc import Iterable, Mapping
from json import dumps
from typing import Any, NamedTuple

from klingcontracts.problem import Problem, unknown
from klingcontracts.strictjson import BadJson, parse

MOST = 2**20  # bytes of a body
LONGEST = 100  # characters of a name or a value that a refusal repeats
LARGEST = 10.0**12  # of a number


class Asked(NamedTuple):
    """`values` are texts where they come `from_query`, else what a JSON body has; `key` is whose world it is.

    In a body a number is no text, a text no number, and null neither: it is refused as any other wrong value.
    """

    values: Mapping[str, Any] = {}
    key: str = ""
    task_id: str = ""
    from_query: bool = False

    def check(self, known: Iterable[str]) -> None:
        """Raise Problem for a name that is not known."""
        names = list(known)
        for name in self.values:
            if name not in names:
                raise unknown("Parameter", name[:LONGEST], names, "Leave it out.")

    def text(self, name: str, remedy: str = "Give one in quotes.") -> str | None:
        """A text; None where it is not given."""
        if name not in self.values:
            return None
        value = self.values[name]
        if not isinstance(value, str):
            raise Problem(f"{name}: {shown(value)} is no text.", remedy)
        return value

    def one_of(self, name: str, known: Iterable[str]) -> str | None:
        """One of these words; None where it is not given."""
        names, value = [str(one) for one in known], self.text(name)
        if value is not None and value not in names:
            raise unknown(f"{name}:", value[:LONGEST], names, "Give one of them.")
        return value

    def number(self, name: str) -> float:
        """A number of 0 or more, which has to be given."""
        value = self.values.get(name)
        number = _number(value) if isinstance(value, str) == self.from_query else -1.0
        if not 0 <= number <= LARGEST:
            fact = f"{name}: {shown(value)} is no number from 0 to {LARGEST:g}."
            raise Problem(fact, "Give one, as in 2.5.")
        return number

    def whole(self, name: str, default: int, most: int = 10**9) -> int:
        """A whole number from 0 to `most`."""
        if name not in self.values:
            return default
        number = self.number(name)
        if number != int(number) or number > most:
            raise Problem(f"{name}: {shown(self.values[name])} is no whole number up to {most}.", "Give one.")
        return int(number)

    def flag(self, name: str) -> bool | None:
        """True or false; None where it is not given."""
        if name not in self.values:
            return None
        value = self.values[name]
        if self.from_query:
            value = {"true": True, "false": False}.get(value, value)
        if not isinstance(value, bool):
            raise Problem(f"{name}: {shown(value)} is neither true nor false.", "Give one of them.")
        return value


def _number(value: Any) -> float:
    """The number that a text or a value of JSON is, -1 for what is none."""
    try:
        return -1.0 if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return -1.0


def shown(value: Any) -> str:
    """A value as a refusal repeats it: as JSON, but a text in the quotes of our sentences."""
    text = repr(value) if isinstance(value, str) else dumps(value)
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
