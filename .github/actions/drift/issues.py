"""One issue for each finding of a report: opened, kept up to date, and closed when the finding is gone.

    python issues.py drift.json

`gh` does the rest, in the repository and with the token that its environment names. An issue is known again
by a comment at the end of its text, which has the command, the rule and the fingerprint. One command never
closes the issues of another, and nothing is closed by a look that was not a whole one.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from klingcontracts.drift_markdown import code
from klingcontracts.plain import one_line

LABEL = "klingmock-drift"
LEVELS = ("info", "warning", "error")
MOST = 20  # issues that one run opens: a vendor that has changed everything is told of in one go
LONGEST_TITLE = 200
_MARK = re.compile(r"<!-- klingmock command=(\S+) rule=(\S+) fingerprint=([0-9a-f]{64}) -->\s*\Z")


class Issue(NamedTuple):
    """An issue that is open, and what its comment says."""

    number: int
    title: str
    body: str
    command: str
    rule: str
    fingerprint: str


class Failed(Exception):
    """What went wrong, for people."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Bring the issues up to date; 0, or 3 when that could not be done."""
    parser = argparse.ArgumentParser(description="One issue for each finding of a report.")
    parser.add_argument("report", help="written by klingmock with --report json=FILE")
    parser.add_argument("--fail-on", choices=LEVELS, default="warning", help="default: warning")
    parser.add_argument("--label", default=LABEL, help=f"of the issues (default: {LABEL})")
    parser.add_argument("--most", type=int, default=MOST, metavar="N", help=f"new issues (default: {MOST})")
    chosen = parser.parse_args(arguments)
    try:
        report = read(chosen.report)
        gh(
            "label",
            "create",
            chosen.label,
            "--force",
            "--description",
            "The vendor differs from the contract",
        )
        update(report, opened(chosen.label), chosen)
    except Failed as failed:
        print(f"issues.py: {failed}", file=sys.stderr)
        return 3
    return 0


def read(path: str) -> Mapping[str, Any]:
    """The report; Failed when it is none."""
    try:
        report = json.loads(Path(path).read_text(encoding="utf-8"))
        if report["schema_version"] != 1:
            raise Failed(f"{path} is a report of version {report['schema_version']}, and only 1 is known")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Failed(f"{path} is no report: {error!r}") from error
    return dict(report)


def update(report: Mapping[str, Any], issues: Sequence[Issue], chosen: argparse.Namespace) -> None:
    """Open, edit and close issues, so that they say what the report says."""
    least = LEVELS.index(chosen.fail_on)
    wanted = {digest(one): one for one in report["findings"] if LEVELS.index(one["level"]) >= least}
    mine = {one.fingerprint: one for one in issues if one.command == report["command"]}
    for fingerprint, issue in mine.items():
        if fingerprint in wanted:
            title, body = title_of(report, wanted[fingerprint]), body_of(report, wanted[fingerprint])
            if (title, body.strip()) != (issue.title, issue.body.replace("\r\n", "\n").strip()):
                gh("issue", "edit", str(issue.number), "--title", title, "--body-file", "-", text=body)
                print(f"updated #{issue.number}")
        elif was_looked_at(report, issue.rule):
            gh("issue", "close", str(issue.number), "--comment", farewell(report, fingerprint))
            print(f"closed #{issue.number}")
    new = [one for fingerprint, one in wanted.items() if fingerprint not in mine]
    for one in new[: chosen.most]:
        words = ("--title", title_of(report, one), "--label", chosen.label, "--body-file", "-")
        print(f"opened {gh('issue', 'create', *words, text=body_of(report, one)).strip()}")
    if len(new) > chosen.most:
        print(f"{len(new) - chosen.most} more findings have no issue yet: --most is {chosen.most}")


def opened(label: str) -> list[Issue]:
    """The open issues that are ours."""
    told = gh(
        *("issue", "list", "--label", label, "--state", "open", "--limit", "1000"),
        *("--json", "number,title,body"),
    )
    try:
        issues = [(one, _MARK.search(one["body"])) for one in json.loads(told)]
    except (ValueError, KeyError, TypeError) as error:
        raise Failed(f"gh issue list says what is not understood: {error!r}") from error
    return [
        Issue(one["number"], one["title"], one["body"], unquote(mark[1]), unquote(mark[2]), mark[3])
        for one, mark in issues
        if mark
    ]


def was_looked_at(report: Mapping[str, Any], rule: str) -> bool:
    """Whether the look would have found it, were it still there."""
    if report.get("incomplete"):
        return False
    skipped = [one["rule"] for one in report["not_looked"]]
    return not any(rule == one or (one.endswith(".*") and rule.startswith(one[:-1])) for one in skipped)


def farewell(report: Mapping[str, Any], fingerprint: str) -> str:
    """Why an issue is closed."""
    for one in report.get("waived", ()):
        if digest(one) == fingerprint:
            return f"It is waived: {code(one['reason'])}"
    return f"`klingmock {report['command']}` does not find it any more."


def digest(finding: Mapping[str, Any]) -> str:
    """A fingerprint of one length and without a character that means anything."""
    return sha256(finding["fingerprint"].encode("utf-8", "surrogatepass")).hexdigest()


def title_of(report: Mapping[str, Any], finding: Mapping[str, Any]) -> str:
    """The title of a finding's issue."""
    return one_line(f"{report['command']}: {finding['fingerprint']}", LONGEST_TITLE)


def body_of(report: Mapping[str, Any], finding: Mapping[str, Any]) -> str:
    """The text of a finding's issue; the same as long as the finding is."""
    evidence = finding["evidence"]
    rows = {
        "rule": finding["rule"],
        "level": finding["level"],
        "where": f"{finding['operation']}{finding['pointer']}",
        "seen": finding["seen"],
        "documented": finding["documented"],
        "sources": " ".join(finding["sources"]),
        "contract": report["contract"],
        "means": str(evidence.get("means", "")),
        "repeat": str(evidence.get("curl", "")),
    }
    told = [f"| {name} | {code(value, 4000)} |" for name, value in rows.items() if value]
    mark = f"command={quote(report['command'], '')} rule={quote(one_line(finding['rule']), '')}"
    foot = f"<!-- klingmock {mark} fingerprint={digest(finding)} -->"
    return "\n".join(["| | |", "| --- | --- |", *told, "", foot, ""])


def gh(*words: str, text: str | None = None) -> str:
    """Run gh and return what it says; Failed when it fails."""
    try:
        done = subprocess.run(  # noqa: S603
            ["gh", *words],  # noqa: S607
            input=text,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
    except OSError as error:
        raise Failed(f"gh can't be run: {error.strerror}") from error
    if done.returncode:
        raise Failed(f"gh {' '.join(words[:2])} failed: {one_line(done.stderr.strip())}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
