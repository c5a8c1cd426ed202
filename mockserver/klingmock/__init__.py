"""A local fake of a paid, asynchronous image-to-video API."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from klingmock.certificate import Certificate
    from klingmock.handle import Handle
    from klingmock.scenario import Scenario

__version__ = "0.1.0"


def running(**options: Any) -> "AbstractContextManager[Handle]":
    """A server in this process for the length of a block, with one world on a clock that is moved by hand.

    `with klingmock.running(timing="instant") as fake:` gives `fake.url` and `fake.api_key`; the options are
    those of `klingmock.options.Options`. Raises klingcontracts.problem.Problem for one that makes no sense.
    """
    # Loaded here, because a start of the command needs nothing of it.
    found: AbstractContextManager[Handle] = import_module("klingmock.kit").running(**options)
    return found


def scenarios(*names: str) -> "list[Scenario]":
    """What can go wrong for a client, all of it or by name.

    `@pytest.mark.parametrize("scenario", klingmock.scenarios())` gives a test one after the other, and
    `with klingmock.play(scenario):` lets it happen to what the test calls.
    Raises klingcontracts.problem.Problem for a name that is not known.
    """
    found: list[Scenario] = import_module("klingmock.scenario").scenarios(*names)
    return found


def certify(
    client: "str | Sequence[str] | Callable[[str, str], Any]",
    scenarios: "Sequence[Scenario | str] | None" = None,
    **way: Any,
) -> "Certificate":
    """Put a client through scenarios (None: all of them), and judge what it did.

    A command is run once for each, many at the same time, and says by its exit code whether it has the
    video. A function is called with a base URL and a key, in virtual time; it has no video when it raises, or
    returns False or "failure". `way` is as in klingmock.stage.Way: revision, jobs, timeout, speed. Raises
    klingcontracts.problem.Problem for a command that can't be run, and for a name that is not known.
    """
    chosen = import_module("klingmock.stage").Way(**way)
    room, act = ("rehearsing", "rehearse") if callable(client) else ("certifying", "certify")
    found: Certificate = getattr(import_module(f"klingmock.{room}"), act)(client, scenarios, chosen)
    return found
