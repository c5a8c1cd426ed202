"""A program, whatever it is written in, is put through scenarios and judged."""

import logging
import os
import shlex
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from math import inf
from secrets import token_hex
from typing import NamedTuple

from klingcontracts.problem import Problem
from klingmock.answer import Mock
from klingmock.background import Background
from klingmock.certificate import Certificate, Played
from klingmock.doors import Doors
from klingmock.grammar import parse
from klingmock.journal import Journal
from klingmock.printed import secrets_of, shown, shown_command
from klingmock.program import RUNNABLE, Programs
from klingmock.scenario import Scenario
from klingmock.stage import Ended, Progress, Way, certificate, chosen_scenarios, played
from klingmock.steered import Site, Steered

JOBS_A_CORE = 8  # clients at the same time: they do little but wait
KEPT = 10_000  # exchanges of a scenario
LOCAL = "127.0.0.1,localhost,::1"
PROXIES = ("http_proxy", "https_proxy", "all_proxy")
TICK = 0.2  # seconds between two looks at how far the run is


class Stage(NamedTuple):
    """A scenario that is about to be played: its world, how it is reached, and with which key."""

    scenario: Scenario
    world: Steered
    url: str
    key: str
    settle: Callable[[], None]

    @property
    def waits(self) -> float:
        """Seconds that its replies keep a client waiting, as far as its script tells."""
        return sum(fault.delay + fault.seconds for fault in parse(self.scenario.script))

    @property
    def length(self) -> float:
        """Seconds that it takes more than others, as far as its script tells."""
        endless = any(fault.kind.name == "stuck" for fault in parse(self.scenario.script))
        return inf if endless else self.waits


def certify(
    client: str | Sequence[str],
    names: Sequence[Scenario | str] | None = None,
    way: Way | None = None,
    progress: Progress | None = None,
) -> Certificate:
    """Run a program once for each scenario, many at the same time, and judge what it did.

    It is told where to call by its environment, and by {base_url}, {api_key} and {revision} in its words.
    Raises Problem for a program that can't be run, and for a scenario that is not known.
    """
    way, begun = (way or Way()).checked(), time.monotonic()
    words = _words(client)
    with _stages(chosen_scenarios(names), way) as stages, _nowhere() as nowhere:

        def play(stage: Stage, programs: Programs) -> Played:
            return _played(words, stage, way, _environ(way, stage, nowhere), programs)

        found = _all(stages, play, way.jobs or JOBS_A_CORE * (os.cpu_count() or 1), progress)
        worlds = [stage.world for stage in stages]
    return certificate(shown_command(words), found, worlds, begun, way)


def _words(client: str | Sequence[str]) -> Sequence[str]:
    """The words of a command; Problem when there is none, or no program of this name."""
    try:
        words = shlex.split(client) if isinstance(client, str) else list(client)
    except ValueError as error:
        raise Problem(f"The command {client!r} can't be read: {error}.", RUNNABLE) from error
    if not words:
        raise Problem("There is no client to certify.", RUNNABLE)
    if shutil.which(words[0]) is None:
        raise Problem(f"There is no program {words[0]!r} that can be run.", RUNNABLE)
    return words


@contextmanager
def _stages(chosen: Sequence[Scenario], way: Way) -> Iterator[list[Stage]]:
    """A world for each scenario, all of them behind one server."""
    base = way.recipe
    doors = Doors(Mock(base.contracts, base.plan, journal=Journal(1)))
    with _quiet(), Background(doors, ports=max(1, len(chosen))) as server:
        stages = []
        for one, url in zip(chosen, server.urls, strict=False):
            world = Steered(one.recipe(base), Site(lambda: Journal(KEPT), owner=one.name))
            stages.append(Stage(one, world, url, f"mock-{token_hex(8)}", server.settle))
        doors.open({stage.url: stage.world for stage in stages})
        yield stages


@contextmanager
def _quiet() -> Iterator[None]:
    """Let the server end without a word about replies that nobody waits for any more."""

    def never(_: logging.LogRecord) -> bool:
        return False

    log = logging.getLogger("uvicorn.error")
    log.addFilter(never)
    try:
        yield
    finally:
        log.removeFilter(never)


@contextmanager
def _nowhere() -> Iterator[str]:
    """The address of a proxy that refuses each connection, so that no client gets any further."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # and nobody listens
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def _environ(way: Way, stage: Stage, nowhere: str) -> Mapping[str, str]:
    """The environment of the program: ours, but for where it calls, and with which key."""
    proxies = {name: nowhere for lower in PROXIES for name in (lower, lower.upper())}
    around = {"no_proxy": LOCAL, "NO_PROXY": LOCAL}
    own = {way.base_url_variable: stage.url, way.api_key_variable: stage.key}
    return {**os.environ, **proxies, **around, **own}


def _played(
    client: Sequence[str], stage: Stage, way: Way, environ: Mapping[str, str], programs: Programs
) -> Played:
    """Put the program through one scenario."""
    stage.world.run(way.speed)
    blanks = {"{base_url}": stage.url, "{api_key}": stage.key, "{revision}": way.revision}
    started = stage.world.now
    # A wait of ours is none of the client's seconds: who hangs is seen to hang when the reply is there.
    patience = way.timeout + stage.waits
    ran = programs.run([_filled(word, blanks) for word in client], environ, patience)
    stage.settle()  # it may have left without waiting for an answer
    output = shown(ran.output, [stage.key, *secrets_of(environ)])
    said = "" if ran.exit_code is None else f" (exit code {ran.exit_code})"
    ended = Ended(ran.exit_code, ran.seconds * way.speed, output, way.speed)
    return played(stage.scenario, stage.world, started, ended, said)


def _filled(word: str, blanks: Mapping[str, str]) -> str:
    # Not str.format: a word may be a program of its own, with braces.
    for blank, value in blanks.items():
        word = word.replace(blank, value)
    return word


def _all(
    stages: Sequence[Stage],
    play: Callable[[Stage, Programs], Played],
    jobs: int,
    progress: Progress | None,
) -> list[Played]:
    """Play so many scenarios at the same time, those that take longest first."""
    programs = Programs()
    with ThreadPoolExecutor(jobs, thread_name_prefix="klingmock-certify") as pool:
        by_length = sorted(stages, key=lambda stage: -stage.length)
        futures = {stage.scenario.name: pool.submit(play, stage, programs) for stage in by_length}
        try:
            _watch(futures, progress)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            programs.stop()
            raise
    return [futures[stage.scenario.name].result() for stage in stages]


def _watch(futures: Mapping[str, Future[Played]], progress: Progress | None) -> None:
    """Return when all are done; what one of them raises is raised at once."""
    left = set(futures.values())
    while left:
        if progress is not None:
            on = [name for name, future in futures.items() if future.running()]
            progress(len(futures) - len(left), on)
        done, left = wait(left, TICK, FIRST_COMPLETED)
        for future in done:
            future.result()
