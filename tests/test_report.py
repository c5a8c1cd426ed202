"""klingcontracts.report: findings as people read them."""

import json

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from klingcontracts.check import check, check_call
from klingcontracts.contract import load
from klingcontracts.exchange import Call, Exchange, Reply
from klingcontracts.finding import Finding
from klingcontracts.report import Nonconforming, advice, assert_conforms, findings_table, stop_at
from klingcontracts.rule import Level
from klingcontracts.strategies import breakable, broken_bodies, replies

REVISIONS = ["2026-02", "2026-04", "2026-07"]
CONTRACT = load()
SUBMIT = CONTRACT.operation("submit").path
KEY = {"authorization": "Bearer k", "content-type": "application/json"}


def one(strategy):
    """What is drawn first, without a look for something smaller."""
    found = []

    @settings(
        max_examples=1,
        phases=[Phase.generate],
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(value):
        found.append(value)

    draw()
    return found[0]


GOOD = one(replies("submit", 200))


@pytest.fixture(autouse=True)
def a_wide_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "140")


def submitted(body, number=0, reply=GOOD, headers=KEY, **call):
    asked = Call("POST", SUBMIT, headers, json.dumps(body).encode(), **call)
    return Exchange(asked, reply, 0.0, number)


def advised(call, contract=CONTRACT):
    return {finding.rule.id: advice(contract, finding) for finding in check_call(contract, call)}


def test_what_conforms_raises_nothing():
    exchanges = [submitted({"image": "https://e.com/a.jpg"})]
    assert_conforms(CONTRACT, exchanges)
    assert check(CONTRACT, exchanges[0]) == []


def test_what_does_not_is_a_table_of_rule_seen_documented_and_advice():
    exchanges = [
        submitted({"image": "https://e.com/a.jpg"}),
        submitted({"image": "https://e.com/a.jpg", "mode": "stt"}),
    ]
    with pytest.raises(Nonconforming) as caught:
        assert_conforms(CONTRACT, exchanges)
    head, _, table = str(caught.value).partition("\n\n")
    assert head == "1 of 2 exchanges does not keep to 2026-02:"
    heads, rule, *rows = table.splitlines()
    assert heads.split() == ["exchange", "rule", "seen", "documented", "advice"]
    assert set(rule) <= {"-", " "}
    assert " ".join(rows).split()[:3] == ["2", "submit.body.mode.enum", "/mode"]
    assert "Send 'std' or 'pro'." in " ".join(" ".join(rows).split())


def test_the_numbers_of_a_journal_are_kept_and_one_mistake_is_one_row():
    exchanges = [submitted({"mode": "stt"}, number) for number in range(11, 20)]
    with pytest.raises(Nonconforming, match="9 of 9 exchanges do not keep") as caught:
        assert_conforms(CONTRACT, exchanges)
    assert "11, 12, 13, 14, 15" in str(caught.value)
    assert str(caught.value).count("submit.body.mode.enum") == 1
    assert "and 4 more" in " ".join(str(caught.value).split())


def test_a_level_is_asked_for():
    exchanges = [submitted({"image": "https://e.com/a.jpg", "promt": "x"})]
    assert_conforms(CONTRACT, exchanges, Level.ERROR)
    with pytest.raises(Nonconforming, match="unknown-field"):
        assert_conforms(CONTRACT, exchanges, Level.WARNING)
    found = [(1, finding) for finding in check(CONTRACT, exchanges[0])]
    stop_at(CONTRACT, found, 1, Level.ERROR)
    with pytest.raises(Nonconforming, match="1 of 7"):
        stop_at(CONTRACT, found, 7)


def test_a_reply_that_never_came_is_not_held_against_anyone():
    lost = submitted({"image": "https://e.com/a.jpg"}, reply=Reply(0, {}, wire="drop"))
    assert check(CONTRACT, lost) == []


@pytest.mark.parametrize("revision", REVISIONS)
def test_there_is_advice_for_each_rule_of_a_body(revision):
    contract = load(revision)
    operation = contract.operation("submit")
    for name in breakable(revision, noted=True):
        body, rule = one(broken_bodies(name, revision))
        told = advised(Call("POST", operation.path, KEY, json.dumps(body).encode()), contract)[rule.id]
        assert told.endswith(".")
        assert "\n" not in told


@pytest.mark.parametrize(
    ("call", "rule", "text"),
    [
        (Call("GET", "/api/v1/task/1", {}), "route.unknown-path", "Nearest: GET /api/v1/tasks/{task_id}."),
        (Call("GET", "/zzzzzzzzzzzzzzzzzz", {}), "route.unknown-path", "See: klingmock contract show"),
        (Call("GET", SUBMIT, KEY), "route.wrong-method", "Use the documented method."),
        (
            Call("GET", "/api/v1/tasks/1", {}),
            "auth.missing-key",
            "Send the header Authorization: Bearer KEY.",
        ),
        (
            Call("POST", SUBMIT, KEY, b"{"),
            "submit.body.json",
            "Send JSON in UTF-8, such as json.dumps makes it, without NaN or Infinity.",
        ),
        (
            Call("POST", SUBMIT, KEY, b"", oversize=True),
            "submit.body.size",
            "Send a smaller image, or its URL.",
        ),
        (Call("POST", SUBMIT, KEY, b"[]"), "submit.body.type", "Send a JSON object."),
        (Call("POST", SUBMIT, KEY, b"{}"), "submit.body.image.required", "Add 'image'."),
        (
            Call("POST", SUBMIT, KEY, b'{"image": "https://e.com/a.jpg", "promt": 1}'),
            "submit.body.unknown-field",
            "Leave 'promt' out, or call it 'prompt'.",
        ),
        (
            Call("POST", SUBMIT, KEY, b'{"image": "https://e.com/a.jpg", "zzzzzzzzzzz": 1}'),
            "submit.body.unknown-field",
            "Leave 'zzzzzzzzzzz' out.",
        ),
    ],
)
def test_advice_names_what_to_do(call, rule, text):
    assert advised(call)[rule] == text


def test_a_reply_is_the_vendors_to_mend():
    bad = submitted({"image": "https://e.com/a.jpg"}, reply=GOOD._replace(body=b"{}"))
    found = [finding for finding in check(CONTRACT, bad) if finding.rule.id.startswith("submit.reply")]
    assert {advice(CONTRACT, finding) for finding in found} == {
        "Report it to the vendor, or look for what stands between."
    }


def test_a_statement_without_a_word_of_its_own_is_repeated():
    rule = next(rule for rule in CONTRACT.rules.values() if ".body." in rule.id and rule.keyword == "maximum")
    told = advice(CONTRACT, Finding(rule, "submit", "/cfg_scale", "2", rule.says, {}))
    assert told == f"Send what is documented: {rule.says}."


def test_a_rule_is_never_broken_in_two(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    found = [(1, finding) for finding in check(CONTRACT, submitted({"mode": "stt"}))]
    assert "submit.body.mode.enum" in findings_table(CONTRACT, found)
