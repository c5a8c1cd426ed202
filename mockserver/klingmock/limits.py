"""Requests a minute as arithmetic on a count and the time: windows, headers, and who shares them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

TEAM = "*"  # the owner that all keys of a server have together


class Limits(NamedTuple):
    """The numbers in force; None switches a limit off."""

    rate: int | None  # requests in a window, for each key
    seconds: int = 60
    team: int | None = None  # requests in a window, for all keys together
    concurrency: int | None = None  # running tasks, for each key
    always: bool = True  # X-RateLimit headers on every reply, not only on 429

    def window(self, now: float) -> int:
        """The number of the window that this time (Unix seconds) falls in."""
        return int(now // self.seconds)

    def headers(self, limit: int, count: int, now: float) -> dict[str, str]:
        """The X-RateLimit headers after the `count`-th request of the window; Reset is in Unix seconds."""
        return {
            "x-ratelimit-limit": str(limit),
            "x-ratelimit-remaining": str(max(0, limit - count)),
            "x-ratelimit-reset": str((self.window(now) + 1) * self.seconds),
        }


OFF = Limits(rate=None)


def documented(
    document: Mapping[str, Any], rate: int | None = None, concurrency: int | None = None
) -> Limits:
    """The limits of a contract's document, with numbers of the user's own in place of the documented ones."""
    numbers = document["x-limits"]
    own, everyone = numbers["rate"], numbers["global"]
    requests = rate if rate is not None else int(own["requests"])
    shared = own["scope"] == "team"
    team = requests if shared else int(everyone["requests"]) if everyone["enforced"] else None
    return Limits(
        rate=None if shared else requests,
        seconds=int(own["seconds"]),
        team=team,
        concurrency=concurrency if concurrency is not None else int(numbers["concurrency"]["tasks"]),
        always=own["headers"] == "always",
    )
