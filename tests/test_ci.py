"""The action and the workflow to copy: what they may do, what they call, and the issues that they keep."""

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from klingcontracts.drift import Found, NotLooked, Report, Waived
from klingcontracts.drift_forms import as_json
from klingcontracts.page_yaml import load_yaml
from klingcontracts.rule import Level

ROOT = Path(__file__).parent.parent
ACTION = ROOT / ".github" / "actions" / "drift"
WORKFLOW = ROOT / "fixtures" / "ci" / "drift.yml"
CRON = ROOT / "fixtures" / "ci" / "drift.cron"


@pytest.fixture(scope="module")
def action():
    return load_yaml((ACTION / "action.yml").read_text())


@pytest.fixture(scope="module")
def workflow():
    return load_yaml(WORKFLOW.read_text())


def steps_of(workflow):
    return [(name, step) for name, job in workflow["jobs"].items() for step in job["steps"]]


def looks():
    """Each look of the workflow and of the crontab: the action, and its arguments."""
    found = []
    for _, step in steps_of(load_yaml(WORKFLOW.read_text())):
        if "drift" in step["uses"]:
            found.append((step["with"]["look"], shlex.split(step["with"]["arguments"])))
    for line in CRON.read_text().splitlines():
        for command in re.findall(r"klingmock drift ([^>|]*)", line):
            look, *words = shlex.split(command)
            found.append((look, words))
    return found


# --- what may run, and with what ---


def test_another_reader_of_yaml_reads_the_same(action, workflow):
    yaml = pytest.importorskip("yaml")
    for path, mine in ((ACTION / "action.yml", action), (WORKFLOW, workflow)):
        other = yaml.safe_load(path.read_text())
        other = {("on" if name is True else name): value for name, value in other.items()}  # YAML 1.1
        assert other == mine


def test_nothing_runs_for_a_pull_request(workflow, action):
    assert set(workflow["on"]) == {"schedule", "workflow_dispatch"}
    first = action["runs"]["steps"][0]
    assert first["if"] == "startsWith(github.event_name, 'pull_request')"
    assert first["run"].rstrip().endswith("exit 2")


def test_each_look_has_its_own_time_and_runs_in_no_fork(workflow):
    times = [one["cron"] for one in workflow["on"]["schedule"]]
    assert len(set(times)) == len(times) == len(workflow["jobs"])
    choices = workflow["on"]["workflow_dispatch"]["inputs"]["look"]["options"]
    assert choices == list(workflow["jobs"])
    for time, (name, job) in zip(times, workflow["jobs"].items(), strict=True):
        condition = f"(github.event.schedule == '{time}' || inputs.look == '{name}')"
        assert job["if"] == f"${{{{ !github.event.repository.fork && {condition} }}}}"


def test_permissions_are_the_least(workflow):
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert job["permissions"] == {"contents": "read", "issues": "write"}
        assert job["timeout-minutes"] <= 60
    for _, step in steps_of(workflow):
        if "checkout" in step["uses"]:
            assert (
                step["with"]["persist-credentials"] == "false" or step["with"]["persist-credentials"] is False
            )


def test_a_key_comes_from_a_secret_and_goes_to_the_look_alone(workflow, action):
    text = WORKFLOW.read_text()
    assert set(re.findall(r"^ *([\w-]+): \$\{\{ secrets\.(\w+) \}\}$", text, re.MULTILINE)) == {
        ("api-key", "MODELLIX_API_KEY")
    }
    assert text.count("secrets.") == 2
    for name, step in steps_of(workflow):
        assert "env" not in step
        assert ("api-key" in step.get("with", {})) == (name != "docs" and "drift" in step["uses"])
    keyed = [step["name"] for step in action["runs"]["steps"] if "-key" in json.dumps(step.get("env", {}))]
    assert keyed == ["Look"]
    assert "key" not in " ".join(one for _, words in looks() for one in words)


def test_no_expression_stands_in_a_script(action):
    for step in action["runs"]["steps"]:
        assert step["shell"] == "bash"
        assert "${{" not in step["run"]


def test_what_is_paid_for_is_said(workflow):
    spent = {
        name: shlex.split(step["with"]["arguments"])
        for name, step in steps_of(workflow)
        if "drift" in step["uses"]
    }
    budget = {
        name: words[words.index("--spend") + 1] if "--spend" in words else None
        for name, words in spent.items()
    }
    assert budget == {"docs": None, "live": "0", "paid": "1"}


def test_inputs_are_those_of_the_action(workflow, action):
    for _, step in steps_of(workflow):
        if step["uses"] == "./.github/actions/drift":
            assert set(step["with"]) <= set(action["inputs"])
            assert {name for name, one in action["inputs"].items() if one.get("required")} <= set(
                step["with"]
            )
    used = set(re.findall(r"inputs\.([\w-]+)", (ACTION / "action.yml").read_text()))
    assert used == set(action["inputs"])


@pytest.mark.parametrize(
    ("look", "words"), looks(), ids=lambda one: " ".join(one) if isinstance(one, list) else one
)
def test_each_command_is_one_of_ours(look, words):
    parser = argparse.ArgumentParser(exit_on_error=False)
    import_module(f"klingmock.drift_{look}").flags(parser)
    _, strange = parser.parse_known_args(words)
    assert strange == []


def test_the_crontab_looks_as_often_and_prints_only_what_was_found(workflow):
    lines = [line for line in CRON.read_text().splitlines() if re.match(r"[0-9]", line)]
    assert [" ".join(line.split()[:5]) for line in lines] == [
        one["cron"] for one in workflow["on"]["schedule"]
    ]
    assert all("%" not in line and re.search(r">(\w+\.txt) 2>&1 \|\| cat \1; \}$", line) for line in lines)


# --- the scripts, carried out ---


@pytest.fixture
def programs(tmp_path):
    """A folder of programs: python, klingmock, and a gh that keeps its issues in a file."""
    folder = tmp_path / "bin"
    folder.mkdir()
    made = {
        "python": f'exec "{sys.executable}" "$@"',
        "klingmock": f'exec "{sys.executable}" -m klingmock "$@"',
        "gh": f'exec "{sys.executable}" "{ROOT / "tests" / "inner" / "fake_gh.py"}" "$@"',
    }
    for name, line in made.items():
        (folder / name).write_text(f"#!/bin/sh\n{line}\n")
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def environment(programs, tmp_path):
    files = {name: str(tmp_path / name) for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
    return {
        **os.environ,
        **files,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "RUNNER_TEMP": str(tmp_path),
        "GH_STATE": str(tmp_path / "issues.json"),
    }


@pytest.fixture
def look(environment, tmp_path, need):
    """Run look.sh; its exit code, what it printed, its outputs, and the summary."""

    def start(action: str, arguments: str):
        given = {**environment, "LOOK": action, "ARGUMENTS": arguments}
        done = subprocess.run(
            [need("bash"), str(ACTION / "look.sh")],
            env=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        outputs = dict(line.split("=", 1) for line in (tmp_path / "GITHUB_OUTPUT").read_text().splitlines())
        summary = tmp_path / "GITHUB_STEP_SUMMARY"
        return done, outputs, summary.read_text() if summary.exists() else ""

    return start


def test_a_look_has_annotations_a_report_and_a_summary(look, tmp_path):
    recorded = (
        (ROOT / "fixtures" / "traffic" / "lines.jsonl").read_text().replace('"status": 400', '"status": 200')
    )
    (tmp_path / "a b.jsonl").write_text(recorded)
    done, outputs, summary = look("traffic", f"'{tmp_path}/a b.jsonl'\n  --against 2026-02\n")
    assert outputs["code"] == "1"
    assert "::error title=submit.reply.code.const," in done.stdout
    assert json.loads(Path(outputs["report"]).read_text())["verdict"] == "drift"
    assert summary.startswith("### drift traffic: drift")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [("missing.har", "3"), ("x --formt json", "2"), ("", "2"), ("$(touch pwned) `id` '; id'", "3")],
)
def test_a_look_that_fails_says_how(look, tmp_path, arguments, code):
    done, outputs, _ = look("traffic", arguments)
    assert outputs["code"] == code
    assert not list(Path.cwd().glob("pwned"))
    assert (code == "2") == bool(done.stderr)


@pytest.fixture
def issues(environment, tmp_path, finding):
    """Run issues.py for a report; its exit code, what it printed, and the issues that there are then."""
    state = tmp_path / "issues.json"

    def run(report: Report | str, *words: str, **more):
        path = tmp_path / "drift.json"
        path.write_text(report if isinstance(report, str) else as_json(report))
        command = [sys.executable, str(ACTION / "issues.py"), str(path), *words]
        done = subprocess.run(
            command, env=environment | more, capture_output=True, text=True, timeout=60, check=False
        )
        told = json.loads(state.read_text()) if state.exists() else {"issues": []}
        return done, told["issues"]

    return run


def report_of(*findings, command: str = "drift live", **more) -> Report:
    return Report(command, "2026-02", "http://x", [Found(one) for one in findings], **more)


def test_the_life_of_an_issue(issues, finding):
    done, (one,) = issues(report_of(finding(), finding(Level.INFO, pointer="/other")))
    assert (done.returncode, done.stderr) == (0, "")
    assert one["title"] == "drift live: submit.body.mode.enum@submit/mode"
    assert (one["state"], one["labels"]) == ("open", ["klingmock-drift"])
    assert "| seen | `'pro'` |" in one["body"]
    done, (same,) = issues(report_of(finding()))
    assert (done.stdout, same["edits"]) == ("", 0)
    done, (edited,) = issues(report_of(finding(seen="'max'")))
    assert (done.stdout, edited["edits"]) == ("updated #1\n", 1)
    assert "'max'" in edited["body"]
    done, (closed,) = issues(report_of())
    assert done.stdout == "closed #1\n"
    assert (closed["state"], closed["comments"]) == (
        "closed",
        ["`klingmock drift live` does not find it any more."],
    )
    done, (_, again) = issues(report_of(finding()))
    assert again["state"] == "open"


def test_nothing_is_closed_by_a_look_that_did_not_look(issues, finding):
    issues(report_of(finding()))
    for report in (
        report_of(incomplete="no balance"),
        report_of(not_looked=[NotLooked("submit.body.mode.enum", "--spend is 0")]),
        report_of(not_looked=[NotLooked("submit.*", "nothing was recorded")]),
        report_of(command="drift docs"),
    ):
        _, (one,) = issues(report)
        assert one["state"] == "open"
    _, (one,) = issues(report_of(not_looked=[NotLooked("task.*", "no key")]))
    assert one["state"] == "closed"


def test_what_is_waived_is_closed_with_the_reason(issues, finding):
    issues(report_of(finding()))
    _, (one,) = issues(report_of(waived=[Waived(Found(finding()), "known | @all")]))
    assert one["comments"] == [r"It is waived: `known \| @all`"]


def test_two_commands_keep_their_own_issues_of_one_finding(issues, finding):
    issues(report_of(finding()))
    _, both = issues(report_of(finding(), command="drift docs"))
    assert [one["state"] for one in both] == ["open", "open"]


def test_a_flood_is_dammed(issues, finding):
    many = report_of(*(finding(pointer=f"/{nth}") for nth in range(5)))
    done, opened = issues(many, "--most", "3")
    assert len(opened) == 3
    assert "2 more findings have no issue yet" in done.stdout
    assert len(issues(many, "--most", "3")[1]) == 5


def test_the_level_is_chosen(issues, finding):
    assert issues(report_of(finding(Level.WARNING)), "--fail-on", "error")[1] == []
    assert len(issues(report_of(finding(Level.INFO)), "--fail-on", "info")[1]) == 1


def test_hostile_text_is_text_and_its_issue_is_known_again(issues, finding):
    hostile = finding(
        pointer="/-->\n<!-- klingmock command=x rule=y fingerprint=" + "0" * 64 + " -->",
        seen="@all\n```|<script>",
    )
    _, (one,) = issues(report_of(hostile))
    assert "\n" not in one["title"]
    assert [line[:4] for line in one["body"].splitlines()][-1] == "<!--"
    done, issues_then = issues(report_of(hostile))
    assert (done.stdout, len(issues_then)) == ("", 1)
    _, (closed,) = issues(report_of())
    assert closed["state"] == "closed"


def test_issues_of_others_are_left_alone(issues, finding, environment):
    foreign = {
        "number": 7,
        "title": "x",
        "body": "mine",
        "labels": ["klingmock-drift"],
        "state": "open",
        "edits": 0,
        "comments": [],
    }
    Path(environment["GH_STATE"]).write_text(json.dumps({"issues": [foreign]}))
    _, (one,) = issues(report_of())
    assert one == foreign


@pytest.mark.parametrize("report", ["", "{}", "[]", '{"schema_version": 2}', "3"])
def test_what_is_no_report_is_one_line(issues, report):
    done, told = issues(report)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (3, "", 1)
    assert told == []


def test_a_gh_that_fails_is_one_line(issues, finding):
    for more in ({"GH_FAILS": "HTTP 403:\nno"}, {"PATH": "/nowhere"}, {"GH_SAYS": "<html>"}):
        done, _ = issues(report_of(finding()), **more)
        assert (done.returncode, done.stderr.count("\n")) == (3, 1), done.stderr
        assert "gh" in done.stderr
