"""klingmock diff: the command, on revisions and files."""

import json

import pytest

from klingcontracts.compare import compare
from klingcontracts.contract import load
from klingcontracts.document import read


def report(run, *words):
    code, out, err = run("diff", *words, "--format", "json")
    assert err == ""
    return code, json.loads(out)


@pytest.mark.parametrize("pair", [("2026-02", "2026-04"), ("2026-04", "2026-07"), ("2026-07", "2026-02")])
def test_two_revisions(run, pair):
    code, told = report(run, *pair)
    assert (code, told["verdict"], told["command"]) == (1, "drift", "diff")
    assert (told["contract"], told["target"]) == pair
    expected = [(one.rule.id, str(one.level)) for one in compare(*map(load, pair))]
    assert [(one["rule"], one["level"]) for one in told["findings"]] == expected
    assert told["spent"] == {"accepted": 0, "requests": 0}


def test_the_same_twice(run):
    assert report(run, "2026-02", "2026-02")[1]["findings"] == []
    code, out, _ = run("diff", "2026-02", "2026-02")
    assert code == 0
    assert out.startswith("diff: 2026-02 held against 2026-02: conforms\n")


def test_from_which_level_on_it_fails(run, own_document):
    document = read("2026-02")
    document["x-lifecycle"]["retention"]["seconds"] *= 2
    longer = own_document(**document)
    assert report(run, "2026-02", longer)[0] == 0
    assert report(run, "2026-02", longer, "--fail-on", "info")[0] == 1
    assert report(run, longer, "2026-02", "--fail-on", "error")[0] == 1


def test_readings_hold_on_both_sides_where_the_question_is_open(run):
    rules = [one["rule"] for one in report(run, "2026-04", "2026-07")[1]["findings"]]
    assert "limit.rate.requests" not in rules
    rules = [one["rule"] for one in report(run, "2026-04", "2026-07", "--reading", "tier=100")[1]["findings"]]
    assert "limit.rate.requests" in rules
    assert report(run, "2026-02", "2026-02", "--reading", "null-field=absent")[1]["findings"] == []


@pytest.mark.parametrize(
    ("words", "fact"),
    [
        (["2026-02"], "The following arguments are required: NEW"),
        (["2026-02", "2026-03"], "Revision '2026-03' is not known. Nearest: '2026-0"),
        (["2026-02", "gone.json"], "'gone.json' can't be read: No such file"),
        (["2026-02", "half.json"], "'half.json' is not JSON"),
        (["2026-02", "other.json"], "'other.json' is no contract"),
        (["folder.json", "2026-02"], "'folder.json' can't be read: Is a directory"),
        (["2026-02", "2026-04", "--reading", "tier=10"], "Open question 'tier' is not known"),
        (["2026-02", "2026-04", "--reading", "tier"], "no equals sign"),
        (["2026-02", "2026-04", "2026-07"], "There is a word too many"),
        (["2026-02", "2026-04", "--format", "jsno"], "Nearest: 'json'"),
    ],
)
def test_what_can_not_be_compared_is_told(run, tmp_path, words, fact):
    (tmp_path / "half.json").write_text("{")
    (tmp_path / "other.json").write_text('{"openapi": "3.1.0"}')
    (tmp_path / "folder.json").mkdir()
    code, out, err = run("diff", *words)
    assert (code, out) == (2, "")
    assert err.startswith("klingmock: ")
    assert fact in err
