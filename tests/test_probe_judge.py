"""klingcontracts.probe_judge: what the answers say, each difference once."""

import json
import shlex

import pytest

from klingcontracts.contract import load
from klingcontracts.exchange import Call, Exchange, Reply
from klingcontracts.probe import Outcome, Probe, got, posted
from klingcontracts.probe_free import NO_KEY
from klingcontracts.probe_guarded import said
from klingcontracts.probe_judge import Seen, additive, curl, evidence, found, judged, once, replied, stated
from klingcontracts.probe_reading import Readings
from klingcontracts.rule import Level

READINGS = Readings(lambda chosen: load("2026-02", chosen), {})
CONTRACT = load()
SUBMIT = CONTRACT.operation("submit")
JSON = {"content-type": "application/json"}
TASK = {"status": "pending", "task_id": "1", "model_id": "m"}
IMAGE = {"image": "https://example.com/mountain.jpg"}


def reply(status=400, told=None, **more):
    told = told or {"code": status, "message": "Invalid parameters: parameter 'mode' is odd"}
    return Reply(status, {**JSON, **more}, json.dumps(told).encode())


def seen(body, answer, rule="submit.body.mode.enum", **more):
    call = posted(SUBMIT, body)
    probe = Probe(rule, f"a body of {body}", call)
    return Seen(probe, Exchange(call, answer), said(answer, ("mode", "prompt", "image")), **more)


def told(*many):
    return [
        (str(one.finding.level), one.finding.rule.id, one.finding.seen) for one in judged(READINGS, many)[0]
    ]


def test_what_was_foretold_is_nothing():
    assert told(seen({**IMAGE, "mode": "STD"}, reply())) == []


def test_each_kind_of_difference_is_told():
    bad = {**IMAGE, "mode": "STD"}
    taken = reply(200, {"code": 0, "message": "success", "data": TASK})
    assert told(seen(bad, taken)) == [
        ("warning", "submit.body.mode.enum", f"a body of {bad}: accepted (200)")
    ]
    [(level, rule, text)] = told(seen(bad, reply(422)))
    assert (level, rule, text.partition(": 422")[1]) == ("error", "submit.body.mode.enum", ": 422")
    named = reply(400, {"code": 400, "message": "Invalid parameters: parameter 'prompt' is odd"})
    assert told(seen(bad, named))[0][:2] == ("error", "submit.body.mode.enum")
    other = reply(400, {"code": 400, "message": "Invalid format: parameter 'mode' is odd"})
    assert told(seen(bad, other))[0][0] == "error"


def test_a_body_that_is_refused_at_its_edge_is_an_error():
    [(level, rule, _)] = told(seen({**IMAGE, "mode": "pro"}, reply()))
    assert (level, rule) == ("error", "submit.body.mode.enum")
    [(level, rule, _)] = told(seen(IMAGE, reply(), "submit.body.a.with.b"))
    assert (level, rule) == ("error", "submit.body.a.with.b")


def test_many_of_a_kind_are_one():
    many = [seen({**IMAGE, "mode": f"{n}"}, reply(422)) for n in range(6)]
    [(_, _, text)] = told(*many)
    assert text.count("a body of") == 3
    assert ", and 3 more: 422" in text


def test_what_was_unsure_is_info_and_what_says_nothing_is_nothing():
    [(level, _, text)] = told(seen({**IMAGE, "mode": "STD"}, reply(422), unsure=True))
    assert (level, text.endswith("when asked again")) == ("info", True)
    quiet = seen({**IMAGE, "mode": "STD"}, reply())._replace(outcome=Outcome(0))
    assert told(quiet) == []


def test_the_reply_itself_is_held_against_the_contract():
    text = b'{"code": "400", "message": "Invalid parameters: mode"}'
    odd = Reply(400, {"content-type": "text/plain"}, text)
    rules = {rule for _, rule, _ in told(seen({**IMAGE, "mode": "STD"}, odd))}
    assert rules == {"submit.reply.content-type", "error.envelope.code.type"}


def test_a_field_that_nobody_documents_is_info():
    text = "Invalid parameters: parameter 'mode' is odd"
    more = reply(400, {"code": 400, "message": text, "trace": {"id": 1}})
    assert told(seen({**IMAGE, "mode": "STD"}, more)) == [
        ("info", "error.envelope.trace.listed", "a field trace")
    ]
    schema = {"properties": {"a": {"items": {"properties": {}}}, "b": True, "c": {"items": {}}}}
    body = b'{"a": [{"x": 1}], "b": {"y": 1}, "c": []}'
    assert [one.pointer for one in additive(schema, "task", 200, body)] == ["/a/0/x"]
    assert list(additive(schema, "task", 200, b"no")) == []


def test_some_replies_are_not_held_against_it():
    probe = Probe("route.wrong-method", "", got(SUBMIT.path, "HEAD"))
    head = Seen(probe, Exchange(probe.call, reply(405)), Outcome(405))
    assert list(replied(CONTRACT, head)) == []
    failing = seen(IMAGE, reply(500, {"no": "envelope"}))
    assert list(replied(CONTRACT, failing)) == []
    oracle = seen(IMAGE, reply(402))
    assert list(replied(CONTRACT, oracle._replace(probe=oracle.probe._replace(cost="oracle")))) == []


def test_an_undocumented_status_that_was_foretold_otherwise_is_told_once():
    contract = load("2026-02", {"wrong-method": "404"})
    probe = Probe("route.wrong-method", "", got(SUBMIT.path))
    one = Seen(probe, Exchange(probe.call, reply(410)), Outcome(410))
    assert list(replied(contract, one)) == []
    agreed = seen(IMAGE, Reply(201, JSON, b"{}"))
    assert [one.rule.id for one in replied(CONTRACT, agreed)] == ["submit.reply.status"]


def test_the_gravest_comes_first_and_each_once():
    low = found(stated("a", "", Level.INFO), "", "")
    high = found(stated("b", "", Level.ERROR), "", "")
    assert once([low, high, low]) == [high, low]


def test_a_request_to_repeat_has_no_key():
    headers = {"authorization": "Bearer sk-1", "x-api-key": "sk-1", "a": "b c"}
    call = Call("POST", "/a", headers, b'{"image": "%s"}' % (b"A" * 999), origin="http://h")
    words = shlex.split(curl(call), comments=True)
    assert "authorization: Bearer $MODELLIX_API_KEY" in words
    assert "x-api-key: $MODELLIX_API_KEY" in words
    assert words[-1] == "http://h/a"
    assert "@body.json" in words
    assert curl(call).endswith(" # body.json has 1012 bytes, left out here")
    assert "sk-1" not in json.dumps(evidence(Exchange(call, reply())))
    assert len(curl(call)) < 400
    wrong = call._replace(headers={"authorization": f"Bearer {NO_KEY}"}, body=b"\xff{")
    assert f"authorization: Bearer {NO_KEY}" in shlex.split(curl(wrong))
    assert "@body.json" in shlex.split(curl(wrong), comments=True)
    assert "--data-binary" not in curl(got("/a"))


@pytest.mark.parametrize("body", [{"prompt": "it's 山"}, {}, {"duration": "5"}, "{'no': json"])
def test_a_request_to_repeat_is_the_request(body):
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    words = shlex.split(curl(Call("POST", "/a", {}, raw)))
    sent = words[words.index("--data-binary") + 1]
    assert sent == body or json.loads(sent) == body


@pytest.mark.parametrize("body", [b"a\nb", b"x" * 1001, b'{"api_key": "sk-1"}'])
def test_a_body_that_no_line_can_hold_is_left_out(body):
    told = curl(Call("POST", "/a", {}, body))
    assert f"@body.json http://127.0.0.1/a # body.json has {len(body)} bytes" in told
