"""klingcontracts.respx_router: both libraries are met and left again; what is not documented is explained."""

import httpx
import httpx2
import pytest
import respx

from klingcontracts.base import bases_of
from klingcontracts.contract import load
from klingcontracts.respx_router import Httpcore2Mocker, Router, undocumented

HOME = "https://api.modellix.ai"
NOWHERE = "http://127.0.0.1:9"  # the discard port: nothing listens there


def said(method, url):
    contract = load()
    return undocumented(httpx.Request(method, url), contract, bases_of(contract)).splitlines()


@pytest.mark.parametrize(
    ("method", "url", "nearest"),
    [
        (
            "GET",
            f"{HOME}/api/v1/task/1",
            "GET /api/v1/tasks/{task_id} (task): 'task' stands where 'tasks' is documented",
        ),
        ("GET", f"{HOME}/api/v1/tasks", "GET /api/v1/tasks/{task_id} (task): the path has 3 parts, not 4"),
        ("DELETE", f"{HOME}/api/v1/tasks/1", "GET /api/v1/tasks/{task_id} (task): the method is DELETE"),
        (
            "GET",
            "https://example.com/api/v1/tasks/1",
            f"GET /api/v1/tasks/{{task_id}} (task): the base is not {HOME}",
        ),
        (
            "GET",
            "http://api.modellix.ai/api/v1/tasks/1",
            f"GET /api/v1/tasks/{{task_id}} (task): the base is not {HOME}",
        ),
        (
            "POST",
            f"{HOME}/api/v1/image-to-video/kling/kling-v1-i2v/async/",
            "POST /api/v1/image-to-video/kling/kling-v1-i2v/async (submit): the path has a slash at its end",
        ),
        (
            "POST",
            f"{HOME}/api/v1/image-to-video/Kling/kling-v1-i2v/async",
            "POST /api/v1/image-to-video/kling/kling-v1-i2v/async (submit): the path is in other letters",
        ),
    ],
)
def test_the_nearest_operation_comes_first_with_what_does_not_fit(method, url, nearest):
    head, first, *others, foot = said(method, url)
    assert head == f"{method} {url} is no operation of revision 2026-02. Nearest:"
    assert first.strip() == nearest
    assert len(others) == 1  # the other operation
    assert foot == "If the call is meant, give the router a route for it."


def test_a_query_may_hold_a_key_and_is_not_shown():
    assert "secret" not in "\n".join(said("GET", f"{HOME}/nothing?api_key=secret"))


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_both_libraries_are_met_and_left_as_they_were(library):
    with Router(assert_all_called=False) as router:
        router.get(NOWHERE).respond(json={"met": True})
        assert library.get(NOWHERE).json() == {"met": True}
        assert router.calls.call_count == 1
    with pytest.raises(library.ConnectError):
        library.get(NOWHERE)
    assert Httpcore2Mocker.routers == []


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_a_router_without_a_contract_fails_as_respx_does(library):
    with Router(assert_all_called=False), pytest.raises(AssertionError, match="not mocked"):
        library.get(NOWHERE)


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_a_call_that_passes_through_is_made(library):
    with Router(assert_all_called=False) as router:
        router.route(host="127.0.0.1").pass_through()
        with pytest.raises(library.ConnectError):
            library.post(NOWHERE, content=b"{}")
        assert router.calls.last.request.content == b"{}"  # respx records such a call once for each layer


def test_it_stands_beside_a_router_of_the_users_own():
    with (
        Router(assert_all_called=False, contract=load(), bases=bases_of(load())) as ours,
        respx.mock() as theirs,
    ):
        theirs.get("https://example.com/").respond(204)
        assert httpx.get("https://example.com/").status_code == 204
        assert (ours.calls.call_count, theirs.calls.call_count) == (0, 1)


def test_what_was_asserted_to_be_called_and_was_not_is_told_and_all_is_left():
    with pytest.raises(AssertionError, match="some routes were not called"), Router() as router:
        router.get(NOWHERE)
    assert Httpcore2Mocker.routers == []
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(NOWHERE)


def test_without_httpx2_it_is_a_router_for_httpx(monkeypatch):
    monkeypatch.setattr("klingcontracts.respx_router.find_spec", lambda _: None)
    with Router(assert_all_called=False) as router:
        router.get(NOWHERE).respond(204)
        assert httpx.get(NOWHERE).status_code == 204
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(NOWHERE)
