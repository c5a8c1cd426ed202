import json

import pytest

from klingcontracts.compare_calls import calls
from klingcontracts.contract import load, of_document
from klingcontracts.document import read
from klingcontracts.rule import Level

ERROR, WARNING, INFO = Level.ERROR, Level.WARNING, Level.INFO
SUBMIT = load().operation("submit").path


@pytest.fixture
def edited():
    """The contract whose submission is changed by this function of its node."""

    def made(change):
        document = json.loads(json.dumps(read("2026-02")))
        change(document["paths"][SUBMIT]["post"])
        return of_document(document, "own")

    return made


def found(old, new):
    return [(one.rule.id, one.level, one.documented, one.seen) for one in calls(old, new)]


def test_a_path_says_where_it_comes_from() -> None:
    first = next(calls(load("2026-02"), load("2026-04")))
    assert first.rule.id == "route.unknown-path"
    assert first.rule.provenance == load("2026-04").operation("submit").provenance


def test_a_key_that_nobody_asks_for(edited) -> None:
    free = edited(lambda submit: submit.update(security=[]))
    assert [one[:2] for one in found(load(), free)] == [("auth.missing-key", WARNING)]
    assert [one[:2] for one in found(free, load())] == [("auth.missing-key", ERROR)]


def test_a_key_of_an_unknown_kind(edited) -> None:
    odd = edited(lambda submit: submit.update(security=[{"elsewhere": []}]))
    told = found(load(), odd)
    assert [one[:2] for one in told] == [("auth.bad-scheme", ERROR)]


def test_statuses_that_accept(edited) -> None:
    def both(submit):
        submit["responses"]["202"] = submit["responses"]["200"]

    def other(submit):
        submit["responses"]["202"] = submit["responses"].pop("200")

    two, moved = edited(both), edited(other)
    came = ("submit.reply.status", WARNING, "202 is no documented status", "202 is a documented status")
    assert found(load(), two) == [came]
    assert [one[:2] for one in found(two, load())] == [("submit.reply.status", INFO)]
    assert found(load(), moved) == [("submit.reply.status", ERROR, "accepted with 200", "accepted with 202")]
    assert found(two, moved) == [("submit.reply.status", ERROR, "accepted with 200", "accepted with 202")]


def test_the_reply_is_compared_where_its_status_moved(edited) -> None:
    def moved(submit):
        submit["responses"]["201"] = {"content": {"application/json": {"schema": {"type": "object"}}}}
        del submit["responses"]["200"]

    rules = [rule for rule, *_ in found(load(), edited(moved))]
    assert rules[0] == "submit.reply.status"
    assert "submit.reply.data.listed" in rules


def test_a_reply_without_a_body(edited) -> None:
    empty = edited(lambda submit: submit["responses"]["200"].pop("content"))
    told = found(load(), empty)
    assert told[0] == ("submit.reply.content-type", ERROR, "application/json", "no body")
    assert found(empty, load())[0][:2] == ("submit.reply.content-type", WARNING)
    assert len(told) == 1


def test_headers(edited) -> None:
    def fewer(submit):
        del submit["responses"]["200"]["headers"]["X-RateLimit-Limit"]

    (told,) = found(load(), edited(fewer))
    assert told[:2] == ("reply.header.X-RateLimit-Limit.listed", WARNING)
    assert told[2].startswith("sent with 200, 400")
    assert told[3] == told[2].replace("200, ", "")


def test_parameters(edited) -> None:
    def query(**more):
        return edited(lambda submit: submit.update(parameters=[{"in": "query", "name": "tag", **more}]))

    optional, needed = query(), query(required=True)
    rule = "submit.parameter.tag"
    assert [one[:2] for one in found(load(), optional)] == [(f"{rule}.listed", INFO)]
    assert [one[:2] for one in found(load(), needed)] == [(f"{rule}.listed", ERROR)]
    assert found(optional, needed) == [
        (f"{rule}.required", ERROR, "the query tag is optional", "the query tag is required")
    ]
    assert [one[:2] for one in found(needed, optional)] == [(f"{rule}.required", WARNING)]
    short = query(schema={"type": "string", "maxLength": 4})
    assert {one[0] for one in found(optional, short)} == {f"{rule}.type", f"{rule}.maxLength"}


def test_no_reply_that_accepts(edited) -> None:
    document = json.loads(json.dumps(read("2026-07")))
    models = document["paths"]["/api/v1/models"]["get"]["responses"]
    del models["200"]
    gone = of_document(document, "own")
    assert found(load("2026-07"), gone) == [
        ("models.reply.status", ERROR, "accepted with 200", "accepted with nothing")
    ]
    assert found(gone, load("2026-07")) == [
        ("models.reply.status", WARNING, "200 is no documented status", "200 is a documented status")
    ]
