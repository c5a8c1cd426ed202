"""klingmock.certifying: clients in three languages, good ones and such with one flaw, in real time."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from klingmock.certifying import certify
from klingmock.scenario import scenarios
from klingmock.stage import Way

CLIENTS = Path(__file__).parent / "clients"
QUICK = {"POLL_SECONDS": "2", "DEADLINE_SECONDS": "25", "REQUEST_TIMEOUT_SECONDS": "5"}
COMMANDS = {".py": [sys.executable], ".mjs": ["node"], ".sh": ["bash"]}
TOOLS = {".py": [], ".mjs": ["node"], ".sh": ["bash", "curl"]}


class Case(NamedTuple):
    """A client, the scenarios that it is put through, and the checks that it fails."""

    name: str
    scenarios: tuple[str, ...] = tuple(one.name for one in scenarios())
    fails: frozenset[str] = frozenset()


def flawed(name, fails, *names):
    return Case(name, ("plain", *names), frozenset({fails}))


GOOD = [Case("good_fetch.mjs"), Case("good_curl.sh"), Case("good_urllib.py")]
FLAWED = [
    flawed("retries_all.mjs", "submits-once", "submit-lost", "submit-500", "failed"),
    flawed("retries_post.sh", "submits-once", "submit-lost", "failed"),
    flawed("sends_key.mjs", "key-stays-home", "poll-503", "failed"),
    flawed("trusts_200.sh", "reports-failure", "failed", "poll-503"),
    flawed("keeps_half.sh", "gets-whole-file", "result-truncated", "failed"),
    flawed("polls_forever.sh", "gives-up", "never-ends", "task-expired", "failed"),
]


@pytest.fixture(scope="module")
def certified(need):
    """The certificate of each case; those that can be run are all run at once."""
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(len(GOOD) + len(FLAWED)) as pool:
        for name, value in QUICK.items():
            patch.setenv(name, value)
        way = Way(jobs=12, timeout=60.0)
        hanging = Way(timeout=20.0)
        running = {}
        for case in (*GOOD, *FLAWED):
            path = CLIENTS / case.name
            command = [*COMMANDS[path.suffix], str(path)]
            chosen = hanging if "gives-up" in case.fails else way
            running[case.name] = pool.submit(certify, command, case.scenarios, chosen)

        def found(case):
            for tool in TOOLS[Path(case.name).suffix]:
                need(tool)
            return running[case.name].result()

        yield found


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case.name)
def test_a_good_client_comes_through_every_scenario(certified, case):
    found = certified(case)
    assert [(one.name, check.id, check.seen) for one, check in found.blamed()] == []
    assert found.exit_code() == 0
    assert len(found.played) > 30
    assert all(one.charges <= 1 for one in found.played)
    assert not [one.name for one in found.played if any(not fault.fired for fault in one.faults)]
    assert found.seconds < sum(one.seconds for one in found.played) / 3


@pytest.mark.parametrize("case", FLAWED, ids=lambda case: case.name)
def test_a_flawed_one_fails_its_own_check_and_no_other(certified, case):
    found = certified(case)
    assert {check.id for _, check in found.blamed()} == case.fails
    assert found.exit_code() == 1


def test_two_schools_are_good(certified):
    met = {
        case.name: next(one for one in certified(case).played if one.name == "submit-429") for case in GOOD
    }
    assert {name: one.exit_code for name, one in met.items()} == {
        "good_fetch.mjs": 0,  # it submits again after a definite refusal
        "good_curl.sh": 1,  # it never submits again
        "good_urllib.py": 0,
    }
    assert {one.verdict for one in met.values()} == {"pass"}
