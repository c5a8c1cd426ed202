"""klingcontracts.probe_run: whole runs against the fake of each revision."""

import json

import pytest

from klingcontracts.contract import load
from klingcontracts.document import revisions
from klingcontracts.exchange import Reply
from klingcontracts.probe_guard import NoReply
from klingcontracts.rule import Level
from klingmock.answer import Mock
from klingmock.clock import Manual

POOR = {"unfunded": "mock-unfunded-1"}


@pytest.mark.parametrize("revision", revisions())
@pytest.mark.parametrize("spend", [0, 1, 3])
def test_the_fake_conforms_to_its_own_revision(look, revision, spend):
    one = look(revision, spend=spend)
    report = one.report()
    assert [found for found in report.found if found.finding.level > Level.INFO] == []
    assert (report.incomplete, report.verdict(), report.exit_code()) == ("", "conforms", 0)
    assert report.accepted == spend
    assert report.requests == len(one.calls) <= 250
    assert not any(seen.exchange.reply.status == 429 for seen in one.asking.brought.seen)


@pytest.mark.parametrize("revision", ["2026-04", "2026-07"])
def test_with_a_key_without_money_each_edge_is_asked_for_nothing(look, revision):
    one = look(revision, keys=POOR)
    report = one.report()
    assert (report.accepted, report.verdict()) == (0, "conforms")
    assert {one.finding.rule.id for one in report.found} <= {"question.rate-headers"}
    body_rules = {rule.id for rule in one.readings.bodies.shape.rules.values()}
    assert {*body_rules, "balance.insufficient"}.isdisjoint({rest.rule for rest in report.not_looked})


def test_a_key_that_has_money_after_all_is_no_oracle(look):
    report = look("2026-07", keys={"unfunded": "mock-rich"}).report()
    why = next(rest.why for rest in report.not_looked if rest.rule == "balance.insufficient")
    assert (
        why == "oracle unavailable: a bad body is refused with 400 Invalid parameters, a good one is accepted"
    )
    assert report.accepted == 1


@pytest.mark.parametrize("served", revisions())
@pytest.mark.parametrize("against", revisions())
def test_the_history_is_found_by_looking_at_one_revision_with_another(look, served, against):
    clock = Manual()
    fake = Mock([load(served)], clock=clock)
    report = look(fake.answer, against=against, clock=clock, spend=1).report()
    rules = {found.finding.rule.id for found in report.found}
    assert ("route.unknown-path" in rules) is (served != against)
    loose = {"submit.reply.data.get_result.listed"} if against == "2026-02" != served else set()
    assert loose <= rules
    if (served, against) == ("2026-02", "2026-04"):
        assert "submit.reply.data.get_result.required" in rules


@pytest.mark.parametrize(
    ("question", "reading"),
    [
        ("image-required", "either"),
        ("null-field", "absent"),
        ("duration-string", "coerce"),
        ("enum-category", "range"),
        ("length-category", "parameters"),
        ("required-category", "table"),
        ("wrong-method", "404"),
        ("image-empty", "refuse"),
        ("image-prefix", "refuse"),
        ("rate-headers", "refused"),
    ],
)
def test_another_reading_is_told_of_and_is_no_drift(look, question, reading):
    report = look("2026-02", served={question: reading}).report()
    told = {found.finding.rule.id: found.finding for found in report.found}
    assert set(told) == {f"question.{question}"}
    assert told[f"question.{question}"].level == Level.INFO
    assert (report.verdict(), report.accepted) == ("conforms", 0)


QUESTIONS = [name for name in load().questions if name != "limit-scope"]


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_job_is_accepted_on_a_healthy_vendor_whatever_it_reads(look, question):
    for reading in load().questions[question].readings:
        report = look("2026-02", served={question: reading}).report()
        assert (report.accepted, report.exit_code()) == (0, 0), reading


def changed(answer, change):
    """An API that answers as this one, but for what `change` makes of a call and its reply."""

    def send(call):
        reply = answer(call)
        return change(call, reply) or reply

    return send


def altered(look, change, **chosen):
    clock = Manual()
    return look(changed(Mock([load()], clock=clock).answer, change), clock=clock, **chosen)


def submitted(call):
    return call.method == "POST" and call.path == load().operation("submit").path


def test_a_dropped_rule_is_found_without_a_job(look):
    def change(call, reply):
        body = call.body
        if submitted(call) and b'"master"' in body and reply.status == 400 and b"mode" in bytes(reply.body):
            text = b"Invalid parameters: parameter 'image_tail' cannot be used together with 'dynamic_masks'"
            return reply._replace(body=b'{"code": 400, "message": "%s"}' % text)
        return None

    one = altered(look, change)
    assert one.loud() == {"submit.body.mode.enum": one.loud()["submit.body.mode.enum"]}
    assert one.spending.accepted == 0


def test_an_unexpected_acceptance_is_the_finding_and_ends_the_risk(look):
    def change(call, reply):
        accepted = b'{"code": 0, "message": "success", "data": {}}'
        return reply._replace(status=200, body=accepted) if submitted(call) and reply.status == 400 else None

    one = altered(look, change, spend=3)
    report = one.report()
    assert report.accepted == 1
    assert report.verdict() == "drift"
    assert any("--max-unexpected 1" in rest.why for rest in report.not_looked)


def test_a_flaky_answer_is_info(look):
    asked = []

    def change(call, reply):
        if b"std " in call.body:
            asked.append(call)
            return reply._replace(status=422) if len(asked) == 1 else None
        return None

    one = altered(look, change)
    report = one.report()
    told = [(found.finding.level, found.finding.rule.id) for found in report.found]
    assert told == [(Level.INFO, "submit.body.mode.enum")]


def test_one_status_for_all_refusals_is_one_finding(look):
    def change(call, reply):
        return reply._replace(status=422) if submitted(call) and reply.status == 400 else None

    loud = altered(look, change).loud()
    assert len(loud) == 1
    assert all("422" in seen for seen in loud.values())


def test_a_new_required_field_is_named(look):
    def change(call, reply):
        if submitted(call) and reply.status in {200, 400} and b"Invalid format" not in bytes(reply.body):
            text = b'{"code": 400, "message": "Invalid parameters: parameter \'seed\' is required"}'
            return reply._replace(status=400, body=text)
        return None

    one = altered(look, change)
    assert any("seed" in seen for seen in one.loud().values())
    assert one.spending.accepted == 0


def test_a_key_that_is_refused_is_no_drift(look):
    report = look("2026-02", keys={"first": "nobody"}).report()
    assert (report.verdict(), report.exit_code()) == ("inconclusive", 3)
    assert "The key is refused: 401" in report.incomplete


def test_nothing_that_answers_is_no_drift(look):
    def dead(_):
        raise NoReply("api.test refuses the connection")

    report = look(dead).report()
    assert (report.exit_code(), report.requests) == (3, 1)
    assert report.incomplete == "Nothing could be asked: api.test refuses the connection."
    assert not report.found


def test_a_server_that_falls_silent_ends_the_run(look):
    asked = []

    def silent(call, _):
        asked.append(call)
        if len(asked) > 30:
            raise NoReply("it does not answer in time")

    report = altered(look, silent).report()
    assert report.incomplete == "No answer any more: it does not answer in time."
    assert report.exit_code() == 3


def test_what_was_lost_once_is_asked_again(look):
    asked = []

    def lossy(call, _):
        asked.append(call)
        if len(asked) == 30:
            raise NoReply("lost")

    assert altered(look, lossy).report().exit_code() == 0


def test_money_and_jobs_are_counted(look):
    one = look("2026-07", spend=2)
    report = one.report()
    assert len(one.run.paid()) == len(one.run.jobs) == report.accepted == 2
    assert one.run.money() == pytest.approx(0.14 + 0.245)
    assert one.run.expected > 150


def test_secrets_are_in_no_report(look):
    report = look("2026-02", against="2026-07", keys={"first": "mock-secret-of-mine"}).report()
    assert report.found
    assert "mock-secret-of-mine" not in json.dumps(report.to_json())
    assert "$MODELLIX_API_KEY" in json.dumps(report.to_json())


def test_an_empty_budget_of_requests_asks_nothing(look):
    report = look("2026-02", requests=0).report()
    assert (report.requests, report.exit_code()) == (0, 3)


def test_a_reply_without_anything_is_told_of(look):
    report = look(lambda call: Reply(404 if call.method == "GET" else 400, {}, b"")).report()
    assert report.verdict() == "drift"


def test_money_for_which_no_job_was_to_be_had_is_no_conformity(look):
    def change(call, reply):
        if submitted(call) and reply.status == 200:
            return reply._replace(
                status=429, body=b'{"code": 429, "message": "Concurrent limit exceeded: no more"}'
            )
        return None

    report = altered(look, change, spend=1).report()
    assert (report.accepted, report.verdict()) == (0, "inconclusive")
    assert report.incomplete


def test_headers_that_make_it_wait_too_long_end_the_run(look):
    clock = Manual()

    def change(call, reply):
        left = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(clock.now()) + 200)}
        return reply._replace(headers={**reply.headers, **left})

    report = look(changed(Mock([load()], clock=clock).answer, change), clock=clock).report()
    assert report.incomplete.startswith("The server's headers ask for a wait of 2")
    assert report.requests == 1


def test_a_job_that_the_requests_left_would_not_carry_to_its_end_is_not_paid_for(look):
    whole = look("2026-02", spend=1).report()
    short = look("2026-02", spend=1, requests=whole.requests - 3).report()
    assert (short.accepted, short.verdict()) == (0, "inconclusive")
    most = f"--max-requests {whole.requests - 3}"
    assert short.incomplete == f"{most} was reached."
    assert any(f"which is more than {most} has left" in rest.why for rest in short.not_looked)


def test_a_job_is_told_of_as_soon_as_it_is_accepted(look):
    one, told = look("2026-02", spend=2), []
    one.run.began = lambda canary: told.append((canary, len(one.run.jobs)))
    one.report()
    assert [canary.task_id for canary, _ in told] == one.run.tasks == [job.id for job in one.run.jobs]
    assert [(canary.status, jobs) for canary, jobs in told] == [("pending", 0), ("pending", 1)]


def test_a_job_without_an_id_is_nothing_to_keep(look):
    def change(call, reply):
        data = b'{"code": 0, "message": "success", "data": {"status": "pending"}}'
        return reply._replace(body=data) if submitted(call) and reply.status == 200 else None

    one = altered(look, change, spend=1)
    assert one.report().accepted == 1
    assert one.run.tasks == []


def taken_for(body):
    """A server that takes a body of one broken rule: it is one job more than was to be paid for."""

    def change(call, reply):
        if submitted(call) and reply.status == 400 and body in bytes(call.body):
            data = b'{"code": 0, "message": "success", "data": {"status": "pending", "task_id": "task-x"}}'
            return reply._replace(status=200, body=data)
        return None

    return change


def test_a_job_that_should_have_been_refused_is_told_of_and_kept_too(look):
    one, kept = altered(look, taken_for(b'"STD"')), []
    one.run.began = kept.append
    assert one.report().accepted == 1
    assert [canary.task_id for canary in kept] == one.run.tasks == ["task-x"]


def test_a_job_of_another_key_is_told_of_and_not_kept(look):
    one, kept = look("2026-07", keys={"unfunded": "mock-rich"}), []
    one.run.began = kept.append
    assert one.report().accepted == 1
    assert (len(one.run.tasks), kept) == (1, [])
