"""klingmock.handle: who pays twice is told so, and a fault that nobody met too; over real sockets."""

import time

import httpx
import pytest

from klingcontracts.contract import load
from klingmock.double_charge import DoubleCharge
from klingmock.kit import Kit

SUBMIT = load().operation("submit").path
IMAGE = {"image": "https://example.com/mountain.jpg"}


@pytest.fixture(scope="module")
def kit():
    kit = Kit()
    yield kit
    kit.close()


@pytest.fixture
def fake(kit):
    with kit.open() as fake:
        yield fake


def call(fake, method="POST", path="", **more):
    url = fake.url + (path or fake.contract.operation("submit").path)
    return httpx.request(method, url, headers={"Authorization": f"Bearer {fake.api_key}"}, **more)


def naive(fake, body=IMAGE):
    """Submits again until a reply says yes, whatever came before."""
    while True:
        try:
            reply = call(fake, json=body)
        except httpx.TransportError:
            time.sleep(1)
            continue
        if reply.is_success:
            return reply.json()["data"]["task_id"]
        time.sleep(1)


def careful(fake, body=IMAGE):
    """Submits again only when nothing can have been accepted; None when it can't know."""
    while True:
        try:
            reply = call(fake, json=body)
        except httpx.TransportError:
            return None
        if reply.is_success:
            return reply.json()["data"]["task_id"]
        if reply.status_code != 429:
            return None
        time.sleep(1)


def lines(error):
    return str(error.value).splitlines()


def test_a_naive_client_pays_twice_and_hears_why(fake):
    fake.script("submit: lost")
    with fake.virtual_time():
        told = naive(fake)
    with pytest.raises(DoubleCharge) as caught:
        fake.assert_no_double_charge()
    first, second = (task.id for task in fake.tasks)
    assert told == second
    head, *between, foot = lines(caught)
    assert head == (
        f"One job was charged twice: 0.1400 USD in exchange 1 ({first}), "
        f"and 0.1400 USD in exchange 2 ({second})."
    )
    assert between[0].startswith(f"1  200 (never arrived)  POST {SUBMIT}")
    assert "script: submit: lost" in between[0]
    assert [line for line in between if line.startswith("2  ")] == [f"2  200  POST {SUBMIT}"]
    after = "What the client could have known after exchange 1: "
    assert foot == f"{after}no reply, so the job may have been accepted."
    assert fake.api_key not in str(caught.value)
    fake.assert_no_double_charge(jobs=2)
    fake.assert_faults_fired()


@pytest.mark.parametrize(
    ("fault", "unclear"),
    [
        ("lost", "no reply"),
        ("truncate", "a reply that broke off"),
        ("invalid", "status 200 with a body that is no JSON object"),
        ("missing=data.task_id", "status 200 without what it is for"),
    ],
)
def test_a_careful_client_pays_once(fake, fault, unclear):
    fake.script(f"submit: {fault}")
    try:
        assert careful(fake) is None
    except (ValueError, KeyError):  # the reply came, and told of no task
        assert fault not in {"lost", "truncate"}
    fake.assert_no_double_charge()
    assert [charge.number for charge in fake.charges] == [1]
    call(fake, json=IMAGE)
    with pytest.raises(DoubleCharge) as caught:
        fake.assert_no_double_charge()
    assert lines(caught)[-1].endswith(f"exchange 1: {unclear}, so the job may have been accepted.")


def test_a_submission_that_was_refused_first_is_paid_once(fake):
    fake.script("submit: 429*2, 503")
    with fake.virtual_time():
        naive(fake)
    fake.assert_no_double_charge()
    assert [charge.number for charge in fake.charges] == [4]
    assert [wait.seconds for wait in fake.waits] == [1, 1, 1]


@pytest.mark.parametrize("revision", ["2026-02", "2026-07"])
def test_two_bodies_are_two_jobs_each_at_its_price(kit, revision):
    wanted = [("std", 5), ("std", 10), ("pro", 5), ("pro", 10)]
    with kit.open({"revision": revision, "balance": "100"}) as fake:
        for mode, seconds in wanted:
            assert careful(fake, {**IMAGE, "mode": mode, "duration": seconds})
        fake.assert_no_double_charge()
        prices = fake.contract.document["x-price"]
        assert [charge.dollars for charge in fake.charges] == [prices[mode][str(s)] for mode, s in wanted]
        assert sum(charge.price for charge in fake.charges) == 1400 + 2800 + 2450 + 4900
        if "balance" in fake.contract.operations:
            told = call(fake, "GET", fake.contract.operation("balance").path).json()
            assert told["data"]["balance"] == 98.845


def test_charges_are_told_and_not_given_away(fake):
    careful(fake)
    fake.charges.clear()
    assert len(fake.charges) == 1
    assert fake.charges[0].at == fake.now
    fake.advance(10**6)
    assert fake.tasks[0].status == "expired"
    assert fake.charges[0].task_id == fake.tasks[0].id


def test_every_fault_that_is_left_is_named_with_how_often_it_fired(fake):
    fake.assert_faults_fired()  # none was asked for
    fake.script("submit: 503*3; task: drop; outcome: fail; media: 404")
    for _ in range(2):
        call(fake, json=IMAGE)
    with pytest.raises(AssertionError) as caught:
        fake.assert_faults_fired()
    assert lines(caught) == [
        "These faults never fired: submit: 503*3 (fired 2 of 3); task: drop (fired 0 of 1); "
        "outcome: fail (fired 0 of 1); media: 404 (fired 0 of 1)."
    ]
    call(fake, json=IMAGE)
    call(fake, json=IMAGE)
    with pytest.raises(
        AssertionError, match=r"^These faults never fired: task: drop \(fired 0 of 1\); media"
    ):
        fake.assert_faults_fired()


@pytest.mark.parametrize(("script", "calls"), [("submit: 503", 1), ("submit: 503 after=1, 429", 3)])
def test_faults_that_have_all_fired_are_no_complaint(fake, script, calls):
    fake.script(script)
    for _ in range(calls):
        with pytest.raises(AssertionError, match=r"fired 0 of 1"):
            fake.assert_faults_fired()
        call(fake, json=IMAGE)
    fake.assert_faults_fired()
