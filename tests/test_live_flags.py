"""klingmock.live_flags: an address, keys, headers, files."""

import argparse
import re

import pytest

from klingcontracts.probe_canary import Canary
from klingcontracts.problem import Problem
from klingmock.live_flags import (
    base_of,
    canary_in,
    counted,
    headers,
    keep_canary,
    keys_of,
    page_of,
    pairs,
    picture_of,
    seconds,
    whole,
)


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("https://api.example.com", "https://api.example.com"),
        ("http://127.0.0.1:8787/", "http://127.0.0.1:8787"),
        ("https://gate.example.com/modellix/", "https://gate.example.com/modellix"),
    ],
)
def test_an_address(text, base):
    assert base_of(text) == base


@pytest.mark.parametrize(
    "text",
    [
        *("", "api.example.com", "ftp://a", "http://", "http://a:b", "http://a b", "http://ä.de", "http://["),
        *("http://a:0", "http://me:secret@a", "http://a?key=secret", "http://a#x"),
    ],
)
def test_what_is_no_address(text):
    with pytest.raises(Problem) as told:
        base_of(text)
    assert "secret" not in str(told.value)


def chosen(**flags):
    return argparse.Namespace(
        **{"api_key_env": "KEY", "second_key_env": None, "unfunded_key_env": None, **flags}
    )


def test_keys_come_from_the_environment():
    environ = {"KEY": " sk-1\n", "OTHER": "sk-2"}
    assert keys_of(chosen(), environ) == {"first": "sk-1"}
    assert keys_of(chosen(second_key_env="OTHER"), environ) == {"first": "sk-1", "second": "sk-2"}


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, "There is no key in KEY."),
        ({"KEY": "  "}, "There is no key in KEY."),
        ({"KEY": "two words"}, "What KEY holds is no key."),
        ({"KEY": "schlüssel"}, "What KEY holds is no key."),
        ({"KEY": "sk-1", "OTHER": "sk-1"}, "Two of the keys are the same."),
    ],
)
def test_what_is_no_key_is_not_repeated(environ, said):
    with pytest.raises(Problem, match=said) as told:
        keys_of(chosen(second_key_env="OTHER"), environ)
    assert not any(value.strip() and value in str(told.value) for value in environ.values())


def test_headers_and_readings():
    assert headers(["X-Team: red", "a:b:c"]) == {"x-team": "red", "a": "b:c"}
    assert pairs(["image-required=either"]) == {"image-required": "either"}


@pytest.mark.parametrize(
    "text",
    [
        *("no-colon", ":x", "a b: c", "a: b\nc", "ä: b", "Authorization: Bearer sk-1", "Cookie: a=sk-1"),
        *("X-API-Key: sk-1", "Host: sk-1", "Content-Length: 1", "Transfer-Encoding: chunked"),
    ],
)
def test_what_is_no_header_is_not_repeated(text):
    with pytest.raises(Problem) as told:
        headers([text])
    assert "sk-1" not in str(told.value)


def test_what_is_no_reading():
    with pytest.raises(Problem, match="names no reading"):
        pairs(["image-required"])


def test_numbers():
    assert (whole("--spend", "0"), whole("--spend", "250"), seconds("--timeout", "0.5")) == (0, 250, 0.5)
    assert counted("--rate", "1") == 1
    with pytest.raises(Problem, match=r"^--rate: '0' is no whole number of 1 or more\. Give 1 or more"):
        counted("--rate", "0")
    for text in ("-1", "1.5", "x", "", "٣", "9" * 12):
        with pytest.raises(Problem, match=f"^--spend: {re.escape(repr(text))} is no whole number of 0"):
            whole("--spend", text)
    for text in ("0", "-1", "x", "nan", "inf"):
        with pytest.raises(Problem, match=f"^--timeout: '{text}' is no number of seconds"):
            seconds("--timeout", text)


def test_a_canary_is_kept_and_read(tmp_path):
    file = str(tmp_path / "canary.json")
    assert canary_in(None) is canary_in(file) is None
    keep_canary(file, Canary("t", 1.0, 2.0, "success"))
    assert canary_in(file) == Canary("t", 1.0, 2.0, "success")
    (tmp_path / "canary.json").write_text('{"task_id": 1}')
    with pytest.raises(Problem, match="can't be read"):
        canary_in(file)
    with pytest.raises(Problem, match=r"can't be written.* Keep its task yourself: t\.") as told:
        keep_canary(str(tmp_path), Canary("t", 1.0, 2.0, "success"))
    assert told.value.exit_code == 3


def test_a_canary_file_is_tried_and_left_as_it_is(tmp_path):
    assert canary_in(str(tmp_path / "canary.json")) is None
    assert not list(tmp_path.iterdir())
    with pytest.raises(Problem, match="is no file") as told:
        canary_in(str(tmp_path))
    assert told.value.exit_code == 2
    with pytest.raises(Problem, match="can't be written: No such file or directory") as told:
        canary_in(str(tmp_path / "gone" / "canary.json"))
    assert told.value.exit_code == 2


def test_a_picture_is_a_url():
    assert picture_of(None) is None
    assert picture_of("https://example.com/a.png") == "https://example.com/a.png"
    for text in ("notaurl", "file:///a", "https://[a", "https://a b"):
        with pytest.raises(Problem, match="is no URL"):
            picture_of(text)


def test_a_page_that_is_not_there_or_is_none(tmp_path, monkeypatch):
    assert page_of(None) is None
    with pytest.raises(Problem, match="can't be read") as told:
        page_of(str(tmp_path / "gone"))
    assert told.value.exit_code == 2
    (tmp_path / "page").write_text("hello")
    with pytest.raises(Problem) as told:
        page_of(str(tmp_path / "page"))
    assert str(told.value).lower().count("page '") == 1
