"""klingcontracts.verdict: the whole judgement of a client."""

import json

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from klingcontracts.contract import load
from klingcontracts.exchange import REDACTED, Call, Exchange, Reply
from klingcontracts.problem import Problem
from klingcontracts.rule import Level
from klingcontracts.strategies import bodies, histories, raw_bodies, replies
from klingcontracts.verdict import RULES, BadClient, Judgement, Verdict, assert_good_client, judge

CONTRACT = load()
REVISIONS = ["2026-02", "2026-04", "2026-07"]
SUBMIT = CONTRACT.operation("submit").path
KEY = {"authorization": "Bearer mock-a"}
JSON = {"content-type": "application/json"}
IMAGE = b'{"image": "https://example.com/a.jpg"}'
AT = 1767225600.0
PATIENCE = 300.0  # seconds that the good client of these tests waits
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))


def as_bytes(told):
    return told if isinstance(told, bytes) else json.dumps(told).encode()


def submit(task_id="task-1", at=AT, **more):
    told = as_bytes({"code": 0, "data": {"task_id": task_id}})
    return Exchange(Call("POST", SUBMIT, KEY, IMAGE), Reply(200, JSON, told, **more), at)


def poll(status="pending", at=AT, task_id="task-1", key=KEY, **more):
    result = {"resources": [{"url": "https://media.example.com/one.mp4"}]} if status == "success" else {}
    told = as_bytes({"code": 0, "data": {"status": status, "result": result}})
    return Exchange(Call("GET", f"/api/v1/tasks/{task_id}", key), Reply(200, JSON, told, **more), at)


def fetch(at=AT):
    reply = Reply(200, {"content-type": "video/mp4"}, b"mp4")
    return Exchange(Call("GET", "/aigc/video/one.mp4", {}), reply, at)


GOOD = [submit(), poll(at=AT + 2), poll("success", AT + 4), fetch(AT + 5)]
# Submits again after a lost answer, and polls on after the end.
BAD = [submit(wire="drop"), submit("task-2"), *(poll("failed", AT + nth * 2, "task-2") for nth in range(9))]


def verdicts(found):
    return {one.rule.id: one.verdict for one in found.judgements}


def test_the_rules_are_told_apart_and_say_what_a_reader_needs():
    assert len({rule.id for rule in RULES}) == len(RULES) == 15
    for rule in RULES:
        assert rule.level in {Level.WARNING, Level.ERROR}
        assert rule.advice.endswith(".")
        assert not rule.says.endswith(".")
        basis, _, sources = rule.source.partition(" ")
        assert basis in {"documented", "observed", "assumed"}
        assert bool(sources) == (basis != "assumed")
        assert set(sources.split(",")) - {""} <= set(CONTRACT.sources)


def test_a_good_client_keeps_every_rule_that_can_be_judged():
    found = judge(CONTRACT, GOOD, "success")
    assert found.blamed() == []
    assert_good_client(found)
    assert {name for name, verdict in verdicts(found).items() if verdict == "not judged"} == {
        "survives-transient",
        "reports-failure",
        "tolerates-additions",
        "tolerates-unknown-status",
        "gives-up",
    }
    assert set(verdicts(found).values()) == {"pass", "not judged"}


def test_of_nothing_nothing_is_judged():
    found = judge(CONTRACT, [], "success")
    assert [(one.verdict, one.seen) for one in found.judgements] == [("not judged", "nothing was asked")] * 15
    assert found.blamed(Level.INFO) == []


def test_each_lapse_of_a_rule_is_a_row_and_the_other_rules_have_one():
    found = judge(CONTRACT, [*BAD[:2], submit("task-3"), *BAD[2:]], "failure")
    assert [one.rule.id for one in found.judgements].count("submits-once") == 2
    assert len(found.judgements) == len(RULES) + 1
    assert [one.exchanges for one in found.blamed(Level.ERROR)] == [[1, 2], [2, 3], [3]]
    assert [one.rule.id for one in found.blamed()] == [
        "submits-once",
        "submits-once",
        "stops-at-terminal",
        "fetches-what-it-paid-for",
    ]


def test_a_level_says_what_is_a_failure_and_what_a_warning():
    found = judge(CONTRACT, BAD, "failure")
    assert verdicts(found)["submits-once"] == "fail"
    assert verdicts(found)["stops-at-terminal"] == "warn"
    assert [one.rule.id for one in found.blamed(Level.ERROR)] == ["submits-once"]
    assert [one.rule.id for one in found.blamed()] == ["submits-once", "stops-at-terminal"]


@pytest.mark.parametrize("outcome", ["success", "failure"])
def test_rules_that_need_an_outcome_are_not_judged_without(outcome):
    assert verdicts(judge(CONTRACT, GOOD))["reports-success"] == "not judged"
    told = verdicts(judge(CONTRACT, GOOD, outcome))["reports-success"]
    assert told == {"success": "pass", "failure": "fail"}[outcome]


def test_an_outcome_that_is_none_is_said():
    with pytest.raises(Problem, match=r"^Outcome 'succes' is not known\. Nearest: 'success'\."):
        judge(CONTRACT, GOOD, "succes")


def test_jobs_of_one_body_are_as_many_as_were_meant():
    two = [submit(), submit("task-2"), poll("failed"), poll("failed", task_id="task-2")]
    assert verdicts(judge(CONTRACT, two, "failure"))["submits-once"] == "fail"
    assert verdicts(judge(CONTRACT, two, "failure", jobs=2))["submits-once"] == "pass"


def test_redacted_keys_are_judged_by_the_findings_of_their_calls():
    kept = [one._replace(call=one.call._replace(headers={"authorization": REDACTED})) for one in GOOD[:3]]
    assert judge(CONTRACT, kept, "success", findings={}).blamed() == []
    assert [one.exchanges for one in judge(CONTRACT, kept, "success").blamed()] == [[1, 2, 3]]


def test_the_exchanges_may_come_from_anything_that_can_be_gone_through():
    assert judge(CONTRACT, iter(GOOD), "success") == judge(CONTRACT, tuple(GOOD), "success")


def test_as_json():
    told = judge(CONTRACT, BAD, "failure").to_json()
    assert json.loads(json.dumps(told)) == told
    assert told["schema_version"] == 1
    assert told["summary"] == {"pass": 6, "fail": 1, "warn": 1, "not judged": 7}
    assert len(told["checks"]) == 15
    assert told["checks"][0] == {
        "id": "submits-once",
        "verdict": "fail",
        "detail": "submitted again after no reply: it may have been accepted",
        "exchanges": [1, 2],
    }


def test_as_a_table(monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    rows = judge(CONTRACT, BAD, "failure").text().splitlines()
    assert rows[0].split() == ["rule", "verdict", "exchanges", "seen", "expected", "advice"]
    assert all(len(row) <= 140 for row in rows)
    for rule in RULES:
        assert len([row for row in rows if row.startswith(f"{rule.id} ")]) == 1
    monkeypatch.setenv("COLUMNS", "60")
    assert judge(CONTRACT, BAD, "failure").text().count("\n") > len(rows)


@pytest.mark.parametrize(("many", "shown"), [(1, "1"), (6, "1, 2, 3, 4, 5, 6"), (7, "1, 2, 3, 4, 5, 6…")])
def test_of_many_exchanges_the_first_are_shown(monkeypatch, many, shown):
    monkeypatch.setenv("COLUMNS", "140")
    row = Verdict([Judgement(RULES[0], "fail", "seen", range(1, many + 1))]).text().splitlines()[2:]
    told = " ".join(" ".join(row).split())
    assert all(number in told for number in shown.split(" "))
    assert ("…" in told) == ("…" in shown)
    assert "7" not in told


def test_advice_is_for_who_needs_it():
    passed = Verdict([Judgement(RULES[0], "pass")]).text()
    warned = Verdict([Judgement(RULES[0], "warn", "seen", [1])]).text()
    assert "Submit" not in passed
    assert "Submit" in warned


def test_advice_is_by_what_was_seen():
    own = Judgement(RULES[0], "fail", "seen", [1], "Do that instead.")
    assert "Do that instead." in Verdict([own]).text()
    assert RULES[0].advice not in Verdict([own]).text()
    found = judge(CONTRACT, [submit(), poll()], "success").blamed()
    assert [one.rule.id for one in found] == ["reports-failure"]
    assert found[0].advice != found[0].rule.advice


def test_a_rule_that_is_broken_again_and_again_in_one_way_is_one_row():
    hasty = [poll(at=AT + nth * 0.3) for nth in range(30)]
    found = judge(CONTRACT, [submit(), *hasty], "failure")
    assert found.to_json()["summary"]["warn"] == 1
    assert "29 pauses between two polls were too short" in found.blamed()[0].seen


def test_the_blame_of_a_bad_client_is_a_table_of_what_it_broke():
    with pytest.raises(BadClient) as caught:
        assert_good_client(judge(CONTRACT, BAD, "failure"))
    assert isinstance(caught.value, AssertionError)
    text = str(caught.value)
    assert text.startswith("The client does not keep 2 of 15 rules:\n\nrule ")
    assert "submits-once" in text
    assert "stops-at-terminal" in text
    assert "polls-its-task" not in text
    with pytest.raises(BadClient, match="does not keep 1 of 15 rules"):
        assert_good_client(judge(CONTRACT, BAD, "failure"), Level.ERROR)
    assert_good_client(judge(CONTRACT, BAD[1:3], "failure"))


def test_two_lapses_of_one_rule_are_one_rule():
    with pytest.raises(BadClient, match="does not keep 1 of 15 rules"):
        assert_good_client(judge(CONTRACT, [submit(), submit(), submit(), poll()]), Level.ERROR)


def pause(reply, at):
    """What a good client waits after a reply."""
    asked = int(reply.headers.get("retry-after", 0))
    if reply.status == 429 and "retry-after" not in reply.headers:
        asked = int(reply.headers.get("x-ratelimit-reset", 0)) - at
    return max(2.0, asked)


def lived(contract, body, history):
    """What a good client does with a task of this life, and what it says in the end."""
    call = Call("POST", contract.operation("submit").path, KEY, as_bytes(body))
    yield Exchange(call, Reply(200, JSON, as_bytes({"code": 0, "data": {"task_id": history.task_id}})), AT)
    at = AT + 2.0
    for reply in history.replies:
        yield Exchange(Call("GET", f"/api/v1/tasks/{history.task_id}", KEY), reply, at)
        told = json.loads(reply.body)["data"] if reply.status == 200 else {"status": ""}
        if told["status"] in {"success", "failed"}:
            if told["status"] == "success":
                yield fetch(at)
            return told["status"]
        if (at := at + pause(reply, at)) > AT + PATIENCE:
            return "deadline"
    return "deadline"


def went(steps):
    found = []
    while True:
        try:
            found.append(next(steps))
        except StopIteration as end:
            return found, "success" if end.value == "success" else "failure"


@QUICK
@given(st.data())
@pytest.mark.parametrize("revision", REVISIONS)
def test_a_good_client_is_never_blamed_for_the_life_of_its_task(revision, data):
    contract = load(revision)
    exchanges, outcome = went(lived(contract, data.draw(bodies(contract)), data.draw(histories(contract))))
    assert judge(contract, exchanges, outcome).blamed() == []
    assert judge(contract, exchanges).blamed() == []


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 600) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
IDS = ("task-1", "task-2")
ERRORS = [302, 304, 400, 404, 408, 409, 429, 500, 503, 599, 0, 777]
STATUSES = st.just(200) | st.sampled_from([201, 204, 206, *ERRORS])
ODD = st.sampled_from(["", "0", "2", "9" * 5000, "-1", "٣", "²", "soon", "1.5", "video/", "text/html"])
HEADERS = st.dictionaries(st.sampled_from(["retry-after", "x-ratelimit-reset", "content-type"]), ODD)


@st.composite
def mangled(draw):
    """A reply that is nearly a documented one: anything may stand in the place of anything."""
    told = {
        "code": 0,
        "data": {
            "task_id": draw(st.sampled_from(IDS)),
            "status": draw(st.sampled_from(["pending", "success", "failed", "queued"])),
            "result": {"resources": [{"url": "https://media.example.com/one.mp4"}], "metadata": {}},
        },
    }
    for place in draw(st.lists(st.sampled_from(PLACES), max_size=2)):
        node = told
        for part in place[:-1]:
            node = node[part] if isinstance(node, dict) and part in node else {}
        if isinstance(node, dict):
            node[place[-1]] = draw(ANYTHING)
    return as_bytes(told)


PLACES = [
    ("code",),
    ("x",),
    ("data",),
    ("data", "task_id"),
    ("data", "status"),
    ("data", "result"),
    ("data", "result", "resources"),
    ("data", "result", "metadata"),
]
RAW = st.one_of(mangled(), ANYTHING.map(as_bytes), raw_bodies(), st.binary(max_size=9))
SECONDS = st.sampled_from([0.0, 0.0, 0.3, 5.0, 1e6])
ANY_REPLY = st.one_of(
    replies("submit"),
    replies("task"),
    st.builds(
        Reply,
        STATUSES,
        HEADERS,
        RAW | RAW.map(memoryview),
        SECONDS,
        st.sampled_from(["", "", "drop", "truncate", "stall", "drip", "else"]),
        SECONDS,
    ),
)
ANY_CALL = st.builds(
    Call,
    st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", ""]),
    st.sampled_from(
        [SUBMIT, *(f"/api/v1/tasks/{name}" for name in IDS), "/aigc/video/one.mp4", "/", "", "/é"]
    ),
    st.sampled_from([KEY, {}, {"authorization": REDACTED}, {"authorization": ""}]),
    st.sampled_from([b"", IMAGE, b"{", b"\xff", b"null"]),
)
LIKELY = st.sampled_from([submit().call, *(poll(task_id=name).call for name in IDS), fetch().call])


def in_order(exchanges):
    return sorted(exchanges, key=lambda exchange: exchange.at)


@MANY
@given(
    st.lists(
        st.builds(Exchange, LIKELY | ANY_CALL, ANY_REPLY, st.floats(0, 1e7), st.just(0)), max_size=12
    ).map(in_order),
    st.sampled_from(["success", "failure", None]),
    st.integers(1, 3),
    st.booleans(),
)
@example([submit(), poll()._replace(reply=Reply(200, {}, b'{"data": null}'))], "success", 1, True)
def test_whatever_came_a_verdict_is_reached(exchanges, outcome, jobs, as_kept):
    found = judge(CONTRACT, exchanges, outcome, jobs=jobs, findings={} if as_kept else None)
    names = [one.rule.id for one in found.judgements]
    assert list(dict.fromkeys(names)) == [rule.id for rule in RULES]
    told = found.to_json()
    assert json.loads(json.dumps(told)) == told
    assert sum(told["summary"].values()) == len(names)
    assert all(1 <= number <= len(exchanges) for one in found.judgements for number in one.exchanges)
    assert len(found.text().splitlines()) >= len(names) + 2
    for one in found.judgements:
        assert bool(one.seen) == (one.verdict != "pass")
    blamed = {one.rule.id for one in found.blamed()}
    submissions = [one.call.body for one in exchanges if one.call[:2] == ("POST", SUBMIT)]
    if len(submissions) == len(set(submissions)):
        assert "submits-once" not in blamed  # who never repeats is never blamed for it
    if outcome != "success":
        assert blamed.isdisjoint({"reports-failure", "gets-whole-file"})
    if outcome != "failure":
        assert "reports-success" not in blamed


def test_a_client_that_asked_for_nothing_is_no_good_one():
    with pytest.raises(BadClient, match="has asked for nothing"):
        assert_good_client(judge(CONTRACT, [], "success"))
