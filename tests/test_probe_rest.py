"""klingcontracts.probe_rest: what all replies say together."""

import json

import pytest

from klingcontracts.contract import load
from klingcontracts.rule import Level
from klingmock.answer import Mock
from klingmock.clock import Manual


def with_headers(look, change, revision="2026-02", **chosen):
    clock = Manual()
    fake = Mock([load(revision)], clock=clock)
    answered = []

    def send(call):
        reply = fake.answer(call)
        answered.append(call)
        told = {name: value for name, value in reply.headers.items() if name.startswith("x-ratelimit")}
        rest = {name: value for name, value in reply.headers.items() if name not in told}
        return reply._replace(headers={**rest, **(change(told, len(answered)) if told else {})})

    return look(send, clock=clock, against=revision, **chosen)


LIMIT, LEFT, RESET = (f"x-ratelimit-{name}" for name in ("limit", "remaining", "reset"))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda told, _: {**told, LIMIT: "60"}, "limit.rate"),
        (lambda told, _: {**told, RESET: told[RESET] + "000"}, "reply.header.X-RateLimit-Reset.told"),
        (lambda told, _: {**told, RESET: "30"}, "reply.header.X-RateLimit-Reset.told"),
        (lambda told, _: {**told, LEFT: "77"}, "reply.header.X-RateLimit-Remaining.told"),
        (lambda told, _: {LIMIT: told[LIMIT], LEFT: told[LEFT]}, "reply.header.X-RateLimit-Reset.told"),
        (lambda told, nth: told if nth % 9 else {}, "reply.header.X-RateLimit-Limit.told"),
        (lambda told, _: {"ratelimit-limit": told[LIMIT]}, "reply.header.X-RateLimit-Limit.told"),
        (lambda told, _: {**told, LEFT: "-1"}, "reply.header.X-RateLimit-Remaining.minimum"),
    ],
)
def test_headers_that_do_not_say_what_is_documented(look, change, rule):
    assert rule in with_headers(look, change).loud()


@pytest.mark.parametrize("digits", [16, 5000])
def test_numbers_of_many_digits_are_none(look, digits):
    loud = with_headers(look, lambda told, _: dict.fromkeys(told, "9" * digits)).loud()
    assert not [rule for rule in loud if not rule.startswith("reply.header.")], loud


def test_headers_on_none_are_a_question(look):
    report = with_headers(look, lambda *_: {}).report()
    assert [(one.finding.rule.id, one.finding.level) for one in report.found] == [
        ("question.rate-headers", Level.INFO)
    ]


def test_headers_that_stay_at_none_left_are_no_finding(look):
    loud = with_headers(look, lambda told, _: {**told, LEFT: "0"}, requests=30).loud()
    assert "reply.header.X-RateLimit-Remaining.told" not in loud


def test_a_contract_without_such_headers_asks_for_none(look, own_document):
    document = json.loads(json.dumps(load().document))
    for path in document["paths"].values():
        for method in path.values():
            for response in method["responses"].values():
                response.pop("headers", None)
    for response in document["components"]["responses"].values():
        response.pop("headers", None)
    clock = Manual()
    fake = Mock([load()], clock=clock)
    assert look(fake.answer, clock=clock, against=own_document(**document)).report().exit_code() == 0


def reading(look, path, told):
    clock = Manual()
    fake = Mock([load("2026-07")], clock=clock)

    def send(call):
        reply = fake.answer(call)
        return (
            reply._replace(body=json.dumps(told).encode())
            if call.path == path and reply.status == 200
            else reply
        )

    return look(send, clock=clock, against="2026-07").loud()


def test_what_the_free_reads_say(look):
    no = {"code": 0, "message": "success", "data": {"is_valid": False}}
    assert reading(look, "/api/v1/apikey/validate", no) == {"validate-key.reply.data.is_valid.true": "false"}
    assert reading(look, "/api/v1/models", {"models": [{"slug": "kling/kling-v9"}]}) == {
        "models.listed": "1 others"
    }
    assert "models.reply.models.required" in reading(look, "/api/v1/models", {})


def jobs(look, change):
    clock = Manual()
    fake = Mock([load()], clock=clock)
    accepted = []

    def send(call):
        reply = fake.answer(call)
        if call.method != "POST" or reply.status != 200:
            return reply
        told = json.loads(bytes(reply.body))
        accepted.append(told["data"])
        change(told["data"], accepted)
        return reply._replace(body=json.dumps(told).encode())

    return look(send, clock=clock, spend=3).report()


def test_each_job_has_an_id_of_its_own(look):
    report = jobs(look, lambda data, accepted: data.update(task_id=accepted[0]["task_id"]))
    rules = {one.finding.rule.id: one.finding.level for one in report.found}
    assert rules["submit.reply.data.task_id.unique"] == Level.ERROR


def test_the_same_body_as_one_job_is_a_reading_of_a_question(look):
    def same(data, accepted):
        data.update(task_id=accepted[0]["task_id"] if len(accepted) == 3 else data["task_id"])

    report = jobs(look, same)
    assert [(one.finding.rule.id, one.finding.level) for one in report.found] == [
        ("question.idempotency", Level.INFO)
    ]


def test_an_opaque_model_id_is_a_reading_of_a_question(look):
    report = jobs(look, lambda data, _: data.update(model_id="model-123"))
    assert [one.finding.rule.id for one in report.found] == ["question.model-id"]
