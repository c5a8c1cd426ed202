"""klingmock.journal: what was asked and answered."""

import base64
import errno
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klingcontracts.exchange import REDACTED, Call, Reply
from klingcontracts.problem import Problem
from klingmock.journal import KEPT_WHOLE, MOST_BODY, MOST_HEADERS, SIZE, Journal, open_file
from klingmock.refusal import Answer

OK = Reply(200, {"content-type": "application/json"}, b'{"code":0}')
DONE = Answer(200, '{"code":0}', "submit")
IMAGE = base64.b64encode(bytes(range(256)) * 30).decode()


def call(body: bytes = b"", **headers: str) -> Call:
    return Call("POST", "/p", headers, body)


class Full(io.StringIO):
    """A file on a disk that fills up after a number of writes."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room
        self.tried = 0

    def write(self, text: str) -> int:
        self.tried += 1
        if self.tried > self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(text)


def test_an_entry_holds_the_exchange_the_operation_and_the_hint(fake):
    world = fake()
    world.submit({"image": 5})
    [entry] = world.mock.journal.entries
    assert entry.operation == "submit"
    assert entry.hint.startswith("submit.body.image.type: ")
    assert [finding.rule.id for finding in entry.findings] == ["submit.body.image.type"]
    assert (entry.exchange.number, entry.exchange.at) == (1, world.clock.now())
    assert entry.exchange.call.path == world.submit_path
    assert entry.exchange.reply.status == 400


def test_memory_is_bounded_and_numbers_go_on():
    journal = Journal(3)
    for _ in range(10):
        journal.add(call(), OK, 0.0, DONE)
    assert [entry.exchange.number for entry in journal.entries] == [8, 9, 10]
    assert journal.total == 10


def test_the_usual_bound():
    journal = Journal()
    for _ in range(SIZE + 5):
        journal.add(call(), OK, 0.0, DONE)
    assert len(journal.entries) == SIZE


def test_it_is_whole_until_something_is_let_go_of():
    journal = Journal(2)
    for _ in range(2):
        journal.add(call(), Reply(200, {}, b""), 0.0, Answer(200, ""))
    assert journal.whole() == journal.entries
    journal.add(call(), Reply(200, {}, b""), 0.0, Answer(200, ""))
    with pytest.raises(Problem, match="Of 3 exchanges the last 2 are kept"):
        journal.whole()


def test_each_line_of_the_file_is_json():
    file = io.StringIO()
    journal = Journal(1, file)
    for body in (b"", b'{"image":"x"}', b"\xff\x00", b'"\\ud800"', b"[" * 5000, "\n\u2028é".encode()):
        journal.add(call(body), OK, 12.5, DONE)
    lines = file.getvalue().splitlines()
    assert [json.loads(line)["number"] for line in lines] == [1, 2, 3, 4, 5, 6]
    assert file.getvalue().isascii()
    assert len(journal.entries) == 1


def test_what_a_line_tells(fake):
    file = io.StringIO()
    world = fake(parts={"journal": Journal(file=file)})
    world.submit({"image": "x", "prompt": ""}, x_request_id="req-7")
    line = json.loads(file.getvalue())
    assert line["call"]["body"] == {"image": "x", "prompt": ""}
    assert line["call"]["headers"]["authorization"] == REDACTED
    assert line["reply"]["status"] == line["reply"]["body"]["code"] == 400
    assert line["reply"]["headers"]["x-request-id"] == "req-7"
    [finding] = line["findings"]
    assert finding["rule"] == "submit.body.prompt.minLength"
    assert finding["pointer"] == "/prompt"
    assert line["operation"] == "submit"
    assert line["hint"].startswith("submit.body.prompt.minLength: ")


@pytest.mark.parametrize("text", [IMAGE, f"data:image/png;base64,{IMAGE}"])
def test_images_are_kept_as_a_digest_and_a_length(text):
    file = io.StringIO()
    journal = Journal(file=file)
    journal.add(call(json.dumps({"image": text, "prompt": "a hill"}).encode()), OK, 0.0, DONE)
    [entry] = journal.entries
    for shown in (file.getvalue(), entry.exchange.call.body.decode()):
        assert IMAGE[:60] not in shown
        assert "a hill" in shown
        assert str(len(text)) in shown
    assert len(entry.exchange.call.body) < 300


def test_a_large_body_that_is_no_json_is_kept_as_a_digest():
    journal = Journal()
    journal.add(call(b"\xff" * 1_000_000), OK, 0.0, DONE)
    body = journal.entries[0].exchange.call.body
    assert len(body) < 100
    assert b"1000000 bytes" in body


@pytest.mark.parametrize(("count", "whole"), [(1000, True), (20_000, False)])
def test_a_large_body_that_stays_large_is_kept_as_a_digest(count, whole):
    journal = Journal()
    body = json.dumps({"words": ["word"] * count}).encode()
    assert (KEPT_WHOLE < len(body) < MOST_BODY) is whole
    journal.add(call(body), OK, 0.0, DONE)
    kept = journal.entries[0].exchange.call.body
    assert (json.loads(kept) == json.loads(body)) is whole
    assert whole or len(kept) < 100
    assert journal.entries[0].to_json()["call"]["body"]


@pytest.mark.parametrize(
    "sent",
    [
        Call("GET", "/" + "x" * 10**6, {}),
        Call("GET", "/", {}, query="x" * 10**6),
        Call("GET", "/", {f"x-{n}": "v" for n in range(10**5)}),
        Call("GET", "/", {f"x-{n}": "" for n in range(10**5)}),
        Call("GET", "/", {"x": "v" * 10**6}),
        Call("GET", "/", {"x" * 10**6: "v"}),
    ],
    ids=["path", "query", "many headers", "many empty headers", "a long value", "a long name"],
)
def test_nothing_large_is_kept_of_the_rest_either(sent):
    file = io.StringIO()
    Journal(file=file).add(sent, OK, 0.0, DONE)
    assert len(file.getvalue()) < 3 * MOST_HEADERS


def test_headers_that_are_cut_are_redacted_all_the_same():
    file = io.StringIO()
    headers = {"authorization": "Bearer sk-secret", "x": "v" * 10**5, "cookie": "sk-secret" * 10**4}
    Journal(file=file).add(Call("GET", "/", headers), OK, 0.0, DONE)
    assert "sk-secret" not in file.getvalue()
    assert json.loads(file.getvalue())["call"]["headers"]["x"] == "v" * 100 + "…"


@pytest.mark.parametrize("size", [KEPT_WHOLE, KEPT_WHOLE + 1])
def test_a_video_is_not_kept(size):
    journal = Journal()
    journal.add(call(), Reply(200, {}, memoryview(b"v" * size)), 0.0, DONE)
    kept = bytes(journal.entries[0].exchange.reply.body)
    assert (kept == b"v" * size) is (size == KEPT_WHOLE)
    assert len(kept) <= KEPT_WHOLE
    assert json.loads(json.dumps(journal.entries[0].to_json()))["number"] == 1


@given(st.binary(max_size=6000), st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3))
def test_anything_can_be_kept_and_written(body, headers):
    file = io.StringIO()
    Journal(file=file).add(Call("POST", "/", headers, body), OK, 0.0, DONE)
    assert json.loads(file.getvalue())["call"]["method"] == "POST"


@pytest.mark.parametrize("name", ["authorization", "cookie", "proxy-authorization", "x-api-key"])
def test_headers_with_secrets_are_redacted_before_they_are_kept(name):
    file = io.StringIO()
    journal = Journal(file=file)
    sent = {name: "Bearer sk-secret", "accept": "*/*"}
    journal.add(Call("GET", "/", sent), OK, 0.0, DONE)
    assert journal.entries[0].exchange.call.headers == {name: REDACTED, "accept": "*/*"}
    assert "sk-secret" not in file.getvalue()
    assert sent[name] == "Bearer sk-secret"  # the call itself is left as it was


def test_who_watches_sees_each_entry():
    seen = []
    journal = Journal(1, watch=seen.append)
    journal.add(call(), OK, 0.0, DONE)
    journal.add(call(), OK, 0.0, DONE)
    assert [entry.exchange.number for entry in seen] == [1, 2]


def test_a_full_disk_is_complained_about_once_and_the_rest_goes_on():
    complaints, seen, file = [], [], Full(room=2)
    journal = Journal(2, file, seen.append, complaints.append)
    for _ in range(6):
        journal.add(call(), OK, 0.0, DONE)
    [complaint] = complaints
    assert "No space left on device" in complaint
    assert "ends at exchange 2" in complaint
    assert file.tried == 3  # it is not tried again
    assert len(file.getvalue().splitlines()) == 2
    assert len(seen) == journal.total == 6
    assert [entry.exchange.number for entry in journal.entries] == [5, 6]


def test_a_file_that_is_closed_is_left_alone():
    file = io.StringIO()
    journal = Journal(file=file)
    journal.close()
    journal.close()
    journal.add(call(), OK, 0.0, DONE)
    assert file.closed
    assert len(journal.entries) == 1
    Journal().close()  # nothing to close is no error


def test_a_disk_that_fills_when_it_is_flushed(capsys):
    class Unflushed(io.StringIO):
        def flush(self) -> None:
            raise OSError(errno.EDQUOT, "Disk quota exceeded")

    Journal(file=Unflushed()).add(call(), OK, 0.0, DONE)
    assert "Disk quota exceeded" in capsys.readouterr().out


def test_a_file_is_appended_to(tmp_path):
    path = tmp_path / "journal.jsonl"
    for _ in range(2):
        with open_file(str(path)) as file:
            Journal(file=file).add(call(), OK, 0.0, DONE)
            assert path.read_text().endswith("}\n")  # at once: nothing waits for the end
    assert len(path.read_text().splitlines()) == 2


@pytest.mark.parametrize("name", ["missing/journal.jsonl", "."])
def test_a_file_that_cannot_be_opened_is_named(tmp_path, name):
    with pytest.raises(Problem) as caught:
        open_file(str(tmp_path / name))
    assert name in caught.value.fact
    assert caught.value.fact.endswith(("No such file or directory.", "Is a directory."))
    assert caught.value.exit_code == 2


def test_a_file_name_that_no_system_takes_is_named_too():
    with pytest.raises(Problem, match="can't be opened"):
        open_file("a\0b")


def test_worlds_of_one_file_say_which_they_are():
    file = io.StringIO()
    first = Journal(file=file)  # type: ignore[arg-type]
    second = first.twin(2)
    for journal in (first, second, second):
        journal.add(call(), OK, 1.0, DONE)
    rows = [json.loads(line) for line in file.getvalue().splitlines()]
    assert [(row.get("world"), row["number"]) for row in rows] == [(None, 1), (2, 2), (2, 3)]
    assert (first.total, second.total) == (1, 2)
    assert [entry.exchange.number for entry in second.entries] == [1, 2]  # in a world, they are its own
    second.close()
    first.add(call(), OK, 1.0, DONE)
    assert first.total == 2


def test_what_is_let_go_of_is_counted_all_the_same():
    journal = Journal()
    for _ in range(3):
        journal.add(call(), OK, 1.0, DONE)
    assert journal.kept == 3
    journal.empty()
    assert (journal.kept, journal.entries, journal.total) == (0, [], 3)
    journal.add(call(), OK, 1.0, DONE)
    assert [entry.exchange.number for entry in journal.entries] == [4]


def test_a_full_disk_is_told_once_whoever_writes():
    told: list[str] = []
    first = Journal(file=Full(1), complain=told.append)  # type: ignore[arg-type]
    first.add(call(), OK, 1.0, DONE)
    for journal in (first.twin(2), first, first.twin(3)):
        journal.add(call(), OK, 1.0, DONE)
    assert len(told) == 1
