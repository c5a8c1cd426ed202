import json
from pathlib import Path

import pytest

from klingcontracts.contract import load
from klingcontracts.pages import draft, page_findings, read_page
from klingcontracts.problem import COULD_NOT_LOOK, Problem

PAGES = Path(__file__).parent.parent / "fixtures" / "pages"
CALL = {"image": "https://example.com/mountain.jpg"}
DATA = {"status": "pending", "task_id": "task-1", "model_id": "kling-v1-i2v"}
REPLY = {"code": 0, "message": "success", "data": DATA}


@pytest.fixture(scope="module")
def text(template):
    return template.page_of(load().document, call=CALL, reply=REPLY)


@pytest.fixture(scope="module")
def document(template):
    return template.openapi_of(load().document, call=CALL, reply=REPLY)


def refusal(text, name="page.txt"):
    with pytest.raises(Problem) as caught:
        read_page(text, name)
    assert caught.value.exit_code == COULD_NOT_LOOK
    assert name in caught.value.fact
    assert caught.value.remedy
    return caught.value.fact


def test_a_page_is_text_or_bytes(text) -> None:
    page, same = read_page(text, "a"), read_page(text.encode(), "b")
    assert (page.form, page.method, page.model, page.provider) == ("text", "POST", "kling-v1-i2v", "kling")
    assert (page.fields, page.example, page.auth) == (same.fields, same.example, same.auth)
    assert page.example == CALL
    assert page.names == {field.name for field in page.fields}


def test_each_form_is_known_by_its_look(text, document, template) -> None:
    yaml = template.yaml_of(document)
    assert read_page(json.dumps(document), "x").form == "openapi"
    assert read_page(yaml, "x").form == "openapi"
    for fence in ("```", "````", "~~~"):
        page = read_page(f"# Title\n\nWords.\n\n{fence}yaml POST /x\n{yaml}\n{fence}\n\nMore\n", "x")
        assert (page.form, page.title) == ("openapi", "Title")
    assert read_page(f"```json\n{json.dumps(document)}\n```\n", "x").title == "Make a video"
    quoted = f"```bash\ncurl x\n```\n\n```\nno openapi\n```\n\n```yaml\n{yaml}\n```\n"
    assert read_page(quoted, "x").path == read_page(text, "x").path


@pytest.mark.parametrize("path", sorted(PAGES.iterdir()), ids=lambda path: path.stem)
def test_pages_of_other_models(path) -> None:
    page = read_page(path.read_bytes(), str(path))
    assert page.model == path.stem
    own = draft(page, load(), "own")
    assert own["info"] == {**own["info"], "title": f"Modellix {page.model}", "version": "own"}
    first = page_findings(page, load())[0]
    assert (first.rule.id, str(first.level)) == ("page.model", "error")


NO_CONTRACT = {
    "nothing": ("", "it is empty"),
    "spaces": (" \n\t\n", "it is empty"),
    "HTML": ("<!DOCTYPE html><html><body>404</body></html>", "it is HTML"),
    "another text": ("Hello\nthere\n", "no method and path at its head, no curl call, no section Author"),
    "an answer of a server": ('{"detail": "Not Found"}', "it has no operation with a body"),
    "half of JSON": ('{"paths": {', "is no JSON"),
    "JSON that is no object": ("[1]", "no method and path"),
    "bytes": (b"\xff\xfe\x00", "byte 0 is not UTF-8"),
    "control characters": ("POST\n\x07", "control characters"),
    "too much": ("a" * 1_000_001, "longer than 1000000 characters"),
    "a fence that stays open": ("```yaml\nopenapi: 3.1.0\n", "breaks off in its fragment"),
    "two fragments": ("```\nopenapi: 3\n```\n" * 2, "2 fragments"),
    "YAML that is none": ("openapi: 3.1.0\n  x: [\n", "can't be read: line"),
    "JSON in a fence that is none": ('```\n{"paths": }\n```\n', "is no JSON"),
    "YAML of nothing": ("openapi: 3.1.0\n", "no operation with a body"),
    "a list": ("```\nopenapi: 1\n```\n", "no operation with a body"),
}


@pytest.mark.parametrize("name", NO_CONTRACT)
def test_what_is_no_page_is_refused(name) -> None:
    text, why = NO_CONTRACT[name]
    assert why in refusal(text)


def test_half_a_page_is_refused(text) -> None:
    lines = text.split("\n")
    end = len(lines) - lines[::-1].index("data") - 1  # the last field; what follows are its flags
    for count in range(end + 1):
        assert refusal("\n".join(lines[:count])), count


def test_a_page_without_its_lines_is_refused(text) -> None:
    squeezed = " ".join(line.strip() for line in text.split("\n"))
    assert "no section Body" in refusal(squeezed)


LARGE = {
    "one line": "a" * 999_999,
    "quotes": '"' * 999_999,
    "many lines": "x\n" * 400_000,
    "slashes": "POST\n" + "/\na\n" * 240_000,
    "fences": "```\n" * 200_000,
    "brackets": "openapi: " + "[" * 490_000 + "]" * 490_000,
    "dashes": "openapi:\n" + "- " * 400_000,
    "mappings in mappings": "openapi: 3.1.0\n" + "\n".join(" " * depth + "a:" for depth in range(1300)),
    "names for names": "openapi: 3.1.0\na0: &a0\n- x\n"
    + "".join(f"a{n}: &a{n}\n- *a{n - 1}\n- *a{n - 1}\n- *a{n - 1}\n" for n in range(1, 40)),
    "a quote without end": 'openapi: "' + "a\n " * 300_000,
}


@pytest.mark.parametrize("name", LARGE)
@pytest.mark.timeout(20)
def test_hostile_text_is_refused_soon(name) -> None:
    assert refusal(LARGE[name])


WITHIN = {
    "an endless sentence": ("in seconds.", "must not " * 100_000),
    "an endless list of fields": ("in seconds.", "mutually exclusive with " + "a and " * 150_000),
    "brackets in prose": ("in seconds.", "(not) " * 150_000),
    "an endless example": ('"std"', "1\n" * 100_000),
    "a pattern that takes long": ("Available options:\nstd", "Pattern: ^(a+)+$\nAvailable options:\nstd"),
}


@pytest.mark.parametrize("name", WITHIN)
@pytest.mark.timeout(20)
def test_hostile_parts_are_read_soon(name, text) -> None:
    old, new = WITHIN[name]
    assert old in text
    assert page_findings(read_page(text.replace(old, new, 1), "x"), load())


BROKEN = {
    "brackets in the call": ('{\n  "image"', "{" * 400_000 + '"image"'),
    "deep JSON in the call": ('"https://example.com/mountain.jpg"', "[" * 300_000 + "]" * 300_000),
    "an example without end": ('"std"\n', "[\n" * 200_000),
    "too many fields": ("Response\n", "".join(f"f{n}\nstring\n\n" for n in range(501)) + "Response\n"),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.timeout(20)
def test_hostile_parts_are_refused_soon(name, text) -> None:
    old, new = BROKEN[name]
    assert old in text
    assert refusal(text.replace(old, new, 1))


@pytest.mark.parametrize("end", ["\r\n", "\r", "\r\r\n"])
def test_lines_may_end_as_they_like(text, end) -> None:
    told = text.replace("\r\n", "\n").replace("\n", end)
    page, same = read_page(told.encode(), "a"), read_page(text, "a")
    assert (page.fields, page.example, page.auth) == (same.fields, same.example, same.auth)
    assert (page.prose, page.places) == (same.prose, same.places)
