"""klingcontracts.probe_points: which guards are trusted."""

import json

import pytest

from klingcontracts.contract import load
from klingcontracts.exchange import Reply
from klingcontracts.probe import FREE, GUARDED, ORACLE
from klingcontracts.probe_bodies import Bodies
from klingcontracts.probe_plan import planned
from klingcontracts.probe_points import ask_points, assert_guards
from klingcontracts.rule import Level
from klingmock.answer import Mock
from klingmock.clock import Manual

BODIES = Bodies(load())
SUBMIT = load().operation("submit").path
FIELDS = ["", *BODIES.shape.schema["properties"]]
ORDERS = {  # in which order a server may look otherwise than we think
    "exclusions first": lambda rule: (".excludes." not in rule, rule),
    "field by field": lambda rule: (FIELDS.index(load().rules[rule].field.partition("[")[0]), rule),
}


def ordered(look, order, **chosen):
    """A fake that tells of another break first, where there are several."""
    clock = Manual()
    fake = Mock([load()], clock=clock)

    def send(call):
        reply = fake.answer(call)
        if call.path == SUBMIT and reply.status == 400 and b"Invalid format" not in bytes(reply.body):
            broken = sorted(BODIES.breaks(json.loads(call.body)), key=ORDERS[order])
            rule = load().rules[broken[0]]
            other = f" together with '{rule.other}'" if rule.other else ""
            error = load().errors[rule.error]
            text = f"{error.category}: parameter '{rule.field.strip('[]')}' is wrong{other}"
            told = {"code": 400, "message": text}
            return reply._replace(body=json.dumps(told).encode())
        return reply

    return look(send, clock=clock, **chosen)


def test_the_guards_that_hold_are_known_with_their_errors(look):
    one = look("2026-02")
    assert_guards(one.asking)
    assert len(one.asking.guards) == 5
    assert all(guard.seen.status == 400 and guard.seen.fields == guard.fields for guard in one.asking.guards)
    assert [seen.probe.cost for seen in one.asking.brought.seen] == [FREE] + 4 * [GUARDED]


def test_another_order_is_no_drift(look):
    for order in ORDERS:
        report = ordered(look, order).report()
        assert (report.exit_code(), report.accepted) == (0, 0), (
            order,
            [(one.finding.rule.id, one.finding.seen) for one in report.found],
        )


def test_without_a_guard_what_may_be_accepted_stays_unasked(look):
    one = look("2026-02")
    ask_points(one.asking, planned(one.readings, (), oracle=False).points)
    assert all(seen.probe.cost == FREE for seen in one.asking.brought.seen)
    assert one.spending.accepted == 0


def test_a_server_that_names_nothing_has_no_guards(look):
    clock = Manual()
    fake = Mock([load()], clock=clock)

    def send(call):
        reply = fake.answer(call)
        told = json.loads(bytes(reply.body) or b"{}")
        if reply.status == 400:
            told["message"] = f"{told['message'].partition(':')[0]}: no"
            return reply._replace(body=json.dumps(told).encode())
        return reply

    one = look(send, clock=clock)
    report = one.report()
    assert one.asking.guards == []
    assert (report.exit_code(), report.accepted) == (0, 0)
    assert one.spending.requests > 60


def loose(report):
    return [one.finding.rule.id for one in report.at(Level.WARNING)]


@pytest.mark.parametrize(("revision", "key"), [("2026-02", "mock-unfunded"), ("2026-07", "mock-rich")])
def test_a_key_that_has_money_is_told_and_the_rest_is_looked_at_without_it(look, revision, key):
    without, charged = look(revision, spend=1), look(revision, spend=1, keys={"unfunded": key})
    healthy, report = without.report(), charged.report()
    assert (loose(report), loose(healthy)) == (["oracle.funded"], [])
    assert report.found[0].finding.seen == "the key without money was charged: a job was accepted"
    assert (report.accepted, charged.spending.unexpected, report.exit_code()) == (2, 0, 1)
    oracle = "balance.insufficient"
    assert {one.rule for one in report.not_looked} - {oracle} == {one.rule for one in healthy.not_looked} - {
        oracle
    }


def test_an_oracle_that_is_charged_later_is_asked_nothing_more(look):
    clock = Manual()
    fake, poor = Mock([load("2026-07")], clock=clock), []
    told = {"code": 0, "message": "success", "data": {"task_id": "t", "status": "pending", "model_id": "m"}}

    def send(call):
        reply = fake.answer(call)
        if reply.status != 402:
            return reply
        poor.append(call)
        accepted = json.dumps(told).encode()
        return reply if len(poor) != 3 else Reply(200, {"content-type": "application/json"}, accepted)

    one = look(send, clock=clock, against="2026-07", keys={"unfunded": "mock-unfunded-1"})
    report = one.report()
    assert "oracle.funded" in loose(report)
    assert (len(poor), report.accepted, report.incomplete) == (3, 1, "")
    assert any(seen.probe.cost == GUARDED for seen in one.asking.brought.seen)
    assert sum(seen.probe.cost == ORACLE for seen in one.asking.brought.seen) > 1
    assert any("the key without money was charged" in rest.why for rest in report.not_looked)
