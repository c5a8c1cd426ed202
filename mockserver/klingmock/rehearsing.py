"""A function is put through scenarios one after the other, in virtual time, and judged."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from klingmock.certificate import Certificate, Played
from klingmock.handle import Handle
from klingmock.kit import Kit
from klingmock.printed import shown
from klingmock.scenario import Scenario
from klingmock.stage import Ended, Progress, Way, certificate, chosen_scenarios, played
from klingmock.virtual import Endless

Client = Callable[[str, str], Any]  # from a base URL and a key to what it made of the job


def rehearse(
    client: Client,
    names: Sequence[Scenario | str] | None = None,
    way: Way | None = None,
    progress: Progress | None = None,
) -> Certificate:
    """Call `client(base_url, api_key)` once for each scenario, and judge what it did.

    It said failure when it raises, or returns False or "failure". Its sleeps move the clock and wait for
    nothing; after so many seconds of them as `way.timeout` says, it is ended. Raises Problem for a scenario
    that is not known.
    """
    way, begun = (way or Way()).checked(), time.monotonic()
    chosen, kit = chosen_scenarios(names), Kit()
    found, worlds = [], []
    try:
        for nth, one in enumerate(chosen):
            if progress is not None:
                progress(nth, [one.name])
            world = kit.open({"revision": way.revision})
            found.append(_played(client, one, world, way))
            worlds.append(world)
    finally:
        kit.close()
    return certificate(_named(client), found, worlds, begun, way)


def _played(client: Client, what: Scenario, world: Handle, way: Way) -> Played:
    world.reset(way.recipe)
    with world, world.play(what, way.timeout), _environ(way, world):
        started = world.now
        code, output = _called(client, world)
    seconds = world.now - started
    return played(what, world, started, Ended(code, seconds, shown(output.encode(), [world.api_key])))


def _called(client: Client, world: Handle) -> tuple[int | None, str]:
    """What became of a call, as an exit code, and what there is to read about it."""
    try:
        said = client(world.url, world.api_key)
    except Endless as error:
        return None, str(error)
    except SystemExit as end:
        return (end.code if isinstance(end.code, int) else int(end.code is not None)), f"exit: {end.code}"
    except Exception as error:  # noqa: BLE001 - whatever a client raises, it says that it has failed
        return 1, f"{type(error).__name__}: {error}"
    return int(said is False or said == "failure"), "" if said is None else f"returned {said!r}"


@contextmanager
def _environ(way: Way, world: Handle) -> Iterator[None]:
    """The variables by which a client finds the world, for as long as a block."""
    own = {**world.environ, way.base_url_variable: world.url, way.api_key_variable: world.api_key}
    before: Mapping[str, str | None] = {name: os.environ.get(name) for name in own}
    os.environ.update(own)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            os.environ.update({} if value is None else {name: value})


def _named(client: Client) -> str:
    return f"{getattr(client, '__module__', '')}.{getattr(client, '__qualname__', type(client).__name__)}"
