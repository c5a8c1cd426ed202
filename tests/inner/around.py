"""What holds around each test of a suite that uses the fake, and around all: all is as it was afterwards."""

import os
import threading
from pathlib import Path

import no_lookups
import pytest

wide = pytest.StashKey()


def outside():
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    before = outside()
    result = yield
    assert outside() == before, item
    if "shared" in getattr(item, "fixturenames", ()):  # a world that is open until the session ends
        item.session.stash[wide] = True
    assert no_lookups.are_back() or item.session.stash.get(wide, False), item
    return result


def pytest_unconfigure():
    assert no_lookups.are_back()
    assert "klingmock" not in [thread.name for thread in threading.enumerate()]


@pytest.fixture
def told(request):
    def tell(*words):
        with Path("told.txt").open("a") as file:
            print(request.node.nodeid, *words, file=file)

    return tell


class Note(pytest.Item):
    def runtest(self):
        assert os.environ["MODELLIX_BASE_URL"] == "before"

    def reportinfo(self):
        return self.path, None, self.name


class Notes(pytest.File):
    def collect(self):
        return [Note.from_parent(self, name="note")]


def pytest_collect_file(file_path, parent):
    return Notes.from_parent(parent, path=file_path) if file_path.suffix == ".note" else None
