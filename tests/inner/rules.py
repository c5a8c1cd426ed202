"""A suite that meets some rules of two revisions and of two readings."""

import client
import pytest


@pytest.mark.parametrize("nth", range(4))
def test_good(klingmock, nth):
    assert client.submit()


def test_broken(klingmock):
    assert client.call(client.SUBMIT, client.IMAGE | {"mode": "stt"})[0] == 400


@pytest.mark.klingmock(reading="image-required=either")
def test_another_reading(klingmock):
    assert client.call(client.SUBMIT, {})[0] == 400


@pytest.mark.klingmock(revision="2026-07")
def test_another_revision(klingmock):
    assert client.call(klingmock.contract.operation("submit").path, client.IMAGE)[0] == 200


def test_without_a_socket(make_klingmock):
    with make_klingmock() as fake:
        assert fake.total == 0
