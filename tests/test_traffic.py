"""klingcontracts.traffic: recordings make a report that says what was looked at, and what was not."""

import json
from pathlib import Path

import pytest

import klingmock
from klingcontracts.contract import load
from klingcontracts.document import revisions
from klingcontracts.drift_text import where
from klingcontracts.exchange import Call
from klingcontracts.rule import Level
from klingcontracts.traffic import traffic_report
from klingcontracts.traffic_files import Recording, Unread, read_traffic

FIXTURES = Path(__file__).parent.parent / "fixtures" / "traffic"
RECORDINGS = {
    path.name: read_traffic(path.read_bytes()) for path in FIXTURES.iterdir() if path.suffix != ".py"
}
HAR = RECORDINGS["proxy.har"]


@pytest.mark.parametrize("name", RECORDINGS)
def test_each_recording_conforms_and_its_refusal_is_told(name):
    report = traffic_report(load(), {name: RECORDINGS[name]})
    assert report.verdict() == "conforms"
    assert not report.incomplete
    (one,) = report.found
    assert (one.finding.rule.id, one.finding.level) == ("submit.body.mode.enum", Level.INFO)
    assert report.target == f"{name} (6 of {len(RECORDINGS[name].taken)} exchanges)"


def test_all_of_them_together_say_the_same_once():
    report = traffic_report(load(), RECORDINGS)
    (one,) = report.found
    assert one.evidence["times"] == len(RECORDINGS)


def test_what_the_recordings_do_not_tell():
    looked = {
        one.rule: one.why for one in traffic_report(load(), {"a": RECORDINGS["browser.har"]}).not_looked
    }
    assert looked.keys() == {"auth.missing-key", "route.unknown-path"}
    why = "1 exchange with another path, such as GET https://api.modellix.ai/aigc"
    assert looked["route.unknown-path"] == why
    journal = traffic_report(load(), {"a": RECORDINGS["journal.jsonl"]})
    assert [one.rule for one in journal.not_looked] == ["route.unknown-path"]  # it has who sent no key


def test_what_was_recorded_without_its_body_and_what_was_not_recorded():
    first = HAR.taken[0]
    taken = [first._replace(sent=False), first, first._replace(got=False)]
    looked = {one.rule: one.why for one in traffic_report(load(), {"a": Recording(taken)}).not_looked}
    assert looked["submit.body.*"] == "1 of 3 exchanges were recorded without that body"
    assert looked["submit.reply.*"] == "1 of 3 exchanges were recorded without that body"
    assert looked["task.*"] == "no exchange of it was recorded"


def test_another_revision_is_named_where_the_paths_are_its_own():
    report = traffic_report(load("2026-07"), {"a": HAR})
    why = next(one.why for one in report.not_looked if one.rule == "route.unknown-path")
    assert why.endswith("; documented in 2026-02: see --against")
    submissions = Recording([one for one in HAR.taken if one.exchange.call.method == "POST"])
    report = traffic_report(load("2026-07"), {"a": submissions})
    assert report.incomplete == (
        "none of 2 exchanges has a path of 2026-07; documented in 2026-02: see --against"
    )
    assert report.exit_code() == 3


def test_a_browsers_question_is_no_call():
    ask = HAR.taken[0]
    call = ask.exchange.call._replace(method="OPTIONS")
    asked = ask._replace(exchange=ask.exchange._replace(call=call))
    report = traffic_report(load(), {"a": Recording([asked, *HAR.taken])})
    assert report.target == "a (6 of 8 exchanges)"
    assert report.verdict(Level.WARNING) == "conforms"


def test_a_file_that_can_not_be_read_is_found():
    broken = Recording((), [Unread("", "it is empty")])
    report = traffic_report(load(), {"a": HAR, "b/c~d": broken})
    unread = report.found[-1]
    assert unread.finding.fingerprint == "traffic.unreadable@*/b~1c~0d"
    assert (unread.finding.level, unread.finding.seen) == (Level.WARNING, "it is empty")
    assert unread.evidence == {"file": "b/c~d", "times": 1}
    assert report.target == "a (6 of 7 exchanges), b/c~d (not read)"
    assert report.exit_code() == 1


def test_entries_that_can_not_be_read_are_a_finding_for_each_reason_with_its_first_place():
    told = [("line 2", "no URL", 2), ("line 4", "no status", 4), ("line 5", "no URL", 5)]
    report = traffic_report(load(), {"a": HAR._replace(unread=[Unread(*one) for one in told])})
    unread = report.found[-2:]
    assert [one.finding.seen for one in unread] == ["no URL", "no status"]
    assert [one.finding.pointer for one in unread] == ["/a/line 2", "/a/line 4"]
    assert [one.evidence for one in unread] == [
        {"file": "a", "line": 2, "times": 2},
        {"file": "a", "line": 4, "times": 1},
    ]
    assert report.target == "a (6 of 10 exchanges)"


def test_of_very_many_reasons_the_rest_is_counted():
    unread = [Unread(f"entry {nth}", f"reason {nth // 2}") for nth in range(2, 52)]
    found = traffic_report(load(), {"a": HAR._replace(unread=unread)}).found[-21:]
    assert [one.evidence["times"] for one in found] == [2] * 20 + [10]
    assert found[-2].finding.seen == "reason 20"
    assert found[-1].finding.seen == "5 more reasons, such as: reason 21"
    assert found[-1].evidence["place"] == "entry 42"
    assert len({one.finding.fingerprint for one in found}) == 21


def test_entries_of_which_none_can_be_read_are_counted_as_well():
    report = traffic_report(load(), {"a": Recording((), [Unread("entry 1", "x"), Unread("entry 2", "y")])})
    assert report.target == "a (0 of 2 exchanges)"
    assert [one.finding.level for one in report.found] == [Level.INFO, Level.INFO]
    assert (report.incomplete, report.exit_code()) == ("nothing could be read", 3)


def test_a_line_is_told_once():
    report = traffic_report(load(), {"a": read_traffic((FIXTURES / "lines.jsonl").read_bytes())})
    assert where(report.found[0]) == "a, line 6"
    secret = {"password": "sk-live-0123456789"}
    line = {"method": "GET", "url": "http://a/b", "status": 200}
    broken = [{**line, "status": secret}, {**line, "headers": "sk-live-0123456789"}, {**line, "at": [secret]}]
    raw = b"\n".join(json.dumps(one).encode() for one in [line, *broken])
    report = traffic_report(load(), {"a": read_traffic(raw)})
    assert [where(one) for one in report.found] == ["a, line 2", "a, line 3", "a, line 4"]
    assert "sk-live" not in json.dumps(report.to_json())


@pytest.mark.parametrize(
    ("recordings", "why"),
    [
        ({"a": Recording((), [Unread("", "it is empty")])}, "nothing could be read"),
        ({"a": Recording(())}, "no exchange was recorded"),
        ({}, "no exchange was recorded"),
        ({"a": Recording(HAR.taken[5:6])}, "none of 1 exchange has a path of 2026-02"),
    ],
)
def test_where_nothing_could_be_looked_at_the_exit_code_is_3(recordings, why):
    report = traffic_report(load(), recordings)
    assert report.incomplete == why
    assert (report.verdict(), report.exit_code()) == ("inconclusive", 3)


FAULTS = {
    "": set(),
    "task: added": set(),
    "task: missing=data.status": {"task.reply.data.status.required"},
    "task: status=success, status=pending": {"task.lifecycle.order", "task.reply.data.result.required"},
}


@pytest.mark.parametrize("revision", revisions())
@pytest.mark.parametrize("fault", FAULTS)
def test_a_session_with_a_fake_that_goes_wrong(revision, fault):
    contract = load(revision)
    with klingmock.running(revision=revision, timing=(10, 10), script=fault) as fake:
        key = {"authorization": f"Bearer {fake.api_key}", "content-type": "application/json"}
        fake.answer(
            Call("POST", contract.operation("submit").path, key, b'{"image": "https://example.com/a.jpg"}')
        )
        for _ in range(3):
            fake.advance(1)
            fake.answer(Call("GET", f"/api/v1/tasks/{fake.tasks[0].id}", key))
        raw = "\n".join(json.dumps(entry.to_json()) for entry in fake.journal).encode()
    report = traffic_report(contract, {"journal": read_traffic(raw)})
    rules = {one.finding.rule.id for one in report.at(Level.WARNING)}
    assert rules == FAULTS[fault]


def test_every_exchange_with_a_key_is_told_without_it():
    secret = "sk-live-0123456789"
    taken = []
    for one in HAR.taken:
        call = one.exchange.call
        body = call.body.replace(b'"std"', f'"{secret}"'.encode())
        headers = {**call.headers, "authorization": f"Bearer {secret}", "cookie": f"session={secret}-2"}
        changed = call._replace(headers=headers, body=body, query=f"api_key={secret}-3")
        taken.append(one._replace(exchange=one.exchange._replace(call=changed)))
    report = traffic_report(load(), {"a": Recording(taken)})
    assert report.exit_code() == 1
    assert secret not in json.dumps(report.to_json())


def test_a_broken_lifecycle_is_found_once_and_counted():
    polls = [
        one for one in HAR.taken if one.exchange.call.method == "GET" and "/tasks/" in one.exchange.call.path
    ]
    back = polls[::-1]
    taken = [one._replace(exchange=one.exchange._replace(at=0)) for one in back * 2]
    (one,) = traffic_report(load(), {"a": Recording(taken)}).found
    assert (one.finding.rule.id, one.evidence["times"]) == ("task.lifecycle.order", 2)


def test_a_secret_of_one_exchange_is_in_no_other():
    one = HAR.taken[0]
    login = one.exchange._replace(
        call=Call("POST", "/login", {}, b'{"password": "hunter22"}'),
        reply=one.exchange.reply._replace(body=b'{"access_token": "tok/12345"}'),
    )
    taken = [one._replace(exchange=login)]
    for each in HAR.taken:
        body = each.exchange.call.body.replace(b'"std"', b'"hunter22 tok%2F12345"')
        taken.append(
            each._replace(exchange=each.exchange._replace(call=each.exchange.call._replace(body=body)))
        )
    report = traffic_report(load(), {"a": Recording(taken[:1]), "b": Recording(taken[1:])})
    told = json.dumps(report.to_json())
    assert "hunter22" not in told
    assert "12345" not in told
    assert "<redacted> <redacted>" in told
