"""klingmock contract: what is documented, as tables and as a document."""

import json

import pytest

from klingcontracts.contract import load
from klingcontracts.document import revisions
from klingcontracts.show import FORMS


def test_contract_list(run):
    code, out, err = run("contract", "list")
    assert (code, err) == (0, "")
    assert all(name in out for name in revisions())


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("revision", revisions())
def test_contract_show(run, revision, form):
    code, out, err = run("contract", "show", revision, "--format", form)
    assert (code, err) == (0, "")
    contract = load(revision)
    if form == "openapi":
        assert json.loads(out) == contract.document
    known = {
        "text": [revision],
        "rules": ["limit.rate"],
        "questions": ["null-field"],
        "openapi": ['"openapi"'],
    }
    assert all(text in out for text in known[form])


def test_contract_show_takes_the_default(run):
    assert run("contract", "show") == run("contract", "show", "2026-02", "--format", "text")


def test_contract_show_applies_readings(run):
    code, out, _ = run("contract", "show", "--format", "openapi", "--reading", "wrong-method=404")
    assert code == 0
    assert json.loads(out)["x-errors"]["wrong-method"]["status"] == 404
