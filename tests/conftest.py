"""What several test files need."""

import os
import shutil
from collections.abc import Callable

import pytest


@pytest.fixture(scope="session")
def need() -> Callable[..., str]:
    """Find a tool, or skip the test (fail it where KLINGMOCK_REQUIRE_TOOLS=1)."""

    def find(name: str, *others: str) -> str:
        path = next(filter(None, map(shutil.which, (name, *others))), None)
        if path is None:
            missing = f"{' or '.join((name, *others))} is not installed"
            if os.environ.get("KLINGMOCK_REQUIRE_TOOLS") == "1":
                pytest.fail(f"{missing}, and KLINGMOCK_REQUIRE_TOOLS=1 asks for it")
            pytest.skip(missing)
        return path

    return find
