"""What `pip install "klingmock[test]"` has: the plugin, the strategies, respx for both httpx and httpx2."""

import httpx
import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klingcontracts.strategies import bodies, breakable, broken_bodies

PATH = "/api/v1/image-to-video/kling/kling-v1-i2v/async"
VENDOR = "https://api.modellix.ai"


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_the_fixture(klingmock, library):
    headers = {"Authorization": f"Bearer {klingmock.api_key}"}
    reply = library.post(f"{klingmock.url}{PATH}", json={"image": "x"}, headers=headers)
    assert reply.status_code == 200
    klingmock.assert_conforms()


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_the_router(klingmock, klingmock_router, library):
    headers = {"Authorization": f"Bearer {klingmock.api_key}"}
    reply = library.post(f"{VENDOR}{PATH}", json={"image": "x"}, headers=headers)
    assert [task.id for task in klingmock.tasks] == [reply.json()["data"]["task_id"]]


@settings(max_examples=20, deadline=None)
@given(body=bodies())
def test_valid_bodies(make_klingmock, body):
    with make_klingmock() as fake:
        headers = {"Authorization": f"Bearer {fake.api_key}"}
        assert httpx.post(f"{fake.url}{PATH}", json=body, headers=headers).status_code == 200


@pytest.mark.parametrize("rule", breakable())
@settings(max_examples=2, deadline=None)
@given(data=st.data())
def test_broken_bodies(make_klingmock, rule, data):
    body, _ = data.draw(broken_bodies(rule))
    with make_klingmock() as fake:
        headers = {"Authorization": f"Bearer {fake.api_key}"}
        assert httpx.post(f"{fake.url}{PATH}", json=body, headers=headers).status_code == 400
        assert not fake.tasks
