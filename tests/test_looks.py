"""klingmock.looks: what the control API tells of a world."""

import json

import pytest

from klingcontracts.contract import load
from klingcontracts.exchange import Call
from klingcontracts.problem import Problem
from klingcontracts.verdict import RULES
from klingmock import looks
from klingmock.asked import Asked
from klingmock.ledger import units
from klingmock.options import options
from klingmock.recipe import recipe
from klingmock.steered import Steered

KEY = {"authorization": "Bearer mock-a"}
IMAGE = {"image": "https://example.com/mountain.jpg"}


def make(**given) -> Steered:
    return Steered(recipe(options(given)))


@pytest.fixture
def world():
    return make()


def call(world, method, path, body=b"", **headers):
    return world.answer(Call(method, path, {**KEY, **headers}, body))


def submit(world, **more):
    path = world.contract.operation("submit").path
    reply = call(world, "POST", path, json.dumps({**IMAGE, **more}).encode())
    return json.loads(bytes(reply.body)) if reply.body else None


def submitted(world, **more):
    return submit(world, **more)["data"]["task_id"]


def poll(world, task_id):
    return json.loads(bytes(call(world, "GET", f"/api/v1/tasks/{task_id}").body))


def query(**values) -> Asked:
    return Asked(values, "mock-a", from_query=True)


def numbers(world, **values):
    return [entry["number"] for entry in looks.requests(world, query(**values))["requests"]]


# --- requests ---


def test_nothing_was_asked(world):
    told = looks.requests(world, Asked())
    assert told == {"total": 0, "kept": 0, "matched": 0, "requests": [], "next": None}


def test_an_exchange_is_told_as_in_the_journal(world):
    submitted(world)
    assert looks.requests(world, Asked())["requests"] == [world.journal[0].to_json()]
    assert "mock-a" not in json.dumps(looks.requests(world, Asked()))


def test_each_filter(world):
    one, two = submitted(world), submitted(world)  # exchanges 1 and 2
    poll(world, two)  # 3
    submit(world, mode="stt")  # 4
    world.advance(10)
    path = poll(world, one)["data"]["result"]["resources"][0]["url"].partition("//")[2]
    path = "/" + path.partition("/")[2]
    call(world, "GET", path)  # 6
    call(world, "GET", "/nowhere")  # 7
    assert numbers(world, operation="submit") == [1, 2, 4]
    assert numbers(world, operation="task") == [3, 5]
    assert numbers(world, operation="video") == [6]
    assert numbers(world, method="GET") == [3, 5, 6, 7]
    assert numbers(world, path="/nowhere") == [7]
    assert numbers(world, status="400") == [4]
    assert numbers(world, task_id=one) == [1, 5, 6]
    assert numbers(world, task_id=two) == [2, 3]
    assert numbers(world, task_id="task-none") == numbers(world, task_id="") == []
    assert numbers(world, findings="true") == [4, 7]
    assert numbers(world, findings="false", method="POST") == [1, 2]
    assert numbers(world, operation="submit", status="200", task_id=two) == [2]


def test_an_operation_that_is_not_known_is_told(world):
    with pytest.raises(Problem, match="Nearest: 'submit'"):
        looks.requests(world, Asked({"operation": "submitt"}))


def test_a_reply_that_never_was_has_the_status_0(world):
    world.script("submit: drop; submit: empty")
    submit(world), submit(world)
    assert numbers(world, status="0") == [1]
    assert numbers(world, task_id=world.tasks[0].id) == [2]  # although the reply did not tell


def test_pages(world):
    for _ in range(5):
        call(world, "GET", "/nowhere")
    first = looks.requests(world, query(limit="2"))
    assert ([entry["number"] for entry in first["requests"]], first["next"]) == ([1, 2], 2)
    assert (first["total"], first["matched"]) == (5, 5)
    second = looks.requests(world, query(limit="2", after="2"))
    assert ([entry["number"] for entry in second["requests"]], second["next"]) == ([3, 4], 4)
    last = looks.requests(world, query(limit="2", after="4"))
    assert ([entry["number"] for entry in last["requests"]], last["next"], last["matched"]) == ([5], None, 1)
    assert numbers(world, limit="0") == []
    with pytest.raises(Problem, match="limit: '1001' is no whole number up to 1000"):
        numbers(world, limit="1001")


def test_a_page_has_a_hundred_and_what_was_let_go_of_is_counted(world):
    for _ in range(1002):
        call(world, "GET", "/nowhere")
    told = looks.requests(world, Asked())
    assert (told["total"], told["kept"], told["matched"]) == (1002, 1000, 1000)
    assert (len(told["requests"]), told["requests"][0]["number"], told["next"]) == (100, 3, 102)


# --- tasks and time ---


def test_a_task_is_told_with_its_future(world):
    task_id, began = submitted(world, mode="pro"), world.now
    told = looks.task(world, Asked(task_id=task_id))
    assert told == {
        "task_id": task_id,
        "status": "pending",
        "held": "",
        "outcome": "success",
        "revision": "2026-02",
        "submitted_at": began,
        "processing_at": began + 1,
        "ends_at": began + 5,
        "expires_at": began + 5 + 86400,
        "price": looks.ledger(world, Asked(key="mock-a"))["charges"][0]["price"],
    }
    assert looks.tasks(world, Asked()) == {"total": 1, "tasks": [told]}


def test_a_task_that_is_held_has_no_end(world):
    task_id = submitted(world)
    world.hold(task_id)
    told = looks.task(world, Asked(task_id=task_id))
    assert (told["held"], told["ends_at"], told["expires_at"]) == ("pending", None, None)
    json.dumps(told, allow_nan=False)


def test_a_task_that_is_not_there(world):
    with pytest.raises(Problem, match="Submitted here: none"):
        looks.task(world, Asked(task_id="task-1"))
    last = [submitted(world) for _ in range(12)]
    with pytest.raises(Problem) as caught:
        looks.task(world, Asked(task_id="task-" + "x" * 1000))
    assert caught.value.remedy == f"Submitted here: {', '.join(last[2:])}, and 2 before."
    assert len(caught.value.fact) < 300


def test_the_time(world):
    assert looks.clock(world, Asked()) == {"now": world.now, "mode": "manual", "speed": 0.0}
    world.run(60)
    told = looks.clock(world, Asked())
    assert (told["mode"], told["speed"]) == ("scaled", 60)
    assert looks.clock(make(time="system"), Asked())["mode"] == "system"


# --- faults ---


def test_each_fault_is_accounted_for(world):
    world.script("submit: 503*2; task: drop; task: 500~0.0001")
    submit(world)
    assert looks.script(world, Asked()) == {
        "faults": [
            {"fault": "submit: 503*2", "asked": 2, "fired": 1, "left": 1},
            {"fault": "task: drop", "asked": 1, "fired": 0, "left": 1},
            {"fault": "task: 500~0.0001", "asked": None, "fired": 0, "left": None},
        ],
        "left": 2,
    }


# --- money ---


def test_the_ledger(world):
    first, _ = submitted(world), submitted(world, prompt="other")
    told = looks.ledger(world, Asked(key="mock-a"))
    assert (told["currency"], told["synthetic"], told["jobs"]) == ("USD", True, 2)
    assert (told["spent"], told["returned"], told["balance"]) == ("0.2800", "0.0000", "999.7200")
    assert told["charges"][0] == {
        "request": 1,
        "at": world.now,
        "task_id": first,
        "price": "0.1400",
        "returned": "0.0000",
    }
    assert told["double_charges"] == []


def test_each_key_has_a_balance(world):
    submitted(world)
    assert looks.ledger(world, Asked(key="mock-b"))["balance"] == "1000.0000"
    assert looks.ledger(world, Asked(key="mock-unfunded"))["balance"] == "0.0000"


def test_a_job_that_was_paid_for_twice(world):
    world.script("submit: lost")
    submit(world), submit(world)
    told = looks.ledger(world, Asked(key="mock-a"))
    ids = [task["task_id"] for task in looks.tasks(world, Asked())["tasks"]]
    assert told["double_charges"] == [{"requests": [1, 2], "task_ids": ids}]
    assert looks.ledger(world, query(jobs="2"))["double_charges"] == []
    for jobs in ("0", "1.5", "x"):
        with pytest.raises(Problem, match=r"^jobs: "):
            looks.ledger(world, query(jobs=jobs))
    world.forget_exchanges()
    assert looks.ledger(world, Asked(key="mock-a"))["double_charges"] is None


@pytest.mark.parametrize("revision", ["2026-04", "2026-07"])
def test_what_runs_dry_is_402_and_the_ledger_says_so(revision):
    world = make(revision=revision, balance="0.2")
    submitted(world)
    assert submit(world)["code"] == 402
    told = looks.ledger(world, Asked(key="mock-a"))
    assert (told["jobs"], told["spent"], told["balance"]) == (1, "0.1400", "0.0600")


@pytest.mark.parametrize("reading", ["charged", "refunded"])
def test_the_ledger_adds_up_where_nothing_is_refused_for_money(reading):
    world = make(balance="0.2", reading={QUESTION: reading}, script="outcome: fail")
    submitted(world), submitted(world, prompt="other")
    for seconds in (0, 10):
        world.advance(seconds)
        told = looks.ledger(world, Asked(key="mock-a"))
        amounts = [units(told[name]) for name in ("spent", "returned", "balance", "overdrawn")]
        spent, returned, balance, overdrawn = amounts
        assert 2000 - spent + returned == balance - overdrawn
        assert 0 in (balance, overdrawn)
    assert (told["balance"], told["overdrawn"]) == (
        ("0.0000", "0.0800") if reading == "charged" else ("0.0600", "0.0000")
    )


def test_an_own_price_is_charged():
    world = make(prices={"std-5": "0.5"})
    submitted(world)
    assert looks.ledger(world, Asked(key="mock-a"))["charges"][0]["price"] == "0.5000"


@pytest.mark.parametrize(("reading", "back"), [("charged", "0.0000"), ("refunded", "0.1400")])
@pytest.mark.parametrize("revision", ["2026-02", "2026-07"])
def test_what_failed_comes_back_where_the_reading_says_so(revision, reading, back):
    world = make(revision=revision, reading={QUESTION: reading}, script="outcome: fail")
    submitted(world)
    assert looks.ledger(world, Asked(key="mock-a"))["returned"] == "0.0000"  # it has not failed yet
    world.advance(10)
    told = looks.ledger(world, Asked(key="mock-a"))
    assert (told["returned"], told["charges"][0]["returned"], told["spent"]) == (back, back, "0.1400")
    assert told["balance"] == ("1000.0000" if back == "0.1400" else "999.8600")


def test_what_a_poll_says_of_the_bill_is_what_the_ledger_says():
    world = make(revision="2026-07")
    for mode in ("std", "pro"):
        task_id = submitted(world, mode=mode, duration=10)
        world.advance(10)
        charge = looks.ledger(world, Asked(key="mock-a"))["charges"][-1]
        assert charge["task_id"] == task_id
        assert poll(world, task_id)["data"]["billing"] == {"status": "succeeded", "amount": charge["price"]}


# --- the verdict ---


def test_the_verdict(world):
    world.script("submit: lost")
    submit(world), submit(world)
    told = looks.verdict(world, Asked())
    assert isinstance(told, dict)
    assert told["schema_version"] == 1
    found = {check["id"]: check for check in told["checks"]}
    assert found["submits-once"]["verdict"] == "fail"
    assert found["reports-success"]["verdict"] == "not judged"
    assert looks.verdict(world, Asked({"format": "json"})) == told
    text = looks.verdict(world, query(format="text", outcome="failure", jobs="2"))
    assert isinstance(text, str)
    assert all(rule.id in text for rule in RULES)
    for values in ({"outcome": "sucess"}, {"format": "html"}, {"jobs": "0"}):
        with pytest.raises(Problem):
            looks.verdict(world, query(**values))


def test_a_call_that_broke_a_rule_is_held_against_the_client_although_keys_are_redacted(world):
    submit(world, mode="stt")
    told = looks.verdict(world, Asked())
    assert isinstance(told, dict)
    found = {check["id"]: check["verdict"] for check in told["checks"]}
    assert (found["request-conforms"], found["authenticates"]) == ("fail", "pass")


def test_nobody_is_judged_by_a_part_of_what_was_done(world):
    task_id = submitted(world)
    world.forget_exchanges()
    poll(world, task_id)  # of a task that nobody was told of, as it seems
    with pytest.raises(Problem) as caught:
        looks.verdict(world, Asked())
    assert caught.value.fact == "Of 2 exchanges the last 1 are kept: too few to judge a client by."
    world.reset()
    poll(world, submitted(world))
    assert looks.verdict(world, Asked())


QUESTION = next(
    name for name, one in load().questions.items() if set(one.readings) == {"charged", "refunded"}
)
