"""klingmock.printed: what a program printed is shown without secrets, and without what moves a cursor."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klingmock.printed import KEPT, LONGEST_SECRET, MOST, redacted_text, secrets_of, shown, shown_command


@pytest.mark.parametrize(
    ("told", "left"),
    [
        ("Authorization: Bearer abc.def", "Authorization: Bearer <redacted>"),
        ("authorization=Basic Zm9v", "authorization=Basic <redacted>"),
        ("sent Bearer abc123 along", "sent Bearer <redacted> along"),
        ("--api-key sk1 next", "--api-key <redacted> next"),
        ("{'token': 'aaa', 'b': 1}", "{'token': '<redacted>', 'b': 1}"),
        ('{"api_key":"zz","n":1}', '{"api_key":"<redacted>","n":1}'),
        ("https://a.example/x?access_key=zz&n=1", "https://a.example/x?access_key=<redacted>&n=1"),
        ("MODELLIX_API_KEY=abc", "MODELLIX_API_KEY=<redacted>"),
        ("found sk-abcdefghijklmnop here", "found <redacted> here"),
        ("eyJhbGciOiJIUzI1.eyJzdWIiOiIx.sig", "<redacted>"),
        ("the access token has expired", "the access token has expired"),
        ("KeyError: 'data'", "KeyError: 'data'"),
        ("token_count: 5", "token_count: 5"),
        ("the key is mine-123", "the key is <redacted>"),
    ],
)
def test_secrets_are_taken_out(told, left):
    assert shown(told.encode(), ["mine-123"]) == left


def test_the_longer_secret_goes_first():
    assert redacted_text("abcdef-ghi", ["abcdef", "abcdef-ghi"]) == "<redacted>"


def test_colours_and_control_characters_are_taken_out():
    raw = b"\x1b[31mred\x1b[0m\r\nbell\x07 \x1b]0;title\x07tab\there\xff\x00\n\n"
    assert shown(raw) == "red\nbell tab\there\ufffd"


@given(st.binary(max_size=200))
def test_what_is_left_can_stand_in_xml(raw):
    allowed = {"\t", "\n"}
    assert all((mark >= " " and not 0x7F <= ord(mark) <= 0x9F) or mark in allowed for mark in shown(raw))


def test_of_much_output_the_end_is_shown():
    many = b"".join(b"line %d\n" % nth for nth in range(5000))
    told = shown(many[-KEPT:])
    assert told.startswith("…")
    assert told.endswith("line 4999")
    assert len(told) == MOST + 1


def test_a_secret_that_begins_before_what_was_kept_is_not_shown():
    raw = b"cret-value " + "雪".encode() * ((KEPT - 11) // 3) + b"xx"
    assert len(raw) >= KEPT - 2
    raw = raw.ljust(KEPT, b"y")
    assert "cret-value" not in shown(raw, ["my-secret-value"])
    assert len("cret-value") < LONGEST_SECRET


def test_the_secrets_of_an_environment_go_by_their_names():
    environ = {"MY_TOKEN": "abcdefgh", "HOME": "/root", "DB_PASSWORD": "short", "X_API_KEY": "123456"}
    assert secrets_of(environ) == ["abcdefgh", "123456"]


def test_a_command_is_shown_as_it_is_typed(monkeypatch):
    monkeypatch.setenv("SOME_SECRET", "hunter22")
    assert (
        shown_command(["a b", "--token", "xyz", "--n=hunter22"]) == "'a b' --token <redacted> --n=<redacted>"
    )


def test_a_byte_of_a_command_that_is_no_utf_8_can_be_read():
    assert shown_command(["client", os.fsdecode(b"caf\xc3\xa9-\xff")]) == "client 'café-\\xff'"
