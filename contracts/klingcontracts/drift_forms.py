"""The forms that a report of drift can have, by name."""

import json
from collections.abc import Callable, Mapping

from klingcontracts.drift import Report
from klingcontracts.drift_github import as_github
from klingcontracts.drift_junit import as_junit
from klingcontracts.drift_markdown import as_markdown
from klingcontracts.drift_sarif import as_sarif
from klingcontracts.drift_text import as_text
from klingcontracts.plain import encodable
from klingcontracts.rule import Level


def as_json(report: Report, fail_on: Level = Level.WARNING) -> str:
    """The report as JSON; drift.schema.json says what is in it."""
    return json.dumps(encodable(report.to_json(fail_on)), indent=2)


FORMS: Mapping[str, Callable[[Report, Level], str]] = {
    "text": as_text,
    "json": as_json,
    "junit": as_junit,
    "sarif": as_sarif,
    "markdown": as_markdown,
    "github": as_github,
}
