"""klingmock.report_files: FORMAT=FILE, tried before anything is done, then written."""

import os

import pytest

from klingcontracts.problem import Problem
from klingmock.report_files import named, tried, write

FORMS = ("text", "json")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_format_and_a_file_are_named():
    assert named("json=a.json", FORMS) == ("json", "a.json")
    assert named("text=a=b", FORMS) == ("text", "a=b")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "'' names no file"),
        ("=a", "'=a' names no file"),
        ("json", "'json' names no file"),
        ("json=", "'json=' names no file"),
        ("a.json", "'a.json' names no file"),
        ("jsn=a", "Format 'jsn' is not known. Nearest: 'json'"),
        ("text=-", "is standard output. For that, write --format text"),
    ],
)
def test_what_names_neither_is_told(text, told):
    with pytest.raises(Problem) as caught:
        named(text, FORMS)
    assert told in str(caught.value)
    assert caught.value.exit_code == 2


def test_to_try_leaves_all_as_it_is(tmp_path):
    (tmp_path / "there").write_text("before")
    os.mkfifo(tmp_path / "pipe")
    tried(["there", "not-there", "pipe"])
    assert (tmp_path / "there").read_text() == "before"
    assert not (tmp_path / "not-there").exists()


@pytest.mark.parametrize("other", ["a", "./a", "link", "folder/../a"])
def test_two_reports_have_two_files_by_whatever_name(tmp_path, other):
    (tmp_path / "a").write_text("")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("a")
    with pytest.raises(Problem, match="Two reports go to 'a'"):
        tried(["b", "a", other])


@pytest.mark.parametrize("path", ["none/a", ".", "a\0b"])
def test_what_can_not_be_written_is_told(path):
    with pytest.raises(Problem, match="can't be written") as caught:
        tried([path])
    assert caught.value.exit_code == 2


def test_a_report_is_written_and_what_prevents_it_is_3(tmp_path):
    write("a", "told\n")
    assert (tmp_path / "a").read_text() == "told\n"
    with pytest.raises(Problem, match=r"Report file '\.' can't be written: Is a directory") as caught:
        write(".", "told\n")
    assert caught.value.exit_code == 3
