"""How fast requests may follow one another: as documented, and no faster than the server's headers say."""

from collections import deque
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from klingcontracts.exchange import Reply

LEFT = 3  # requests of a window that are left to others who use the key
LONGEST = 120.0  # seconds that one wait takes at most
IN_ALL = 900.0  # seconds that the headers of all replies together make us wait at most
FIRST_REST = 2.0  # seconds, where nobody says how long


class Rate(NamedTuple):
    """So many requests in so many seconds."""

    requests: int = 100
    seconds: float = 60.0


class TooLong(Exception):
    """The server's headers ask for a longer wait than is reasonable; the text is a sentence."""


class Pace:
    """Waits before requests. `now` is Unix time in seconds, `sleep` takes seconds; both are given."""

    def __init__(self, now: Callable[[], float], sleep: Callable[[float], None], rate: Rate) -> None:
        self.now, self._sleep, self.rate = now, sleep, rate
        self._sent: deque[float] = deque(maxlen=max(1, rate.requests - LEFT))
        self._until = self._asked = 0.0  # when the headers let us go on, and the seconds they took so far
        self.waits: Callable[[float], None] = lambda _: None  # called before a wait, for who shows it

    def wait(self) -> None:
        """Wait until another request may be sent, and note that it is. Raises TooLong."""
        now = self.now()
        wait = self._until - now
        if wait > 0 and not self._bears(wait):
            raise TooLong(
                f"The server's headers ask for a wait of {wait:.0f} seconds before the next request, after"
                f" {self._asked:.0f} already; {LONGEST:.0f} and {IN_ALL:.0f} are the most."
            )
        if len(self._sent) == self._sent.maxlen:
            window = self._sent[0] + self.rate.seconds - now
            wait = max(wait, min(window, self.rate.seconds))  # a machine's clock may be set back
        if wait > 0:
            self.waits(wait)
            self.sleep(wait)
        self._sent.append(self.now())

    def sleep(self, seconds: float) -> None:
        """Wait so long."""
        self._sleep(seconds)

    def rest(self) -> None:
        """Wait a moment before what failed is tried again."""
        self.sleep(FIRST_REST)

    def saw(self, reply: Reply) -> None:
        """Note what a reply says about the requests that are left."""
        left, reset = (_number(reply, f"x-ratelimit-{name}") for name in ("remaining", "reset"))
        if left is None or reset is None:
            return
        self._until = self._end(reset) if left < LEFT else 0.0

    def _end(self, reset: float) -> float:
        # Unix seconds as documented; another number is taken for seconds from now.
        now = self.now()
        return reset + 0.5 if abs(reset - now) < 2 * LONGEST else now + min(reset, self.rate.seconds)

    def back_off(self, reply: Reply, turn: int) -> bool:
        """Wait as long as a reply of 429 asks; False where that is longer than we wait."""
        wait = _retry_after(reply, self.now())
        if wait is None:
            reset = _number(reply, "x-ratelimit-reset")
            wait = self._end(reset) - self.now() if reset is not None else FIRST_REST * 2**turn
        if not self._bears(max(wait, 0.0)):
            return False
        self._until = 0.0
        self.waits(wait)
        self._sleep(max(wait, 0.0))
        return True

    def _bears(self, wait: float) -> bool:
        """Whether such a wait is still reasonable; then it counts."""
        fine = wait <= LONGEST and self._asked + wait <= IN_ALL
        self._asked += wait if fine else 0.0
        return fine


def _number(reply: Reply, header: str) -> float | None:
    text = reply.headers.get(header, "").strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _retry_after(reply: Reply, now: float) -> float | None:
    text = reply.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) < 16:
        return float(text)
    try:
        return parsedate_to_datetime(text).timestamp() - now
    except (TypeError, ValueError, OverflowError):
        return None
