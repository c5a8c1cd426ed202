"""Schemathesis holds the running fake against its own document, and finds nothing.

Its command is run, not its pytest plugin: only the command has all phases, among them the stateful one.
"""

import json
import subprocess
import sys
from urllib.request import urlopen

import pytest

EXAMPLES = 50  # for each operation and phase; about four seconds for a revision
DOCUMENT = "/__klingmock/openapi.json"
FAKE = ("--no-limits", "--timing", "instant", "--log-level", "warning")


@pytest.fixture
def examine(need_library, tmp_path):
    """Run all checks, positive and negative, against a base URL; its report, as it printed it and as JSON."""
    need_library("schemathesis")

    def run(url, document, *more):
        report = tmp_path / "report.json"
        run = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "run", document),
                *("--url", url, "--header", "Authorization: Bearer mock-conformance"),
                *("--checks", "all", "--mode", "all", "--continue-on-failure"),
                *("--max-examples", str(EXAMPLES), "--seed", "1", "--generation-database", "none"),
                *("--no-color", "--report", "json", "--report-json-path", report),
                *more,
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert report.exists(), run.stdout + run.stderr
        return run.returncode, run.stdout, json.loads(report.read_text())

    return run


@pytest.mark.parametrize(
    "flags",
    [
        ("--revision", "2026-02"),
        ("--revision", "2026-02", "--reading", "image-required=either"),
        ("--revision", "2026-04"),
        ("--revision", "2026-07"),
    ],
    ids=" ".join,
)
def test_the_fake_keeps_to_its_document(examine, launch, flags):
    with launch(*FAKE, *flags) as running:
        code, said, report = examine(running.url, running.url + DOCUMENT)
        assert running.log.read_text() == ""
    assert (code, report["failures"], report["errors"]) == (0, [], []), said
    # It has really looked: everywhere, in all ways, and its bodies were both taken and refused.
    operations, phases = report["operations"], report["phases"]
    assert operations["tested"] == operations["total"] > 1
    assert {phase: result["status"] for phase, result in phases.items()} == dict.fromkeys(
        ("examples", "coverage", "fuzzing", "stateful"), "success"
    )
    assert report["test_cases"]["generated"] > 5 * EXAMPLES
    (submit,) = (rates for name, rates in report["valid_rates"].items() if "/kling-v1-i2v" in name)
    assert submit["fuzzing"]["accepted"] > EXAMPLES / 4


def change(document):
    """Make it another document: in what it takes, in what it refuses, in its replies and in its statuses."""
    schemas = document["components"]["schemas"]
    schemas["SubmitBody"]["properties"]["mode"]["enum"].append("turbo")
    schemas["SubmitBody"]["properties"]["prompt"]["maxLength"] = 10
    schemas["SubmitReply"]["properties"]["data"] = {"type": "integer"}
    for path in document["paths"].values():
        for operation in path.values():
            del operation["responses"]["401"]


def test_another_document_is_noticed(examine, launch, tmp_path):
    changed = tmp_path / "openapi.json"
    with launch(*FAKE) as running:
        with urlopen(running.url + DOCUMENT) as reply:
            document = json.load(reply)
        change(document)
        changed.write_text(json.dumps(document))
        code, said, report = examine(running.url, changed, "--phases", "coverage")
    assert code == 1, said
    assert {failure["type"] for failure in report["failures"]} == {
        *("AcceptedNegativeData", "RejectedPositiveData", "JsonSchemaError", "UndefinedStatusCode")
    }
