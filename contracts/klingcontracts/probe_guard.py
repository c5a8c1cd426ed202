"""Who holds the money: nothing is sent that could be accepted, unless the budget covers it."""

import re
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple
from urllib.parse import unquote

from klingcontracts.exchange import REDACTED, Call, Exchange, Reply, spellings
from klingcontracts.probe import FIRST, NOBODY, ORACLE, PAID, Probe
from klingcontracts.probe_free import KEY
from klingcontracts.probe_guarded import is_taken, message_of
from klingcontracts.probe_pace import LONGEST, Pace

Send = Callable[[Call], Reply]

READS = frozenset({"GET", "HEAD", "OPTIONS"})
PATIENCE = 3  # times that one request is refused with 429 before we go
MOST_FAILURES = 3  # replies of 500 and more, one after the other
_ARREARS = re.compile(
    r"arrears|insufficient (balance|credit|fund)|overdue|suspended|quota (is )?exhausted", re.IGNORECASE
)


SHORTEST = 6  # characters of a header's value that is taken out of replies
_ORDINARY = re.compile(r"accept.*|content-type|user-agent|cache-control|connection|host|origin")


def hidden(headers: Mapping[str, str]) -> set[str]:
    """What a server may not repeat of these headers: values and the words in them, but for small ones."""
    told = [value for name, value in headers.items() if not _ORDINARY.fullmatch(name)]
    words = [word for value in told for part in re.split(r"[\s;,]+", value) for word in (part, _value(part))]
    return {text for text in (*told, *words) if len(text) >= SHORTEST}


def _value(pair: str) -> str:
    return pair.partition("=")[2]


class NoReply(Exception):
    """No answer came, or none that is HTTP; the text says why, for people."""


class Halt(Exception):
    """The run ends here: nothing more can be looked at. The text is a sentence."""


class NotSent(Exception):
    """This one request was not sent; the text says why."""


class Budget(NamedTuple):
    """What may be spent: jobs, requests, and jobs that were accepted although they should not have been."""

    spend: int = 0
    requests: int = 250
    unexpected: int = 1


class Spending:
    """Sends probes within a budget, at the pace that the server asks for, and counts.

    `base` is where the API is, `takes` whether any reading accepts a body, `keys` the key of each name,
    `secrets` what else is taken out of replies.
    """

    def __init__(
        self,
        send: Send,
        base: str,
        takes: Callable[[bytes], bool],
        keys: Mapping[str, str],
        budget: Budget,
        pace: Pace,
        secrets: Collection[str] = (),
    ) -> None:
        self._send, self._base, self._takes = send, base, takes
        self._keys, self.budget, self.pace = keys, budget, pace
        hidden = {text for one in (*keys.values(), *secrets) if one for text in spellings(one)}
        self._hidden = "|".join(re.escape(one) for one in sorted(hidden, key=len, reverse=True)) or r"(?!)"
        self.moved: dict[str, str] = {}  # paths that are asked in place of documented ones
        self.requests = self.spent = self.unexpected = self.lost = 0
        self.charged = 0  # jobs of the key that was said to have no money
        self.exhausted = False  # whether more requests were wanted than may be sent
        self._failures = 0
        self._too_long = False
        self.after: Callable[[], None] = lambda: None  # called when a reply is there, for who shows it

    @property
    def accepted(self) -> int:
        """The jobs that were accepted, expected or not."""
        return self.spent - self.lost + self.unexpected + self.charged

    def left(self) -> int:
        """Jobs that may still be paid for."""
        return self.budget.spend - self.spent

    def has(self, key: str) -> bool:
        """Whether there is such a key."""
        return bool(self._keys.get(key))

    def ask(self, probe: Probe) -> Exchange:
        """Send a probe and return what happened.

        Raises NotSent where the budget does not cover it, NoReply where nothing came back, Halt where nothing
        more can be asked.
        """
        cost = self._cost(probe)
        self._allow(probe, cost)
        try:
            exchange = self._exchanged(probe, paid=cost == PAID)
        except NoReply:
            self.lost += cost == PAID
            raise
        self._count(probe, exchange.reply, cost)
        self.after()
        self._go_on(probe, exchange.reply)
        return exchange

    def _cost(self, probe: Probe) -> str:
        """What it can cost, whatever the plan says: only `check` tells that a body is refused."""
        if probe.cost in {PAID, ORACLE} or probe.call.method in READS:
            return probe.cost
        return PAID if self._takes(probe.call.body) else probe.cost

    def _allow(self, probe: Probe, cost: str) -> None:
        if not self.has(probe.key) and probe.key != NOBODY:
            raise NotSent(f"it needs the {probe.key} key")
        self._count_on()
        if probe.call.method in READS:
            return
        if self.unexpected >= self.budget.unexpected:
            limit = f"--max-unexpected {self.budget.unexpected}"
            raise NotSent(f"{self.unexpected} of what should have been refused was accepted: {limit}")
        if cost == ORACLE and self.charged:
            raise NotSent("the key without money was charged")
        if cost == PAID and self.left() <= 0:
            raise NotSent(f"it may be accepted: it needs --spend {self.budget.spend + 1}")

    def _count_on(self) -> None:
        if self.requests >= self.budget.requests:
            self.exhausted = True
            raise NotSent(f"--max-requests {self.budget.requests} was reached")

    def _exchanged(self, probe: Probe, *, paid: bool) -> Exchange:
        call = self._with_key(probe)
        self._too_long = False
        reply, turn = self._replied(call, paid=paid), 0
        self.pace.saw(reply)
        while reply.status == 429 and turn < PATIENCE - 1 and not self._too_long:
            self._too_long = not self.pace.back_off(reply, turn)
            if not self._too_long:
                self.spent -= paid  # it was refused
                self._count_on()
                reply, turn = self._replied(call, paid=paid), turn + 1
                self.pace.saw(reply)
        return Exchange(call, reply, self.pace.now(), self.requests)

    def _replied(self, call: Call, *, paid: bool) -> Reply:
        try:
            return self._sent(call, paid=paid)
        except NoReply:
            if paid or self.requests >= self.budget.requests or self.requests == 1:
                raise
            self.pace.rest()
            return self._sent(call, paid=paid)

    def _sent(self, call: Call, *, paid: bool) -> Reply:
        self.pace.wait()
        self.requests += 1
        self.spent += paid  # until it is refused: a job whose reply is lost may have been taken
        return self._without_keys(self._send(call))

    def _without_keys(self, reply: Reply) -> Reply:
        """The reply, in which a server that repeats a secret has not: what is seen is shown."""
        body = re.sub(self._hidden.encode(), REDACTED.encode(), bytes(reply.body), flags=re.IGNORECASE)
        headers = {name: self._without_key(value) for name, value in reply.headers.items()}
        return reply._replace(body=body, headers=headers)

    def _without_key(self, text: str) -> str:
        text = re.sub(self._hidden, REDACTED, text, flags=re.IGNORECASE)
        return REDACTED if re.search(self._hidden, unquote(text), re.IGNORECASE) else text

    def _with_key(self, probe: Probe) -> Call:
        key, headers = self._keys.get(probe.key, ""), dict(probe.call.headers)
        if key and "authorization" not in headers:
            headers["authorization"] = f"Bearer {KEY}"
        filled = {name: value.replace(KEY, key) for name, value in headers.items() if value}
        path = self.moved.get(probe.call.path, probe.call.path)
        return probe.call._replace(headers=filled, path=path, origin=probe.origin or self._base)

    def _count(self, probe: Probe, reply: Reply, cost: str) -> None:
        taken = is_taken(reply) and probe.call.method not in READS
        if cost == PAID:
            self.spent -= reply.status < 500 and not is_taken(reply)
            self.lost += reply.status >= 500
        elif cost == ORACLE:
            self.charged += taken
        else:
            self.unexpected += taken

    def _go_on(self, probe: Probe, reply: Reply) -> None:
        keyed = probe.key == FIRST and "authorization" not in probe.call.headers
        message = message_of(reply)
        if reply.status == 429 and probe.cost != PAID:
            told = (
                f"and the wait is over {LONGEST:g} seconds"
                if self._too_long
                else f"{PATIENCE} times in a row"
            )
            raise Halt(f"The limits were reached {told}: 429 {message}".strip())
        if keyed and (reply.status in {402, 403} or (reply.status == 429 and _ARREARS.search(message))):
            raise Halt(f"The account can't be used: {reply.status} {message}".strip())
        if keyed and reply.status == 401:
            raise Halt(f"The key is refused: 401 {message}".strip())
        self._failures = self._failures + 1 if reply.status >= 500 else 0
        if self._failures >= MOST_FAILURES:
            raise Halt(f"The server fails: {self._failures} replies of {reply.status} one after the other.")
