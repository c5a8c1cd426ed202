"""The README's test files, put into a folder and run by pytest, each on its own."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from klingcontracts.verdict import RULES

README = (Path(__file__).parents[2] / "README.md").read_text()
FILES = dict(re.findall(r"^```python\n# (\w+\.py)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL))
TESTS = sorted(name for name in FILES if name.startswith("test_"))
NEEDS = ("httpx", "hypothesis", "respx", "schemathesis")


@pytest.mark.parametrize("name", TESTS)
def test_a_test_file_of_the_readme_passes(
    name: str, tmp_path: Path, need_library: Callable[[str], None]
) -> None:
    for library in NEEDS:
        if library in FILES[name]:
            need_library(library)
    for other, text in FILES.items():
        if other == name or not other.startswith("test_"):
            (tmp_path / other).write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", name]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout
    assert re.search(r"\d+ passed", done.stdout)


def test_each_kind_of_test_is_shown() -> None:
    kinds = ("async", "lost", "refusals", "respx", "scenarios", "schema", "slow", "stuck", "verdict", "video")
    assert [f"test_{kind}.py" for kind in kinds] == TESTS


def test_the_rules_of_a_good_client_are_those_in_the_code() -> None:
    for rule in RULES:
        assert f"| `{rule.id}` | {rule.says} |" in README.splitlines()
