"""The README's test files, put into a folder and run by pytest, each on its own."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

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
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout
    assert re.search(r"\d+ passed", done.stdout)


def test_there_are_five_kinds_of_tests() -> None:
    assert set(TESTS) == {
        "test_video.py",
        "test_async.py",
        "test_refusals.py",
        "test_respx.py",
        "test_schema.py",
    }
