"""What keeps a run of schemathesis against a paid API from sending a body that could be accepted."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from zlib import crc32

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from schemathesis import Case
from schemathesis.core import NotSet

from klingcontracts.any_reading import AnyReading
from klingcontracts.breaks import MISTAKES
from klingcontracts.check import check_body
from klingcontracts.contract import Contract
from klingcontracts.problem import COULD_NOT_LOOK, Problem
from klingcontracts.strategies import broken_bodies

Json = Any
_ABSENT = object()
_NOTHING: tuple[Json, ...] = ({}, [], "", 0, None)


class Guard:
    """Sends a body only when every reading of the documents refuses it; breaks one rule of any other.

    Raises Problem for a contract that refuses nothing. `taken` tells the body that a server accepted all the
    same, "" while there is none.
    """

    def __init__(self, contract: Contract, documents: Iterable[Mapping[str, Any]]) -> None:
        self.taken = ""
        self._contract = contract
        self._submit = contract.operation("submit")
        self._any_reading = AnyReading(documents)
        self._least = self._refused_for_sure()
        shape = self._submit.body
        fields = shape.schema.get("properties", {}) if shape else {}
        self._changes = [(name, wrong) for name in fields for wrong in (_ABSENT, *MISTAKES)]
        self._broken = broken_bodies(contract=contract)

    def _refused_for_sure(self) -> Json:
        for body in _NOTHING:
            if self.may_send(body):
                return body
        fact = f"Revision {self._contract.revision} has a reading that takes any body."
        raise Problem(fact, "Give paid=False where nothing is paid for.")

    def refuses(self, raw: object) -> bool:
        """Whether a request's body, as it stands on the wire, is sure to be refused; None is no body."""
        if isinstance(raw, str):
            raw = raw.encode("utf-8", "surrogatepass")
        return raw is None or (isinstance(raw, bytes) and not self._any_reading.takes(raw))

    def may_send(self, body: object) -> bool:
        """Whether a case's body is sure to be refused, in whatever way it is written; no body may be sent."""
        if isinstance(body, NotSet):
            return True
        raw = _dumped(body)
        return raw is not None and self.refuses(raw) and (not isinstance(body, str) or self.refuses(body))

    def broken(self, body: Json) -> Json:
        """A body like this one that breaks one rule more, and always the same one for the same body."""
        raw = _dumped(body)
        if raw is not None and isinstance(body, dict):
            start, most = crc32(raw), self._breaks(raw) + 1
            for nth in range(len(self._changes)):
                changed = _changed(body, *self._changes[(start + nth) % len(self._changes)])
                if self._is_refused(changed, most):
                    return changed
        return self._least

    def _is_refused(self, body: Json, most: int) -> bool:
        raw = _dumped(body)
        return raw is not None and self._breaks(raw) <= most and self.refuses(raw)

    def _breaks(self, raw: bytes) -> int:
        return len(check_body(self._contract, self._submit, raw).refused)

    def bodies(self) -> SearchStrategy[Json]:
        """Bodies that break one rule, any that a body can break."""
        return self._broken.map(lambda pair: pair[0] if self.may_send(pair[0]) else self.broken(pair[0]))

    def cases(self, case: Case[Any]) -> SearchStrategy[Case[Any]]:
        """The case itself when its body may be sent, else the same with bodies that may."""
        if self.may_send(case.body):
            return st.just(case)
        return self.bodies().map(lambda body: _with_body(case, body))

    def mended(self, case: Case[Any]) -> Case[Any]:
        """The case with a body that may be sent."""
        return case if self.may_send(case.body) else _with_body(case, self.broken(case.body))

    def hold(self, case: Case[Any]) -> None:
        """Look at a case just before it is sent.

        Raises Problem when the server has accepted a body before: then it may accept the next one as well.
        """
        if self.taken:
            fact = f"The server accepted a body that every reading refuses: {self.taken}."
            raise Problem(fact, "Nothing more is sent, for it may cost money.", COULD_NOT_LOOK)
        self.mended(case)

    def on_the_wire(self, inner: object, costs: Callable[[str], bool]) -> Callable[[Any], Any]:
        """What requests takes for an authentication: the last to see a request before it is sent.

        `inner` is the one that was there before, `costs` tells whether a URL is paid for. In place of a body
        that could be accepted goes an empty one.
        """

        def look(request: Any) -> Any:
            request = inner(request) if callable(inner) else request
            if costs(request.url) and not self.refuses(request.body):
                request.prepare_body(b"", None)
            return request

        return look


def _with_body(case: Case[Any], body: Json) -> Case[Any]:
    case.body = body
    return case


def _changed(body: Mapping[str, Json], name: str, wrong: Json) -> Json:
    if wrong is _ABSENT:
        return {field: value for field, value in body.items() if field != name}
    return {**body, name: wrong}


def _dumped(body: object) -> bytes | None:
    """The body as JSON; None for what is none, of which nobody knows how it will be written."""
    try:
        return json.dumps(body, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError):
        return None
