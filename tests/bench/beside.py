"""`st run` on the vendor's stand-in, with our document: what it finds, and what a paid API would cost it."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from bench.progress import say
from bench.talk import CouldNotMeasureError
from klingcontracts.document import read
from vendor.twin import KEY, Twin, serving

EXAMPLES = 50
PACE = 0.05  # seconds that a task is pending; it is processing for twice as long
PATIENCE = 300  # seconds for a run


class Looked(NamedTuple):
    """One look at one stand-in: whether something was found, requests that it got, jobs that it took."""

    name: str
    found: bool
    requests: int
    accepted: int


def st_runs(names: Sequence[str | None]) -> Iterator[Looked]:
    """Run schemathesis on each: all checks, both modes; the stand-in refuses nothing as too much."""
    with TemporaryDirectory() as folder:
        document = Path(folder) / "contract.json"
        document.write_text(json.dumps(read("2026-02")), encoding="utf-8")
        for nth, name in enumerate(names):
            say(f"st run: {nth + 1} of {len(names)}, {name or 'unchanged'}")
            yield _st(name, document)


def _st(name: str | None, document: Path) -> Looked:
    twin = Twin(name, pace=PACE, limits=False)
    report = document.with_name("report.json")
    report.unlink(missing_ok=True)
    with serving(twin) as url:
        flags = ["--url", url, "-H", f"Authorization: Bearer {KEY}", "-n", str(EXAMPLES), "--seed", "1"]
        flags += ["--checks", "all", "--mode", "all", "--no-shrink", "--request-timeout", "5"]
        flags += ["--continue-on-failure", "--report", "json", "--report-json-path", str(report)]
        command = [str(Path(sys.executable).with_name("st")), "run", str(document), *flags]
        done = subprocess.run(
            command, cwd=document.parent, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    if not report.exists():
        raise CouldNotMeasureError(f"st run says nothing: {(done.stderr or done.stdout)[-300:]}")
    failures = json.loads(report.read_text(encoding="utf-8"))["failures"]
    return Looked(name or "", bool(failures), twin.requests, len(twin.tasks))
