"""klingcontracts.traffic_files: what a recording is, is seen from what is in it."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klingcontracts import traffic_files
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
        (b"{}", "it is not a HAR, a cassette of VCR, a journal, or JSON lines; line 1: method is missing"),
        (b"[1]", "JSON lines; exchange 1: this exchange is no object"),
        (b'{"status": "ok", "data": {}}', "JSON lines; line 1: method is missing"),
        (b"3", "it is not a HAR"),
        (b"\xff\xfe", "it is no text in UTF-8"),
        (b"<html>", "it is not a HAR"),
        (b"a: [\n", "as YAML: line 2: a bracket is not closed"),
        (b"interactions: !!python/object:os.system\n", "as YAML"),
        (b'{"log": 5}', "it looks like a HAR, but log is no object"),
        (b'{"log": {"entries": "x"}}', "it looks like a HAR, but log.entries is no list"),
        (b'{"log": {"version": "1.2"}}', "it looks like a HAR, but log.entries is missing"),
        (b"interactions: 3", "it looks like a cassette of VCR, but interactions is no list"),
        (b'{"http_interactions": {}}', "but http_interactions is no list"),
        (b"{}\n3\n", "JSON lines; line 1: method is missing"),
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


@pytest.mark.parametrize(
    ("whole", "place", "why"),
    [
        ({"log": {"entries": [{}]}}, "entry 1", "it is a HAR, but request is missing"),
        ({"log": {"entries": [3]}}, "entry 1", "it is a HAR, but this entry is no object"),
        ({"interactions": [{}]}, "interaction 1", "it is a cassette of VCR, but request is missing"),
        ({"call": {}, "reply": {}}, "line 1", "it is a journal, but call.headers is missing"),
        ({"call": {"headers": {}}}, "line 1", "it is a journal, but reply is missing"),
        ({"method": 5}, "line 1", "it is JSON lines, but url is missing"),
        ({"request": 5}, "line 1", "it is JSON lines, but request is no object"),
        ([{"request": {}}], "exchange 1", "it is a list of exchanges, but request.method is missing"),
        ({"method": "GET", "log": 5}, "line 1", "it is JSON lines, but url is missing"),
    ],
)
def test_a_file_of_which_nothing_can_be_read_is_still_called_what_it_is(whole, place, why):
    recording = read_traffic(json.dumps(whole).encode())
    assert (recording.taken, [one[:2] for one in recording.unread]) == ((), [(place, why)])


def test_a_line_may_have_a_field_called_as_the_list_of_a_har():
    assert len(read_traffic(encoded({**LINE, "log": "x"})).taken) == 1


def test_each_broken_entry_has_its_own_reason():
    recording = read_traffic(encoded(LINE) + b'not json\n{"method":5}\n[]\nnull\n')
    assert recording.unread == (
        ("line 2", "this line is no JSON: Expecting value at character 0", 2),
        ("line 3", "url is missing", 3),
        ("line 4", "this line is no object", 4),
        ("line 5", "this line is no object", 5),
    )


def test_each_broken_line_of_none_that_can_be_read_as_well():
    recording = read_traffic(b'{"x": 1}\nnot json\n{"method": "GET"}\n')
    assert [one.why for one in recording.unread] == [
        "it is JSON lines, but method is missing",
        "it is JSON lines, but this line is no JSON: Expecting value at character 0",
        "it is JSON lines, but url is missing",
    ]


def test_what_nobody_has_thought_of_is_told_without_the_words_of_python(monkeypatch):
    def broken(_):
        raise IndexError("sk-secret")

    monkeypatch.setattr(traffic_files, "from_har", broken)
    ((_, why, _),) = read_traffic(encoded({"log": {"entries": [{}]}})).unread
    assert why == "it is a HAR, but it can't be read"


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
