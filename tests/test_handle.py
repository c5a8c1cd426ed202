"""klingmock.handle: a world as a test holds it, without a socket."""

import json
import logging

import pytest

from klingcontracts.contract import load
from klingcontracts.exchange import REDACTED, Call
from klingcontracts.problem import Problem
from klingmock.handle import KEPT, Handle
from klingmock.options import options

SUBMIT = load().operation("submit").path
IMAGE = {"image": "https://example.com/mountain.jpg"}
URL = "http://127.0.0.1:1"  # nobody listens: a handle answers without a socket


def world(watch=None, **given):
    return Handle(URL, "mock-a", options(given), print, watch)


def send(handle, method="GET", path="/api/v1/tasks/none", body=b"", key="mock-a", query="", **more):
    headers = {"authorization": f"Bearer {key}"} if key else {}
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return handle.answer(Call(method, path, headers | more, raw, query))


def submit(handle, key="mock-a", **more):
    reply = send(handle, "POST", SUBMIT, IMAGE | more, key)
    assert reply.status == 200, bytes(reply.body)
    return json.loads(reply.body)["data"]["task_id"]


def poll(handle, task_id, **more):
    return send(handle, path=f"/api/v1/tasks/{task_id}", **more)


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


def test_the_environment_says_where_the_world_is_and_that_no_proxy_leads_there():
    local = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    assert world().environ == {"MODELLIX_BASE_URL": URL, "MODELLIX_API_KEY": "mock-a", **local}


def test_the_environment_goes_by_the_names_that_were_asked_for():
    told = world(base_url_variable="VIDEO_URL", api_key_variable="VIDEO_KEY").environ
    assert (told["VIDEO_URL"], told["VIDEO_KEY"]) == (URL, "mock-a")
    assert not any(name.startswith("MODELLIX") for name in told)


@pytest.mark.parametrize(
    ("set_", "told"),
    [
        ({"NO_PROXY": "intranet"}, "intranet,127.0.0.1"),
        ({"no_proxy": "intranet"}, "intranet,127.0.0.1"),
        ({"NO_PROXY": "upper", "no_proxy": "lower"}, "lower,127.0.0.1"),  # as urllib and curl have it
        ({"NO_PROXY": "", "no_proxy": ""}, "127.0.0.1"),
    ],
)
def test_proxies_that_were_avoided_still_are(monkeypatch, set_, told):
    for name, value in set_.items():
        monkeypatch.setenv(name, value)
    environ = world().environ
    assert environ["NO_PROXY"] == environ["no_proxy"] == told


def test_fifty_polls_at_a_clock_that_stands_still_log_one_warning(caplog):
    handle = world()
    task_id = submit(handle)
    for _ in range(49):
        poll(handle, task_id)
    assert not caplog.records
    for _ in range(150):
        poll(handle, task_id)
    assert [(record.name, record.levelno) for record in caplog.records] == [("klingmock", logging.WARNING)]
    assert f"/api/v1/tasks/{task_id} was polled 50 times" in caplog.text
    assert "advance(seconds)" in caplog.text


def test_a_clock_that_moves_is_waited_for(caplog):
    handle = world(timing="realistic")
    task_id = submit(handle)
    for _ in range(49):
        poll(handle, task_id)
    handle.advance(1)
    for _ in range(49):
        poll(handle, task_id)
    handle.advance_to(task_id, "processing")
    for _ in range(49):
        poll(handle, task_id)
    assert not caplog.records


def test_polls_of_different_tasks_are_no_wait(caplog):
    handle = world()
    ids = [submit(handle), submit(handle)]
    for nth in range(200):
        poll(handle, ids[nth % 2])
    assert not caplog.records


def test_submissions_are_no_polls(caplog):
    handle = world()
    for _ in range(100):
        submit(handle)
    assert not caplog.records
    assert len(handle.tasks) == 100


def test_tasks_stand_in_the_order_of_their_submission():
    handle = world()
    ids = [submit(handle), submit(handle, key="mock-b"), submit(handle)]
    assert [(one.id, one.status, one.task.owner) for one in handle.tasks] == [
        (ids[0], "pending", "mock-a"),
        (ids[1], "pending", "mock-b"),
        (ids[2], "pending", "mock-a"),
    ]
    assert all(handle.knows(task_id) for task_id in ids)
    assert not handle.knows("task-none")


def test_a_task_that_the_server_has_forgotten_is_still_told():
    handle = world(timing="instant", retention=10)
    first = submit(handle)
    handle.advance(11)
    second = submit(handle)  # lets the engine's store go of the first
    assert [(one.id, one.status) for one in handle.tasks] == [(first, "expired"), (second, "success")]
    assert handle.advance_to(first, "expired") == handle.now
    assert poll(handle, first).status == 404


def test_the_journal_and_its_total():
    handle = world()
    task_id = submit(handle)
    poll(handle, task_id)
    assert [entry.operation for entry in handle.journal] == ["submit", "task"]
    for _ in range(KEPT):
        poll(handle, task_id)
    assert (len(handle.journal), handle.total) == (KEPT, KEPT + 2)


def test_the_last_request_is_whole_and_has_no_secrets():
    handle = world()
    body = IMAGE | {"image": "A" * 1_000_000}
    query = "api_key=mock-a&page=2"
    send(handle, "POST", SUBMIT, body, query=query, **{"x-api-key": "mine", "accept": "*/*"})
    last = handle.last_request
    assert last.json() == body
    assert last.headers == {"authorization": REDACTED, "x-api-key": REDACTED, "accept": "*/*"}
    assert last.query == f"api_key={REDACTED}&page=2"
    assert (last.method, last.path) == ("POST", SUBMIT)


def test_a_call_that_is_refused_is_a_last_request_too():
    handle = world()
    send(handle, "PUT", "/nowhere", b"text", key="")
    assert (handle.last_request.path, handle.last_request.body) == ("/nowhere", b"text")


def test_without_a_request_there_is_no_last_one():
    with pytest.raises(Problem, match=r"^Nothing was asked of this world\. Send a request to http://127"):
        _ = world().last_request


def test_who_watches_is_called_with_each_exchange():
    seen = []
    handle = world(
        lambda contract, entry: seen.append((contract.revision, entry.operation)), revision="2026-07"
    )
    send(handle)
    send(handle, "POST", load("2026-07").operation("submit").path, IMAGE)
    assert seen == [("2026-07", "task"), ("2026-07", "submit")]


def test_what_a_server_asks_of_an_engine():
    handle = world(revision="2026-04")
    assert [one.contract.revision for one in handle.served] == ["2026-04"]
    assert handle.max_body == 64 * 2**20


def test_closing_gives_the_key_back_and_keeps_the_journal():
    closed = []
    with Handle(URL, "mock-a", options(), closed.append) as handle:
        submit(handle)
        assert closed == []
    assert closed == ["mock-a"]
    assert handle.total == len(handle.journal) == len(handle.tasks) == 1


def test_of_no_exchange_nothing_is_told():
    assert world().told() == ""


def test_call_and_reply_are_told_without_the_key():
    handle = world()
    task_id = submit(handle, prompt="a mountain")
    told = handle.told()
    assert told.splitlines()[0] == f"1  200  POST {SUBMIT}"
    assert '"prompt": "a mountain"' in told
    assert task_id in told
    assert "mock-a" not in told


def test_only_what_came_since_is_told():
    handle = world()
    task_id = submit(handle)
    poll(handle, task_id)
    assert handle.told(1).startswith("2  200  GET")
    assert SUBMIT not in handle.told(1)
    assert handle.told(2) == ""


def test_of_many_exchanges_the_last_ones_are_told():
    handle = world()
    for _ in range(30):
        send(handle)
    lines = handle.told(5, most=3).splitlines()
    assert lines[0] == "(22 earlier ones are left out)"
    assert [line.split()[0] for line in lines if "GET" in line] == ["28", "29", "30"]


def test_calls_fail_as_the_script_says():
    handle = world()
    handle.script("submit: 503*2")
    handle.script("outcome: fail")
    assert [send(handle, "POST", SUBMIT, IMAGE).status for _ in range(3)] == [503, 503, 200]
    assert handle.told().count("script: submit: 503*2") == 2
    assert handle.advance_to(handle.tasks[0].id, "failed") == handle.now
    assert handle.tasks[0].status == "failed"


def test_a_mistake_in_a_script_is_told():
    with pytest.raises(Problem, match="Nearest: 'drop'"):
        world().script("submit: dropp")


def test_what_is_told_ends_with_the_faults_and_what_became_of_them():
    handle = world()
    handle.script("task: 503*2, drop~0.5; submit: lost")
    assert handle.told() == ""
    poll(handle, "task-1")
    assert handle.told().splitlines()[-3:] == [
        "fault  task: 503*2 (fired 1 of 2)",
        "fault  task: drop~0.5 (fired 0 of any)",
        "fault  submit: lost (fired 0 of 1)",
    ]


def test_who_is_judged_is_judged_by_everything_or_not_at_all():
    handle = world()
    submit(handle)
    for _ in range(KEPT - 1):
        send(handle)
    assert handle.verdict().judgements
    send(handle)
    charged, conforms = handle.assert_no_double_charge, handle.assert_conforms
    for judge in (handle.verdict, handle.assert_good_client, charged, conforms):
        with pytest.raises(Problem, match="Of 10001 exchanges the last 10000 are kept: too few to judge"):
            judge()
    handle.reset()
    submit(handle)
    assert handle.verdict().judgements
