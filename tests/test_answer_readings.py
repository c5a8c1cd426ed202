"""klingmock.answer: open questions read in another way, special keys, and keys that must not be seen."""

import io
import json

import pytest

from klingcontracts.contract import load
from klingcontracts.document import revisions
from klingmock.journal import Journal
from klingmock.keys import Keys
from klingmock.loglines import Lines

REAL = "sk-live-51HabcQRSTUVWXYZ0123456789"
NAMED = "my-own-Secret-key-7f3a"
SMALL = {"image": "x"}


def read(fake, question: str, reading: str, *revision: str, **plan):
    return fake(*revision, readings={question: reading}, **plan)


# --- readings ---


def test_pending_lasts_where_processing_is_not_seen(fake):
    world = read(fake, "processing-visible", "no")
    name = world.submitted()
    seen = []
    for step in (0, 1, 3.999, 0.001):
        world.clock.advance(step)
        seen.append(world.status(name))
    assert seen == ["pending", "pending", "pending", "success"]


def test_retention_from_the_submission(fake):
    world = read(fake, "retention-start", "submission")
    name = world.submitted()
    world.clock.advance(86399.5)
    assert world.status(name) == "success"
    world.clock.advance(0.5)
    assert world.status(name) == "404"


@pytest.mark.parametrize("revision", revisions())
def test_a_wrong_method_answers_like_an_unknown_path_where_it_is_read_so(fake, revision):
    world = read(fake, "wrong-method", "404", revision)
    wrong = world.call("PUT", world.submit_path)
    unknown = world.call("PUT", "/nowhere")
    assert wrong.status == unknown.status == 404
    assert world.told(wrong)["message"].partition(":")[0] == world.told(unknown)["message"].partition(":")[0]
    assert "allow" not in wrong.headers  # 404 with Allow would say that there is something


@pytest.mark.parametrize("revision", revisions())
def test_a_wrong_method_is_405_with_allow_otherwise(fake, revision):
    world = fake(revision)
    reply = world.call("PUT", world.submit_path)
    assert (reply.status, reply.headers["allow"]) == (405, "POST")
    assert world.told(reply)["message"] == "Method not allowed: method 'PUT' is not allowed"
    assert world.call("DELETE", "/api/v1/tasks/x").headers["allow"] == "GET"


@pytest.mark.parametrize("field", ["prompt", "mode", "duration", "image_tail", "dynamic_masks", "cfg_scale"])
def test_null_is_refused_or_absent_as_it_is_read(fake, field):
    body = {**SMALL, field: None}
    assert fake().submit(body).status == 400
    accepted = read(fake, "null-field", "absent").submit(body)
    assert accepted.status == 200
    assert "x-klingmock-hint" not in accepted.headers


def test_a_required_field_that_is_null_is_not_there(fake):
    reply = read(fake, "null-field", "absent").submit({"image": None})
    assert reply.headers["x-klingmock-hint"].startswith("submit.body.image.required: ")


@pytest.mark.parametrize(("text", "seconds", "amount"), [("5", 5, "0.1400"), ("10", 10, "0.2800")])
def test_a_duration_in_a_string_is_a_number_where_it_is_read_so(fake, text, seconds, amount):
    assert fake("2026-07").submit({**SMALL, "duration": text}).status == 400
    world = read(fake, "duration-string", "coerce", "2026-07")
    name = world.submitted({**SMALL, "duration": text})
    world.clock.advance(5)
    assert world.told(world.poll(name))["data"]["billing"]["amount"] == amount
    assert world.mock.store.get(name).seconds == seconds


@pytest.mark.parametrize("text", ["7", "05", " 5", "5.0", "", "five", "٥"])
def test_a_duration_in_any_other_string_is_refused(fake, text):
    assert read(fake, "duration-string", "coerce").submit({**SMALL, "duration": text}).status == 400


@pytest.mark.parametrize(("reading", "status"), [("off", 200), ("402", 402)])
def test_money_where_it_is_read_so(fake, reading, status):
    assert read(fake, "insufficient-balance", reading).submit(key="mock-unfunded").status == status


@pytest.mark.parametrize(("reading", "model"), [("slug", "kling-v1-i2v"), ("opaque", "model-123")])
@pytest.mark.parametrize("revision", revisions())
def test_the_model_id_where_it_is_read_so(fake, revision, reading, model):
    world = read(fake, "model-id", reading, revision)
    reply = world.told(world.submit())["data"]
    assert reply["model_id"] == model
    assert world.told(world.poll(reply["task_id"]))["data"]["model_id"] == model


@pytest.mark.parametrize("tier", ["0", "10", "100", "200", "500", "1000"])
def test_a_tier_has_the_numbers_of_its_table(fake, tier):
    world = read(fake, "tier", tier, "2026-07")
    numbers = load("2026-07", {"tier": tier}).document["x-limits"]
    most = numbers["concurrency"]["tasks"]
    assert world.submit().headers["x-ratelimit-limit"] == str(numbers["rate"]["requests"])
    seen = [world.submit().status for _ in range(most)]
    assert seen == [200] * (most - 1) + [429]


def test_tiers_differ_and_grow():
    tiers = load("2026-07").questions["tier"].readings
    numbers = [load("2026-07", {"tier": tier}).document["x-limits"] for tier in tiers]
    grown = [(one["rate"]["requests"], one["concurrency"]["tasks"]) for one in numbers]
    assert grown == sorted(grown)
    assert len(set(grown)) == len(grown)


@pytest.mark.parametrize("revision", revisions())
def test_every_reading_of_every_question_serves(fake, revision):
    for question in load(revision).questions.values():
        for reading in question.readings:
            world = read(fake, question.id, reading, revision)
            name = world.submitted()
            world.submit({})
            world.clock.advance(5)
            assert world.status(name) == "success"


# --- special keys ---


@pytest.mark.parametrize(
    ("key", "rule", "message"),
    [
        ("mock-invalid", "auth.unknown-key", "Authentication failed: invalid API key"),
        ("mock-expired", "auth.expired-key", "Authentication failed: expired API key"),
        (REAL, "auth.unknown-key", "Authentication failed: invalid API key"),
        ("", "auth.missing-key", "Authentication failed: missing API key"),
    ],
)
def test_a_key_that_is_refused(fake, key, rule, message):
    reply = fake().submit(key=key)
    assert reply.status == 401
    assert fake.told(reply) == {"code": 401, "message": message}
    assert reply.headers["x-klingmock-hint"].startswith(f"{rule}: ")


@pytest.mark.parametrize("key", ["", REAL, "mock-invalid", "mock-expired"])
def test_whether_a_key_is_valid_is_never_401(fake, key):
    world = fake("2026-07", rate=1)
    for _ in range(3):
        reply = world.call("GET", "/api/v1/apikey/validate", key=key)
        assert (reply.status, world.told(reply)["data"]) == (200, {"is_valid": False})
    assert world.told(world.call("GET", "/api/v1/apikey/validate"))["data"] == {"is_valid": True}


def test_the_models_link_to_us(fake):
    world = fake("2026-07")
    [model] = world.told(world.call("GET", "/api/v1/models", origin="http://here"))["models"]
    assert model["docs_url"].startswith("http://here/__klingmock/")


# --- keys must not be seen ---


def everything_said(fake, key: str, form: str) -> str:
    log, file, complaints = io.StringIO(), io.StringIO(), []
    journal = Journal(file=file, watch=Lines(log).write, complain=complaints.append)
    world = fake("2026-07", parts={"journal": journal, "keys": Keys([NAMED])})
    header = form.format(key)
    replies = [
        world.submit(key="", authorization=header),
        world.submit({}, key="", authorization=header),
        world.call("GET", "/nowhere", key="", authorization=header),
        world.call(
            "GET", "/api/v1/team/balance", key="", authorization=header, x_api_key=key, cookie=f"k={key}"
        ),
        world.call("GET", "/aigc/video/x", key="", authorization=header),
        world.call("GET", "/api/v1/apikey/validate", key="", authorization=header),
    ]
    told = json.loads(bytes(replies[0].body))
    if replies[0].status == 200:
        world.clock.advance(5)
        replies.append(world.poll(told["data"]["task_id"], key="", authorization=header))
        replies.append(world.poll(told["data"]["task_id"], key="mock-b"))
    entries = [(repr(entry), json.dumps(entry.to_json())) for entry in journal.entries]
    return "\n".join([repr(replies), repr(entries), log.getvalue(), file.getvalue(), *complaints])


@pytest.mark.parametrize(
    "form", ["Bearer {}", "bearer {}", "Basic {}", "{}", "Bearer {} ", "Bearer mock-a, Bearer {}"]
)
@pytest.mark.parametrize("key", [REAL, NAMED, "mock-looks-harmless"])
def test_a_key_is_nowhere_in_what_is_kept_or_said(fake, key, form):
    said = everything_said(fake, key, form)
    assert key not in said
    assert key[8:] not in said
    assert "<redacted>" in said  # it was looked at, and taken out


def test_a_named_key_is_taken_and_a_real_one_is_not(fake):
    world = fake(parts={"keys": Keys([NAMED])})
    assert [world.submit(key=key).status for key in (NAMED, REAL)] == [200, 401]


def test_the_hint_tells_who_sent_a_real_key(fake):
    hint = fake().submit(key=REAL).headers["x-klingmock-hint"]
    assert "begin with mock-" in hint
    assert "real key" in hint
