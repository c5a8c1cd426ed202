"""Options of a whole module."""

import os

import client
import pytest


@pytest.fixture(scope="session")
def klingmock_config():
    return {"base_url_variable": "VIDEO_URL", "api_key_variable": "VIDEO_KEY", "timing": "instant"}


def test_names(klingmock):
    assert (os.environ["VIDEO_URL"], os.environ["VIDEO_KEY"]) == (klingmock.url, klingmock.api_key)
    assert os.environ["MODELLIX_BASE_URL"] == "before"
    place = {"key": klingmock.api_key, "url": klingmock.url}
    assert client.status_of(client.submit(**place), **place) == "success"


@pytest.mark.klingmock(timing="quick", base_url_variable="CLIP_URL")
def test_the_marker_is_closer(klingmock):
    assert klingmock.options.timing == "quick"
    assert (os.environ["CLIP_URL"], os.environ["VIDEO_KEY"]) == (klingmock.url, klingmock.api_key)
    assert "VIDEO_URL" not in os.environ
