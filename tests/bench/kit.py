"""The test kit: bodies a second and their edges, the import of the plugin, a test with its fixture."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis.strategies import SearchStrategy
from schemathesis.core import NotSet
from schemathesis.generation import GenerationMode

from bench.progress import say
from bench.table import NOTHING
from klingcontracts.check import check_body
from klingcontracts.contract import Contract, load
from klingcontracts.strategies import bodies, broken_bodies

HEAD = ("test kit", "ours", "beside it", "compared with", "goal", "met")
TESTS = 300
OURS, BESIDE = "ours", "schemathesis"


@dataclass(frozen=True)
class Drawn:
    """Bodies that were drawn in one go, and how many a second."""

    bodies: Sequence[Any]
    rate: float


def rows(rounds: int) -> list[list[str]]:
    """Measure all of it, `rounds` times each; rows of the table."""
    return [*_bodies(rounds), *_imports(rounds), *_tests(rounds)]


def _bodies(rounds: int) -> list[list[str]]:
    contract, count = load(), 500 if rounds > 5 else 100
    cases = _cases(contract)
    ours = {
        "valid": bodies(),
        "broken": broken_bodies().map(lambda pair: pair[0]),
    }
    found: dict[tuple[str, str], list[Drawn]] = {}
    for nth in range(min(rounds, 3)):
        for kind in ("valid", "broken"):
            for name, strategy in ((OURS, ours[kind]), (BESIDE, cases[kind])):
                say(f"{kind} bodies: round {nth + 1}, {name}")
                found.setdefault((name, kind), []).append(_draw(strategy, count))
    table = []
    for kind in ("valid", "broken"):
        mine, its = (median(one.rate for one in found[name, kind]) for name in (OURS, BESIDE))
        row = [f"{kind} bodies a second", f"{mine:,.0f}", f"{its:,.0f}", f"schemathesis: {mine / its:.1f}x"]
        table.append([*row, "at least 300", _yes(mine >= 300)])
    shares = [
        _share(_prompts(found[name, "valid"]), lambda text: len(text) == 2500) for name in (OURS, BESIDE)
    ]
    row = ["valid prompts of exactly 2500 characters, of 100", *map(_percent, shares)]
    table.append([*row, "schemathesis", "at least 5", _yes(shares[0] >= 0.05)])
    broken = [_every(found[name, "broken"]) for name in (OURS, BESIDE)]
    accepted = [_share(every, lambda body: _accepts(contract, body)) for every in broken]
    row = ["broken bodies that the contract accepts, of 100", *map(_percent, accepted)]
    table.append([*row, "schemathesis", "0", _yes(accepted[0] == 0)])
    return table


def _cases(contract: Contract) -> Mapping[str, SearchStrategy[Any]]:
    operation = contract.operation("submit")
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(dict(contract.document))))
    found = schema[operation.path][operation.method]
    modes = {"valid": GenerationMode.POSITIVE, "broken": GenerationMode.NEGATIVE}
    return {
        kind: found.as_strategy(generation_mode=mode).map(lambda case: case.body)
        for kind, mode in modes.items()
    }


def _draw(strategy: SearchStrategy[Any], count: int) -> Drawn:
    drawn: list[Any] = []

    @settings(
        max_examples=count,
        phases=[Phase.generate],
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    @given(strategy)
    def draw(body: Any) -> None:
        drawn.append(body)

    began = time.perf_counter()
    draw()
    return Drawn(drawn, len(drawn) / (time.perf_counter() - began))


def _every(drawn: Sequence[Drawn]) -> list[Any]:
    return [body for one in drawn for body in one.bodies]


def _prompts(drawn: Sequence[Drawn]) -> list[str]:
    found = [body.get("prompt") for body in _every(drawn) if isinstance(body, dict)]
    return [prompt for prompt in found if isinstance(prompt, str)]


def _share(every: Sequence[Any], wanted: Callable[[Any], bool]) -> float:
    return sum(map(wanted, every)) / len(every) if every else 0.0


def _accepts(contract: Contract, body: Any) -> bool:
    if isinstance(body, NotSet | bytes):
        return False
    return not check_body(contract, contract.operation("submit"), json.dumps(body).encode()).refused


def _imports(rounds: int) -> list[list[str]]:
    timed = "began = time.perf_counter(); import klingmock.for_pytest; print(time.perf_counter() - began)"
    spent = []
    for nth in range(rounds):
        say(f"import of the plugin: round {nth + 1} of {rounds}")
        spent.append(float(_run([sys.executable, "-c", f"import time, pytest; {timed}"])) * 1000)
    row = ["import of the plugin beside pytest's own, ms", f"{median(spent):.1f}", NOTHING, ""]
    return [[*row, "at most 10", _yes(median(spent) <= 10)]]


def _tests(rounds: int) -> list[list[str]]:
    suites = {
        "empty": "def test_{n}(): pass\n",
        "klingmock": "def test_{n}(klingmock): pass\n",
        "klingmock_router": "def test_{n}(klingmock_router): pass\n",
    }
    spent: dict[str, list[float]] = {name: [] for name in suites}
    with TemporaryDirectory() as folder:
        for nth in range(min(rounds, 5)):
            for name, line in suites.items():
                say(f"a test with {name}: round {nth + 1}")
                spent[name].append(_suite(Path(folder), name, line))
    empty = median(spent["empty"])
    table = []
    for name in ("klingmock", "klingmock_router"):
        each = (median(spent[name]) - empty) / TESTS * 1000
        row = [f"a test with the fixture {name}, ms", f"{each:.2f}", NOTHING, "more than an empty test"]
        goal = ["at most 2", _yes(each <= 2)] if name == "klingmock" else ["", ""]
        table.append([*row, *goal])
    return table


def _suite(folder: Path, name: str, line: str) -> float:
    """Seconds from the first test's end to the last one's: the server, or respx, is there by then."""
    file = folder / f"test_{name}.py"
    clock = "import time\nENDS = []\n\ndef teardown_function():\n    ENDS.append(time.perf_counter())\n\n"
    tell = "\ndef teardown_module():\n    print('SPENT', ENDS[-1] - ENDS[0])\n\n"
    file.write_text(clock + tell + "".join(line.format(n=n) for n in range(TESTS + 1)), encoding="utf-8")
    flags = ["-q", "-s", "-p", "no:cacheprovider", "-p", "no:schemathesis"]
    return float(_run([sys.executable, "-m", "pytest", *flags, str(file)]).partition("SPENT ")[2].split()[0])


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        raise OSError(f"{' '.join(command[:3])} failed: {(done.stderr or done.stdout)[-300:]}")
    return done.stdout


def _percent(share: float) -> str:
    return f"{share:.1%}"


def _yes(met: bool) -> str:
    return "yes" if met else "no"
