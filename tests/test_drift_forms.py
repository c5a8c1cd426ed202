"""klingcontracts.drift_forms: each form is there, takes any report, and the JSON is what its schema says."""

import copy
import json
from importlib.resources import files

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klingcontracts.drift import Found, NotLooked, Report, Waived
from klingcontracts.drift_forms import FORMS
from klingcontracts.rule import Level

SCHEMA = json.loads(files("klingcontracts").joinpath("drift.schema.json").read_text())
VALIDATOR = jsonschema_rs.validator_for(SCHEMA)


@pytest.fixture
def report(finding):
    found = [Found(finding(level), {"curl": "curl x", "agree": ["page"], "line": 3}) for level in Level]
    waived = [Waived(Found(finding()), "known", "2027-01-31")]
    return Report(
        "drift live", "2026-02", "http://x", found, [NotLooked("a.b", "no key")], 1, 9, "no balance", waived
    )


@pytest.mark.parametrize("form", FORMS)
def test_each_form_tells_the_verdict_and_every_finding(form, report):
    told = FORMS[form](report, Level.WARNING)
    assert told.count("submit.body.mode.enum") >= 3
    assert not told.endswith("\n")
    assert FORMS[form](Report("diff", "2026-02", "2026-02"), Level.WARNING)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_each_form_of_a_hostile_report_can_be_written_and_has_an_end(form, hostile_reports, data):
    report = data.draw(hostile_reports)
    told = FORMS[form](report, data.draw(st.sampled_from(Level)))
    assert told.encode()
    assert "\x00" not in told
    assert "\x1b" not in told


def test_the_schema_is_one_and_real_reports_keep_to_it(report):
    jsonschema_rs.meta.validate(SCHEMA)
    for fail_on in Level:
        assert not list(VALIDATOR.iter_errors(json.loads(FORMS["json"](report, fail_on))))
    empty = FORMS["json"](Report("diff", "2026-02", "2026-04"), Level.WARNING)
    assert not list(VALIDATOR.iter_errors(json.loads(empty)))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_hostile_report_keeps_to_the_schema_and_loses_nothing(hostile_reports, data):
    report = data.draw(hostile_reports)
    told = json.loads(FORMS["json"](report, Level.WARNING))
    VALIDATOR.validate(told)
    assert len(told["findings"]) == len(report.found)
    assert len(told.get("waived", [])) == len(report.waived)


def _broken(told):
    """Each member taken away, each given another type, one more in each object: none is a report."""
    for path, node in list(_objects(told, ())):
        for name in node:
            if path[:1] == ("findings",) and path[-1] == "evidence":
                continue  # what shows a finding is open
            yield (*path, name), "removed"
            yield (*path, name), "mistyped"
        if path[-1:] != ("evidence",):
            yield (*path, "more"), "added"


def _objects(value, path):
    if isinstance(value, dict):
        yield path, value
        for name, inner in value.items():
            yield from _objects(inner, (*path, name))
    elif isinstance(value, list):
        for nth, inner in enumerate(value):
            yield from _objects(inner, (*path, nth))


OPTIONAL = {("incomplete",), ("waived",)}


def test_the_schema_refuses_what_is_broken(report):
    told = json.loads(FORMS["json"](report, Level.WARNING))
    tried = 0
    for (*path, name), how in _broken(told):
        if how == "removed" and (*path, name) in OPTIONAL:
            continue
        if path[-1:] == ["evidence"]:
            continue
        changed = copy.deepcopy(told)
        node = changed
        for part in path:
            node = node[part]
        if how == "removed":
            del node[name]
        else:
            node[name] = None
        assert not VALIDATOR.is_valid(changed), (path, name, how)
        tried += 1
    assert tried > 50


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("schema_version", 2),
        ("command", "drift"),
        ("verdict", "ok"),
        ("spent", {"accepted": -1, "requests": 0}),
        ("findings", [{}]),
        ("not_looked", [{"rule": "a"}]),
    ],
)
def test_the_schema_refuses_other_values(report, name, value):
    assert not VALIDATOR.is_valid({**report.to_json(), name: value})


def test_the_schema_and_the_verdict_agree(report):
    told = report._replace(found=[], incomplete="").to_json()
    assert told["verdict"] == "conforms"
    assert not VALIDATOR.is_valid({**told, "incomplete": "no key"})  # not to have looked is not to conform
    assert not VALIDATOR.is_valid({**told, "verdict": "inconclusive"})  # and has a reason
    assert not VALIDATOR.is_valid({**told, "verdict": "drift"})  # of which nothing was found


def test_only_what_is_waived_has_a_reason(report):
    told = report.to_json()
    assert not VALIDATOR.is_valid({**told, "findings": told["waived"]})
    assert not VALIDATOR.is_valid({**told, "waived": told["findings"]})
    assert not VALIDATOR.is_valid({**told, "waived": [{**told["waived"][0], "expires": "soon"}]})
