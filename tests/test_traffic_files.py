"""klingcontracts.traffic_files: what a recording is, is seen from what is in it."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klingcontracts.traffic_files import read_traffic

FIXTURES = Path(__file__).parent.parent / "fixtures" / "traffic"
RECORDINGS = sorted(path.name for path in FIXTURES.iterdir() if path.suffix != ".py")
LINE = {"method": "GET", "url": "http://a/b", "status": 200}


def encoded(*values) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def test_the_recordings_are_those_that_are_meant():
    assert RECORDINGS == [
        "browser.har",
        "journal.jsonl",
        "lines.jsonl",
        "proxy.har",
        "ruby.yml",
        "vcrpy.yaml",
    ]


@pytest.mark.parametrize("name", RECORDINGS)
def test_each_kind_of_recording_tells_the_same_session(name):
    recording = read_traffic((FIXTURES / name).read_bytes())
    assert recording.unread == ()
    api = [one.exchange for one in recording.taken if one.exchange.call.path.startswith("/api/")]
    assert [(one.call.method, one.reply.status) for one in api] == [
        ("POST", 200),
        *[("GET", 200)] * 4,
        ("POST", 400),
    ]
    assert api[0].call.json()["prompt"] == "A ridge at dawn,\nslow pan: 山の夜明け"
    assert [json.loads(bytes(one.reply.body))["code"] for one in api] == [0] * 5 + [400]
    word = {"har": "entry", "jsonl": "line"}.get(name.partition(".")[2], "interaction")
    assert [one.place for one in recording.taken][:2] == [f"{word} 1", f"{word} 2"]


def test_the_video_is_bytes_where_the_recording_has_it():
    for name, got in (("vcrpy.yaml", True), ("proxy.har", True), ("browser.har", False)):
        (video,) = [
            one
            for one in read_traffic((FIXTURES / name).read_bytes()).taken
            if "/aigc/" in one.exchange.call.path
        ]
        assert (video.got, bytes(video.exchange.reply.body)[4:8] == b"ftyp") == (got, got)


@pytest.mark.parametrize(
    "raw",
    [
        encoded(LINE),
        encoded(LINE, LINE)[:-1],
        b"\xef\xbb\xbf" + encoded(LINE, LINE),
        b"\n" + encoded(LINE) + b"\n\n",
        json.dumps(LINE, indent=2).encode(),
        json.dumps([LINE, LINE]).encode(),
        json.dumps(
            {
                "interactions": [
                    {"request": {"method": "GET", "uri": "http://a/b"}, "response": {"status": 200}}
                ]
            }
        ).encode(),
        b"interactions:\n- request: {method: GET, uri: 'http://a/b'}\n  response: {status: {code: 200}}\n",
    ],
)
def test_what_is_read(raw):
    recording = read_traffic(raw)
    assert not recording.unread
    assert {one.exchange.call.path for one in recording.taken} == {"/b"}


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"{", "it is no JSON: "),
        (b'{"log": ', "it is no JSON: "),
        (b"{}", "it is not a HAR, a cassette of VCR, a journal, or JSON lines; line 1: it has no"),
        (b"[1]", "exchange 1: it is no exchange"),
        (b"3", "it is not a HAR"),
        (b"\xff\xfe", "it is no text in UTF-8"),
        (b"<html>", "it is not a HAR"),
        (b"a: [\n", "as YAML: line 2: a bracket is not closed"),
        (b"interactions: !!python/object:os.system\n", "as YAML"),
        (b'{"log": {"entries": 3}}', "it is not a HAR"),
        (encoded({"log": {"entries": [{}, {}]}}), "entry 1: it has no 'request'"),
        (b"[" * 100_000, "it is no JSON"),
        (b'{"a":' * 100_000, "it is no JSON"),
    ],
)
def test_what_is_not_read_says_why(raw, why):
    recording = read_traffic(raw)
    assert recording.taken == ()
    ((place, told, _),) = recording.unread
    assert place == ""
    assert why in told


def test_no_exchange_is_not_a_broken_file():
    assert read_traffic(b'{"log": {"entries": []}}') == ((), ())


def test_one_broken_line_spoils_no_other():
    recording = read_traffic(encoded(LINE) + b"{broken\n" + encoded(LINE, {**LINE, "url": "x"}, 3))
    assert len(recording.taken) == 2
    assert [(one.place, one.line) for one in recording.unread] == [
        ("line 2", 2),
        ("line 4", 4),
        ("line 5", 5),
    ]
    assert recording.taken[1].line == 3


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_whatever_becomes_of_a_recording_nothing_is_raised(data):
    raw = bytearray((FIXTURES / data.draw(st.sampled_from(RECORDINGS))).read_bytes())
    start = data.draw(st.integers(0, len(raw)))
    raw[start : start + data.draw(st.integers(0, 2000))] = data.draw(st.binary(max_size=20))
    recording = read_traffic(bytes(raw))
    assert recording.taken or recording.unread


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
VALUES = st.recursive(
    SCALARS, lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=3), one, max_size=3)
)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_an_entry_may_hold_anything_in_any_place(data):
    names = [
        "request",
        "response",
        "method",
        "url",
        "uri",
        "headers",
        "body",
        "status",
        "content",
        "postData",
        "call",
        "reply",
    ]
    parts = st.dictionaries(st.sampled_from(names), VALUES)
    entry = st.dictionaries(st.sampled_from(names), parts | VALUES)
    entries = data.draw(st.lists(entry, min_size=1, max_size=3))
    for whole in ({"log": {"entries": entries}}, {"interactions": entries}, entries):
        recording = read_traffic(json.dumps(whole).encode())
        assert recording.taken or recording.unread
