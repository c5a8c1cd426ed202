"""klingmock drift traffic: files are read, compared and reported, in every form."""

import io
import json
import sys
from importlib.resources import files
from pathlib import Path

import jsonschema_rs
import pytest

from klingcontracts.document import read

FIXTURES = Path(__file__).parent.parent / "fixtures" / "traffic"
NAMES = sorted(str(path) for path in FIXTURES.iterdir() if path.suffix != ".py")


def test_what_was_recorded_conforms(run):
    code, out, err = run("drift", "traffic", *NAMES)
    assert (code, err) == (0, "")
    assert "held against 2026-02: conforms" in out
    assert "mode is 'std' or 'pro'" in out


def test_as_json_it_keeps_to_its_schema(run):
    code, out, _ = run("drift", "traffic", *NAMES, "missing.har", "--format", "json")
    told = json.loads(out)
    schema = json.loads(files("klingcontracts").joinpath("drift.schema.json").read_text())
    jsonschema_rs.validator_for(schema).validate(told)
    assert code == 1
    assert [one["seen"] for one in told["findings"] if one["rule"] == "traffic.unreadable"] == [
        "it can't be read: No such file or directory"
    ]


def test_another_contract_finds_what_changed(run, own_document):
    assert run("drift", "traffic", NAMES[0], "--against", own_document())[0] == 0
    document = json.loads(json.dumps(read("2026-02")).replace('"enum": ["std", "pro"]', '"enum": ["pro"]'))
    code, out, _ = run("drift", "traffic", NAMES[0], "--against", own_document(**document))
    assert code == 1
    assert "The server took what the contract refuses." in out


def test_the_input_may_be_standard_input(run, monkeypatch):
    raw = (FIXTURES / "lines.jsonl").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
    code, out, _ = run("drift", "traffic", "-")
    assert code == 0
    assert "- (6 of 6 exchanges)" in out


@pytest.mark.parametrize("name", ["missing.har", ".", "a\0b"])
def test_where_nothing_can_be_read_the_exit_code_is_3(run, monkeypatch, name):
    monkeypatch.setenv("COLUMNS", "160")
    code, out, err = run("drift", "traffic", name)
    assert (code, err) == (3, "")
    assert "Could not look: nothing could be read" in out
    assert "it can't be read" in out


def test_a_finding_is_waived_and_written(run, tmp_path):
    lines = (FIXTURES / "lines.jsonl").read_text().replace('"status": 400', '"status": 200')
    (tmp_path / "a.jsonl").write_text(lines)
    code, out, _ = run("drift", "traffic", "a.jsonl", "--report", "json=a.json", "--report", "sarif=a.sarif")
    assert code == 1
    rules = {one["rule"] for one in json.loads((tmp_path / "a.json").read_text())["findings"]}
    assert "submit.body.mode.enum" in rules
    assert json.loads((tmp_path / "a.sarif").read_text())["runs"][0]["results"]
    waivers = "".join(f'[[waiver]]\nrule = "{rule}"\nreason = "known"\n' for rule in sorted(rules))
    (tmp_path / "waivers.toml").write_text(waivers)
    code, out, _ = run("drift", "traffic", "a.jsonl", "--allow", "waivers.toml")
    assert code == 0
    assert f"{len(rules)} waived" in out
