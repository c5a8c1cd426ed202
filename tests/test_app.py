"""klingmock.app: a request becomes a call, and the reply a response. On ASGI messages, without a socket."""

import asyncio
import json
import logging
import selectors
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from klingcontracts.contract import load
from klingcontracts.document import revisions
from klingcontracts.exchange import Reply
from klingmock import app
from klingmock.app import DRAINED, STALLED, Endpoint, create_app
from klingmock.clock import Manual
from klingmock.served import Plan, Served

SUBMIT = load().operation("submit").path
JOB = b'{"image":"x"}'
KEY = ("authorization", "Bearer mock-a")
HANGS, GONE = {"type": "hangs"}, {"type": "http.disconnect"}


def chunk(body: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


class Seen(NamedTuple):
    """What an application did with a request."""

    status: int
    headers: dict[str, str]
    body: bytes
    received: int  # messages that it took
    waited: float  # seconds
    sent: list[Any]

    @property
    def told(self):
        return json.loads(self.body)


class Hurried(asyncio.SelectorEventLoop):
    """A loop in which waiting takes no time, and waiting for nothing is an error and not a hang."""

    def __init__(self) -> None:
        outer, self.skipped = self, 0.0

        class Selector(selectors.DefaultSelector):
            def select(self, timeout=None):
                assert timeout is not None, "it waits for what will never come"
                outer.skipped += max(0.0, timeout)
                return super().select(0)

        super().__init__(Selector())

    def time(self) -> float:
        return super().time() + self.skipped


async def exchange(asgi, scope, messages, sent) -> int:
    left, taken = list(messages), 0

    async def receive():
        nonlocal taken
        taken += 1
        assert left, "the application asks for more than there is"
        if left[0] is HANGS:
            await asyncio.get_running_loop().create_future()
        return left.pop(0)

    async def send(message):
        sent.append(message)

    await asgi(scope, receive, send)
    return taken


def ask(asgi, method="POST", path=SUBMIT, messages=(), headers=(KEY,), **scope) -> Seen:
    lowest = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "server": ("127.0.0.1", 8787),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
    }
    sent: list[Any] = []
    with asyncio.Runner(loop_factory=Hurried) as runner:
        taken = runner.run(exchange(asgi, lowest | scope, messages, sent))
        waited = runner.get_loop().skipped
    starts = [message for message in sent if message["type"] == "http.response.start"]
    body = b"".join(m["body"] for m in sent if m["type"] == "http.response.body")
    start = starts[0] if starts else {"status": 0, "headers": []}
    told = {name.decode(): value.decode() for name, value in start["headers"]}
    return Seen(start["status"], told, body, taken, waited, sent)


@pytest.fixture
def world(fake):
    return fake("2026-02", limited=False, parts={"max_body": 100})


@pytest.fixture
def whole(world):
    return create_app(world.mock)


# --- from request to call, and from reply to response ---


def test_a_job_in_one_message(whole):
    seen = ask(whole, messages=[chunk(JOB)])
    assert (seen.status, seen.told["data"]["status"]) == (200, "pending")
    assert seen.headers["content-length"] == str(len(seen.body))
    assert [message["type"] for message in seen.sent] == ["http.response.start", "http.response.body"]


def test_a_job_in_pieces(whole):
    seen = ask(whole, messages=[chunk(JOB[:3], more=True), chunk(b"", more=True), chunk(JOB[3:])])
    assert (seen.status, seen.received, seen.waited) == (200, 3, 0)


def test_the_journal_has_what_was_sent(world, whole):
    ask(whole, path="/é x", messages=[chunk(b"")], query_string=b"a=%C3%A9&b", headers=[KEY, ("x-a", "é")])
    call = world.mock.journal.entries[-1].exchange.call
    assert (call.method, call.path, call.query) == ("POST", "/é x", "a=%C3%A9&b")
    assert call.headers["x-a"] == "é"


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "DELETE", "TRACE"])
def test_methods_without_a_body_are_not_waited_for(whole, method):
    seen = ask(whole, method, headers=[KEY, ("content-length", "5")], messages=[HANGS])
    assert (seen.status, seen.received, seen.headers["allow"]) == (405, 0, "POST")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "PROPFIND"])
def test_other_methods_are_405_after_their_body(whole, method):
    seen = ask(whole, method, messages=[chunk(JOB)])
    assert (seen.status, seen.received, seen.headers["allow"]) == (405, 1, "POST")


@pytest.mark.parametrize("path", [SUBMIT + "/", "/api/v1/tasks/", "/api/v1/tasks", "//", "", SUBMIT.upper()])
def test_there_are_no_redirects(whole, path):
    seen = ask(whole, path=path, messages=[chunk(JOB)])
    assert (seen.status, seen.told["code"]) == (404, 404)
    assert "location" not in seen.headers


def test_a_task_id_may_hold_a_slash(whole):
    assert "task 'a/b' not found" in ask(whole, "GET", "/api/v1/tasks/a/b").told["message"]


def test_repeated_headers_are_joined(world, whole):
    pairs = [("x-a", "1"), KEY, ("x-a", "2")]
    ask(whole, messages=[chunk(JOB)], headers=pairs)
    assert world.mock.journal.entries[-1].exchange.call.headers["x-a"] == "1, 2"
    twice = ask(whole, messages=[chunk(JOB)], headers=[KEY, KEY])
    assert (twice.status, twice.headers["x-klingmock-hint"].partition(":")[0]) == (401, "auth.bad-scheme")


def test_every_revision_is_reached(fake):
    one = create_app(fake(*revisions(), limited=False).mock)
    for name in revisions():
        assert ask(one, path=load(name).operation("submit").path, messages=[chunk(JOB)]).status == 200


def test_a_video_is_handed_out_in_parts(world, whole):
    name = ask(whole, messages=[chunk(JOB)]).told["data"]["task_id"]
    world.clock.advance(5)
    done = ask(whole, "GET", f"/api/v1/tasks/{name}", headers=[KEY, ("host", "h")]).told["data"]
    url = done["result"]["resources"][0]["url"]
    part = ask(whole, "GET", url.removeprefix("http://h"), headers=[("range", "bytes=4-7")])
    assert (part.status, part.body) == (206, b"ftyp")
    assert part.headers["content-range"].startswith("bytes 4-7/")


def test_a_websocket_is_closed(world):
    sent: list[Any] = []
    asyncio.run(exchange(create_app(world.mock), {"type": "websocket"}, [], sent))
    assert sent == [{"type": "websocket.close", "code": 1000}]


# --- links ---


def link(endpoint, headers, **scope) -> str:
    data = ask(
        endpoint,
        path=load("2026-07").operation("submit").path,
        messages=[chunk(JOB)],
        headers=headers,
        **scope,
    )
    return data.told["data"]["get_result"]["url"].partition("/api/")[0]


@pytest.fixture
def newest(fake):
    return fake("2026-07", limited=False).mock


@pytest.mark.parametrize("host", ["localhost:8787", "127.0.0.1", "[::1]:80", "fake.example", "a_b~c-d"])
def test_links_lead_to_the_host_that_was_asked(newest, host):
    assert link(Endpoint(newest), [KEY, ("host", host)]) == f"http://{host}"
    assert link(Endpoint(newest), [KEY, ("host", host)], scheme="https") == f"https://{host}"


@pytest.mark.parametrize(
    "host", ["", 'a"b', "a b", "a/b", "user@host", "é", "a\\b", "x" * 256, "<script>", "a\n"]
)
def test_a_host_that_is_none_is_not_repeated(newest, host):
    assert link(Endpoint(newest), [KEY, ("host", host)]) == "http://127.0.0.1:8787"


def test_without_host_and_server_links_lead_to_this_machine(newest):
    assert link(Endpoint(newest), [KEY], server=None) == "http://127.0.0.1:80"


@pytest.mark.parametrize("url", ["https://fake.example", "https://fake.example/"])
def test_a_public_url_wins(newest, url):
    assert link(create_app(newest, url), [KEY, ("host", "localhost")]) == "https://fake.example"


# --- large bodies ---


def refused(seen: Seen) -> bool:
    return seen.status == 413 and seen.headers["connection"] == "close"


def test_a_length_over_the_bound_is_answered_before_anything_is_read(whole):
    seen = ask(whole, headers=[KEY, ("content-length", "101")], messages=[GONE])
    assert refused(seen)
    assert seen.sent[0]["type"] == "http.response.start"
    assert seen.received == 1  # only the draining behind the answer


@pytest.mark.parametrize("length", ["100", "0", "5, 5", "-5", "x", "", "²"])
def test_a_length_that_says_nothing_is_not_believed(whole, length):
    seen = ask(whole, headers=[KEY, ("content-length", length)], messages=[chunk(JOB)])
    assert (seen.status, seen.received) == (200, 1)


@pytest.mark.parametrize("length", ["101", "9" * 30, "9" * 5000])
def test_a_length_of_any_number_of_digits(whole, length):
    assert refused(ask(whole, headers=[KEY, ("content-length", length)], messages=[GONE]))


@pytest.mark.parametrize(("size", "status"), [(100, 200), (101, 413)])
@pytest.mark.parametrize("pieces", [1, 2, 10])
def test_the_bound_is_exact_however_the_body_comes(whole, size, status, pieces):
    body = JOB[:-1].ljust(size - 1) + b"}"
    cut = [body[n * size // pieces : (n + 1) * size // pieces] for n in range(pieces)]
    messages = [chunk(part, more=n + 1 < pieces) for n, part in enumerate(cut)]
    assert ask(whole, messages=[*messages, GONE]).status == status


def test_reading_stops_at_the_bound(world):
    stopped = []
    world.mock.journal = type("Spy", (), {"add": lambda _, call, *__: stopped.append(call)})()
    endless = [chunk(b"x" * 40, more=True)] * 3
    seen = ask(Endpoint(world.mock), messages=[*endless, GONE])
    assert refused(seen)
    assert seen.received == 4  # three to pass the bound, and one that drains
    assert (stopped[0].body, stopped[0].oversize) == (b"", True)


def test_what_comes_behind_a_refusal_is_drained_until_its_end(whole):
    rest = [chunk(b"x", more=True)] * 20 + [chunk(b"x")]
    seen = ask(whole, headers=[KEY, ("content-length", "101")], messages=rest)
    assert refused(seen)
    assert (seen.received, seen.waited) == (21, 0)
    assert [message.get("more_body", False) for message in seen.sent] == [False, True, False]


def test_draining_has_a_bound_in_bytes(whole, monkeypatch):
    monkeypatch.setattr(app, "DRAINED", 1000)
    seen = ask(whole, headers=[KEY, ("content-length", "101")], messages=[chunk(b"x" * 100, more=True)] * 50)
    assert (seen.status, seen.received) == (413, 10)
    assert DRAINED >= 2**20


def test_draining_has_a_bound_in_time(whole):
    seen = ask(whole, headers=[KEY, ("content-length", "101")], messages=[HANGS])
    assert refused(seen)
    assert 0 < seen.waited <= 10
    assert seen.sent[-1] == {"type": "http.response.body", "body": b""}


# --- clients that go away or fall silent ---


@pytest.mark.parametrize("before", [[], [chunk(b"{", more=True)], [chunk(b"{", more=True)] * 2])
def test_a_client_that_hangs_up_gets_nothing_and_does_nothing(world, whole, before, caplog):
    with caplog.at_level(logging.WARNING, "klingmock"):
        seen = ask(whole, messages=[*before, GONE], path="/a\nb")
    assert seen.sent == []
    assert world.mock.journal.total == 0
    [record] = caplog.records
    assert "hung up" in record.getMessage()
    assert "\n" not in record.getMessage()


@pytest.mark.parametrize("before", [[], [chunk(JOB[:5], more=True)]])
@pytest.mark.parametrize("stalled", [0.05, STALLED])
def test_a_body_that_stalls_ends_where_it_is(world, before, stalled):
    seen = ask(Endpoint(world.mock, stalled=stalled), messages=[*before, HANGS])
    assert (seen.status, seen.headers["x-klingmock-hint"].partition(":")[0]) == (400, "submit.body.json")
    assert seen.headers["connection"] == "close"
    assert stalled <= seen.waited <= stalled + 10


@pytest.mark.parametrize("pieces", [0, 1])
def test_a_body_that_stalls_without_a_timer(world, monkeypatch, pieces):
    # The same on a patience that ends at once: Python 3.11 traces no line behind one that ended by its timer.
    class Impatient:
        left = pieces

        def __init__(self, awaitable, _):
            self.awaitable = awaitable

        def __await__(self):
            Impatient.left -= 1
            if Impatient.left >= 0:
                return (yield from self.awaitable.__await__())
            self.awaitable.close()
            return None

    monkeypatch.setattr(app, "Patient", Impatient)
    seen = ask(Endpoint(world.mock), messages=[chunk(b"{", more=True)] * pieces + [GONE])
    assert (seen.status, seen.headers["connection"]) == (400, "close")


def test_a_slow_body_is_waited_for(world):
    async def slowly(scope, receive, send):
        async def later():
            await asyncio.sleep(20)  # on the hurried loop
            return await receive()

        await Endpoint(world.mock)(scope, later, send)

    seen = ask(slowly, messages=[chunk(JOB[:5], more=True), chunk(JOB[5:9], more=True), chunk(JOB[9:])])
    assert (seen.status, round(seen.waited)) == (200, 60)


def test_a_server_that_stops_still_says_so_to_who_is_sending(world):
    async def stopped(scope, receive, send):
        task = asyncio.create_task(Endpoint(world.mock)(scope, receive, send))
        for _ in range(3):
            await asyncio.sleep(0)
        task.cancel()
        await task

    seen = ask(stopped, messages=[chunk(b"{", more=True), HANGS])
    assert (seen.status, seen.told["code"]) == (503, 503)
    assert world.mock.journal.total == 0


# --- what an engine may ask of its edge ---


class Engine:
    max_body = 100

    def __init__(self, reply):
        self.reply = reply
        self.served = [Served(load(), Plan())]

    def answer(self, call):
        return self.reply(call)


def test_a_delay_is_carried_out(world):
    seen = ask(Endpoint(Engine(lambda _: Reply(200, {}, b"late", 2.5))), messages=[chunk(b"")])
    assert (seen.body, round(seen.waited, 1)) == (b"late", 2.5)


def test_a_fault_of_ours_is_an_envelope_and_a_line_in_the_log(caplog):
    def broken(_):
        raise ZeroDivisionError("oops")

    with caplog.at_level(logging.ERROR, "klingmock"):
        seen = ask(Endpoint(Engine(broken)), path="/a\nb", messages=[chunk(b"")])
    assert seen.status == 500
    assert seen.told == {"code": 500, "message": "Internal error: the request could not be processed"}
    assert seen.headers["content-length"] == str(len(seen.body))
    [record] = caplog.records
    assert "ZeroDivisionError" in record.getMessage()
    assert "\n" not in record.getMessage()


def test_the_words_for_a_fault_of_ours_are_those_of_what_is_served_then(fake):
    def broken(_):
        raise ZeroDivisionError

    engine = Engine(broken)
    one, contract = create_app(engine), load()
    errors = {**contract.errors, "internal": contract.errors["internal"]._replace(detail="something else")}
    before = ask(one, messages=[chunk(b"")]).told["message"]
    engine.served = [Served(replace(contract, errors=errors), Plan())]
    after = ask(one, messages=[chunk(b"")]).told["message"]
    assert before == "Internal error: the request could not be processed"
    assert after == "Internal error: something else"


def test_time_is_the_engines(fake):
    world = fake(limited=False)
    assert isinstance(world.clock, Manual)
    one = create_app(world.mock)
    name = ask(one, messages=[chunk(JOB)]).told["data"]["task_id"]
    seen = []
    for step in (0, 1, 4):
        world.clock.advance(step)
        seen.append(ask(one, "GET", f"/api/v1/tasks/{name}").told["data"]["status"])
    assert seen == ["pending", "processing", "success"]
