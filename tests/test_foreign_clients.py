"""Clients in several languages, run as programs over real sockets, are judged by klingcontracts.verdict."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

from klingcontracts.verdict import RULES
from klingmock.kit import Kit

CLIENTS = Path(__file__).parent / "clients"
PARTS = {"parts.sh"}  # what others read in, and no client
ENOUGH = 4  # exchanges, three of them polls, by which to see that a client goes on and on
PATIENCE = 70  # seconds in which a client has to end
AT_ONCE = 12  # clients, which do little but sleep
# Quick where nothing is waited for, and patient where a busy machine may make a client wait.
USUAL = {"POLL_SECONDS": "1", "REQUEST_TIMEOUT_SECONDS": "10", "DEADLINE_SECONDS": "40"}
HASTY = {"late": {"REQUEST_TIMEOUT_SECONDS": "1"}, "stuck": {"DEADLINE_SECONDS": "6"}}
LIBRARIES = {
    "good_aiohttp": "aiohttp",
    "good_httpx": "httpx",
    "good_requests": "requests",
    "leaks_key": "httpx",
    "never_polls": "requests",
    "polls_on": "requests",
    "resubmits": "requests",
    "trusts_http": "httpx2",
}
TOOLS = {".py": [], ".mjs": ["node"], ".sh": ["bash", "curl"]}


class Case(NamedTuple):
    """A client and what it meets; what it says in the end, and the rules that it breaks."""

    name: str
    script: str = ""
    outcome: str = "success"
    rules: frozenset[str] = frozenset()
    again: bool = False  # whether a second submission is right


LANGUAGES = ("good_fetch.mjs", "good_curl.sh", "good_requests.py")
SCRIPTS = {
    "": "success",
    "submit: lost": "failure",
    "submit: late=9": "failure",
    "submit: 503": "failure",
    "submit: cut": "failure",
    "task: 429 reset=3, 429 retry-after=2": "success",
    "task: 503*2": "success",
    "task: drop, cut": "success",
    "task: html, status=queued, 404": "success",
    "task: invalid, null=data, added*9; submit: added; media: redirect": "success",
    "task: 503 retry-after=3600": "failure",
    "outcome: fail": "failure",
    "outcome: no-url": "failure",
    "outcome: stuck=processing": "failure",
    "media: 404, truncate": "success",
    "media: html status=200, empty": "success",
    "media: 404*9": "failure",
}
REFUSED = "submit: 429 reset=2"
CASES = [
    *(Case(name, script, outcome) for name in LANGUAGES for script, outcome in SCRIPTS.items()),
    Case("good_fetch.mjs", REFUSED, again=True),
    Case("good_curl.sh", REFUSED, "failure"),
    Case("good_requests.py", REFUSED, "failure"),
    *(Case(f"good_{name}.py") for name in ("aiohttp", "httpx", "urllib")),
    *(Case(f"good_{name}.py", "submit: late=9", "failure") for name in ("aiohttp", "httpx", "urllib")),
]
FLAWED = [
    Case("retries_all.mjs", "submit: lost", "success", frozenset({"submits-once"})),
    Case("retries_all.mjs", "submit: late=9", "success", frozenset({"submits-once"})),
    Case("retries_post.sh", "submit: lost", "success", frozenset({"submits-once"})),
    Case("sends_key.mjs", "", "success", frozenset({"key-stays-home"})),
    Case("trusts_200.sh", "outcome: fail", "success", frozenset({"reports-failure"})),
    Case("keeps_half.sh", "media: truncate", "success", frozenset({"gets-whole-file"})),
    Case("polls_forever.sh", "outcome: stuck=processing", "", frozenset({"gives-up"})),
]


@pytest.fixture(scope="module")
def kit():
    kit = Kit()
    yield kit
    kit.close()


@pytest.fixture(scope="module")
def played(kit, need, need_library, ended):
    """What became of each case: the world, and what the client said in the end. All are started at once."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        running = {case: pool.submit(play, kit, case, ended) for case in (*FLAWED, *CASES) if is_there(case)}

        def result(case):
            for tool in TOOLS[Path(case.name).suffix]:
                need(tool)
            need_library(LIBRARIES.get(Path(case.name).stem, "http"))
            return running[case].result()

        yield result


def is_there(case):
    """Whether what a client needs is installed; if not, its tests say so."""
    path = Path(case.name)
    library = LIBRARIES.get(path.stem, "http")
    return all(map(shutil.which, TOOLS[path.suffix])) and find_spec(library) is not None


def play(kit, case, ended):
    """Let a client work in a world of its own: the world, and what it said, "" when it did not end."""
    endless = case.outcome == ""
    with kit.open({"script": case.script, "time": "system", "timing": (0.2, 1.0)}) as fake:
        if endless:
            fake.run(100_000)  # a day passes within a second
        hasty = (more for word, more in HASTY.items() if word in case.script)
        settings = {**USUAL, **next(hasty, {})}
        environment = {**os.environ, **settings, **fake.environ}
        with started(case.name, environment) as process, ended(process):
            code = None
            for _ in range(10 * PATIENCE):
                if code is not None or (endless and fake.total > ENOUGH):
                    break
                with suppress(subprocess.TimeoutExpired):
                    code = process.wait(0.1)
        return fake, {None: "", 0: "success"}.get(code, "failure")


def started(name, environment):
    """A client that runs, in a group of its own."""
    path = CLIENTS / name
    command = {".py": [sys.executable], ".mjs": ["node"], ".sh": ["bash"]}[path.suffix]
    return subprocess.Popen(
        [*command, path],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def described(case):
    return f"{case.name}-{case.script or 'plain'}"


def blamed(fake, outcome):
    return {one.rule.id for one in fake.verdict(outcome or None).blamed()}


def test_each_client_has_its_case_and_its_size():
    files = sorted(path for path in CLIENTS.iterdir() if path.suffix in {".mjs", ".sh"})
    cases = {case.name for case in (*CASES, *FLAWED)}
    assert {path.name for path in files} - PARTS <= cases
    assert all((CLIENTS / name).exists() for name in cases)
    assert all(len(path.read_text().splitlines()) <= 85 for path in files)
    assert all(case.rules <= {rule.id for rule in RULES} for case in FLAWED)


@pytest.mark.parametrize("case", CASES, ids=described)
def test_a_good_client_does_what_can_be_done_and_is_never_blamed(played, case):
    fake, outcome = played(case)
    assert (outcome, blamed(fake, outcome)) == (case.outcome, set()), fake.verdict(outcome).text()
    assert len(fake.charges) <= 1
    assert len([entry for entry in fake.journal if entry.operation == "submit"]) == 1 + case.again


@pytest.mark.parametrize("case", FLAWED, ids=described)
def test_a_flaw_is_blamed_by_its_rule_and_by_no_other(played, case):
    fake, outcome = played(case)
    assert (outcome, blamed(fake, outcome)) == (case.outcome, set(case.rules)), fake.told()
    fake.assert_faults_fired()
