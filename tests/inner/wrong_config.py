"""Nobody can do what is asked for here."""

import pytest


@pytest.fixture(scope="session")
def klingmock_config():
    return {"base_url_variabel": "VIDEO_URL"}


def test_config(klingmock):
    raise AssertionError("it began")
