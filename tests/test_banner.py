"""klingmock.banner: what a person sees first."""

import io
import json
import shlex

import pytest

from klingcontracts.contract import load
from klingcontracts.document import read, revisions
from klingcontracts.exchange import Call
from klingmock import __version__, server
from klingmock.banner import NOT_IMITATED, banner
from klingmock.keys import SPECIAL
from klingmock.server import mock
from klingmock.settings import settings

URL = "http://127.0.0.1:8787"


def shown(url: str = URL, **flags) -> str:
    found = settings({name.replace("_", "-"): value for name, value in flags.items()}, {})
    return banner(found, mock(found).first, url)


def row(text: str, name: str) -> str:
    """The text of a row."""
    lines = [line.strip() for line in text.splitlines() if line.startswith(f"  {name}  ")]
    assert len(lines) == 1, text
    return lines[0].removeprefix(name).strip()


def test_it_says_who_and_where():
    text = shown()
    assert text.startswith(f"klingmock {__version__}: ")
    assert row(text, "listens on") == URL
    assert row(text, "not imitated") == NOT_IMITATED


def test_every_revision_has_its_path():
    text = shown(revision=list(revisions()))
    assert row(text, "revision 2026-02") == "POST /api/v1/image-to-video/kling/kling-v1-i2v/async"
    assert row(text, "revision 2026-07") == "POST /api/v1/kling/kling-v1-i2v"


def test_the_keys_are_told_and_named_ones_only_counted():
    text = shown(api_key=["sk-live-secret", "other-secret"])
    assert "2 named by --api-key" in row(text, "keys")
    assert "secret" not in text
    assert "named" not in row(shown(), "keys")
    for special in SPECIAL:
        assert f"{special.key}: {special.means}" in text


def test_it_says_whether_money_matters():
    assert row(shown(balance="0.2"), "balance") == (
        "0.2000 US dollars for each key, made up; nothing is refused for money (402 from revision 2026-04 on)"
    )
    both = shown(revision=["2026-02", "2026-07"])
    assert row(both, "balance 2026-07").endswith("; a job that it does not cover is 402")
    assert "refused for money" in row(both, "balance 2026-02")


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        ({}, "100 requests a minute, 3 running tasks for each key (--no-limits switches them off)"),
        ({"rate_limit": "7", "concurrency": "9"}, "7 requests a minute, 9 running tasks for each key (--no-"),
        ({"no_limits": True}, "off"),
        ({"reading": ["limit-scope=team"]}, "100 requests a minute for all keys, 3 running tasks"),
        (
            {"reading": ["limit-scope=key-and-global"]},
            "100 requests a minute, 1000 requests a minute for all keys, 3",
        ),
    ],
)
def test_the_limits_in_force(flags, text):
    assert row(shown(**flags), "limits").startswith(text)


def test_revisions_that_differ_have_a_row_each():
    text = shown(revision=["2026-02", "2026-07"])
    assert "3 running tasks" in row(text, "limits 2026-02")
    assert "2 running tasks" in row(text, "limits 2026-07")
    assert row(text, "results kept 2026-02").startswith("24 hours")
    assert row(text, "results kept 2026-07").startswith("7 days")


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        ({}, "quick: 1 s pending, 4 s processing (seed "),
        ({"timing": "instant"}, "instant: 0 s pending, 0 s processing (seed "),
        (
            {"timing": "realistic", "seed": "7"},
            "realistic: about 13.5 s pending, about 121.5 s processing (seed 7)",
        ),
        ({"speed": "60", "seed": "7"}, "quick: 1 s pending, 4 s processing, 60 times as fast (seed 7)"),
    ],
)
def test_the_timing_in_force(flags, text):
    assert row(shown(**flags), "timing").startswith(text)


def test_a_seed_of_chance_is_told_so_that_it_can_be_had_again():
    found = settings({}, {})
    engine = mock(found).first
    assert f"(seed {engine.plan.seed})" in row(banner(found, engine, URL), "timing")
    assert engine.plan.seed != mock(found).first.plan.seed


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        ("0", "0 seconds"),
        ("0.5", "0.5 seconds"),
        ("90", "90 seconds"),
        ("120", "2 minutes"),
        ("3600", "1 hour"),
        ("7200", "2 hours"),
        ("86400", "24 hours"),
        ("172800", "2 days"),
    ],
)
def test_how_long_results_are_kept(seconds, text):
    assert row(shown(retention=seconds), "results kept") == f"{text} from completion"


def test_retention_from_the_submission_is_told_so():
    assert row(shown(reading=["retention-start=submission"]), "results kept") == "24 hours from submission"


def test_readings_that_are_not_the_default_are_told():
    text = shown(reading=["image-required=either", "image-empty=accept"])
    assert "image or image_tail" in row(text, "reading image-required")
    assert "image-empty" not in text


def test_where_the_journal_is(monkeypatch):
    monkeypatch.setattr(server, "open_file", lambda _: io.StringIO())
    assert row(shown(journal_size="5"), "journal") == "the last 5 exchanges of each key, in memory"
    assert row(shown(journal="a/j.jsonl"), "journal") == "a/j.jsonl"


@pytest.mark.parametrize("url", [URL, "https://fake.example/a", "http://[::1]:8787"])
@pytest.mark.parametrize("revision", revisions())
def test_the_curl_can_be_copied_and_gets_a_job(url, revision):
    found = settings({"revision": [revision]}, {})
    engine = mock(found).first
    command = banner(found, engine, url).partition("Try it:")[2]
    curl, *words = shlex.split(command.replace("\\\n", ""))
    pairs = list(zip(words[::2], words[1::2], strict=True))
    flags = dict(pairs)
    assert curl == "curl"
    assert flags["--url"] == url + engine.served[0].operation("submit").path
    headers = dict(word.split(": ") for name, word in pairs if name == "--header")
    path = "/" + flags["--url"].split("/", 3)[3].removeprefix("a/")
    lower = {name.lower(): value for name, value in headers.items()}
    assert lower["content-type"] == "application/json"
    reply = engine.answer(Call(flags["--request"], path, lower, flags["--data"].encode()))
    assert reply.status == 200
    assert json.loads(bytes(reply.body))["data"]["status"] == "pending"


def test_the_curl_of_another_contract_is_its_own(own_document):
    found = settings({"contract": [own_document("2026-04")]}, {})
    assert "/api/v1/kling/kling-v1-i2v/async" in banner(found, mock(found).first, URL)
    bare = read("2026-02")
    submit = bare["paths"][load().operation("submit").path]["post"]
    media = submit["requestBody"]["content"]["application/json"]
    media["examples"] = {"linked": {"externalValue": "a.json"}, "long": {"value": {"image": "x" * 99}}}
    media["examples"]["short"] = {"value": {"image": "it's"}}
    found = settings({"contract": [own_document(**bare)]}, {})
    assert """--data '{"image": "it'"'"'s"}'""" in banner(found, mock(found).first, URL)
    media["example"] = {"image": "y"}
    found = settings({"contract": [own_document(**bare)]}, {})
    assert """--data '{"image": "y"}'""" in banner(found, mock(found).first, URL)
    del media["example"]
    media["examples"] = ["none"]
    found = settings({"contract": [own_document(**bare)]}, {})
    assert banner(found, mock(found).first, URL).endswith("--data '{}'\n")


def test_a_line_of_the_banner_is_not_wrapped_or_padded():
    assert all(line == line.rstrip() for line in shown().splitlines())


def test_a_script_is_told_of():
    assert row(shown(script="submit: 503*2"), "script") == "submit: 503*2 (for each key)"
    assert "  script  " not in shown()


def test_who_may_steer_is_told():
    what = "requests, tasks, clock, script, ledger, verdict, reset"
    assert row(shown(), "control API") == f"{URL}/__klingmock/... from this machine: {what}"
    assert row(shown(host="10.0.0.1"), "control API").startswith("closed, since other machines reach it")
    for host in ("127.0.0.1", "0.0.0.0"):
        text = shown(host=host, control_token="s3cret")
        assert row(text, "control API") == f"{URL}/__klingmock/... with the --control-token: {what}"
        assert "s3cret" not in text
