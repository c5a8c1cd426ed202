"""klingmock.loglines: one line for each request, for people."""

import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klingcontracts.exchange import Call
from klingmock.journal import Journal
from klingmock.loglines import Lines, line


@pytest.fixture
def lines(fake):
    def start(*revisions, **plan):
        stream = io.StringIO()
        world = fake(*revisions, parts={"journal": Journal(watch=Lines(stream).write)}, **plan)
        return world, lambda: stream.getvalue().splitlines()

    return start


def test_a_job_from_submission_to_download(lines):
    world, said = lines()
    name = world.submitted()
    world.poll(name)
    world.clock.advance(5)
    url = world.told(world.poll(name))["data"]["result"]["resources"][0]["url"]
    world.call("GET", url.removeprefix("http://127.0.0.1"), range="bytes=0-1")
    parts = [text.split() for text in said()]
    assert [part[1:] for part in parts] == [
        ["200", "POST", world.submit_path, name, "pending"],
        ["200", "GET", f"/api/v1/tasks/{name}", "pending"],
        ["200", "GET", f"/api/v1/tasks/{name}", "success"],
        ["206", "GET", url.removeprefix("http://127.0.0.1")],
    ]
    assert parts[0][0] == time.strftime("%H:%M:%S", time.localtime(1_767_225_600))


@pytest.mark.parametrize(
    ("body", "rule"),
    [({}, "submit.body.image.required"), ({"image": "x", "promt": 1}, "submit.body.unknown-field")],
)
def test_a_rule_that_was_broken_is_named(lines, body, rule):
    world, said = lines()
    world.submit(body)
    [text] = said()
    assert f"  {rule}: " in text


@pytest.mark.parametrize(
    ("key", "rule"),
    [("", "auth.missing-key"), ("sk-live-secret", "auth.unknown-key"), ("mock-a", "route.unknown-path")],
)
def test_a_refusal_outside_of_every_operation_is_named(lines, key, rule):
    world, said = lines()
    world.call("GET", "/nowhere", key=key)
    [text] = said()
    assert f"  {rule}: " in text
    assert "secret" not in text


@pytest.mark.parametrize("path", ["/api/v1/models", "/api/v1/apikey/validate", "/api/v1/team/balance"])
def test_the_other_operations_have_a_line_too(lines, path):
    world, said = lines("2026-07")
    world.call("GET", path)
    [text] = said()
    assert text.endswith(f"  200  GET  {path}")


def test_a_reply_of_any_length_has_its_line(lines):
    world, said = lines("2026-07")
    name = world.submitted(origin="http://" + "a" * 5000)
    world.clock.advance(5)
    world.poll(name, origin="http://" + "a" * 5000)
    assert len(said()) == 2


@given(st.text(max_size=300) | st.sampled_from(["/\n200", "/\x1b[2J", "/'\"", "/\u2028", "/\ud800"]))
def test_a_path_can_never_make_a_second_line_or_reach_the_terminal(fake, path):
    world = fake()
    world.answer(Call("GET", path, {"authorization": "Bearer mock-a"}))
    text = line(world.mock.journal.entries[-1])
    assert text.isascii()
    assert text.isprintable()


def test_a_long_path_is_cut(fake):
    world = fake()
    world.call("GET", "/" + "x" * 10_000)
    assert len(line(world.mock.journal.entries[-1])) < 1000


@pytest.mark.parametrize("gone", [BrokenPipeError, ValueError])
def test_a_stream_that_is_gone_is_left_alone(fake, gone):
    class Gone(io.StringIO):
        def write(self, _):
            raise gone

    world = fake(parts={"journal": Journal(watch=Lines(Gone()).write)})
    assert world.submit().status == 200


def test_a_line_is_seen_at_once(fake):
    class Buffered(io.StringIO):
        seen = ""

        def flush(self):
            self.seen = self.getvalue()

    stream = Buffered()
    fake(parts={"journal": Journal(watch=Lines(stream).write)}).submit()
    assert stream.seen.endswith("pending\n")
