import json

import pytest

from klingcontracts.contract import load
from klingcontracts.document import merged, read, revisions
from klingcontracts.problem import Problem
from klingcontracts.show import FORMS, listing, show


@pytest.fixture(autouse=True)
def wide(monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")


def line_of(text: str, start: str) -> str:
    return next(" ".join(line.split()) for line in text.splitlines() if line.startswith(start))


def test_the_list_has_a_row_for_each_revision() -> None:
    rows = listing().splitlines()[2:]
    assert [row.split()[0] for row in rows] == list(revisions())
    assert ["(default)" in row for row in rows] == [True, False, False]
    assert "POST /api/v1/kling/kling-v1-i2v " in rows[2]
    assert "2026-02-25 to 2026-04-08" in rows[0]
    assert [row.split()[-2] for row in rows] == [str(len(load(name).rules)) for name in revisions()]


@pytest.mark.parametrize("revision", revisions())
def test_the_rules_are_all_there_with_their_refusal_and_source(revision) -> None:
    contract, text = load(revision), show(revision, "rules")
    assert [line.split()[0] for line in text.splitlines()[2:]] == list(contract.rules)
    assert line_of(text, "submit.body.prompt.minLength") == (
        "submit.body.prompt.minLength 400 Value out of range "
        f"{contract.rules['submit.body.prompt.minLength'].provenance} prompt has a length of at least 1"
    )
    assert line_of(text, "submit.reply.code.const").startswith("submit.reply.code.const - ")


def test_the_questions_are_all_there_and_the_chosen_reading_is_marked() -> None:
    text = show("2026-02", "questions", ["image-required=either"])
    assert line_of(text, "image-required").startswith("image-required flag the flag wins")
    assert "either*" in text
    assert "flag*" not in text
    for question in load().questions.values():
        assert question.id in text
        assert question.text in text
        assert all(reading in text for reading in question.readings)
    assert text.endswith("choose another with --reading QUESTION=READING")


def test_openapi_is_the_document_with_the_readings_in_it() -> None:
    assert json.loads(show("2026-04", "openapi")) == read("2026-04")
    schema = json.loads(show("2026-02", "openapi", ["image-required=either"]))["components"]["schemas"][
        "SubmitBody"
    ]
    assert "required" not in schema
    assert schema["anyOf"] == [{"required": ["image"]}, {"required": ["image_tail"]}]


def test_the_text_tells_operations_fields_lifecycle_numbers_errors_and_sources() -> None:
    text = show("2026-02")
    assert text.startswith("Modellix kling-v1-i2v, revision 2026-02\n\nImage to video")
    assert line_of(text, "task ") == (
        "task GET /api/v1/tasks/{task_id} required 200, 401, 404, 405, 413, 429, 500, 503 documented P1"
    )
    assert (
        line_of(text, "cfg_scale")
        == "cfg_scale number is at least 0; is at most 1; default 0.5 documented S0"
    )
    assert line_of(text, "image ") == "image string is required documented S0"
    assert line_of(text, "pending") == "pending processing, success, failed documented K1,K3"
    assert line_of(text, "success") == "success (the end) documented K1,K3"
    assert line_of(text, "rate limit") == "rate limit 100 requests in 60 s, per key documented K1,P4"
    assert "(not enforced in this reading)" in line_of(text, "global limit")
    assert line_of(text, "concurrency  ") == "concurrency 3 running tasks documented K2,K3"
    assert line_of(text, "retention") == "retention 24 hours from completion documented K1,K3"
    assert "documented P3,K7 (category and detail assumed)" in line_of(text, "balance")
    assert line_of(text, "wrong-method").endswith("assumed")
    assert line_of(text, "required").endswith(
        "Invalid parameters: parameter '{field}' is required documented P2"
    )
    assert line_of(text, "S0 ").endswith("https://docs.modellix.ai/kling/kling-v1-i2v")


def test_the_text_follows_the_readings() -> None:
    assert "not enforced" not in line_of(
        show("2026-02", "text", ["limit-scope=key-and-global"]), "global limit"
    )
    assert "5, 10, '5' or '10'" in show("2026-02", "text", ["duration-string=coerce"])
    assert "integer or string" in line_of(show("2026-02", "text", ["duration-string=coerce"]), "duration")
    assert "camera_control" not in show("2026-02", "text", ["camera-control=refuse"]).partition("status  ")[0]


def test_a_key_that_is_optional_and_a_field_of_any_type(tmp_path) -> None:
    assert " optional " in line_of(show("2026-07"), "validate-key")
    fields = {"extra": {"description": "of any type"}}
    path = tmp_path / "mine.json"
    path.write_text(
        json.dumps(
            merged(read("2026-02"), {"components": {"schemas": {"SubmitBody": {"properties": fields}}}})
        )
    )
    assert line_of(show(str(path)), "extra") == "extra any assumed"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("revision", revisions())
def test_every_form_fits_a_narrow_terminal(monkeypatch, revision, form) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    if form != "openapi":
        assert max(map(len, show(revision, form).splitlines())) <= 100


@pytest.mark.parametrize(
    ("form", "readings", "fact"),
    [
        ("txt", [], "Format 'txt' is not known. Nearest: 'text'."),
        ("text", ["image-required"], "Reading 'image-required' has no equals sign."),
        ("text", ["tier=10"], "Open question 'tier' is not known."),
        (
            "text",
            ["ten-seconds=note", "ten-seconds=refuse"],
            "Open question 'ten-seconds' is read in two ways.",
        ),
    ],
)
def test_what_cannot_be_shown(form, readings, fact) -> None:
    with pytest.raises(Problem) as caught:
        show("2026-02", form, readings)
    assert caught.value.fact.startswith(fact)
    assert caught.value.remedy


def test_the_same_reading_twice_is_one() -> None:
    twice = ["ten-seconds=refuse", "ten-seconds=refuse"]
    assert show("2026-02", "rules", twice) == show("2026-02", "rules", twice[:1])
