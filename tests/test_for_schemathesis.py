"""The schema under parametrize() and as_state_machine(), and `st run` with our hooks, on the honest fake."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.stateful import run_state_machine_as_test
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.errors import HookExecutionError

import klingmock
from klingcontracts import for_schemathesis
from klingcontracts.contract import load
from klingcontracts.document import revisions
from klingcontracts.problem import Problem
from klingcontracts.schemathesis_run import run_of
from klingmock.answer import Mock
from klingmock.app import create_app
from klingmock.served import Plan
from klingmock.task import TIMINGS

TOML = Path(__file__).parent.parent / "fixtures" / "schemathesis" / "schemathesis.toml"
FEW = settings(max_examples=15, deadline=None, database=None, suppress_health_check=list(HealthCheck))
MOCKS = {name: Mock([load(name)], Plan(timing=TIMINGS["instant"], limited=False)) for name in revisions()}
SCHEMAS = {name: for_schemathesis.schema(create_app(mock), name) for name, mock in MOCKS.items()}


def own_document():
    return json.loads(json.dumps(load("2026-07").document))


@SCHEMAS["2026-02"].parametrize()
@FEW
def test_2026_02(case):
    assert case.call_and_validate().status_code in {200, 400, 401, 404, 405}


@SCHEMAS["2026-04"].parametrize()
@FEW
def test_2026_04(case):
    assert case.call_and_validate().status_code in {200, 400, 401, 404, 405}


@SCHEMAS["2026-07"].parametrize()
@FEW
def test_2026_07(case):
    assert case.call_and_validate().status_code in {200, 400, 401, 404, 405}


@pytest.mark.parametrize("revision", revisions())
@pytest.mark.parametrize("mode", GenerationMode)
def test_the_honest_fake_passes_all_checks(revision, mode):
    statuses = Counter()
    for operation in map(load(revision).operation, ("submit", "task")):
        strategy = SCHEMAS[revision][operation.path][operation.method].as_strategy(generation_mode=mode)

        @settings(FEW, max_examples=60)
        @given(case=strategy)
        def send(case):
            statuses[case.call_and_validate().status_code] += 1

        send()
    expected = {200, 404} if mode is GenerationMode.POSITIVE else {400, 401}
    assert expected <= set(statuses) <= {200, 400, 401, 404}


@pytest.mark.parametrize("revision", revisions())
def test_a_state_machine_polls_the_tasks_it_has_submitted(revision):
    mock = Mock([load(revision)], Plan(timing=TIMINGS["instant"], limited=False))
    machine = for_schemathesis.schema(create_app(mock), revision).as_state_machine()
    run_state_machine_as_test(machine, settings=settings(FEW, stateful_step_count=6))
    statuses = Counter(
        (entry.operation, entry.exchange.reply.status)
        for entry in mock.journal.entries
        if "x-schemathesis-testcaseid" in entry.exchange.call.headers
    )
    assert statuses["submit", 200] > 3
    # One poll behind each submission is the check's; the others follow the link.
    assert statuses["task", 200] > statuses["submit", 200]


def test_schemathesis_own_checks_of_the_key_work():
    mock = Mock([load("2026-07")], Plan(limited=False))

    class Careless:
        def answer(self, call):
            return mock.answer(call._replace(headers={**call.headers, "authorization": "Bearer mock-a"}))

        def __getattr__(self, name):
            return getattr(mock, name)

    schema = for_schemathesis.schema(create_app(Careless()), "2026-07")
    failures = set()

    @settings(FEW, max_examples=5)
    @given(case=schema["/api/v1/team/balance"]["GET"].as_strategy())
    def look(case):
        try:
            case.call_and_validate()
        except FailureGroup as group:
            failures.update(failure.title for failure in group.exceptions)

    look()
    assert failures == {"API accepts requests without authentication"}


def test_readings_change_what_is_tested():
    readings = {"image-required": "either"}
    schema = for_schemathesis.schema(create_app(MOCKS["2026-02"]), "2026-02", readings)
    assert run_of(schema).contract is load("2026-02", readings)
    assert "anyOf" in schema.raw_schema["components"]["schemas"]["SubmitBody"]


@pytest.mark.parametrize(
    ("arguments", "more", "text"),
    [
        (
            [5],
            {},
            "int is neither an ASGI application nor a base URL. Give one such as http://127.0.0.1:8787.",
        ),
        ([own_document], {}, "function is neither an ASGI application nor a base URL."),
        (["127.0.0.1:8787"], {}, "'127.0.0.1:8787' is no base URL. Give one such as"),
        (["ftp://127.0.0.1"], {}, "'ftp://127.0.0.1' is no base URL."),
        (["http://"], {}, "'http://' is no base URL."),
        (["http://127.0.0.1/?a=b"], {}, "'http://127.0.0.1/?a=b' is no base URL."),
        (["http://127.0.0.1/#a"], {}, "'http://127.0.0.1/#a' is no base URL."),
        (["http://127.0.0.1", "2026-03"], {}, "Revision '2026-03' is not known. Nearest: '2026-0"),
        (["http://127.0.0.1", "2026-02", {"image": "either"}], {}, "Open question 'image' is not known."),
        (
            ["http://127.0.0.1"],
            {"api_key": "two words"},
            "The API key can't be sent as Authorization: Bearer",
        ),
        (["http://127.0.0.1"], {"api_key": ""}, "The API key can't be sent as Authorization: Bearer KEY."),
    ],
)
def test_what_can_not_be_used_is_told(arguments, more, text):
    with pytest.raises(Problem) as raised:
        for_schemathesis.schema(*arguments, **more)
    assert str(raised.value).startswith(text)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "https://example.com/base/"])
def test_a_base_url_is_where_it_goes_and_no_server_of_the_document(url):
    schema = for_schemathesis.schema(url)
    assert schema.get_base_url() == url.rstrip("/")
    assert "servers" not in schema.raw_schema
    assert load().document["servers"]  # which stays as it is


ANOTHER = {
    "openapi": "3.1.0",
    "info": {"title": "Another", "version": "1"},
    "paths": {
        load().operation("submit").path: {
            "post": {
                "operationId": "submit",
                "requestBody": {"content": {"application/json": {"schema": {"const": {"image": "x"}}}}},
                "responses": {"200": {"description": ""}, "401": {"description": ""}},
            }
        }
    },
}


def test_a_schema_that_is_not_ours_is_sent_as_it_is():
    mock = Mock([load()], Plan(limited=False))
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(ANOTHER)))
    schema.app = create_app(mock)
    schema.config.update(base_url="https://example.com")
    case = schema[load().operation("submit").path]["POST"].Case(body={"image": "x"})
    assert case.call().status_code == 401  # it has no key of ours
    case.call_and_validate(headers={"Authorization": "Bearer mock-a"})
    assert len(mock.store.tasks()) == 1
    assert run_of(schema) is None
    assert not schema.auth.is_defined


@pytest.mark.parametrize(("paid", "guarded"), [("", True), ("yes", True), ("no", False)])
def test_a_contract_that_schemathesis_loads_is_taken_up(monkeypatch, paid, guarded):
    monkeypatch.setenv(for_schemathesis.PAID, paid)
    schema = schemathesis.openapi.from_dict(own_document())
    run = run_of(schema)
    assert run.contract.revision == "2026-07"
    assert "servers" not in schema.raw_schema
    schema.config.update(base_url="https://example.com")
    operation = schema[load("2026-07").operation("submit").path]["POST"]
    assert (run.guard(operation) is not None) is guarded


def test_what_the_environment_says_must_make_sense(monkeypatch):
    monkeypatch.setenv(for_schemathesis.PAID, "yess")
    with pytest.raises(HookExecutionError) as raised:
        schemathesis.openapi.from_dict(own_document())
    assert "Value of KLINGCONTRACTS_PAID 'yess' is not known. Nearest: 'yes'." in str(raised.value.__cause__)


def test_a_document_that_is_hardly_a_contract_is_told_of():
    document = own_document()
    del document["x-errors"]["rate"]
    with pytest.raises(HookExecutionError) as raised:
        schemathesis.openapi.from_dict(document)
    assert "at /x-errors" in str(raised.value.__cause__)


def st_run(folder, fake, *flags, **environment):
    """Run `st run` with our toml against the fake's own document."""
    location = f"{fake.url}/__klingmock/openapi.json?revision={fake.contract.revision}"
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(TOML), "run", location]
    return subprocess.run(
        [*command, "--max-examples", "15", "--seed", "7", *flags],
        env={**os.environ, "MODELLIX_API_KEY": fake.api_key, "NO_COLOR": "1", **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("revision", revisions())
def test_st_run(tmp_path, revision):
    with klingmock.running(revision=revision, timing="instant") as fake:
        done = st_run(tmp_path, fake)
        assert done.returncode == 0, done.stdout + done.stderr
        assert re.search(r"API Links: +[1-9] covered", done.stdout)
        assert len(fake.tasks) > 5


def test_st_run_where_accepting_costs_money(tmp_path):
    with klingmock.running(timing="instant", reading={"image-required": "either"}) as fake:
        done = st_run(tmp_path, fake, "--max-examples", "40", KLINGCONTRACTS_PAID="yes")
        assert done.returncode == 0, done.stdout + done.stderr
        assert len(fake.journal) > 100
        assert not fake.tasks


def test_st_run_names_the_rule_that_a_reply_breaks(tmp_path):
    with klingmock.running(timing="instant") as fake:
        fake.script("task: 418*9999")
        done = st_run(tmp_path, fake, "--checks", "vendor_envelope", "--phases", "coverage")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "task.reply.status: seen: 418; documented: the status is a documented one" in done.stdout
