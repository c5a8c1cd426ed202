"""klingcontracts.probe_free: keys, paths, JSON, tasks, reads."""

import pytest

from klingcontracts.contract import load
from klingcontracts.document import revisions
from klingcontracts.probe import FIRST, NOBODY, foretold
from klingcontracts.probe_bodies import Bodies
from klingcontracts.probe_free import KEY, first_probes, free_probes, reads, task_path
from klingcontracts.probe_guarded import guards
from klingcontracts.probe_reading import Readings


@pytest.mark.parametrize("revision", revisions())
def test_each_rule_that_no_body_breaks_has_probes(revision):
    contract = load(revision)
    found = free_probes(contract, Bodies(contract).minimal, None)
    rules = {probe.rule for probe in found}
    assert rules >= {
        *(f"auth.{name}" for name in ("missing-key", "bad-scheme", "unknown-key")),
        *("route.unknown-path", "route.wrong-method", "task.unknown", "submit.body.json"),
    }
    assert {operation.id for operation in contract.operations.values() if operation.method == "GET"} - {
        "task"
    } == {probe.rule.partition(".")[0] for probe in reads(contract) if probe.key == FIRST}


def test_behind_a_guard_none_of_them_is_taken_however_lenient_the_server():
    readings = Readings(lambda chosen: load("2026-02", chosen), {})
    guard = guards(readings)[0]
    found = free_probes(readings.contract, readings.bodies.minimal, guard)
    with_body = [probe for probe in found if probe.call.body]
    assert all(probe.guard == guard.rule for probe in with_body)
    assert not any(readings.takes(bytes(probe.call.body)) for probe in with_body)
    plain = [
        probe for probe in with_body if b"image=" not in probe.call.body and b"//" not in probe.call.body
    ]
    assert all(b"dynamic_masks" in probe.call.body for probe in plain)


def test_no_key_is_in_a_probe():
    contract = load()
    for probe in [*first_probes(contract, Bodies(contract)), *free_probes(contract, {"image": "x"}, None)]:
        value = probe.call.headers.get("authorization", "")
        assert value == "" or KEY in value or "no-such-key" in value
        assert probe.key in {FIRST, NOBODY}
        assert foretold(contract, probe)


def test_the_path_of_a_task():
    assert task_path(load(), "t-1") == "/api/v1/tasks/t-1"
