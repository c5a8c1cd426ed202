"""klingmock scenarios: a table, or JSON, of what can go wrong."""

import json

import pytest

from klingmock.scenario import scenarios


def test_all_are_listed(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    code, told, _ = run("scenarios")
    assert code == 0
    names = [line.split()[0] for line in told.splitlines()[2:] if not line.startswith(" ")]
    assert names == [one.name for one in scenarios()]
    assert "submit: lost" in told
    assert all(len(line) <= 120 for line in told.splitlines())


def test_some_are_listed_as_json(run):
    code, told, _ = run("scenarios", "slow", "no-processing", "--format", "json")
    assert code == 0
    assert json.loads(told) == {
        "schema_version": 1,
        "scenarios": [
            {
                "name": "slow",
                "says": "the job succeeds after thirteen seconds",
                "script": "outcome: slow=10",
                "good": "success",
                "tries": ["polls-politely", "stops-at-terminal", "reports-success"],
                "options": {},
            },
            {
                "name": "no-processing",
                "says": "the job goes from pending to success, and is never seen to be processed",
                "script": "",
                "good": "success",
                "tries": ["reports-success"],
                "options": {"timing": [3, 0]},
            },
        ],
    }


@pytest.mark.parametrize("name", ["slwo", ""])
def test_a_name_that_is_not_known_is_a_mistake(run, name):
    code, told, errors = run("scenarios", name)
    assert (code, told) == (2, "")
    assert f"Scenario '{name}' is not known." in errors
