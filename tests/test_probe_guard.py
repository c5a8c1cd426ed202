"""klingcontracts.probe_guard: nothing is sent that could be accepted, unless the budget covers it."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klingcontracts.contract import load
from klingcontracts.exchange import Reply, spellings
from klingcontracts.probe import FIRST, NOBODY, ORACLE, PAID, SECOND, UNFUNDED, Probe, got, posted
from klingcontracts.probe_guard import (
    PATIENCE,
    READS,
    Budget,
    Halt,
    NoReply,
    NotSent,
    Spending,
    hidden,
)
from klingcontracts.probe_pace import Pace, Rate, TooLong
from klingcontracts.probe_reading import Readings
from klingmock.clock import Manual

SUBMIT = load().operation("submit")
GOOD, BAD = {"image": "https://example.com/mountain.jpg"}, {"mode": "STD"}
TAKES = Readings(lambda chosen: load("2026-02", chosen), {}).takes
TAKEN = Reply(200, {}, b'{"code": 0, "message": "success", "data": {"task_id": "t"}}')
KEYS = {FIRST: "sk-first", SECOND: "sk-second", UNFUNDED: "sk-poor"}
RULE = "submit.body.mode.enum"


def refusal(status=400, message="Invalid parameters: no", **headers):
    body = json.dumps({"code": status, "message": message}).encode()
    return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


class Api:
    """Answers with these replies in turn, the last for ever; an exception is raised."""

    def __init__(self, *replies, keys=KEYS, secrets=(), **budget):
        self.replies, self.calls, clock = list(replies), [], Manual()
        self.clock = clock
        pace = Pace(clock.now, clock.advance, Rate())
        self.spending = Spending(self.send, "http://api.test", TAKES, keys, Budget(**budget), pace, secrets)
        self.ask = self.spending.ask

    def send(self, call):
        self.calls.append(call)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, Exception):
            raise reply
        return reply


def bad(**more):
    return Probe(RULE, "", posted(SUBMIT, BAD), **more)


def good(**more):
    return Probe(RULE, "", posted(SUBMIT, GOOD), **more)


def test_a_body_that_may_be_accepted_is_not_sent_without_a_budget():
    api = Api(TAKEN)
    for probe in (
        good(),
        good(cost=PAID),
        good(key=SECOND),
        Probe(RULE, "", posted(SUBMIT, {"image_tail": "x"})),
    ):
        with pytest.raises(NotSent, match="it may be accepted: it needs --spend 1"):
            api.ask(probe)
    put = Probe(RULE, "", posted(SUBMIT, GOOD)._replace(method="PUT", path="/elsewhere"))
    with pytest.raises(NotSent):
        api.ask(put)
    assert api.calls == []


def test_a_budget_is_spent_once():
    api = Api(TAKEN, spend=1)
    api.ask(good(cost=PAID))
    with pytest.raises(NotSent, match="--spend 2"):
        api.ask(good(cost=PAID))
    assert (api.spending.accepted, api.spending.spent, api.spending.left()) == (1, 1, 0)


def test_a_refused_job_leaves_the_budget():
    api = Api(refusal(), refusal(422), TAKEN, spend=1)
    for _ in range(3):
        api.ask(good(cost=PAID))
    assert (api.spending.spent, api.spending.accepted) == (1, 1)


@pytest.mark.parametrize("end", [NoReply("lost"), refusal(500), refusal(503)], ids=["lost", "500", "503"])
def test_a_job_that_may_have_been_accepted_is_paid_for_and_never_repeated(end):
    api = Api(end, spend=1)
    if isinstance(end, NoReply):
        with pytest.raises(NoReply):
            api.ask(good(cost=PAID))
    else:
        api.ask(good(cost=PAID))
    assert len(api.calls) == 1
    with pytest.raises(NotSent):
        api.ask(good(cost=PAID))
    assert (api.spending.spent, api.spending.accepted) == (1, 0)


def test_after_an_unexpected_acceptance_nothing_is_risked():
    api = Api(TAKEN, spend=5)
    api.ask(bad())
    assert (api.spending.unexpected, api.spending.accepted) == (1, 1)
    for probe in (bad(), bad(key=NOBODY), good(cost=PAID), good(key=UNFUNDED, cost=ORACLE)):
        with pytest.raises(NotSent, match="1 of what should have been refused was accepted"):
            api.ask(probe)
    api.ask(Probe("task.unknown", "", got("/api/v1/tasks/x")))
    assert len(api.calls) == 2


def test_the_key_without_money_is_charged_once_at_most():
    api = Api(TAKEN, refusal())
    api.ask(good(key=UNFUNDED, cost=ORACLE))
    assert (api.spending.charged, api.spending.unexpected, api.spending.accepted) == (1, 0, 1)
    with pytest.raises(NotSent, match="the key without money was charged"):
        api.ask(good(key=UNFUNDED, cost=ORACLE))
    assert api.ask(bad()).reply.status == 400


def test_with_none_unexpected_allowed_nothing_is_posted_at_all():
    api = Api(refusal(), unexpected=0)
    with pytest.raises(NotSent):
        api.ask(bad())


def test_an_error_with_status_200_is_no_acceptance():
    api = Api(Reply(200, {}, b'{"code": 400, "message": "Invalid parameters: no"}'))
    api.ask(bad())
    assert api.spending.unexpected == 0


def test_never_more_requests_than_allowed():
    api = Api(refusal(429, "Rate limit exceeded: x", retry_after="1"), requests=2)
    with pytest.raises(NotSent, match="--max-requests 2"):
        api.ask(bad())
    assert len(api.calls) == 2
    with pytest.raises(NotSent):
        api.ask(bad())


def test_the_key_is_added_where_it_belongs_and_its_echo_is_taken_out():
    echo = Reply(401, {"x-echo": "sk-second!"}, b'{"message": "sk-second"}')
    api = Api(echo)
    exchange = api.ask(bad(key=SECOND))
    assert api.calls[0].headers["authorization"] == "Bearer sk-second"
    assert (exchange.reply.headers, exchange.reply.body) == (
        {"x-echo": "<redacted>!"},
        b'{"message": "<redacted>"}',
    )
    api.ask(bad(key=NOBODY))
    assert "authorization" not in api.calls[1].headers
    own = posted(SUBMIT, BAD)._replace(headers={"authorization": "", "x-api-key": "{key}"})
    api.ask(Probe(RULE, "", own))
    assert api.calls[2].headers == {"x-api-key": "sk-first"}
    assert api.calls[2].origin == "http://api.test"


ODD = "sk/Live+<9>&secret"


@pytest.mark.parametrize("spell", sorted(spellings(ODD) | {ODD.upper(), ODD.lower()}))
def test_a_secret_is_taken_out_however_it_is_spelled(spell):
    echo = Reply(400, {"location": f"/v/{spell}"}, f'{{"message": "{spell}"}}'.encode())
    for more in ({"keys": {FIRST: ODD}}, {"secrets": [ODD]}):
        reply = Api(echo, **more).ask(bad()).reply
        assert "<redacted>" in reply.headers["location"]
        assert b"<redacted>" in reply.body
        assert spell not in f"{reply.headers}{reply.body.decode()}"


def test_a_secret_that_is_escaped_in_an_odd_way_takes_the_whole_header_out():
    odd = "/v/" + "".join(f"%{ord(letter):02x}" for letter in "sk-first")
    reply = Api(Reply(308, {"location": odd, "x-other": "/v/%20"})).ask(bad()).reply
    assert reply.headers == {"location": "<redacted>", "x-other": "/v/%20"}


def test_with_no_secret_nothing_is_taken_out():
    api = Api(Reply(400, {"a": "b"}, b"c"), keys={})
    assert api.ask(bad(key=NOBODY)).reply == Reply(400, {"a": "b"}, b"c")


def test_what_a_header_of_the_user_hides():
    given = {
        "x-pass": "Basic abcdef=",
        "cookie": "sid=tell-noone; a=1",
        "accept": "application/json",
        "x": "on",
    }
    assert hidden(given) == {
        "Basic abcdef=",
        "abcdef=",
        "sid=tell-noone; a=1",
        "sid=tell-noone",
        "tell-noone",
    }


def test_a_key_that_is_not_there_is_not_used():
    api = Api(refusal(), keys={FIRST: "sk"})
    with pytest.raises(NotSent, match="it needs the second key"):
        api.ask(bad(key=SECOND))
    assert not api.spending.has(UNFUNDED)


def test_a_path_that_has_moved_and_another_host():
    api = Api(refusal())
    api.spending.moved[SUBMIT.path] = "/new"
    api.ask(bad())
    api.ask(Probe("video.unknown", "", got("/v.mp4"), NOBODY, origin="http://cdn.test"))
    assert [(call.origin, call.path) for call in api.calls] == [
        ("http://api.test", "/new"),
        ("http://cdn.test", "/v.mp4"),
    ]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (refusal(402, "Insufficient balance: x"), "The account can't be used: 402"),
        (refusal(403, "Forbidden: x"), "The account can't be used: 403"),
        (refusal(401, "Authentication failed: x"), "The key is refused: 401"),
        (refusal(429, "Account: in arrears", retry_after="0"), "limits were reached"),
    ],
)
def test_what_ends_the_run(reply, said):
    with pytest.raises(Halt, match=said):
        Api(reply).ask(bad())


def test_a_job_in_arrears_ends_the_run_and_a_crowd_does_not():
    with pytest.raises(Halt, match="The account can't be used: 429 Account in arrears"):
        Api(refusal(429, "Account in arrears"), spend=1).ask(good(cost=PAID))
    crowd = Api(refusal(429, "Concurrent limit exceeded: 3"), spend=1)
    assert crowd.ask(good(cost=PAID)).reply.status == 429
    assert crowd.spending.spent == 0


@pytest.mark.parametrize("status", [401, 402, 403])
def test_another_key_ends_nothing(status):
    api = Api(refusal(status))
    for probe in (bad(key=NOBODY), bad(key=SECOND), bad(key=UNFUNDED, cost=ORACLE)):
        assert api.ask(probe).reply.status == status


def test_a_server_that_fails_again_and_again_ends_the_run():
    api = Api(refusal(500), refusal(500), refusal(), refusal(502))
    for _ in range(5):
        api.ask(bad())
    with pytest.raises(Halt, match="replies of 502 one after the other"):
        api.ask(bad())


def test_429_is_waited_for_and_asked_again():
    api = Api(refusal(429, "Rate limit exceeded: x", retry_after="7"), refusal())
    before = api.clock.now()
    assert api.ask(bad()).reply.status == 400
    assert api.clock.now() - before == 7


def test_429_for_ever_ends_the_run():
    api = Api(refusal(429, "Rate limit exceeded: x"))
    with pytest.raises(Halt, match=f"{PATIENCE} times"):
        api.ask(bad())
    assert len(api.calls) == PATIENCE
    long = Api(refusal(429, "Rate limit exceeded: x", retry_after="86400"))
    with pytest.raises(Halt, match="The limits were reached and the wait is over 120 seconds: 429 Rate"):
        long.ask(bad())
    assert len(long.calls) == 1


def test_what_is_lost_is_tried_once_more_but_for_the_first():
    with pytest.raises(NoReply):
        Api(NoReply("refused")).ask(bad())
    api = Api(refusal(), NoReply("lost"), refusal())
    for _ in range(2):
        api.ask(bad())
    assert len(api.calls) == 3
    full = Api(refusal(), NoReply("lost"), requests=2)
    full.ask(bad())
    with pytest.raises(NoReply):
        full.ask(bad())


def test_who_shows_the_progress_is_told():
    api, told = Api(refusal()), []
    api.spending.after = lambda: told.append(api.spending.requests)
    api.ask(bad())
    assert told == [1]


ANSWERS = st.sampled_from(
    [TAKEN, refusal(), refusal(422), refusal(500), refusal(308), NoReply("lost"), Reply(200, {}, b"")]
)


@settings(max_examples=20, deadline=None)
@given(st.data(), st.integers(0, 3), st.integers(0, 2))
def test_no_server_makes_it_accept_more_than_the_budget(look, data, spend, unexpected):
    """Whatever a server answers, at random, it is never asked for more jobs than it may take."""
    accepted = 0

    def send(call):
        nonlocal accepted
        if call.method in READS:
            known = {"code": 0, "message": "success", "data": {"status": "success", "task_id": "t"}}
            return Reply(data.draw(st.sampled_from([200, 404])), {}, json.dumps(known).encode())
        reply = data.draw(ANSWERS)
        if isinstance(reply, NoReply):
            raise reply
        accepted += reply.status == 200
        return reply

    one = look(send, spend=spend, unexpected=unexpected, requests=60)
    report = one.report()
    assert accepted == report.accepted <= spend + unexpected
    assert report.requests == len(one.calls) <= 60


def test_a_job_that_is_waited_for_in_vain_is_not_paid_for():
    api = Api(TAKEN, spend=1)
    reset = str(int(api.clock.now()) + 200)
    api.spending.pace.saw(refusal(x_ratelimit_remaining="0", x_ratelimit_reset=reset))
    with pytest.raises(TooLong):
        api.ask(good(cost=PAID))
    assert (api.calls, api.spending.spent, api.spending.accepted) == ([], 0, 0)


def test_a_job_that_the_limits_refused_is_paid_for_once_when_it_is_taken():
    api = Api(refusal(429), TAKEN, spend=1)
    api.ask(good(cost=PAID))
    assert (len(api.calls), api.spending.spent, api.spending.accepted) == (2, 1, 1)
    short = Api(refusal(429), spend=1, requests=1)
    with pytest.raises(NotSent, match="--max-requests 1"):
        short.ask(good(cost=PAID))
    assert (short.spending.spent, short.spending.accepted) == (0, 0)
