"""klingcontracts.probe_jobs: what is paid for."""

import base64

import pytest

from klingcontracts.contract import load
from klingcontracts.document import revisions
from klingcontracts.probe import PAID
from klingcontracts.probe_bodies import Bodies
from klingcontracts.probe_jobs import AGAIN, bodies_of, drawn, jobs, price, remarks


@pytest.mark.parametrize("revision", revisions())
def test_the_first_job_carries_as_much_as_one_can(revision):
    contract = load(revision)
    found = jobs(contract, Bodies(contract))
    bodies = [probe.call.json() for probe in found]
    assert all(probe.cost == PAID for probe in found)
    assert not any(Bodies(contract).breaks(body) or remarks(contract, body) for body in bodies)
    full, other, again, least, last = bodies
    assert len(full["prompt"]) == len(full["negative_prompt"]) == 2500
    assert not full["prompt"].isascii()
    assert (full["cfg_scale"], full["mode"], full["duration"]) == (1, "std", 5)
    assert "image_tail" in full
    assert {"static_mask", "dynamic_masks"} <= other.keys()
    assert (other["cfg_scale"], other["mode"], len(other["prompt"])) == (0, "pro", 1)
    assert (again, least.keys()) == (full, {"image"})
    assert (last["mode"], last["duration"]) == ("pro", 10)
    assert found[2].what == AGAIN


def test_the_picture_is_one_that_is_there():
    contract = load()
    assert jobs(contract, Bodies(contract))[0].call.json()["image"] == drawn()
    own = jobs(contract, Bodies(contract), "https://example.org/a.png")[0].call.json()
    assert own["image"] == own["image_tail"] == "https://example.org/a.png"
    raw = base64.b64decode(drawn())
    assert raw.startswith(b"\x89PNG\r\n\x1a\n")
    assert len(drawn()) < 10_000


def test_a_picture_that_the_contract_refuses_is_not_sent(own_body):
    contract = own_body(properties={"image": {"type": "string", "x-holds": "image", "enum": ["a"]}})
    assert jobs(contract, Bodies(contract))[0].call.json() == {"image": "a"}


@pytest.mark.parametrize(
    ("body", "amount"),
    [({}, 0.14), ({"mode": "pro", "duration": 10}, 0.49), ({"mode": "master"}, None), ({"mode": 5}, None)],
)
def test_what_a_job_costs(body, amount):
    assert price(load(), body) == amount


def test_a_contract_without_prices_or_options(own_document):
    contract = load(own_document(**{"x-price": {}}))
    assert price(contract, {}) is None
    assert bodies_of(contract).keys() >= {"image", "mode"}


def test_fields_that_may_be_anything(own_body):
    named = {"image": {"type": "string"}, "x": True, "n": {"type": "integer"}}
    contract = own_body(properties=named, **{"x-noted": {}})
    assert jobs(contract, Bodies(contract))[0].call.json().keys() == {"image", "n"}
