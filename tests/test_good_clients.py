"""klingmock and klingcontracts.verdict: clients as people write them, good ones and such with one flaw."""

import importlib.util
from pathlib import Path
from typing import NamedTuple

import pytest

from klingcontracts.rule import Level
from klingcontracts.verdict import RULES, BadClient
from klingmock.kit import Kit

CLIENTS = Path(__file__).parent / "clients"
GOOD = {"good_urllib": "", "good_httpx": "httpx", "good_aiohttp": "aiohttp", "good_requests": "requests"}
SCENARIOS = (
    "",
    "submit: 429 retry-after=2",
    "submit: lost",
    "submit: 503",
    "task: 503*2",
    "task: drop",
    "task: truncate",
    "outcome: fail",
    "media: 404",
    "media: truncate",
)
MORE = (
    "submit: 429 reset=7; task: 429 reset=9",
    "submit: drop",
    "submit: truncate",
    "submit: html",
    "submit: cut",
    "submit: code=503",
    "submit: missing=data.task_id",
    "submit: null=data.task_id",
    "submit: mistyped=data.task_id",
    "submit: added; task: added*9; media: redirect",
    "submit: late=0.05; task: delay=0.05 after=2; media: delay=0.05",
    "submit: stall=0.05; task: drip=0.05 after=2; media: drip=0.05",
    "task: 503 retry-after=3600",
    "task: code=503, code=404",
    "task: null=data, missing=data.status, mistyped=data.status, empty, cut, invalid",
    "task: status=queued, status=pending",
    "task: other-task, html",
    "outcome: stuck=processing",
    "outcome: stuck=processing; task: status=queued*999",
    "outcome: stuck=pending; task: added*999",
    "outcome: stuck=processing; task: 503~0.7",
    "outcome: no-url",
    "outcome: reason=bad_picture",
    "outcome: slow=30",
    "media: 404*9",
    "media: html status=200",
    "media: empty",
    "media: drop*9",
)


class Flaw(NamedTuple):
    """A client with a flaw: what it imports, the script that provokes it, the rules that are broken by it."""

    library: str
    script: str
    rules: frozenset[str]


def flaw(library, script, *rules):
    return Flaw(library, script, frozenset(rules))


FLAWED = {
    "resubmits": flaw("requests", "submit: lost", "submits-once"),
    "gives_up_early": flaw("", "task: 503", "survives-transient"),
    "trusts_http": flaw("httpx2", "outcome: fail", "reports-failure"),
    "polls_too_often": flaw("", "", "polls-politely"),
    "polls_on": flaw("requests", "", "stops-at-terminal"),
    "leaks_key": flaw("httpx", "", "key-stays-home"),
    # Who asks for the wrong task does not ask for the one that was paid for.
    "wrong_task": flaw("", "", "polls-its-task", "fetches-what-it-paid-for"),
    "half_file": flaw("", "media: truncate", "gets-whole-file"),
    # Who never looks has not seen the success that is claimed.
    "never_polls": flaw("requests", "", "fetches-what-it-paid-for", "reports-failure"),
}


@pytest.fixture(scope="module")
def client(need_library):
    """The function `run` of a client, if what it imports is there."""

    def find(name, library):
        if library:
            need_library(library)
        spec = importlib.util.spec_from_file_location(f"client_{name}", CLIENTS / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.run

    return find


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")


@pytest.fixture(scope="module")
def played(client):
    """Let a client work in a world of its own, all on one server: the world, and what the client said."""
    kit = Kit()
    yield lambda name, library, script: _played(kit, client(name, library), script)
    kit.close()


def _played(kit, run, script):
    with kit.open({"script": script}) as fake, fake.virtual_time():
        return fake, run(fake.url, fake.api_key)


def blamed(fake, outcome):
    return {one.rule.id for one in fake.verdict(outcome).blamed()}


def test_each_client_has_its_row_and_its_size():
    files = sorted(CLIENTS.glob("*.py"))
    assert [path.stem for path in files] == sorted([*GOOD, *FLAWED])
    assert all(len(path.read_text().splitlines()) <= 80 for path in files)
    assert all(one.rules <= {rule.id for rule in RULES} for one in FLAWED.values())


@pytest.mark.parametrize("script", [*SCENARIOS, *MORE], ids=lambda script: script or "plain")
@pytest.mark.parametrize("name", GOOD)
def test_a_good_client_is_never_blamed(played, name, script):
    fake, outcome = played(name, GOOD[name], script)
    fake.assert_good_client(outcome)
    fake.assert_no_double_charge()
    assert len(fake.charges) <= 1


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        ("", "success"),
        ("submit: lost", "failure"),
        ("task: 503*2", "success"),
        ("task: drop", "success"),
        ("task: truncate", "success"),
        ("outcome: fail", "failure"),
        ("media: 404", "success"),
        ("media: truncate", "success"),
        ("media: 404*9", "failure"),
        ("outcome: stuck=processing", "failure"),
    ],
)
def test_a_good_client_gets_what_can_be_had(played, name, script, outcome):
    fake, said = played(name, GOOD[name], script)
    assert said == outcome
    verdicts = {one.rule.id: one.verdict for one in fake.verdict(said).judgements}
    assert verdicts["submits-once"] == verdicts["request-conforms"] == verdicts["authenticates"] == "pass"


def test_the_two_schools_differ_in_what_they_do_after_a_refusal(played):
    said = {name: played(name, GOOD[name], "submit: 429 retry-after=2")[1] for name in GOOD}
    again = {"good_urllib": "success", "good_aiohttp": "success"}
    assert said == {**again, "good_httpx": "failure", "good_requests": "failure"}


@pytest.mark.parametrize("name", FLAWED)
def test_a_flaw_is_blamed_by_its_rule_and_by_no_other(played, name):
    library, script, rules = FLAWED[name]
    fake, outcome = played(name, library, script)
    assert blamed(fake, outcome) == rules
    fake.assert_faults_fired()
    with pytest.raises(BadClient) as caught:
        fake.assert_good_client(outcome)
    assert all(rule in str(caught.value) for rule in rules)
    errors = {rule.id for rule in RULES if rule.level is Level.ERROR} & rules
    assert {one.rule.id for one in fake.verdict(outcome).blamed(Level.ERROR)} == errors


@pytest.mark.parametrize("script", SCENARIOS, ids=lambda script: script or "plain")
@pytest.mark.parametrize("name", FLAWED)
def test_a_flaw_is_blamed_by_no_other_rule_in_any_scenario(played, name, script):
    library, _, rules = FLAWED[name]
    fake, outcome = played(name, library, script)
    assert blamed(fake, outcome) <= rules
