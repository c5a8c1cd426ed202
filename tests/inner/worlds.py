"""The fixtures."""

import os
import unittest

import client
import pytest
from hypothesis import given
from hypothesis import strategies as st


@pytest.fixture(scope="session", autouse=True)
def of_the_session():
    assert os.environ["MODELLIX_BASE_URL"] == "before"


@pytest.fixture(scope="class", autouse=True)
def of_the_class():
    assert os.environ["MODELLIX_BASE_URL"] == "before"


@pytest.fixture
def base_url():
    return os.environ["MODELLIX_BASE_URL"]


@pytest.mark.parametrize("nth", range(3))
def test_a_world_of_its_own(nth, klingmock, klingmock_server, told):
    assert os.environ["MODELLIX_BASE_URL"] == klingmock.url == klingmock_server.url
    assert os.environ["MODELLIX_API_KEY"] == klingmock.api_key
    for name in ("NO_PROXY", "no_proxy"):
        assert {"127.0.0.1", "modellix.ai"} <= set(os.environ[name].split(","))
    began = klingmock.now
    task_id = client.submit()
    assert [task.id for task in klingmock.tasks] == [task_id]
    assert client.status_of(task_id) == "pending"
    assert klingmock.now == began
    klingmock.advance(5)
    assert client.status_of(task_id) == "success"
    assert klingmock.total == 3
    told(klingmock.api_key, task_id)


def test_without_a_world_the_environment_is_as_it_was(base_url):
    assert base_url == "before"
    assert "MODELLIX_API_KEY" not in os.environ


def test_the_fixture_comes_before_those_that_read_the_environment(base_url, klingmock):
    assert base_url == klingmock.url


def test_the_fixture_can_be_asked_for_late(base_url, request):
    assert base_url == "before"
    klingmock = request.getfixturevalue("klingmock")
    assert os.environ["MODELLIX_BASE_URL"] == klingmock.url


@pytest.mark.klingmock(timing="instant")
def test_the_marker_alone_is_enough(base_url, klingmock_server):
    assert base_url == klingmock_server.url
    assert client.status_of(client.submit()) == "success"


@pytest.fixture(scope="session")
def shared(make_klingmock):
    with make_klingmock(timing="instant", revision="2026-04") as fake:
        yield fake


@pytest.mark.parametrize("nth", range(2))
def test_a_world_of_the_whole_session(nth, shared, klingmock):
    place = {"key": shared.environ["MODELLIX_API_KEY"], "url": shared.environ["MODELLIX_BASE_URL"]}
    before = shared.total
    assert client.status_of("none", **place) == 404
    assert (shared.total, klingmock.total) == (before + 1, 0)
    assert shared.options.revision == "2026-04"


@given(many=st.integers(0, 3))
@pytest.mark.klingmock(timing="realistic")
def test_a_world_for_each_example(make_klingmock, many):
    assert os.environ["MODELLIX_BASE_URL"] == "before"
    with make_klingmock() as fake:
        ids = [client.submit(key=fake.api_key, url=fake.url) for _ in range(many)]
        assert [task.id for task in fake.tasks] == ids


@given(many=st.integers(1, 3))
@pytest.mark.klingmock(timing="instant")
def test_one_world_for_all_examples(many):
    assert {client.status_of(client.submit()) for _ in range(many)} == {"success"}


def test_what_is_left_open_is_closed_at_the_end(make_klingmock):
    assert make_klingmock().total == 0


@pytest.mark.klingmock(timing="instant")
class TestOfUnittest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        assert os.environ["MODELLIX_BASE_URL"] == "before"

    def setUp(self):
        self.url = os.environ["MODELLIX_BASE_URL"]

    def test_it(self):
        assert client.status_of(client.submit(url=self.url)) == "success"
