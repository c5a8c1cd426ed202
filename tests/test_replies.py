"""klingmock.replies: the bodies of one revision."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klingcontracts.check import check_reply
from klingcontracts.contract import Contract, load, of_document
from klingcontracts.document import read, revisions
from klingcontracts.exchange import Call, Reply
from klingcontracts.problem import Problem
from klingmock.replies import Replies, iso
from klingmock.task import Task

ORIGIN = "http://127.0.0.1:8787"
TASK = Task("task-abc", "mock-a", load(), 5, 1400, "req-1", 1_767_225_600.0, 0.0, 1_767_225_605.0, 86400.0)
CASES = [
    (revision, status)
    for revision in revisions()
    for status in ("pending", "processing", "success", "failed")
]


def replies(revision: str = "2026-02", **readings: str) -> Replies:
    return Replies(load(revision, {name.replace("_", "-"): value for name, value in readings.items()}))


def findings(revision: str, operation: str, body: str) -> list:
    contract = load(revision)
    path = contract.operations[operation].path.replace("{task_id}", "task-abc")
    headers = {"content-type": "application/json"}
    reply = Reply(200, headers, body.encode())
    return check_reply(contract, contract.operations[operation], Call("GET", path, {}), reply)


@pytest.mark.parametrize(("revision", "status"), CASES)
def test_every_status_keeps_to_the_contract(revision, status):
    body = replies(revision).queried(TASK, status, ORIGIN)
    assert findings(revision, "task", body) == []
    assert json.loads(body)["data"]["status"] == status


@pytest.mark.parametrize("revision", revisions())
def test_an_accepted_job_keeps_to_the_contract(revision):
    assert findings(revision, "submit", replies(revision).submitted(TASK, ORIGIN)) == []


def test_the_first_revision_answers_as_its_page_says():
    assert json.loads(replies().submitted(TASK, ORIGIN)) == {
        "code": 0,
        "message": "success",
        "data": {"status": "pending", "task_id": "task-abc", "model_id": "kling-v1-i2v"},
    }


@pytest.mark.parametrize("revision", revisions()[1:])
def test_later_revisions_say_where_to_ask(revision):
    data = json.loads(replies(revision).submitted(TASK, ORIGIN))["data"]
    assert data["get_result"] == {"method": "GET", "url": f"{ORIGIN}/api/v1/tasks/task-abc"}


@pytest.mark.parametrize("status", ["pending", "processing"])
def test_an_unfinished_task_has_three_fields(status):
    data = json.loads(replies().queried(TASK, status, ORIGIN))["data"]
    assert data == {"status": status, "task_id": "task-abc", "model_id": "kling-v1-i2v"}


def test_a_failed_task_says_nothing_more_than_that():
    told = json.loads(replies().queried(TASK, "failed", ORIGIN))
    assert told == {"code": 0, "message": "success", "data": {"status": "failed", "task_id": "task-abc"}}


def test_a_finished_task_says_everything():
    one = replies()
    data = json.loads(one.queried(TASK, "success", ORIGIN))["data"]
    assert data["duration"] == 5000
    result = data["result"]
    assert result["metadata"] == {"request_id": "req-1"}
    assert result["extensions"] == {"submit_time": "2026-01-01T00:00:00Z", "end_time": "2026-01-01T00:00:05Z"}
    [resource] = result["resources"]
    assert resource["url"] == ORIGIN + one.video_path("task-abc")
    assert resource["type"] == "video"
    assert (resource["width"], resource["height"], resource["format"]) == (1280, 720, "mp4")
    assert {"billing", "result_expires_at"}.isdisjoint(data)


def test_the_newest_revision_adds_the_bill_and_the_expiry():
    data = json.loads(replies("2026-07").queried(TASK, "success", ORIGIN))["data"]
    assert data["billing"] == {"status": "succeeded", "amount": "0.1400"}
    assert data["result_expires_at"] == (1_767_225_605 + 86400) * 1000


def test_the_video_is_named_like_the_vendors():
    path = replies().video_path("task-abc")
    assert re.fullmatch(r"/aigc/video/task-abc_[0-9a-f]{12}\.mp4", path)
    assert replies().video_path("task-abd").rpartition("_")[2] != path.rpartition("_")[2]


@pytest.mark.parametrize(("reading", "model"), [("slug", "kling-v1-i2v"), ("opaque", "model-123")])
def test_the_reading_decides_the_model_id(reading, model):
    one = replies(model_id=reading)
    for body in (one.submitted(TASK, ORIGIN), one.queried(TASK, "success", ORIGIN)):
        assert json.loads(body)["data"]["model_id"] == model


@given(st.text(max_size=40))
def test_whatever_a_request_is_called_the_reply_is_json(request_id):
    body = replies("2026-07").queried(TASK._replace(request_id=request_id), "success", ORIGIN)
    assert json.loads(body)["data"]["result"]["metadata"]["request_id"] == request_id


@pytest.mark.parametrize(
    "origin", ['http://x"y', "http://x\\y", "http://x%sy", "http://x%(id)sy", "http://é"]
)
@pytest.mark.parametrize("revision", revisions())
def test_whatever_the_origin_is_the_reply_is_json(revision, origin):
    one = replies(revision)
    told = json.loads(one.submitted(TASK, origin))["data"].get("get_result", {"url": origin})
    assert told["url"].startswith(origin)
    data = json.loads(one.queried(TASK, "success", origin))["data"]
    assert data["result"]["resources"][0]["url"] == origin + one.video_path("task-abc")


@pytest.mark.parametrize("valid", [True, False])
def test_whether_a_key_is_valid(valid):
    body = replies("2026-07").valid_key(valid=valid)
    assert findings("2026-07", "validate-key", body) == []
    assert json.loads(body)["data"] == {"is_valid": valid}


def test_the_balance_is_a_number_of_dollars():
    body = replies("2026-07").balance(125_000)
    assert findings("2026-07", "balance", body) == []
    assert json.loads(body)["data"] == {"balance": 12.5}


def test_the_models_have_no_envelope_and_their_docs_are_here():
    body = replies("2026-07").models(ORIGIN)
    assert findings("2026-07", "models", body) == []
    [model] = json.loads(body)["models"]
    assert model["slug"] == "kling/kling-v1-i2v"
    assert model["docs_url"].startswith(ORIGIN + "/__klingmock/openapi.json?revision=2026-07")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "1970-01-01T00:00:00Z"), (951_782_400.9, "2000-02-29T00:00:00Z")]
)
def test_a_time_is_written_in_utc(seconds, text):
    assert iso(seconds) == text


@pytest.fixture
def own():
    """The contract with these properties in the data of its first reply, all of them always there."""

    def made(**properties) -> Contract:
        document = json.loads(json.dumps(read("2026-02")))
        data = document["components"]["schemas"]["SubmitData"]
        data["properties"] |= properties
        data["required"] = list(data["properties"])
        return of_document(document, "own")

    return made


def test_what_another_contract_always_has_is_there_as_it_shows_it(own):
    contract = own(
        duration={"type": "integer", "examples": [150]},
        note={"type": "string", "examples": ["100% %(id)s"]},
        kind={"type": "string", "enum": ["video", "still"]},
        fixed={"const": 7},
        status={"type": "string", "const": "queued"},
        cost={
            "type": "object",
            "required": ["amount", "paid", "to", "parts"],
            "properties": {
                "amount": {"type": "number"},
                "paid": {"type": "boolean"},
                "to": {"type": "string"},
                "parts": {"type": "array"},
                "more": {"type": "string"},
            },
        },
    )
    data = json.loads(Replies(contract).submitted(TASK, ORIGIN))["data"]
    assert data == {
        "status": "queued",
        "task_id": "task-abc",
        "model_id": "kling-v1-i2v",
        "duration": 150,
        "note": "100% %(id)s",
        "kind": "video",
        "fixed": 7,
        "cost": {"amount": 0, "paid": False, "to": "", "parts": []},
    }
    submit = contract.operation("submit")
    reply = Reply(
        200, {"content-type": "application/json"}, Replies(contract).submitted(TASK, ORIGIN).encode()
    )
    assert check_reply(contract, submit, Call("POST", submit.path, {}), reply) == []


def test_what_the_envelope_always_has_is_there(own):
    document = json.loads(json.dumps(own().document))
    reply = document["components"]["schemas"]["SubmitReply"]
    reply["properties"]["trace"] = {"type": "string", "examples": ["trace-1"]}
    reply["required"].append("trace")
    told = json.loads(Replies(of_document(document, "own")).submitted(TASK, ORIGIN))
    assert told["trace"] == "trace-1"


@pytest.mark.parametrize(
    ("place", "lacks"),
    [
        ("paths/SUBMIT/post/responses/200", "'submit' .* data.status"),
        ("components/schemas/SubmitReply/properties/data", "'submit' .* data.status"),
        ("components/schemas/SubmitData/properties/task_id", "'submit' .* data.task_id"),
        ("components/schemas/TaskData/properties/model_id/examples", "'task' .* example of data.model_id"),
    ],
)
def test_a_contract_whose_replies_are_of_another_kind_is_told(own, place, lacks):
    document = node = json.loads(json.dumps(own().document))
    *names, last = place.split("/")
    for name in names:
        node = node[load().operation("submit").path if name == "SUBMIT" else name]
    del node[last]
    with pytest.raises(Problem, match=lacks):
        Replies(of_document(document, "own"))
