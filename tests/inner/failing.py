"""Tests that fail, each with a job of its own name."""

import unittest

import client
import pytest

REAL_KEY = "sk-live-0123456789"


def submit(name, **more):
    return client.call(client.SUBMIT, client.IMAGE | {"prompt": f"job-{name}"}, **more)


def place(fake):
    return {"key": fake.api_key, "url": fake.url}


@pytest.fixture(autouse=True)
def keys(request, told):
    yield
    fake = request.node.funcargs.get("klingmock")
    if fake is not None:
        told(fake.api_key)


def test_first(klingmock):
    submit("first")
    raise AssertionError


def test_passes(klingmock):
    assert submit("passes")[0] == 200


def test_second(klingmock):
    submit("second")
    client.status_of("task-none", key=REAL_KEY)
    raise AssertionError


def test_asks_nothing(klingmock):
    raise AssertionError


@pytest.fixture(scope="session")
def shared(make_klingmock):
    with make_klingmock() as fake:
        submit("at-the-start", **place(fake))
        yield fake


@pytest.mark.parametrize("name", ["shared-a", "shared-b"])
def test_shared(shared, name):
    submit(name, **place(shared))
    raise AssertionError


def test_closed(make_klingmock):
    with make_klingmock() as fake:
        submit("closed", **place(fake))
    raise AssertionError


def test_after_closed(klingmock):
    submit("after-closed")
    raise AssertionError


@pytest.mark.xfail(strict=True)
def test_expected(klingmock):
    submit("expected")
    raise AssertionError


def test_without_a_world():
    raise AssertionError


@pytest.fixture
def breaks_before(klingmock):
    submit("setup")
    raise OSError


def test_setup(breaks_before):
    raise AssertionError("its setup went through")


@pytest.mark.klingmock(timing="instant")
class TestOfUnittest(unittest.TestCase):
    def test_of_unittest(self):
        submit("of-unittest")
        raise AssertionError


@pytest.fixture
def breaks_after(klingmock):
    yield
    submit("teardown")
    raise OSError


def test_teardown(breaks_after):
    assert breaks_after is None
