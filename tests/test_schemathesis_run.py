"""What a run of schemathesis belongs to, and where it costs money."""

import pytest
import schemathesis
from schemathesis import Case

from klingcontracts import for_schemathesis
from klingcontracts.contract import load
from klingcontracts.document import read
from klingcontracts.schemathesis_run import Run, at_home, run_of, sends, stays_here

SUBMIT = load().operation("submit").path
BODY = {"image": "https://example.com/mountain.jpg"}


async def app(scope, receive, send):
    raise AssertionError("nothing is sent here")


def operation_of(schema):
    return schema[SUBMIT]["POST"]


@pytest.mark.parametrize(
    ("url", "here"),
    [
        (None, True),
        ("http://localhost:8787", True),
        ("http://127.0.0.1", True),
        ("http://127.8.8.8:1/api", True),
        ("http://[::1]:8787", True),
        ("https://api.modellix.ai", False),
        ("http://localhost.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://192.168.0.1", False),
        ("", False),
        ("nonsense", False),
    ],
)
def test_what_stays_on_this_machine(url, here):
    assert stays_here(url) is here


def test_a_document_at_home_names_no_server():
    document = {
        "servers": [{"url": "https://example.com"}],
        "paths": {"/a": {"servers": [], "get": {"servers": [], "summary": "A"}, "summary": "B"}},
    }
    assert at_home(document) == {"paths": {"/a": {"get": {"summary": "A"}, "summary": "B"}}}
    assert document["paths"]["/a"]["get"] == {"servers": [], "summary": "A"}
    assert at_home({}) == {}


def test_the_run_of_a_schema():
    ours = for_schemathesis.schema(app, "2026-07")
    assert run_of(ours).contract is load("2026-07")
    assert run_of(ours.include(method="POST")) is run_of(ours)
    other = schemathesis.openapi.from_dict({"openapi": "3.1.0", "info": {}, "paths": {}})
    assert run_of(other) is None


@pytest.mark.parametrize(
    ("where", "paid", "guarded"),
    [
        (app, None, False),
        (app, True, True),
        (app, False, False),
        ("http://127.0.0.1:9", None, False),
        ("http://127.0.0.1:9", True, True),
        ("https://example.com", None, True),
        ("https://example.com", False, False),
    ],
)
def test_where_there_is_a_guard(where, paid, guarded):
    schema = for_schemathesis.schema(where, paid=paid)
    run = run_of(schema)
    assert (run.guard(operation_of(schema)) is not None) is guarded
    case, kwargs = operation_of(schema).Case(body=BODY), {}
    run.hold(case, kwargs)
    assert (case.body != BODY) is guarded
    assert ("auth" in kwargs) is (paid is not False)


class Request:
    def __init__(self, url, body=b'{"image": "x"}'):
        self.url, self.body = url, body

    def prepare_body(self, data, files):
        assert files is None
        self.body = data


def test_a_request_is_looked_at_where_it_goes_and_not_where_it_was_meant_to_go():
    schema = for_schemathesis.schema("http://127.0.0.1:9")
    kwargs = {}
    run_of(schema).hold(operation_of(schema).Case(body=BODY), kwargs)
    assert kwargs["auth"](Request("http://127.0.0.1:9/a")).body == b'{"image": "x"}'
    assert kwargs["auth"](Request("https://example.com/a")).body == b""
    assert kwargs["auth"](Request("https://example.com/a", b"{}")).body == b"{}"


@pytest.mark.parametrize(("paid", "body"), [(None, b'{"image": "x"}'), (True, b"")])
def test_an_application_is_here_whatever_host_it_goes_by(paid, body):
    schema = for_schemathesis.schema("https://example.com", paid=paid)
    kwargs = {"app": app}
    run_of(schema).hold(operation_of(schema).Case(body=BODY), kwargs)
    assert kwargs["auth"](Request("http://testserver/a")).body == body


def test_the_operation_of_a_case():
    schema = for_schemathesis.schema(app)
    run = Run(load(), [read("2026-02")], paid=False)
    case: Case = operation_of(schema).Case(body=BODY)
    assert run.operation(case) is load().operations["submit"]
    assert run.operation(operation_of(schema).Case(method="PUT")) is None


def test_the_key_of_each_case():
    provider = sends("sesame")()
    case = operation_of(for_schemathesis.schema(app)).Case()
    provider.set(case, provider.get(case, None), None)
    assert case.headers == {"Authorization": "Bearer sesame"}
