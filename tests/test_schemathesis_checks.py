"""Each check fails against a twin of the fake that breaks just what the check looks at, and no other does."""

import json
import re
from itertools import count

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from schemathesis.core.failures import FailureGroup

import klingmock
from klingcontracts import for_schemathesis
from klingcontracts.check import bearer
from klingcontracts.contract import load
from klingcontracts.document import revisions
from klingcontracts.for_schemathesis import (
    CHECKS,
    lifecycle,
    rate_limit_headers,
    task_visibility,
    vendor_envelope,
)
from klingcontracts.schemathesis_checks import NOBODYS, OTHERS
from klingcontracts.schemathesis_run import run_of
from klingmock.answer import Mock
from klingmock.app import create_app
from klingmock.keys import Keys
from klingmock.served import Plan
from klingmock.task import TIMINGS

BODY = {"image": "https://example.com/mountain.jpg"}
WIDE = {"rate": 10**6, "concurrency": 10**6}  # limits that are told of and never reached


class Twin:
    """The fake's engine, with each reply altered."""

    def __init__(self, mock, alter):
        self._mock = mock
        self._alter = alter

    def answer(self, call):
        return self._alter(call, self._mock.answer(call))

    def __getattr__(self, name):
        return getattr(self._mock, name)


def engine(revision="2026-02", readings=None, **plan):
    return Mock([load(revision, readings)], Plan(**{"timing": TIMINGS["instant"], "limited": False, **plan}))


def schema_of(engine, *arguments, **more):
    return for_schemathesis.schema(create_app(engine), *arguments, **more)


def saying(reply, told, status=None):
    body = json.dumps(told).encode()
    headers = {**reply.headers, "content-length": str(len(body))}
    return reply._replace(status=status or reply.status, headers=headers, body=body)


def judge(case, response, found):
    try:
        case.validate_response(response, checks=list(CHECKS))
    except FailureGroup as group:
        for failure in group.exceptions:
            name = re.fullmatch("Custom check failed: `(.*)`", failure.title)[1]
            found.setdefault(name, set()).add(failure.message)


def found_by(schema, examples=6):
    """The failures of our checks, by name: on a short walk, then where schemathesis goes by the links."""
    found = {}
    path = run_of(schema).contract.operation("submit").path
    for body in ({}, BODY, BODY):
        case = schema[path]["POST"].Case(body=body, headers={"Authorization": "Bearer mock-schemathesis"})
        response = case.call()
        judge(case, response, found)
    for _ in range(3 if response.status_code == 200 else 0):
        judge(*polled(schema, id_of(response)), found)

    class Machine(schema.as_state_machine()):
        def validate_response(self, response, case, _=None, **__):
            judge(case, response, found)

    options = {"suppress_health_check": list(HealthCheck), "database": None, "derandomize": True}
    steps = settings(max_examples=examples, stateful_step_count=6, deadline=None, **options)
    run_state_machine_as_test(Machine, settings=steps)
    return found


def without(reply, *names):
    return reply._replace(headers={name: it for name, it in reply.headers.items() if name not in names})


def is_poll(call):
    return call.path.startswith("/api/v1/tasks/")


def drops_the_message(call, reply):
    told = json.loads(bytes(reply.body))
    return saying(reply, {"code": told["code"]}) if reply.status == 400 else reply


def drops_the_task_id_on_polls(call, reply):
    told = json.loads(bytes(reply.body))
    if is_poll(call) and reply.status == 200:
        del told["data"]["task_id"]
    return saying(reply, told)


def says_422(call, reply):
    return reply._replace(status=422) if reply.status == 400 else reply


def goes_back():
    polls = {}

    def alter(call, reply):
        if is_poll(call) and reply.status == 200 and next(polls.setdefault(call.path, count())) % 2:
            told = json.loads(bytes(reply.body))
            told["data"]["status"] = "pending"
            return saying(reply, told)
        return reply

    return alter


def forgets_one_header(call, reply):
    return without(reply, "x-ratelimit-remaining") if reply.status == 200 else reply


def tells_polls_nothing(call, reply):
    return without(reply, *WINDOW) if is_poll(call) else reply


WINDOW = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


def counts_nothing(call, reply):
    return reply._replace(headers={**reply.headers, **dict.fromkeys(WINDOW, "1800000000")})


def says_nonsense(call, reply):
    return reply._replace(headers={**reply.headers, "x-ratelimit-limit": "0"})


def shows_all(mock):
    owners = {}

    def alter(call, reply):
        if reply.status == 200 and not is_poll(call):
            owners[json.loads(bytes(reply.body))["data"]["task_id"]] = call.headers["authorization"]
        owner = owners.get(call.path.rpartition("/")[2])
        if is_poll(call) and owner and reply.status == 404:
            return mock.answer(call._replace(headers={**call.headers, "authorization": owner}))
        return reply

    return alter


def answers_for_nobody(mock):
    def alter(call, reply):
        if is_poll(call) and call.path.endswith(NOBODYS) and reply.status == 404:
            task = call.path.rpartition("/")[2]
            there = mock.answer(call._replace(path=call.path.removesuffix(NOBODYS)))
            told = json.loads(bytes(there.body))
            told["data"]["task_id"] = task
            return saying(there, told)
        return reply

    return alter


def is_late(mock):
    polls = {}

    def alter(call, reply):
        if is_poll(call) and reply.status == 200 and not next(polls.setdefault(call.path, count())):
            return mock.answer(call._replace(path="/api/v1/tasks/none"))
        return reply

    return alter


def forgets(mock):
    polls = {}

    def alter(call, reply):
        if is_poll(call) and reply.status == 200 and next(polls.setdefault(call.path, count())):
            return mock.answer(call._replace(path="/api/v1/tasks/none"))
        return reply

    return alter


@pytest.mark.parametrize("plan", [{}, {"limited": True, **WIDE}, {"limited": True}])
@pytest.mark.parametrize("revision", revisions())
def test_the_honest_fake_fails_none(revision, plan):
    mock = engine(revision, **plan)
    assert found_by(schema_of(mock, revision)) == {}
    statuses = {entry.exchange.reply.status for entry in mock.journal.entries}
    assert statuses >= {200, 400, 404}  # there was something to look at


def test_the_honest_fake_that_tells_of_its_limit_only_when_it_is_over():
    readings = {"rate-headers": "refused"}
    mock = engine("2026-02", readings, limited=True, rate=9, concurrency=10**6)
    assert found_by(schema_of(mock, "2026-02", readings)) == {}
    assert 429 in {entry.exchange.reply.status for entry in mock.journal.entries}


@pytest.mark.parametrize(
    ("alter", "check", "text"),
    [
        (drops_the_message, vendor_envelope, "error.envelope.message.required: seen at /message: null"),
        (
            drops_the_task_id_on_polls,
            vendor_envelope,
            "task.reply.data.task_id.required: seen at /data/task_id",
        ),
        (
            says_422,
            vendor_envelope,
            "submit.reply.status: seen: 422; documented: the status is a documented one",
        ),
        (
            goes_back(),
            lifecycle,
            "task.lifecycle.order: seen: success, then pending; documented: a task never",
        ),
        (
            forgets_one_header,
            rate_limit_headers,
            "reply.header.X-RateLimit-Remaining.type: seen: no such header",
        ),
        (
            tells_polls_nothing,
            rate_limit_headers,
            "reply.header.X-RateLimit-Limit.type: seen: no such header",
        ),
        (
            counts_nothing,
            rate_limit_headers,
            "limit.rate: seen: 1800000000 of 1800000000, then 1800000000 of",
        ),
        (
            says_nonsense,
            rate_limit_headers,
            "reply.header.X-RateLimit-Limit.minimum: seen: 0; documented: X-",
        ),
    ],
)
def test_a_twin_fails_its_check_alone(alter, check, text):
    found = found_by(schema_of(Twin(engine(limited=True, **WIDE), alter)))
    assert list(found) == [check.__name__]
    assert any(message.startswith(text) for message in found[check.__name__]), found


@pytest.mark.parametrize(
    ("twin", "text"),
    [
        (
            shows_all,
            r"task.unknown: seen: 200 for task-\w+, asked for with another key; documented: the task",
        ),
        (answers_for_nobody, rf"task.unknown: seen: 200 for task-\w+{NOBODYS}, which nobody has submitted; "),
        (is_late, r"task.unknown: seen: 404 for task-\w+, just submitted; documented: "),
        (forgets, r"task.unknown: seen: 404 for task-\w+, submitted \d seconds ago; documented: "),
    ],
)
def test_a_twin_with_other_ideas_of_who_sees_what_fails_task_visibility_alone(twin, text):
    mock = engine()
    found = found_by(schema_of(Twin(mock, twin(mock))))
    assert list(found) == [task_visibility.__name__]
    assert any(re.match(text, message) for message in found[task_visibility.__name__]), found


def submitted(schema):
    path = load().operation("submit").path
    headers = {"Authorization": "Bearer mock-schemathesis"}
    case = schema[path]["POST"].Case(body=BODY, headers=headers)
    return case, case.call()


def polled(schema, task, key="mock-schemathesis"):
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    case = schema["/api/v1/tasks/{task_id}"]["GET"].Case(path_parameters={"task_id": task}, headers=headers)
    return case, case.call()


def id_of(response):
    return response.json()["data"]["task_id"]


def test_a_poll_of_our_own_with_another_key_is_seen_too():
    mock = engine()
    schema = schema_of(Twin(mock, shows_all(mock)), api_key="mock-a")
    case, response = submitted(schema)
    with pytest.raises(FailureGroup):
        case.validate_response(response, checks=[task_visibility])
    other, reply = polled(schema, id_of(response), "mock-somebody")
    with pytest.raises(FailureGroup, match="asked for with another key"):
        other.validate_response(reply, checks=[task_visibility])


def test_what_has_expired_may_be_gone(monkeypatch):
    mock = engine()
    schema = schema_of(Twin(mock, forgets(mock)))
    case, response = submitted(schema)
    case.validate_response(response, checks=[task_visibility])
    poll, gone = polled(schema, id_of(response))
    assert gone.status_code == 404
    with pytest.raises(FailureGroup, match="submitted 0 seconds ago"):
        poll.validate_response(gone, checks=[task_visibility])
    kept = load().document["x-lifecycle"]["retention"]["seconds"]
    run = schema.raw_schema.run
    key, _ = run.seen.owner(id_of(response))
    monkeypatch.setattr(run.seen, "owner", lambda _: (key, kept))
    poll.validate_response(gone, checks=[task_visibility])


def test_a_key_that_is_no_fakes_is_not_varied():
    mock = Mock([load()], Plan(limited=False), keys=Keys(["sesame"]))
    schema = schema_of(Twin(mock, shows_all(mock)), api_key="sesame")
    path = load().operation("submit").path
    case = schema[path]["POST"].Case(body=BODY, headers={"Authorization": "Bearer sesame"})
    case.validate_response(case.call(), checks=[task_visibility])
    keys = {bearer(entry.exchange.call.headers.get("authorization", "")) for entry in mock.journal.entries}
    assert len(mock.journal.entries) == 3
    assert f"sesame{OTHERS}" not in keys


def test_a_reply_without_json_is_the_envelopes_business():
    schema = schema_of(Twin(engine(), lambda _, reply: reply._replace(body=b"<", headers={})))
    case, response = submitted(schema)
    for check in (lifecycle, rate_limit_headers, task_visibility):
        case.validate_response(response, checks=[check])
    with pytest.raises(FailureGroup) as found:
        case.validate_response(response, checks=[vendor_envelope])
    rules = [line.partition(":")[0] for line in found.value.exceptions[0].message.splitlines()]
    assert rules == ["submit.reply.content-type", "submit.reply.json"]


def test_a_429_of_the_rate_always_tells_of_the_limit():
    drop = Twin(engine(limited=True, rate=1), lambda _, reply: without(reply, *WINDOW))
    schema = schema_of(drop)
    case, response = submitted(schema)
    case.validate_response(response, checks=[rate_limit_headers])
    case, response = submitted(schema)
    assert response.status_code == 429
    with pytest.raises(FailureGroup, match=r"reply\.header\.X-RateLimit-Reset\.type: seen: no such header"):
        case.validate_response(response, checks=[rate_limit_headers])


def test_a_task_of_nobody_known_is_not_looked_for():
    mock = engine()
    _, response = submitted(schema_of(mock))
    poll, reply = polled(schema_of(mock), id_of(response))  # another run
    assert reply.status_code == 200
    poll.validate_response(reply, checks=[task_visibility])


def test_where_accepting_costs_money_nothing_is_asked():
    lenient = Twin(engine(), lambda _, reply: saying(reply, {"data": {"task_id": "task-1"}}, 200))
    schema = schema_of(lenient, paid=True)
    case, response = submitted(schema)
    assert response.status_code == 200
    case.validate_response(response, checks=[task_visibility])
    assert len(lenient.journal.entries) == 1


def test_polls_go_to_the_base_url_of_the_submission():
    with klingmock.running(timing="instant") as fake:
        schema = for_schemathesis.schema(fake.url, api_key=fake.api_key)
        path = load().operation("submit").path
        case = schema[path]["POST"].Case(body=BODY, headers={"Authorization": f"Bearer {fake.api_key}"})
        case.validate_response(case.call(), checks=[task_visibility])
        statuses = [entry.exchange.reply.status for entry in fake.journal]
    assert statuses == [200, 200, 404, 404]  # the submission, and three polls behind it


@pytest.mark.parametrize(("method", "fails"), [("PUT", True), ("HEAD", False), ("TRACE", False)])
def test_another_method_is_held_against_the_errors_of_its_path(method, fails):
    path = load().operation("submit").path
    for alter, expected in ((lambda _, reply: reply, False), (says_nothing, fails)):
        schema = schema_of(Twin(engine(), alter))
        case = schema[path]["POST"].Case(method=method, headers={"Authorization": "Bearer mock-a"})
        response = case.call()
        names = {check: broken(case, response, check) for check in CHECKS}
        assert names == {check: check is vendor_envelope and expected for check in CHECKS}


def says_nothing(call, reply):
    return saying(reply, {})


def broken(case, response, check):
    try:
        case.validate_response(response, checks=[check])
    except FailureGroup:
        return True
    return False


@pytest.mark.parametrize("check", CHECKS)
def test_a_schema_that_is_not_ours_is_left_alone(check):
    ok = {"200": {"description": "", "headers": {"X-RateLimit-Limit": {"schema": {"type": "integer"}}}}}
    paths = {"/api/v1/tasks/{task_id}": {"get": {"operationId": "task", "responses": ok}}}
    document = {"openapi": "3.1.0", "info": {"title": "Another", "version": "1"}, "paths": paths}
    schema = schemathesis.openapi.from_dict(document)
    schema.app = create_app(Twin(engine(), says_nothing))
    case, response = polled(schema, "none")
    case.validate_response(response, checks=[check])
    assert check(None, response, case) is True  # skipped: it does not count as passed either


def test_a_base_url_with_a_path_is_no_hindrance():
    mock = engine()
    app = create_app(mock)

    async def mounted(scope, receive, send):
        if scope["type"] == "http":
            assert scope["path"].startswith("/far/away/api")
            scope = {**scope, "path": scope["path"].removeprefix("/far/away")}
        await app(scope, receive, send)

    schema = for_schemathesis.schema(mounted)
    schema.config.update(base_url="http://127.0.0.1/far/away")
    assert found_by(schema, examples=4) == {}
    assert {entry.exchange.reply.status for entry in mock.journal.entries} >= {200, 404}
