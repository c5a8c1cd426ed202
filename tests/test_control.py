"""klingmock.control: our own paths, under /__klingmock."""

import json

import pytest

from klingcontracts.contract import load
from klingcontracts.document import revisions
from klingmock.app import create_app


@pytest.fixture
def ask(asgi):
    """Status of a reply, and its JSON where it has a body."""

    def call(app, method: str, path: str, query: str = ""):
        status, _, body = asgi(app, method, f"{path}?{query}")
        return status, json.loads(body) if body and method != "HEAD" else body

    return call


@pytest.fixture
def world(fake):
    return fake(*revisions(), readings={"wrong-method": "404"})


@pytest.fixture
def whole(world):
    return create_app(world.mock)


@pytest.mark.parametrize("name", ["health", "ready"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_health_and_ready_need_no_key(whole, world, name, method, ask):
    status, told = ask(whole, method, f"/__klingmock/{name}")
    assert status == 200
    if method == "GET":
        assert told == {"name": "klingmock", "status": "ok", "revisions": list(revisions())}
    assert world.mock.journal.total == 0  # nothing of ours is the vendor's


def test_the_document_is_that_of_the_first_revision_with_its_readings(whole, ask):
    status, told = ask(whole, "GET", "/__klingmock/openapi.json")
    assert status == 200
    home = {"servers": [{"url": "http://127.0.0.1:8787"}]}  # not the vendor's host
    assert told == {**load(revisions()[0], {"wrong-method": "404"}).document, **home}
    assert told["x-errors"]["wrong-method"]["status"] == 404


@pytest.mark.parametrize("revision", revisions())
def test_the_document_of_each_revision(whole, revision, ask):
    status, told = ask(whole, "GET", "/__klingmock/openapi.json", f"revision={revision}")
    assert (status, told["info"]["version"]) == (200, revision)


class Changing:
    """An engine that serves other revisions at another time."""

    max_body = 100

    def __init__(self, world):
        self.world = world

    @property
    def served(self):
        return self.world.mock.served

    def answer(self, call):
        return self.world.mock.answer(call)


def test_what_is_served_is_looked_up_at_each_request(fake, ask):
    engine = Changing(fake("2026-02"))
    app = create_app(engine)
    before = ask(app, "GET", "/__klingmock/health")[1]["revisions"]
    engine.world = fake("2026-07", "2026-04")
    after = ask(app, "GET", "/__klingmock/health")[1]["revisions"]
    assert (before, after) == (["2026-02"], ["2026-07", "2026-04"])
    assert ask(app, "GET", "/__klingmock/openapi.json")[1]["info"]["version"] == "2026-07"
    assert ask(app, "GET", "/__klingmock/openapi.json", "revision=2026-02")[0] == 404


def test_a_revision_that_is_not_served_is_named_with_the_nearest(fake, ask):
    status, told = ask(
        create_app(fake("2026-02").mock), "GET", "/__klingmock/openapi.json", "revision=2026-04"
    )
    assert status == 404
    assert told["error"] == "Revision '2026-04' is not known. Nearest: '2026-02'. Known: 2026-02."
    assert "--revision" in told["remedy"]


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("revison=2026-04", "Parameter 'revison' is not known. Nearest: 'revision'. Known: revision."),
        ("revision=2026-04&revision=2026-02", "Parameter 'revision' is given twice."),
    ],
)
def test_a_document_is_not_given_for_a_slip(whole, query, error, ask):
    status, told = ask(whole, "GET", "/__klingmock/openapi.json", query)
    assert (status, told["error"]) == (400, error)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["", "/", "/helth", "/health/", "/a/b", "/openapi.yaml"])
def test_any_other_path_lists_those_that_are(whole, method, path, ask):
    status, told = ask(whole, method, f"/__klingmock{path}")
    assert status == 404
    for name in ("health", "ready", "openapi.json"):
        assert f"/__klingmock/{name}" in told["error"]


def test_a_misspelt_path_has_a_nearest(whole, ask):
    _, told = ask(whole, "GET", "/__klingmock/helth")
    assert "Nearest: '/__klingmock/health'." in told["error"]


def test_a_path_that_only_begins_alike_is_the_vendors(whole, ask):
    status, told = ask(whole, "GET", "/__klingmockery")
    assert (status, told["code"]) == (401, 401)


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_known_path_with_a_wrong_method_is_not_called_unknown(whole, method, ask):
    status, told = ask(whole, method, "/__klingmock/health")
    assert status in {404, 405}
    assert "'/__klingmock/health' is not known" not in str(told)
