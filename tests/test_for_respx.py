"""klingcontracts.for_respx: (httpx, httpx2) x (sync, async) on the vendor's host, answered by the engine."""

import asyncio

import httpx
import httpx2
import pytest
import respx

import klingmock
from klingcontracts.contract import load
from klingcontracts.for_respx import assert_conforms, router
from klingcontracts.problem import Problem
from klingcontracts.report import Nonconforming
from klingcontracts.rule import Level

HOME = "https://api.modellix.ai"
IMAGE = {"image": "https://example.com/mountain.jpg"}
KEY = {"Authorization": "Bearer k"}
SUBMIT = load().operation("submit").path


class Sync:
    """A client of one library, asked synchronously."""

    def __init__(self, library, key, **more):
        self.library = library
        self.client = library.Client(base_url=HOME, headers={"Authorization": f"Bearer {key}"}, **more)

    def __call__(self, method, url, **more):
        return self.client.request(method, url, **more)


class Async(Sync):
    """The same, asked asynchronously, in a loop of its own for each call."""

    def __init__(self, library, key, **more):
        self.library = library
        self.make = lambda: library.AsyncClient(
            base_url=HOME, headers={"Authorization": f"Bearer {key}"}, **more
        )

    def __call__(self, method, url, **more):
        async def call():
            async with self.make() as client:
                return await client.request(method, url, **more)

        return asyncio.run(call())


@pytest.fixture
def fake():
    with klingmock.running() as fake:
        yield fake


@pytest.fixture(params=[httpx, httpx2], ids=["httpx", "httpx2"])
def library(request):
    return request.param


@pytest.fixture(params=[Sync, Async])
def client(request, fake, library):
    found = request.param(library, fake.api_key)
    yield found
    if not isinstance(found, Async):
        found.client.close()


def task_of(reply):
    return reply.json()["data"]["task_id"]


def test_from_submit_to_video_as_if_it_were_the_vendor(client, fake):
    with router(fake.answer) as mocked:
        task = task_of(client("POST", SUBMIT, json=IMAGE))
        assert client("GET", f"/api/v1/tasks/{task}").json()["data"]["status"] == "pending"
        fake.advance_to(task, "success")
        told = client("GET", f"/api/v1/tasks/{task}").json()["data"]
        url = told["result"]["resources"][0]["url"]
        assert url.startswith(f"{HOME}/")
        video = client("GET", url)
        assert isinstance(video, client.library.Response)
        assert (video.headers["content-type"], video.content[4:8]) == ("video/mp4", b"ftyp")
        assert client("HEAD", url).headers["content-length"] == str(len(video.content))
        counts = {name: mocked[name].call_count for name in ("submit", "task", "video", "video-head")}
        assert counts == {"submit": 1, "task": 2, "video": 1, "video-head": 1}
        assert_conforms(mocked.calls)
    assert [entry.operation for entry in fake.journal] == ["submit", "task", "task", "video", "video"]


def test_a_poll_more_exhausts_nothing(client, fake):
    with router(fake.answer):
        task = task_of(client("POST", SUBMIT, json=IMAGE))
        assert {client("GET", f"/api/v1/tasks/{task}").status_code for _ in range(12)} == {200}


def test_faults_are_the_errors_of_the_library_that_called(client, fake):
    fake.script("submit: drop, lost, truncate, delay=10s, 503 retry-after=2")
    with router(fake.answer) as mocked:
        for error in ("RemoteProtocolError", "RemoteProtocolError", "RemoteProtocolError", "ReadTimeout"):
            with pytest.raises(getattr(client.library, error)) as caught:
                client("POST", SUBMIT, json=IMAGE)
            assert caught.value.request.url.path == SUBMIT
        reply = client("POST", SUBMIT, json=IMAGE)
        assert (reply.status_code, reply.headers["retry-after"]) == (503, "2")
        assert mocked["submit"].call_count == 5
    assert len(fake.tasks) == 3  # lost, truncate and delay were accepted


def test_a_client_that_streams_gets_the_half_of_what_is_cut(fake, library):
    fake.script("submit: truncate")
    got = []
    with router(fake.answer), Sync(library, fake.api_key).client as client:
        reading = client.stream("POST", SUBMIT, json=IMAGE)
        with pytest.raises(library.RemoteProtocolError), reading as reply:
            got.extend(reply.iter_bytes(8))
    assert b"".join(got).startswith(b'{"code":0')
    assert len(fake.tasks) == 1


def test_an_undocumented_call_fails_with_the_nearest_operations(client, fake):
    with router(fake.answer) as mocked:
        with pytest.raises(
            AssertionError, match=r"Nearest:\n  GET /api/v1/tasks/\{task_id\} \(task\): 'task' stands"
        ):
            client("GET", "/api/v1/task/1")
        assert mocked.calls.call_count == 0
    assert fake.total == 0


def test_refusals_and_strange_bodies_are_the_engines(client, fake):
    with router(fake.answer):
        assert client("POST", SUBMIT, content=b"\xff{").status_code == 400
        reply = client("POST", SUBMIT, json={**IMAGE, "mode": "stt"})
        assert (reply.status_code, "mode" in reply.json()["message"]) == (400, True)
        assert client("GET", "/api/v1/tasks/none").status_code == 404
    with pytest.raises(Nonconforming):
        fake.assert_conforms()


def test_a_route_can_be_answered_otherwise_and_others_can_be_added(client, fake):
    with router(fake.answer) as mocked:
        mocked["submit"].respond(502, text="<html>")
        mocked.get("https://example.com/").respond(204)
        assert client("POST", SUBMIT, json=IMAGE).status_code == 502
        assert client("GET", "https://example.com/").status_code == 204
        with pytest.raises(Nonconforming, match=r"submit\.reply\.status"):
            assert_conforms(mocked.calls)


@pytest.mark.parametrize("revision", ["2026-02", "2026-04", "2026-07"])
def test_each_revision_has_its_operations(revision, library):
    contract = load(revision)
    with klingmock.running(revision=revision) as fake, router(fake.answer, revision=revision) as mocked:
        client = Sync(library, fake.api_key)
        for operation in contract.operations.values():
            path = operation.path.replace("{task_id}", "none")
            client(operation.method, path, json=IMAGE if operation.body else None)
            assert mocked[operation.id].call_count == 1
        assert_conforms(mocked.calls, revision)


def test_a_base_url_with_a_path_of_its_own(fake, library):
    base = "http://proxy.example:8080/vendor"
    headers = {"Authorization": f"Bearer {fake.api_key}"}
    with (
        router(fake.answer, base_url=f"{base}/") as mocked,
        library.Client(base_url=base, headers=headers) as client,
    ):
        task = task_of(client.post(SUBMIT, json=IMAGE))
        fake.advance_to(task, "success")
        told = client.get(f"/api/v1/tasks/{task}").json()
        url = told["data"]["result"]["resources"][0]["url"]
        assert url.startswith(f"{base}/")
        assert client.get(url).status_code == 200
        with pytest.raises(AssertionError, match=f"the base is not {base}"):
            client.get("http://proxy.example:8080/api/v1/tasks/1")
        assert_conforms(mocked.calls, base_url=base)
        with pytest.raises(AssertionError, match="None of 3 calls went to https://api"):
            assert_conforms(mocked.calls)


def test_a_route_of_your_own_comes_first_while_the_block_lasts(client, fake):
    mocked = router(fake.answer)
    with mocked:
        mocked.post(HOME + SUBMIT).respond(418)
        assert client("POST", SUBMIT, json=IMAGE).status_code == 418
        assert client("GET", "/api/v1/tasks/none").status_code == 404
    with mocked:
        assert client("POST", SUBMIT, json=IMAGE).status_code == 200


def test_two_servers_of_one_document(fake, own_document):
    path = own_document(servers=[{"url": HOME}, {"url": "https://eu.example.com"}])
    with router(fake.answer, revision=path) as mocked:
        for base in (HOME, "https://eu.example.com"):
            assert httpx.get(f"{base}/api/v1/tasks/1").status_code == 401
        assert mocked["task"].call_count == 1  # the name is the first one's
        assert mocked.calls.call_count == 2


def test_a_wrong_argument_is_told(fake):
    with pytest.raises(Problem, match="is no base URL"):
        router(fake.answer, base_url="localhost")
    with pytest.raises(Problem, match="2026-01"):
        router(fake.answer, revision="2026-01")


class TestARouterMadeByHand:
    """assert_conforms needs no fake: it finds where a stub, or the client, is not as documented."""

    def test_a_good_client_and_a_good_stub(self, fake):
        with router(fake.answer):
            reply = httpx.post(HOME + SUBMIT, json=IMAGE, headers={"Authorization": f"Bearer {fake.api_key}"})
        with respx.mock() as mocked:
            mocked.post(HOME + SUBMIT).respond(json=reply.json(), headers={"x-request-id": "1"})
            httpx.post(HOME + SUBMIT, json=IMAGE, headers=KEY)
            assert_conforms(mocked.calls)

    @pytest.mark.parametrize(
        ("wrong", "rule", "passes"),
        [({"mode": "stt"}, "mode.enum", None), ({"promt": "x"}, "unknown-field", Level.ERROR)],
    )
    def test_a_client_that_breaks_a_rule(self, wrong, rule, passes):
        with respx.mock() as mocked:
            mocked.post(HOME + SUBMIT).mock(side_effect=httpx.ReadTimeout)
            with pytest.raises(httpx.ReadTimeout):
                httpx.post(HOME + SUBMIT, json={**IMAGE, **wrong}, headers=KEY)
            with pytest.raises(Nonconforming, match=rf"submit\.body\.{rule}"):
                assert_conforms(mocked.calls)
            if passes is not None:
                assert_conforms(mocked.calls, level=passes)

    def test_a_stub_that_is_not_as_documented(self):
        with respx.mock() as mocked:
            mocked.get(f"{HOME}/api/v1/tasks/1").respond(json={"status": "done"})
            httpx.get(f"{HOME}/api/v1/tasks/1", headers=KEY)
            with pytest.raises(Nonconforming, match=r"task\.reply"):
                assert_conforms(mocked.calls)

    def test_nothing_to_look_at_is_no_success(self):
        with respx.mock(assert_all_called=False) as mocked:
            mocked.get("https://example.com/").respond(204)
            httpx.get("https://example.com/")
            with pytest.raises(AssertionError, match="None of 1 calls went to"):
                assert_conforms(mocked.calls)
        with pytest.raises(AssertionError, match="None of 0 calls went to"):
            assert_conforms(mocked.calls)


class TestTheFixture:
    """klingmock_router: the vendor's host leads to the world of `klingmock`, and its own URL still works."""

    @pytest.mark.klingmock(timing="instant", revision="2026-04")
    def test_the_world_is_the_same(self, klingmock, klingmock_router, library):
        headers = {"Authorization": f"Bearer {klingmock.api_key}"}
        path = klingmock.contract.operation("submit").path
        task = task_of(library.post(HOME + path, json=IMAGE, headers=headers))
        assert [one.id for one in klingmock.tasks] == [task]
        reply = library.get(f"{klingmock.url}/api/v1/tasks/{task}", headers=headers)
        assert reply.json()["data"]["status"] == "success"
        assert klingmock_router["submit"].call_count == 1

    def test_without_respx_it_says_what_to_install(self, klingmock, request, monkeypatch):
        monkeypatch.setattr("klingmock.for_pytest.find_spec", lambda _: None)
        with pytest.raises(pytest.fail.Exception, match=r"needs respx.*pip install \"klingmock\[test\]\""):
            request.getfixturevalue("klingmock_router")
        assert klingmock.total == 0
