"""klingmock drift docs: the command, on pages that are right, changed, of another model, and none."""

import json
from pathlib import Path

import pytest

from klingcontracts.contract import load
from klingmock import page_source

PAGES = Path(__file__).parent.parent / "fixtures" / "pages"
CALL = {"image": "https://example.com/mountain.jpg"}
DATA = {"status": "pending", "task_id": "task-1", "model_id": "kling-v1-i2v"}
REPLY = {"code": 0, "message": "success", "data": DATA}


@pytest.fixture
def page(template, tmp_path):
    """Write the page of revision 2026-02, with its own prose, and give its name."""

    def write(*changes, name="page.txt"):
        text = template.page_of(load().document, call=CALL, reply=REPLY)
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        (tmp_path / name).write_text(text)
        return name

    return write


@pytest.fixture
def own(run, page):
    """The contract of that page, as a file."""
    assert run("import", page(name="first.txt"), "--revision", "first", "--out", "first.json")[0] == 0
    return "first.json"


@pytest.fixture
def look(run, own):
    """Hold pages against that contract; the exit code and the report."""

    def report(*words):
        code, out, err = run("drift", "docs", *words, "--against", own, "--format", "json")
        assert err == ""
        return code, json.loads(out)

    return report


def test_a_page_that_has_not_changed(look, page):
    code, told = look(page())
    assert (code, told["verdict"], told["findings"]) == (0, "conforms", [])
    assert (told["command"], told["target"]) == ("drift docs", "page.txt")
    assert {one["rule"] for one in told["not_looked"]} >= {"limit.rate", "task.lifecycle.order"}
    assert not any(one["rule"].startswith("submit.body.") for one in told["not_looked"])


def test_a_change_is_found_where_it_stands(look, page, tmp_path):
    code, told = look(page(("0 <= x <= 1", "0 <= x <= 0.9")))
    (finding,) = told["findings"]
    line = (tmp_path / "page.txt").read_text().split("\n").index("cfg_scale") + 1
    assert (code, told["verdict"]) == (1, "drift")
    assert (finding["rule"], finding["level"]) == ("submit.body.cfg_scale.maximum", "error")
    assert (finding["seen"], finding["documented"]) == ("cfg_scale is at most 0.9", "cfg_scale is at most 1")
    assert finding["evidence"] == {"file": "page.txt", "line": line}


def test_an_exclusion_that_stands_only_in_prose(look, page):
    code, told = look(page(("Cannot be combined with camera_control.", "")))
    assert code == 1
    assert "submit.body.static_mask.excludes.camera_control" in {one["rule"] for one in told["findings"]}


def test_a_page_that_is_reworded(look, page):
    code, told = look(page(("Length of the clip in seconds.", "How long the clip is, in seconds.")))
    assert [(one["rule"], one["level"]) for one in told["findings"]] == [
        ("submit.body.duration.wording", "info")
    ]
    assert code == 0


def test_places_that_are_no_lines(look, template, tmp_path):
    document = template.openapi_of(load().document, call=CALL, reply=REPLY)
    (path,) = document["paths"]
    schema = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    schema["properties"]["mode"]["enum"].append("max")
    (tmp_path / "page.json").write_text(json.dumps(document))
    _, told = look("page.json")
    (finding,) = told["findings"]
    assert finding["evidence"]["place"].startswith("#/paths")
    schema["additionalProperties"] = False
    (tmp_path / "page.json").write_text(json.dumps(document))
    assert "submit.body.unknown-field" in {one["rule"] for one in look("page.json")[1]["findings"]}


@pytest.mark.parametrize("name", [path.name for path in PAGES.iterdir()])
def test_a_page_of_another_model_is_drift(run, name):
    code, out, _ = run("drift", "docs", str(PAGES / name), "--format", "json")
    first = json.loads(out)["findings"][0]
    assert (code, first["rule"], first["level"]) == (1, "page.model", "error")
    assert "the page is one of" in first["seen"]


NO_PAGES = {
    "empty.txt": b"",
    "error.html": b"<!DOCTYPE html><html><body>404 Not Found</body></html>",
    "binary": b"\x7fELF\x02\x01\x00\xff",
    "readme.md": b"# A readme\n\nof something else\n",
    "answer.json": b'{"detail": "Not Found"}',
}


@pytest.mark.parametrize("name", [*NO_PAGES, "half.txt", "gone.txt", "folder"])
def test_what_is_no_page_is_never_no_drift(look, page, tmp_path, name):
    for other, text in NO_PAGES.items():
        (tmp_path / other).write_bytes(text)
    whole = (tmp_path / page()).read_text()
    (tmp_path / "half.txt").write_text(whole[: len(whole) // 2])
    (tmp_path / "folder").mkdir()
    code, told = look(name)
    assert (code, told["verdict"], told["findings"], told["not_looked"]) == (3, "inconclusive", [], [])
    assert repr(name) in told["incomplete"]


def test_one_report_for_several_pages(look, page):
    changed = page(("0 <= x <= 1", "0 <= x <= 2"), name="changed.txt")
    code, told = look(page(), "gone.txt", changed)
    assert (code, told["verdict"], told["target"]) == (1, "drift", "page.txt, gone.txt, changed.txt")
    assert [one["evidence"]["file"] for one in told["findings"]] == ["changed.txt"]
    assert "'gone.txt' can't be read" in told["incomplete"]
    code, told = look(page(), "gone.txt")
    assert (code, told["verdict"]) == (3, "inconclusive")
    assert told["not_looked"]


def test_an_address_is_fetched_when_it_is_asked_for(look, page, tmp_path, monkeypatch):
    text = (tmp_path / page()).read_bytes()
    monkeypatch.setattr(page_source, "fetch", lambda *_: text)
    code, told = look("https://docs.example.com/page?key=secret", "--fetch")
    assert (code, told["target"], told["spent"]["requests"]) == (0, "https://docs.example.com/page", 1)


@pytest.mark.parametrize(
    ("words", "fact"),
    [
        ([], "The following arguments are required: PAGE"),
        (["http://127.0.0.1/page"], "nothing is fetched unasked"),
        (["http://[::1", "--fetch"], "is none"),
        (["ftp://127.0.0.1/page", "--fetch"], "is none that a page is fetched from"),
        (["http://me:pw@127.0.0.1/", "--fetch"], "'http://127.0.0.1/' is none that a page is fetched from"),
        (["-", "-"], "named twice"),
        (["page.txt", "--against", "2026-03"], "Revision '2026-03' is not known"),
        (["page.txt", "--reading", "tier=10"], "Open question 'tier' is not known"),
        (["page.txt", "--timeout", "soon"], "no number of seconds"),
    ],
)
def test_what_can_not_be_meant_is_told(run, page, words, fact):
    page()
    code, out, err = run("drift", "docs", *words)
    assert (code, out) == (2, "")
    assert fact in err


def test_readings(run, page):
    _, out, _ = run("drift", "docs", page(), "--reading", "image-required=either", "--format", "json")
    assert "submit.body.image.required" in {one["rule"] for one in json.loads(out)["findings"]}
