"""klingcontracts.traffic_secrets: a key that is recorded is told nowhere, wherever it turns up."""

import json

import pytest

from klingcontracts.drift import Found
from klingcontracts.exchange import Call, Exchange, Reply
from klingcontracts.traffic_secrets import secrets_of, spelled, text_without, without

EXCHANGE = Exchange(
    Call(
        "GET",
        "/x",
        {"authorization": "Bearer sk-live-0123", "cookie": "a=cookie-1; b=cookie-2", "accept": "anything"},
        b"",
        "api%5Fkey=in%2Fquery&page=another",
    ),
    Reply(
        200,
        {
            "set-cookie": "sid=cookie-3; Path=/; HttpOnly; SameSite=Lax",
            "x-api-key": "short",
            "date": "Sunday",
        },
    ),
)


def test_what_stands_under_the_name_of_a_secret():
    told = secrets_of(EXCHANGE)
    assert {"sk-live-0123", "cookie-1", "cookie-2", "cookie-3", "in%2Fquery", "in/query"} <= told
    assert not {"anything", "another", "Sunday", "Bearer", "short", "HttpOnly"} & told


def test_what_was_taken_out_already_is_no_secret():
    headers = {"authorization": "<redacted>"}
    assert secrets_of(Exchange(Call("GET", "/", headers), Reply(200, {}))) == set()


@pytest.mark.parametrize("secret", ["sk-live-0123", "cookie-2", "in/query"])
def test_it_is_taken_out_wherever_it_stands(finding, secret):
    evidence = {"curl": f"curl {secret}", "exchange": {secret: [1, f"a {secret} b", None]}, "line": 3}
    found = without(Found(finding(seen=f"'{secret}'", pointer=f"/{secret}"), evidence), secrets_of(EXCHANGE))
    told = json.dumps([found.finding.to_json(), found.evidence])
    assert secret not in told
    assert told.count("<redacted>") >= 4
    assert found.evidence["line"] == 3


def bodies(sent, got=b""):
    return secrets_of(Exchange(Call("POST", "/x", {}, sent), Reply(200, {}, got)))


def test_what_stands_under_such_a_name_in_a_body():
    sent = b'{"user": "somebody", "password": "hunter22", "api_key": {"live": ["sk-live-1", 7]}}'
    assert bodies(sent, b'{"access_token": "tok-12345", "a": ["no-secret"]}') == {
        "hunter22",
        "sk-live-1",
        "tok-12345",
    }
    assert bodies(b"user=somebody&password=hunter%2022&token=short") == {"hunter%2022", "hunter 22"}
    assert bodies(b'{"image": "https://example.com/a.jpg"}') == set()


def test_a_secret_in_another_spelling():
    told = f"{' '.join(spelled(['pass/word 1']))}"
    assert text_without(told, spelled(["pass/word 1"])).replace("<redacted>", "").strip() == ""
