"""klingmock.control: worlds are looked at and moved over HTTP, each by its key."""

import http.client
import json
import socket
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klingcontracts.contract import load
from klingcontracts.document import read
from klingmock import looks, moves
from klingmock.answer import Mock
from klingmock.app import NoConnection, create_app
from klingmock.asked import MOST
from klingmock.control import DEEDS, PREFIX, TASK
from klingmock.gate import TOKEN_HEADER, Gate
from klingmock.keyed import Keyed
from klingmock.recipe import CHANGEABLE, Recipe
from klingmock.served import Plan

SUBMIT = load().operation("submit").path
IMAGE = {"image": "https://example.com/mountain.jpg"}
PLACES = [(deed.method, PREFIX + deed.path.replace("{task_id}", "task-1")) for deed in DEEDS]


class Server:
    """The application without a socket."""

    def __init__(self, asgi, gate=None, steered=True):
        self._asgi = asgi
        plan = Plan(limited=False)
        self.engine = Keyed(Mock([load()], plan), Recipe([load()], plan))
        self.app = create_app(self.engine, steer=self.engine.steer if steered else None, gate=gate)

    def raw(self, method, path, body=b"", key="mock-a", client="127.0.0.1", **headers):
        """Status, headers and bytes of a reply; `headers` with _ for -."""
        pairs = {"host": "127.0.0.1:8787", **({"authorization": f"Bearer {key}"} if key else {}), **headers}
        named = {name.replace("_", "-"): text for name, text in pairs.items()}
        return self._asgi(self.app, method, path, named, body, client)

    def ask(self, method, path, told=None, **more):
        """Status and JSON of a reply."""
        body = b"" if told is None else told if isinstance(told, bytes) else json.dumps(told).encode()
        status, headers, text = self.raw(method, path, body, **more)
        assert headers["content-type"] == "application/json"
        return status, json.loads(text)

    def of(self, name, method="GET", told=None, **more):
        """What one of our own paths says, when it says 200."""
        status, found = self.ask(method, f"{PREFIX}/{name}", told, **more)
        assert status == 200, found
        return found

    def goes_on(self, path):
        """A submission is answered, or lost where a script says so: there is no connection here to lose."""
        with suppress(NoConnection):
            status, found = self.ask("POST", path, IMAGE)
            assert status in range(200, 600)
            assert found.get("code") != 500


@pytest.fixture
def server(asgi):
    return Server(asgi)


def refused(status, found):
    """The reason of a refusal, which has two sentences and nothing else."""
    assert set(found) == {"error", "remedy"}, found
    assert found["error"].endswith((".", "…")), found
    assert found["remedy"], found
    assert len(json.dumps(found)) < 2000
    return status, found["error"]


# --- each deed ---


def test_each_deed_has_its_function_and_each_function_its_deed():
    told = {(deed.method == "GET", deed.does) for deed in DEEDS}
    public = {
        (module is looks, name)
        for module in (looks, moves)
        for name, one in vars(module).items()
        if callable(one) and getattr(one, "__module__", "") == module.__name__ and name[0].islower()
        if not name.startswith("_")
    }
    assert told == public


def test_a_job_from_the_submission_to_the_reset(server):
    clock = server.of("clock", "POST", {"freeze": True})
    task_id = server.ask("POST", SUBMIT, IMAGE)[1]["data"]["task_id"]
    task = server.of(f"tasks/{task_id}")
    assert (task["status"], task["submitted_at"]) == ("pending", clock["now"])
    assert server.of("tasks") == {"total": 1, "tasks": [task]}
    assert server.of(f"tasks/{task_id}/hold", "POST")["held"] == "pending"
    assert server.of("clock", "POST", {"advance": 100})["now"] == clock["now"] + 100
    assert server.of(f"tasks/{task_id}/release", "POST")["held"] == ""
    told = server.of("clock", "POST", {"advance_to": {"task_id": task_id, "status": "processing"}})
    assert server.of("clock") == told
    assert server.of(f"tasks/{task_id}/fail", "POST")["status"] == "failed"
    assert server.ask("GET", f"/api/v1/tasks/{task_id}")[1]["data"]["status"] == "failed"
    assert server.of("script", "POST", {"script": "submit: 503"})["left"] == 1
    assert server.ask("POST", SUBMIT, IMAGE)[0] == 503
    assert server.of("script")["left"] == 0
    assert server.of("script", "DELETE")["faults"] == []
    statuses = [entry["reply"]["status"] for entry in server.of("requests")["requests"]]
    assert statuses == [200, 200, 503]
    assert server.of("requests?operation=task")["matched"] == 1
    assert server.of("ledger")["spent"] == "0.1400"
    assert server.of("verdict?outcome=failure")["schema_version"] == 1
    server.of("reset", "POST", {"time": "manual", "script": "task: 503"})
    assert server.of("requests")["total"] == 0
    assert server.of("clock")["mode"] == "manual"
    assert server.of("script")["faults"][0]["fault"] == "task: 503"
    second = server.ask("POST", SUBMIT, IMAGE)[1]["data"]["task_id"]
    assert server.of(f"tasks/{second}/finish", "POST")["status"] == "success"


def test_the_verdict_as_text(server):
    server.ask("POST", SUBMIT, IMAGE)
    status, headers, text = server.raw("GET", f"{PREFIX}/verdict?format=text")
    assert (status, headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert b"submits-once" in text
    assert text.endswith(b"\n")


def test_the_verdict_as_text_is_as_wide_as_ever(server, monkeypatch):
    server.ask("POST", SUBMIT, IMAGE)  # and never fetched, which has much to be said about
    told = []
    for columns in ("40", "1000"):
        monkeypatch.setenv("COLUMNS", columns)  # of the server's terminal, which is not the caller's
        told.append(server.raw("GET", f"{PREFIX}/verdict?format=text")[2].decode())
    assert told[0] == told[1]
    assert 100 < max(map(len, told[0].splitlines())) <= 120


def test_one_keys_deeds_are_nothing_to_another(server):
    server.ask("POST", SUBMIT, IMAGE, key="mock-b")
    before = [server.of(name, key="mock-b") for name in ("tasks", "ledger", "requests", "script", "verdict")]
    server.of("script", "POST", {"script": "submit: 500~1; task: drop"})
    server.of("clock", "POST", {"advance": 10**6})
    server.ask("POST", SUBMIT, IMAGE)
    server.of("reset", "POST", {"revision": "2026-07"})
    after = [server.of(name, key="mock-b") for name in ("tasks", "ledger", "requests", "script", "verdict")]
    assert before == after


def test_our_own_paths_are_no_exchange_and_meet_no_fault_and_no_limit(asgi):
    server = Server(asgi)
    server.of("reset", "POST", {"limits": {"rate": 1}, "script": "submit: 503; task: 503; media: 503"})
    for _ in range(5):
        for name in ("requests", "tasks", "clock", "script", "ledger", "verdict"):
            server.of(name)
    assert server.of("requests")["total"] == 0
    assert server.of("script")["left"] == 3


@pytest.mark.parametrize("name", ["requests", "tasks", "clock", "script", "ledger", "verdict"])
def test_head_is_a_get(server, name):
    assert server.raw("HEAD", f"{PREFIX}/{name}")[0] == 200


def test_half_a_character_from_a_client_is_told_in_ascii(server):
    server.ask("POST", SUBMIT, b'{"image": "https://e.com/a.jpg", "prompt": "\\ud83d", "\\udc00": 1}')
    server.ask("GET", "/api/\ud83d\ude00")
    status, _, text = server.raw("GET", f"{PREFIX}/requests")
    assert status == 200
    assert text.isascii()


# --- refusals ---


@pytest.mark.parametrize(("method", "path"), PLACES)
def test_each_deed_needs_a_key(server, method, path):
    for key in ("", "sk-live-secret", "mock-invalid", "mock-expired"):
        status, error = refused(*server.ask(method, path, key=key))
        assert (status, error) == (
            401,
            "This call has no key that is accepted, and each world is that of a key.",
        )


@pytest.mark.parametrize(("method", "path"), PLACES)
def test_each_deed_is_closed_to_other_machines_and_pages(server, method, path):
    assert refused(*server.ask(method, path, client="10.0.0.7"))[0] == 403
    assert refused(*server.ask(method, path, host="evil.example"))[0] == 403
    assert refused(*server.ask(method, path, origin="https://evil.example"))[0] == 403
    assert server.ask(method, path, client=None)[0] != 403  # without a socket


@pytest.mark.parametrize("name", ["health", "ready", "openapi.json"])
def test_facts_are_told_to_everybody(name, asgi):
    server = Server(asgi, Gate("secret"))
    assert server.raw("GET", f"{PREFIX}/{name}", key="", client="10.0.0.7", host="h")[0] == 200


@pytest.mark.parametrize(("method", "path"), PLACES)
def test_with_a_token_each_deed_needs_it(method, path, asgi):
    server = Server(asgi, Gate("secret"))
    assert refused(*server.ask(method, path))[0] == 403
    name = TOKEN_HEADER.lower()
    assert refused(*server.ask(method, path, **{name: "wrong"}))[0] == 403
    assert server.raw(method, path, client="10.0.0.7", host="build.example", **{name: "secret"})[0] != 403


@pytest.mark.parametrize(("method", "path"), [place for place in PLACES if "task-1" in place[1]])
def test_a_task_that_is_not_there_is_404(server, method, path):
    server.ask("POST", SUBMIT, IMAGE, key="mock-b")
    assert refused(*server.ask(method, path)) == (404, "There is no task 'task-1' in this world.")


def test_what_can_not_be_done_to_a_task_is_409(server):
    server.of("reset", "POST", {"timing": "instant"})
    task_id = server.ask("POST", SUBMIT, IMAGE)[1]["data"]["task_id"]
    for deed in ("hold", "release", "finish", "fail"):
        assert refused(*server.ask("POST", f"{PREFIX}/tasks/{task_id}/{deed}"))[0] == 409
    to = {"advance_to": {"task_id": task_id, "status": "failed"}}
    status, told = refused(*server.ask("POST", f"{PREFIX}/clock", to))
    assert (status, told) == (409, f"Task {task_id} is never 'failed' from here on.")
    assert server.of(f"tasks/{task_id}")["status"] == "success"


def test_what_runs_and_is_not_held_may_be_released(server):
    task_id = server.ask("POST", SUBMIT, IMAGE)[1]["data"]["task_id"]
    assert server.of(f"tasks/{task_id}/release", "POST")["held"] == ""


def test_the_clock_waits_for_no_task_that_is_not_there(server):
    to = {"advance_to": {"task_id": "task-1", "status": "success"}}
    told = refused(*server.ask("POST", f"{PREFIX}/clock", to))
    assert told == (404, "There is no task 'task-1' in this world.")


@pytest.mark.parametrize("status", ["processing", "success", "expired"])
def test_a_task_that_is_held_must_be_released_before_time_passes_for_it(server, status):
    server.of("clock", "POST", {"freeze": True})
    task_id = server.ask("POST", SUBMIT, IMAGE)[1]["data"]["task_id"]
    server.of(f"tasks/{task_id}/hold", "POST")
    to = {"advance_to": {"task_id": task_id, "status": status}}
    code, told = server.ask("POST", f"{PREFIX}/clock", to)
    assert (code, told["error"]) == (409, f"Task {task_id} is held, and is never {status!r} while it is.")
    path = told["remedy"].removeprefix("Release it first: POST ").removesuffix(".")
    assert server.ask("POST", path)[0] == 200
    server.of("clock", "POST", to)
    assert server.of(f"tasks/{task_id}")["status"] == status


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "TRACE", "DELETE", "POST", "GET", "BREW"])
def test_a_method_that_a_path_does_not_take_is_405(server, method):
    for path in dict.fromkeys(path for _, path in PLACES):
        taken = {place[0] for place in PLACES if place[1] == path}
        if method not in taken:
            status, headers, text = server.raw(method, path)
            assert (status, set(headers["allow"].split(", ")) - {"HEAD"}) == (405, taken)
            refused(status, json.loads(text))


@pytest.mark.parametrize("name", ["task", "tasks/", "tasks/a/b", "tasks/a/hold/", "clok", "", "%2e%2e"])
def test_a_path_that_is_not_there_is_404(server, name):
    status, told = server.ask("GET", f"{PREFIX}/{name}")
    assert status == 404
    assert "/__klingmock/tasks/{task_id}/hold" in told["error"]


def test_a_body_that_is_too_large_is_413(server):
    for method, path in PLACES:
        body = b'{"script": "' + b" " * MOST + b'"}'
        assert refused(*server.ask(method, path, body)) == (
            413,
            f"The body is larger than {MOST} bytes.",
        )


@pytest.mark.parametrize(
    ("method", "path", "body", "text"),
    [
        ("POST", "clock", b"{", "is no JSON"),
        ("POST", "clock", b"[1]", "is no JSON object"),
        ("POST", "clock?advance=5", b"", "A POST takes no query."),
        ("DELETE", "script?all=1", b"", "A DELETE takes no query."),
        ("DELETE", "script", b'{"x": 1}', "Parameter 'x' is not known. Known: none."),
        ("DELETE", "script", b"{", "is no JSON"),
        ("GET", "tasks", b'{"limit": 5}', "A GET takes no body."),
        ("GET", "requests?limit=5", b"{", "A GET takes no body."),
        ("POST", "clock", b'{"advance": "5"}', "advance: '5' is no number"),
        ("POST", "clock", b'{"freeze": "true"}', "freeze: 'true' is neither true nor false."),
        ("POST", "reset", b'{"reading": []}', "reading: [] is no reading."),
        ("POST", "reset", b'{"revision": null}', "revision: null is no text."),
        ("POST", "clock", b'{"advnce": 5}', "Parameter 'advnce' is not known. Nearest: 'advance'"),
        ("POST", "clock", b"", "The clock is asked for nothing."),
        ("POST", "script", b'{"script": "submit: lots"}', "Nearest: 'lost'"),
        ("POST", "reset", b'{"timng": 1}', "Nearest: 'timing'"),
        ("POST", "tasks/{id}/hold", b'{"for": 1}', "Parameter 'for' is not known. Known: none."),
        ("GET", "requests?limt=5", b"", "Nearest: 'limit'"),
        ("GET", "requests?limit=x", b"", "limit: 'x' is no number"),
        ("GET", "requests?operation=pol", b"", "operation: 'pol' is not known"),
        ("GET", "tasks?limit=5", b"", "Parameter 'limit' is not known. Known: none."),
        ("GET", "verdict?outcome=sucess", b"", "Nearest: 'success'"),
        ("GET", "verdict?format=html", b"", "format: 'html' is not known"),
        ("GET", "ledger?jobs=0", b"", "jobs: 0 is no number of jobs"),
        ("GET", "requests?status=200&status=400", b"", "Parameter 'status' is given twice."),
    ],
)
def test_what_makes_no_sense_is_400_and_says_what_would(server, method, path, body, text):
    task_id = server.ask("POST", SUBMIT, IMAGE)[1]["data"]["task_id"]
    status, told = refused(*server.ask(method, f"{PREFIX}/{path.replace('{id}', task_id)}", body))
    assert status == 400
    assert text in told


@pytest.mark.parametrize(("method", "path"), [("DELETE", "script"), ("GET", "tasks"), ("POST", "reset")])
@pytest.mark.parametrize("body", [b"", b" ", b"{}"])
def test_a_body_that_says_nothing_is_none(server, method, path, body):
    assert server.raw(method, f"{PREFIX}/{path}", body)[0] == 200


def test_without_worlds_there_is_nothing_to_steer(asgi):
    server = Server(asgi, steered=False)
    assert server.ask("GET", f"{PREFIX}/clock")[0] == 404


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("x" * 5000)
    | st.sampled_from(["instant", "manual", "2026-07", "submit: lost", 10**400, -1, 1e300]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["rate", "pro-10", "task_id", "status", "x"]), inner, max_size=2),
    max_leaves=5,
)  # fmt: skip
NAMES = sorted({name for deed in DEEDS for name in deed.takes or ()} | set(CHANGEABLE))


@settings(max_examples=100, deadline=None)
@given(
    place=st.sampled_from(PLACES),
    told=st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), VALUES, max_size=2),
    query=st.text(st.characters(codec="ascii"), max_size=10),
)
def test_whatever_is_sent_is_told_in_two_sentences_or_done(asgi, place, told, query):
    server = Server(asgi)
    method, path = place
    task_id = server.ask("POST", SUBMIT, IMAGE)[1]["data"]["task_id"]
    path = path.replace("task-1", task_id)
    body = json.dumps(told).encode()
    found = [
        server.raw(method, path, body),
        server.raw(method, f"{path}?{query}"),
        server.raw(method, path, repr(told).encode()),
    ]
    for status, _, text in found:
        assert status in {200, 400, 409}, text
        if status != 200:
            refused(status, json.loads(text))
    server.goes_on(SUBMIT)
    assert server.raw("GET", f"{PREFIX}/requests")[0] == 200


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=15, deadline=None)
@given(value=VALUES)
def test_each_value_of_a_reset_or_a_move(asgi, name, value):
    server = Server(asgi)
    server.ask("POST", SUBMIT, IMAGE)
    for path in ("reset", "clock", "script"):
        status, _, text = server.raw("POST", f"{PREFIX}/{path}", json.dumps({name: value}).encode())
        assert status in {200, 400, 404, 409}, text
        if status == 400:
            refused(status, json.loads(text))
    server.goes_on(server.engine.steer("Bearer mock-a").contract.operation("submit").path)


# --- over a socket ---


def talk(url, method, path, told=None, key="mock-a", **headers):
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
    body = None if told is None else json.dumps(told)
    try:
        connection.request(method, path, body, {"Authorization": f"Bearer {key}", **headers})
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def test_two_keys_of_a_server_that_runs(launch):
    with launch() as running:

        def told(method, name, body=None, key="mock-a"):
            status, text = talk(running.url, method, f"{PREFIX}/{name}", body, key)
            assert status == 200, text
            return json.loads(text)

        told("POST", "script", {"script": "submit: lost"})
        frozen = told("POST", "clock", {"freeze": True})
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            talk(running.url, "POST", SUBMIT, IMAGE)
        assert talk(running.url, "POST", SUBMIT, IMAGE)[0] == 200
        assert talk(running.url, "POST", SUBMIT, IMAGE, "mock-b")[0] == 200
        assert told("GET", "clock")["now"] == frozen["now"]
        double = told("GET", "ledger")["double_charges"]
        assert [one["requests"] for one in double] == [[1, 2]]
        assert told("GET", "ledger", key="mock-b")["double_charges"] == []
        text = talk(running.url, "GET", f"{PREFIX}/verdict?format=text")[1].decode()
        assert "submits-once" in text
        told("POST", "reset")
        assert told("GET", "tasks")["total"] == 0
        assert told("GET", "tasks", key="mock-b")["total"] == 1
        assert talk(running.url, "HEAD", f"{PREFIX}/tasks") == (200, b"")
        assert "Traceback" not in running.log.read_text()


def test_a_contract_of_ones_own_is_not_left(launch, tmp_path):
    path = tmp_path / "morph.json"
    path.write_text(json.dumps(read("2026-02") | {"info": read("2026-02")["info"] | {"version": "morph"}}))
    with launch("--contract", str(path)) as running:

        def reset(**told):
            status, text = talk(running.url, "POST", f"{PREFIX}/reset", told)
            return status, json.loads(text)

        path.unlink()  # it was read once, and is not read again
        assert reset(revision="2026-02") == (
            400,
            {
                "error": "Revision '2026-02' is not known. Known: morph.",
                "remedy": "Give the name of one that is served.",
            },
        )
        for told in ({}, {"revision": "morph"}, {"reading": {"image-required": "either"}}):
            status, found = reset(**told)
            assert (status, found["revision"]) == (200, "morph")
        tail = {"image_tail": "https://example.com/a.jpg"}
        assert talk(running.url, "POST", SUBMIT, tail)[0] == 200  # so it is read now
        reset()
        assert talk(running.url, "POST", SUBMIT, tail)[0] == 400


def test_a_name_that_leads_here_is_not_ours(launch):
    with launch() as running:
        for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
            assert talk(running.url, "POST", f"{PREFIX}/reset", **headers)[0] == 403
        assert talk(running.url, "OPTIONS", f"{PREFIX}/reset", Origin="https://evil.example")[0] == 405


def test_a_server_for_other_machines_is_steered_with_a_token_alone(launch):
    with launch("--host", "0.0.0.0") as running:
        assert "closed, since other machines reach it (--control-token opens it)" in running.banner
        status, text = talk(running.url, "GET", f"{PREFIX}/clock")
        assert (status, b"listens to others too" in text) == (403, True)
    with launch("--host", "0.0.0.0", "--control-token", "s3cret-words") as running:
        assert "s3cret" not in running.banner
        assert talk(running.url, "GET", f"{PREFIX}/clock")[0] == 403
        assert talk(running.url, "GET", f"{PREFIX}/clock", **{TOKEN_HEADER: "s3cret-words"})[0] == 200
        assert "s3cret" not in running.log.read_text()


def test_bytes_that_are_no_call(launch, address):
    with launch() as running:
        for raw in (
            b"POST /__klingmock/clock HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer mock-a\r\n"
            b"Content-Length: 3\r\n\r\n\xff\xfe\x00",
            b"GET /__klingmock/tasks/%00%ff%2e HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"Authorization: Bearer mock-a\r\n\r\n",
            b"GET /__klingmock/requests?limit=%ff&\xff HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"Authorization: Bearer mock-a\r\n\r\n",
            b"GET /__klingmock/clock HTTP/1.0\r\nAuthorization: Bearer mock-a\r\n\r\n",
        ):
            with socket.create_connection(address(running.url), timeout=10) as sock:
                sock.sendall(raw)
                assert sock.recv(4096)[9:12] in {b"200", b"400", b"404"}
        assert "Traceback" not in running.log.read_text()


def test_a_caller_that_hangs_up_changes_nothing_and_is_no_trouble(launch, address):
    with launch() as running:
        for method in (b"POST", b"DELETE"):
            with socket.create_connection(address(running.url), timeout=10) as sock:
                sock.sendall(
                    method + b" /__klingmock/script HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                    b'Authorization: Bearer mock-a\r\nContent-Length: 100\r\n\r\n{"script": '
                )
                sock.shutdown(socket.SHUT_WR)
                sock.recv(4096)
        assert json.loads(talk(running.url, "GET", f"{PREFIX}/script")[1])["faults"] == []
        assert running.log.read_text() == ""


@pytest.mark.parametrize("host", ["[", "[::1", "a]b:x", "", "\u00e9", "x" * 3000])
def test_a_host_that_is_none(server, host):
    for method, path in [
        *PLACES,
        ("GET", f"{PREFIX}/none"),
        ("PUT", f"{PREFIX}/clock"),
        ("PUT", f"{PREFIX}/ready"),
    ]:
        status, told = server.ask(method, path, host=host)
        assert status in {200, 400, 403, 404, 405}
        if status != 200:
            refused(status, {**told, "error": told["error"][:1000] + "."})
    assert server.ask("GET", f"{PREFIX}/openapi.json", host=host)[0] == 200


def test_tasks_of_a_path_of_tasks():
    assert [deed.path for deed in DEEDS if deed.path.startswith(TASK)] == [
        TASK,
        *(f"{TASK}/{name}" for name in ("hold", "release", "finish", "fail")),
    ]
