"""klingcontracts.target: calls over ASGI and over HTTP are answered as the engine answers them."""

import json

import pytest

import klingmock
from klingcontracts.contract import load
from klingcontracts.exchange import Call
from klingcontracts.problem import Problem
from klingcontracts.target import Target, over_asgi, over_http
from klingmock.answer import Mock
from klingmock.app import create_app
from klingmock.worlds import Worlds

SUBMIT = load().operation("submit").path
IMAGE = b'{"image": "https://example.com/mountain.jpg"}'


@pytest.fixture(params=["engine", "asgi", "http"])
def answer(request):
    with klingmock.running() as fake:
        key = {"authorization": f"Bearer {fake.api_key}"}
        ways = {"engine": fake.answer, "asgi": over_asgi(create_app(fake)), "http": over_http(fake.url + "/")}
        yield lambda method, path, body=b"", **more: ways[request.param](
            Call(method, path, key, body, **more)
        )


def test_each_way_gives_the_same(answer):
    reply = answer("POST", SUBMIT, IMAGE)
    told = json.loads(bytes(reply.body))
    assert (reply.status, told["data"]["status"]) == (200, "pending")
    assert reply.headers["content-type"] == "application/json"
    assert answer("GET", f"/api/v1/tasks/{told['data']['task_id']}", query="a=b").status == 200
    assert answer("GET", "/api/v1/tasks/雪 ?").status == 404
    assert answer("POST", SUBMIT, b"{").status == 400


def test_over_asgi_needs_no_more_than_an_application():
    reply = over_asgi(create_app(Worlds(Mock([load()]))))(
        Call("GET", "/api/v1/tasks/1", {}, origin="http://h:1")
    )
    assert reply.status == 401


@pytest.mark.parametrize("url", ["", "127.0.0.1:80", "ftp://h/", "http://"])
def test_what_is_no_base_url_is_told(url):
    with pytest.raises(Problem, match="is no base URL"):
        over_http(url)


def test_a_target_has_two_keys():
    assert Target(lambda _: None).keys == ("mock-a", "mock-b")
