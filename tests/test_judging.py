"""klingmock.judging: the rules of a good client, and what only who ran it can know."""

import json

import pytest

import klingmock
from klingcontracts.contract import load
from klingcontracts.exchange import Call
from klingmock.certificate import CHECKS
from klingmock.judging import Seen, checks
from klingmock.scenario import Scenario, scenario

IMAGE = b'{"image": "https://example.com/mountain.jpg"}'
SUBMIT = load().operation("submit").path


class Client:
    """What a test lets a client do in a scenario, and how it is judged."""

    def __init__(self, fake, name):
        self.fake = fake
        self.scenario = scenario(name)
        self.key = fake.api_key
        fake.reset(self.scenario.recipe(fake.recipe, is_virtual=True))

    def call(self, method, path, body=b"", key=None):
        headers = {"authorization": f"Bearer {key or self.key}"}
        return self.fake.answer(Call(method, path, headers, body))

    def submit(self, body=IMAGE, **more):
        raw = bytes(self.call("POST", SUBMIT, body, **more).body)
        return json.loads(raw).get("data", {}).get("task_id") if raw.startswith(b"{") else None

    def poll(self, task_id):
        self.fake.advance(2)
        self.call("GET", f"/api/v1/tasks/{task_id}")

    def judged(self, exit_code, until=None, speed=1.0):
        seen = Seen(
            self.scenario,
            self.fake.contract,
            self.fake.journal,
            self.fake.faults(),
            exit_code,
            60.0,
            self.fake.now if until is None else until,
            "" if exit_code is None else f" (exit code {exit_code})",
            speed,
        )
        return {check.id: check for check in checks(seen)}


@pytest.fixture
def client():
    with klingmock.running() as fake:
        yield lambda name: Client(fake, name)


def blamed(found):
    return {name for name, check in found.items() if check.blames}


def test_there_is_one_check_for_each_rule_in_the_order_of_the_report(client):
    one = client("plain")
    task = one.submit()
    for _ in range(2):
        one.poll(task)
    found = one.judged(0)
    assert list(found) == list(CHECKS)
    assert blamed(found) == set()
    assert found["ends"].verdict == found["reports-success"].verdict == "pass"
    assert found["survives-transient"].seen == "no poll failed for a moment"


def test_where_nothing_was_asked_nothing_is_judged(client):
    found = client("plain").judged(1)
    assert {(check.verdict, check.seen) for check in found.values()} == {("not judged", "nothing was asked")}


def test_what_is_done_wrong_is_told_with_its_exchanges_and_what_to_do(client):
    one = client("submit-lost")
    one.submit()
    one.poll(one.submit())
    found = one.judged(1)
    check = found["submits-once"]
    assert (check.verdict, list(check.exchanges)) == ("fail", [1, 2])
    assert "may have been accepted" in check.seen
    assert check.expected == CHECKS["submits-once"]
    assert check.advice.endswith(".")


def test_one_job_is_one_job_however_its_bodies_differ(client):
    one = client("submit-lost")
    one.submit()
    one.poll(
        one.submit(b'{"image": "https://example.com/mountain.jpg", "prompt": "again, with another seed"}')
    )
    assert blamed(one.judged(1)) == {"submits-once"}


def test_a_rule_that_is_broken_in_two_ways_is_one_check(client):
    one = client("plain")
    task = one.submit(b'{"image": "https://example.com/mountain.jpg", "mode": "stt", "duration": 7}')
    task = one.submit(b'{"image": 5}')
    task = one.submit()
    for _ in range(2):
        one.poll(task)
    check = one.judged(0)["request-conforms"]
    assert "mode" in check.seen
    assert "image" in check.seen
    assert list(check.exchanges) == [1, 2]


def test_of_many_lapses_the_first_are_told(client):
    one = client("plain")
    for _ in range(9):
        one.submit()
    check = one.judged(1)["submits-once"]
    assert check.seen.count("submitted again after it became") == 4
    assert check.seen.endswith("; and 4 more")
    assert list(check.exchanges) == list(range(1, 10))


@pytest.mark.parametrize(("pause", "blames"), [(0.2, {"polls-politely"}), (4.0, set())])
def test_who_submits_again_waits_as_long_as_the_refusal_asks(client, pause, blames):
    one = client("submit-429")
    one.submit()
    one.fake.advance(pause)
    task = one.submit()
    for _ in range(2):
        one.poll(task)
    assert blamed(one.judged(0)) == blames


@pytest.mark.parametrize(("name", "told"), [("refused-400", "data.task_id"), ("failed", "data.status")])
def test_the_advice_is_by_what_was_seen(client, name, told):
    one = client(name)
    task = one.submit()
    for _ in range(4 if task else 0):
        one.poll(task)
    assert told in one.judged(0)["reports-failure"].advice


def test_a_key_of_somebody_elses_is_no_authentication(client):
    one = client("plain")
    one.submit(key="sk-of-my-own")
    check = one.judged(1)["authenticates"]
    assert (check.verdict, list(check.exchanges)) == ("fail", [1])
    assert "sk-of" not in check.seen


def test_a_key_that_is_badly_sent_is_told_of_once(client):
    one = client("plain")
    one.submit(key="sk-of-my-own")
    one.fake.answer(Call("POST", SUBMIT, {}, IMAGE))
    check = one.judged(1)["authenticates"]
    assert (check.verdict, list(check.exchanges)) == ("fail", [2])


class TestWhoWasEndedByUs:
    def test_polls_for_ever_what_never_ends(self, client):
        one = client("never-ends")
        task = one.submit()
        for _ in range(30):
            one.poll(task)
        found = one.judged(None)
        assert blamed(found) == {"gives-up"}
        assert (found["gives-up"].verdict, list(found["gives-up"].exchanges)) == ("fail", [31])
        assert "shorter than --timeout" in found["gives-up"].advice
        assert found["gives-up"].seen == "still polling after 60 s (see --timeout)"
        assert found["ends"].verdict == "not judged"
        assert found["reports-failure"].seen == "the program was ended before it said anything"

    def test_hangs_where_the_job_had_ended(self, client):
        one = client("plain")
        task = one.submit()
        for _ in range(2):
            one.poll(task)
        found = one.judged(None)
        assert blamed(found) == {"ends"}
        assert found["ends"].seen == "still running after 60 s (see --timeout)"

    def test_polls_for_ever_what_is_forgotten(self, client):
        one = client("task-expired")
        task = one.submit()
        for _ in range(30):
            one.poll(task)
        assert blamed(one.judged(None)) == {"gives-up"}

    def test_never_got_to_the_job_that_never_ends(self, client):
        one = client("never-ends")
        one.submit(b"{}")
        assert blamed(one.judged(None)) >= {"ends"}

    def test_waits_for_a_reply_that_is_on_its_way(self, client):
        one = client("submit-late")
        one.submit()
        found = one.judged(None, one.fake.now + 0.1)
        assert blamed(found) == set()
        assert (found["ends"].verdict, "on its way" in found["ends"].seen) == ("not judged", True)

    def test_hangs_when_the_late_reply_is_there(self, client):
        one = client("submit-late")
        one.submit()
        assert blamed(one.judged(None, one.fake.now + 0.3)) == {"ends"}
        # At a speed of 10, two tenths of a second are two of the clock.
        assert blamed(one.judged(None, one.fake.now + 1.9, speed=10.0)) == set()


class TestAnOutcome:
    def test_of_failure_where_the_job_can_be_had_is_blamed(self, client):
        one = client("slow")
        one.poll(one.submit())
        found = one.judged(1)
        assert blamed(found) == {"reports-success"}
        assert found["reports-success"].seen == "said failure (exit code 1), and the job succeeds"

    def test_of_failure_is_blamed_on_its_reason_alone(self, client):
        one = client("poll-503")
        task = one.submit()
        for _ in range(2):
            one.poll(task)
        assert blamed(one.judged(1)) == {"survives-transient"}

    def test_is_blamed_beside_what_only_warns(self, client):
        one = client("slow")
        task = one.submit()
        one.poll(task)
        one.fake.advance(0.5)
        one.call("GET", f"/api/v1/tasks/{task}")
        assert blamed(one.judged(1)) == {"polls-politely", "reports-success"}

    def test_of_success_where_there_is_nothing_is_blamed(self, client):
        one = client("refused-400")
        one.submit()
        assert blamed(one.judged(0)) == {"reports-failure"}
        assert blamed(one.judged(1)) == set()

    def test_of_success_that_no_rule_explains_is_blamed(self, client):
        one = client("plain")
        task = one.submit()
        for _ in range(2):
            one.poll(task)
        one.scenario = Scenario("mine", "nobody should have got anything", good="failure")
        found = one.judged(0)
        assert blamed(found) == {"reports-failure"}
        assert found["reports-failure"].seen == "said success (exit code 0), and there is nothing to be had"

    @pytest.mark.parametrize("exit_code", [0, 1])
    def test_is_free_where_good_clients_differ(self, client, exit_code):
        one = client("submit-429")
        one.submit()
        assert "reports-success" not in blamed(one.judged(exit_code))

    def test_is_not_held_against_who_never_met_the_fault(self, client):
        one = client("goes-back")
        one.poll(one.submit())
        found = one.judged(1)
        assert "reports-success" not in blamed(found)


def test_a_scenario_that_did_not_happen_says_nothing_of_what_it_is_there_for(client):
    one = client("result-404")
    task = one.submit()
    for _ in range(2):
        one.poll(task)
    one.scenario = one.scenario.__class__(
        "mine", "it", "media: 404", tries=("reports-success", "gets-whole-file")
    )
    found = one.judged(0)
    assert found["reports-success"].verdict == "not judged"
    assert found["reports-success"].seen == "not tried: media: 404 never met a call"
    assert found["gets-whole-file"].seen == "nothing was downloaded"
