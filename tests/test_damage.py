"""klingmock.damage: what becomes of a reply, whatever reply it is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klingcontracts.exchange import Call, Reply
from klingmock import damage
from klingmock.damage import OTHER_TASK, Scene
from klingmock.faults import FAULTS

TOLD = {
    "code": 0,
    "message": "success",
    "data": {"task_id": "task-1", "status": "success", "result": {"resources": [1]}},
}
DAMAGES = [kind.damage for kind in FAULTS if kind.damage]


def scene(value="", status=0, origin="http://127.0.0.1:8787"):
    return Scene(Call("GET", "/aigc/video/x.mp4", {}, origin=origin), 0.0, value, status)


def reply(told=TOLD, **headers):
    body = json.dumps(told).encode()
    return Reply(200, {"content-type": "application/json", "content-length": str(len(body)), **headers}, body)


def told(damaged):
    assert damaged.headers["content-length"] == str(len(damaged.body))
    return json.loads(bytes(damaged.body))


def test_a_page_comes_from_a_proxy():
    found = damage.page(reply(), scene(status=502))
    assert (found.status, found.headers["content-type"]) == (502, "text/html")
    assert b"<h1>502 Bad Gateway</h1>" in found.body
    assert damage.page(reply(), scene(status=200)).status == 200


@pytest.mark.parametrize(
    ("status", "line"), [(502, "502 Bad Gateway"), (503, "503 Service Unavailable"), (599, "599")]
)
def test_a_page_names_its_status(status, line):
    body = bytes(damage.page(reply(), scene(status=status)).body).decode()
    assert f"<title>{line}</title>" in body
    assert f"<h1>{line}</h1>" in body


def test_bodies_that_are_no_json():
    whole = reply().body
    assert damage.empty(reply(), scene()).body == b""
    assert damage.cut(reply(), scene()).body == whole[: len(whole) // 2]
    for broken in (damage.empty, damage.cut, damage.invalid):
        found = broken(reply(), scene())
        assert found.headers["content-length"] == str(len(found.body))
        with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
            json.loads(bytes(found.body))


def test_the_right_body_of_the_wrong_type():
    found = damage.text(reply(), scene())
    assert (found.headers["content-type"], told(found)) == ("text/plain; charset=utf-8", TOLD)


def test_an_error_that_is_called_a_success():
    assert damage.accepted_error(reply({"code": 500})._replace(status=500), scene()).status == 200


def test_fields_that_are_not_documented_are_added_to_what_is_there():
    found = told(damage.added(reply(), scene()))
    assert found["x_added"] == found["data"]["x_added"]
    assert {**found, "data": TOLD["data"]} == {**TOLD, "x_added": found["x_added"]}
    assert set(told(damage.added(reply({"models": []}), scene()))) == {"models", "x_added"}


@pytest.mark.parametrize(
    ("change", "place", "expected"),
    [
        (damage.missing, "data.task_id", {"status": "success", "result": {"resources": [1]}}),
        (damage.null, "data.result", {"task_id": "task-1", "status": "success", "result": None}),
        (damage.mistyped, "data.task_id", {**TOLD["data"], "task_id": 4711}),
        (damage.missing, "data.nothing", TOLD["data"]),
        (damage.null, "data.task_id.more", TOLD["data"]),
        (damage.mistyped, "nothing.at.all", TOLD["data"]),
    ],
)
def test_one_field_is_changed_and_one_that_is_not_there_is_not(change, place, expected):
    assert told(change(reply(), scene(place))) == {**TOLD, "data": expected}


def test_a_number_becomes_a_text_and_all_else_a_number():
    assert told(damage.mistyped(reply(), scene("code")))["code"] == "0"
    assert told(damage.mistyped(reply(), scene("data")))["data"] == 4711


def test_a_status_comes_without_a_result():
    assert told(damage.status(reply(), scene("queued")))["data"] == {"task_id": "task-1", "status": "queued"}


def test_the_other_outcomes_of_a_task():
    assert told(damage.other_task(reply(), scene()))["data"]["task_id"] == OTHER_TASK
    assert told(damage.without_url(reply(), scene()))["data"]["result"] == {"resources": []}
    assert told(damage.with_reason(reply(), scene("not_safe")))["data"]["error"] == "not safe"


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://127.0.0.1:8787", "http://localhost:8787"),
        ("http://localhost:8787", "http://127.0.0.1:8787"),
        ("https://api.example.com", "https://localhost"),
        ("http://[::1]:9000", "http://localhost:9000"),
        ("http://[::1]", "http://localhost"),
    ],
)
def test_a_redirect_leads_to_another_name_of_this_machine(origin, host):
    found = damage.elsewhere(reply(), scene(origin=origin))
    assert (found.status, found.headers["location"]) == (302, f"{host}/aigc/video/x.mp4")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["data", "code", "result", "status", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(
    st.sampled_from(DAMAGES),
    JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=20),
    st.sampled_from(["data", "data.result.resources", "x.y", "code"]),
)
def test_any_reply_can_be_damaged(change, body, value):
    found = change(Reply(200, {"content-length": str(len(body))}, body), scene(value))
    assert found.headers["content-length"] == str(len(found.body))


def test_what_is_no_object_gets_no_more_fields():
    for change in (damage.added, damage.with_reason):
        assert change(reply([1]), scene("x")) == reply([1])
    assert told(damage.with_reason(reply({"data": None}), scene("x"))) == {"data": None}
