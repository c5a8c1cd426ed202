"""Nothing is sent that the contract could accept in any reading: a proof in numbers, and the parts of it."""

import json
from collections import Counter

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test
from schemathesis import GenerationMode
from schemathesis.errors import HookExecutionError

from klingcontracts import for_schemathesis
from klingcontracts.check import check_body
from klingcontracts.contract import load
from klingcontracts.document import merged, read, revisions
from klingcontracts.problem import COULD_NOT_LOOK, Problem
from klingcontracts.schemathesis_guard import Guard
from klingcontracts.strategies import bodies
from klingmock.answer import Mock
from klingmock.app import create_app
from klingmock.served import Plan

KEY = "mock-guarded"
BODY = {"image": "https://example.com/mountain.jpg"}
CALM = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}
DOCUMENTS = [read(name) for name in revisions()]
# Of all readings, those that take most.
GENEROUS = {
    "image-required": "either",
    "duration-string": "coerce",
    "null-field": "absent",
    "masks-empty": "absent",
    "camera-control": "ignore",
}


@pytest.fixture(scope="module")
def guard():
    return Guard(load(), DOCUMENTS)


def world(revision="2026-02", *, paid, readings=None):
    mock = Mock([load(revision, readings)], Plan(limited=False))
    schema = for_schemathesis.schema(create_app(mock), revision, paid=paid, api_key=KEY)
    return mock, schema, schema[load(revision).operation("submit").path]["POST"]


def run(operation, count, mode):
    """Send cases, all with a key that is taken: schemathesis breaks that more often than the body."""
    statuses = Counter()

    def sign(request):
        request.headers["Authorization"] = f"Bearer {KEY}"
        return request

    @settings(max_examples=count, **CALM)
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case):
        statuses[case.call(auth=sign).status_code] += 1

    send()
    return statuses


def test_without_the_guard_its_negative_cases_create_tasks():
    mock, _, operation = world(paid=False, readings=GENEROUS)
    assert run(operation, 60, GenerationMode.NEGATIVE)[200] > 5
    assert len(mock.store.tasks()) > 5


def test_2000_negative_cases_create_no_task():
    mock, _, operation = world(paid=True, readings=GENEROUS)
    statuses = run(operation, 2000, GenerationMode.NEGATIVE)
    assert not mock.store.tasks()
    assert set(statuses) == {400}
    assert statuses[400] >= 2000


@pytest.mark.parametrize("revision", revisions())
def test_valid_cases_are_broken_one_rule_at_a_time(revision):
    mock, _, operation = world(revision, paid=True, readings=GENEROUS)
    assert set(run(operation, 60, GenerationMode.POSITIVE)) == {400}
    assert not mock.store.tasks()
    rules = {finding.rule.id for entry in mock.journal.entries for finding in entry.findings}
    assert len(rules) > 5  # and not the same one each time


def test_a_state_machine_creates_no_task():
    mock, schema, _ = world(paid=True, readings=GENEROUS)
    machine = schema.as_state_machine()
    run_state_machine_as_test(machine, settings=settings(max_examples=25, stateful_step_count=6, **CALM))
    assert not mock.store.tasks()
    assert Counter(entry.operation for entry in mock.journal.entries)["submit"] > 25


@pytest.mark.parametrize("undo", [True, False])
def test_what_is_generated_is_mended_also_where_somebody_unregisters_the_global_hooks(undo, monkeypatch):
    mock, _, operation = world(paid=True, readings=GENEROUS)
    if undo:
        monkeypatch.setattr(schemathesis.hooks.GLOBAL_HOOK_DISPATCHER, "_hooks", {})
    assert set(run(operation, 40, GenerationMode.NEGATIVE)) == {400}
    assert not mock.store.tasks()


def test_a_hook_behind_ours_can_not_undo_it(monkeypatch):
    mock, _, operation = world(paid=True)
    hooks = schemathesis.hooks.GLOBAL_HOOK_DISPATCHER.get_all_by_name("before_call")

    def undo(context, case, kwargs):
        case.body = BODY

    monkeypatch.setitem(schemathesis.hooks.GLOBAL_HOOK_DISPATCHER.get_all(), "before_call", [*hooks, undo])
    case = operation.Case(body=BODY, headers={"Authorization": f"Bearer {KEY}"})
    assert case.call().status_code == 400
    assert mock.journal.entries[0].exchange.call.body == b""


def test_nothing_is_sent_after_a_body_was_accepted():
    mock, _, operation = world(paid=True)

    class Lenient:
        def __getattr__(self, name):
            return getattr(mock, name)

        def answer(self, call):
            return mock.answer(call._replace(body=json.dumps(BODY).encode()))

    schema = for_schemathesis.schema(create_app(Lenient()), paid=True)
    case = schema[operation.path]["POST"].Case(body=BODY, headers={"Authorization": f"Bearer {KEY}"})
    assert case.call().status_code == 200
    with pytest.raises(HookExecutionError) as raised:
        case.call()
    problem = raised.value.__cause__
    assert isinstance(problem, Problem)
    assert problem.exit_code == COULD_NOT_LOOK
    assert problem.fact.startswith("The server accepted a body that every reading refuses: {")
    assert len(mock.store.tasks()) == 1


@pytest.mark.parametrize(
    ("body", "may"),
    [
        (BODY, False),
        ({"image_tail": "x"}, False),  # one reading
        ({"image": 5}, True),
        ("{}", True),
        (json.dumps(BODY), False),  # a text that is sent as it is
        (json.dumps(json.dumps(BODY)), True),
        (None, True),
        ({**BODY, "x": float("nan")}, False),
        (b"\x00", False),
        ({"image": b"\x00"}, False),
        ("\ud800", True),
    ],
)
def test_what_may_be_sent(guard, body, may):
    assert guard.may_send(body) is may
    assert guard.may_send(guard.broken(body))


def test_a_body_too_deep_to_be_written_may_not_be_sent(guard):
    body = []
    for _ in range(100_000):
        body = [body]
    assert not guard.may_send(body)
    assert guard.broken(body) == {}


@pytest.mark.parametrize(
    ("raw", "refused"),
    [(None, True), (b"", True), ("{}", True), ('{"image": "x"}', False), (iter([b"{}"]), False)],
)
def test_what_is_sure_to_be_refused_on_the_wire(guard, raw, refused):
    assert guard.refuses(raw) is refused


@settings(max_examples=150, deadline=None)
@given(body=bodies(noted=True))
def test_a_body_is_broken_in_one_place_and_always_the_same(guard, body):
    broken = guard.broken(body)
    raw = json.dumps(broken).encode()
    assert broken == guard.broken(body)
    assert sum(body.get(name, ...) != broken.get(name, ...) for name in {*body, *broken}) == 1
    assert len(check_body(load(), load().operation("submit"), raw).refused) == 1
    for name in revisions():
        generous = load(name, GENEROUS)
        assert check_body(generous, generous.operation("submit"), raw).refused


def test_a_body_that_only_another_reading_takes_is_broken_too(guard):
    body = {"image_tail": "x", "duration": "5", "prompt": "y"}
    broken = guard.broken(body)
    assert guard.may_send(broken)
    assert len({*body} & {*broken}) >= 2  # it is still like the first


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_the_bodies_it_draws_may_be_sent(guard, data):
    assert guard.may_send(data.draw(guard.bodies()))


def of_bodies(schema):
    """A document whose bodies have this schema."""
    bare = merged(DOCUMENTS[0], {"x-questions": None, "components": {"schemas": {"SubmitBody": None}}})
    return merged(bare, {"components": {"schemas": {"SubmitBody": schema}}})


def test_a_body_that_no_single_change_breaks_gives_way_to_the_least():
    # The documents take more than the contract: the guard has no say in what a server really takes.
    guard = Guard(load(), [of_bodies({"type": "object", "minProperties": 1})])
    assert guard.broken({"image": "x", "prompt": "y", "seed": 1}) == {}
    assert guard.broken([1]) == {}


@pytest.mark.parametrize("contract_too", [True, False])
def test_a_contract_that_takes_everything_can_not_be_guarded(contract_too):
    with pytest.raises(
        Problem, match=r"Revision 2026-02 has a reading that takes any body\. Give paid=False"
    ):
        Guard(load(), [of_bodies({"description": "anything"}), *DOCUMENTS[:contract_too]])
