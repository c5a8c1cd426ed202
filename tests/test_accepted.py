"""klingmock.accepted: what jobs cost, and which of them was paid for twice."""

import httpx
import pytest

import klingmock
from klingcontracts.conduct import conduct
from klingcontracts.contract import load
from klingmock.accepted import Charge, DoubleCharge, assert_charged_once, charged_again

SUBMIT = load().operation("submit").path
IMAGE = {"image": "https://example.com/mountain.jpg"}


@pytest.fixture
def fake():
    with klingmock.running() as fake:
        yield fake


def submit(fake, body=IMAGE, again=0):
    """A client that submits again, so many times, when it gets no reply."""
    for left in range(again, -1, -1):
        try:
            return httpx.post(
                fake.url + SUBMIT, json=body, headers={"Authorization": f"Bearer {fake.api_key}"}
            )
        except httpx.TransportError:
            if not left:
                raise
    raise AssertionError("it returns or raises before")


def test_a_naive_client_pays_twice_and_is_named(fake):
    fake.script("submit: lost")
    submit(fake, again=1)
    with pytest.raises(DoubleCharge) as caught:
        fake.assert_no_double_charge()
    first, second = (task.id for task in fake.tasks)
    head, *records, foot = str(caught.value).splitlines()
    assert head == (
        f"One job was charged twice: 0.1400 USD in exchange 1 ({first}), "
        f"and 0.1400 USD in exchange 2 ({second})."
    )
    assert records[0].startswith("1  200 (never arrived)  POST")
    assert "script: submit: lost" in records[0]
    assert (
        foot
        == "What the client could have known after exchange 1: no reply, so the job may have been accepted."
    )


def test_a_careful_client_pays_once(fake):
    fake.script("submit: lost")
    with pytest.raises(httpx.RemoteProtocolError):
        submit(fake)
    fake.assert_no_double_charge()
    assert [charge.number for charge in fake.charges] == [1]


def test_a_client_that_was_told_and_submits_again(fake):
    submit(fake)
    submit(fake)
    with pytest.raises(DoubleCharge, match=f"after exchange 1: the reply told of {fake.tasks[0].id}"):
        fake.assert_no_double_charge()
    fake.assert_no_double_charge(jobs=2)
    submit(fake)
    with pytest.raises(DoubleCharge, match=r"exchange 2 .* exchange 3"):
        fake.assert_no_double_charge(jobs=2)


def test_other_bodies_are_other_jobs_and_refusals_cost_nothing(fake):
    fake.script("submit: 429, 503")
    for body in (IMAGE, IMAGE, IMAGE, {**IMAGE, "mode": "pro"}, {**IMAGE, "mode": "none"}):
        submit(fake, body)
    fake.assert_no_double_charge()
    assert [(charge.number, charge.dollars) for charge in fake.charges] == [
        (3, "0.1400"),
        (4, fake.charges[1].dollars),
    ]
    prices = fake.contract.document["x-price"]
    assert fake.charges[1].dollars == prices["pro"]["5"]


def test_what_the_journal_has_forgotten_is_left_alone(fake):
    submit(fake)
    charges = [Charge(number, 0.0, f"task-{number}", 1400) for number in (1, 2, 900)]
    entries = fake.journal
    assert list(charged_again(charges, entries)) == []
    seen = conduct(fake.contract, [entry.exchange for entry in entries], {})
    assert_charged_once(charges, entries, seen)
    assert [charge.dollars for charge in charges] == ["0.1400"] * 3


def test_a_first_call_that_is_forgotten_can_not_be_told_of(fake):
    submit(fake)
    submit(fake)
    entries = fake.journal
    with pytest.raises(DoubleCharge, match="the reply told of"):
        assert_charged_once(fake.charges, entries, conduct(fake.contract, [], {}))
