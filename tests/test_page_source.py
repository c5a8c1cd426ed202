"""klingmock.page_source: files, standard input, addresses."""

import argparse
import io
from pathlib import Path

import pytest

from klingcontracts.problem import COULD_NOT_LOOK, USAGE, Problem
from klingmock import page_source
from klingmock.page_source import called, hold_sources, read_source, source_flags

PAGE = Path(__file__).parent.parent / "fixtures" / "pages" / "morph-1.5-i2v.txt"
ADDRESS = "http://127.0.0.1:1/page.md?key=secret"


@pytest.fixture
def flags():
    parser = argparse.ArgumentParser()
    source_flags(parser)
    return lambda *words: parser.parse_args(words)


def test_a_file(flags):
    assert read_source(str(PAGE), flags()).model == "morph-1.5-i2v"


def test_standard_input(flags, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(PAGE.read_bytes())))
    page = read_source("-", flags())
    assert (page.model, page.name) == ("morph-1.5-i2v", "standard input")


def test_an_address(flags, monkeypatch):
    asked = []
    monkeypatch.setattr(page_source, "fetch", lambda *given: asked.append(given) or PAGE.read_bytes())
    page = read_source(ADDRESS, flags("--fetch", "--timeout", "2.5"))
    assert asked == [(ADDRESS, 2.5)]
    assert (page.model, page.name) == ("morph-1.5-i2v", "http://127.0.0.1:1/page.md")


@pytest.mark.parametrize("page", ["gone.txt", "folder", "a\0b"])
def test_what_can_not_be_read_could_not_be_looked_at(flags, tmp_path, monkeypatch, page):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(Problem, match="can't be read") as caught:
        read_source(page, flags())
    assert caught.value.exit_code == COULD_NOT_LOOK


def test_nothing_is_fetched_unasked(flags):
    hold_sources([ADDRESS, "a.txt", "-"], flags("--fetch"))
    with pytest.raises(Problem, match="nothing is fetched unasked") as caught:
        hold_sources([ADDRESS], flags())
    assert caught.value.exit_code == USAGE
    assert "secret" not in str(caught.value)


def test_standard_input_holds_one_page(flags):
    with pytest.raises(Problem, match="named twice"):
        hold_sources(["-", "a", "-"], flags())


@pytest.mark.parametrize("text", ["0", "-1", "x", "nan", "inf", "3601", ""])
def test_a_timeout_that_is_none(flags, text):
    with pytest.raises(Problem, match="no number of seconds"):
        flags(f"--timeout={text}")


def test_what_a_page_is_called():
    assert [called(page) for page in ("-", "a/b.txt", ADDRESS)] == [
        "standard input",
        "a/b.txt",
        "http://127.0.0.1:1/page.md",
    ]
