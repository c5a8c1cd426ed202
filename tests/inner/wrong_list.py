"""Nobody can do what is asked for here."""

import pytest


@pytest.fixture(scope="session")
def klingmock_config():
    return ["instant"]


def test_list(klingmock):
    raise AssertionError("it began")
