"""klingmock.routes: which operation a path leads to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klingcontracts.contract import load
from klingcontracts.document import revisions
from klingmock.routes import Routes
from klingmock.served import Plan, Served

TYPED = "/api/v1/image-to-video/kling/kling-v1-i2v/async"
UNTYPED = "/api/v1/kling/kling-v1-i2v/async"
BARE = "/api/v1/kling/kling-v1-i2v"
OWN = {"2026-02": TYPED, "2026-04": UNTYPED, "2026-07": BARE}


def routes(*names: str) -> Routes:
    return Routes([Served(load(name), Plan()) for name in names or ("2026-02",)])


ALL = routes(*revisions())


@pytest.mark.parametrize(("revision", "path"), OWN.items())
def test_each_revision_has_its_own_path(revision, path):
    found = routes(revision).find("POST", path)
    assert found.operation is not None
    assert (found.operation.id, found.served.contract.revision) == ("submit", revision)
    for other in set(OWN.values()) - {path}:
        assert routes(revision).find("POST", other).operation is None


@pytest.mark.parametrize(("revision", "path"), OWN.items())
def test_side_by_side_each_path_leads_to_its_revision(revision, path):
    found = ALL.find("POST", path)
    assert (found.operation.id, found.served.contract.revision) == ("submit", revision)


@pytest.mark.parametrize("order", [revisions(), revisions()[::-1]])
def test_what_all_have_in_common_belongs_to_the_first(order):
    found = routes(*order).find("GET", "/api/v1/tasks/task-1")
    assert found.served.contract.revision == order[0]
    assert (found.operation.id, found.parameters) == ("task", {"task_id": "task-1"})


def test_the_paths_are_the_documented_ones_once_each():
    expected = {operation.path for name in revisions() for operation in load(name).operations.values()}
    assert set(ALL.paths()) == expected
    assert len(ALL.paths()) == len(expected)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", TYPED, ["POST"]),
        ("post", TYPED, ["POST"]),  # methods are case-sensitive (RFC 9110, 9.1)
        ("HEAD", "/api/v1/tasks/x", ["GET"]),
        ("POST", "/api/v1/tasks/x", ["GET"]),
        ("POST", "/api/v1/models", ["GET"]),
    ],
)
def test_a_wrong_method_names_the_right_ones(method, path, allowed):
    found = ALL.find(method, path)
    assert (found.operation, list(found.allowed)) == (None, allowed)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/api/v1/tasks",
        "/api/v1/tasks/",
        TYPED + "/",
        TYPED.upper(),
        f"/x{TYPED}",
        f"{TYPED}?a=1",
        "//" + TYPED,
    ],
)
def test_a_path_that_differs_in_anything_leads_nowhere(path):
    found = routes().find("POST", path)
    assert (found.operation, list(found.allowed)) == (None, [])
    assert found.served.contract.revision == "2026-02"


@given(st.sampled_from(["GET", "POST", "PUT", ""]) | st.text(max_size=8), st.text(max_size=60))
def test_anything_can_be_asked_for(method, path):
    found = ALL.find(method, path)
    assert found.operation is None or found.operation.match(path) is not None


@given(st.text(min_size=1, max_size=60))
def test_a_task_id_may_be_anything(name):
    assert ALL.find("GET", f"/api/v1/tasks/{name}").parameters == {"task_id": name}


@pytest.mark.parametrize(("revision", "path"), OWN.items())
def test_advice_for_a_path_of_another_revision_names_it(revision, path):
    other = next(name for name in revisions() if name != revision)
    advice = routes(other).advice(path)
    assert f"--revision {revision}" in advice


def test_advice_for_a_misspelt_path_names_the_nearest():
    assert routes().advice(TYPED.replace("kling-v1", "Kling-v1")) == f"nearest: {TYPED}"


def test_advice_for_a_path_like_no_other_names_all():
    advice = routes().advice("/x")
    assert TYPED in advice
    assert "/api/v1/tasks/{task_id}" in advice
