import json
from pathlib import Path

import pytest

from klingcontracts.contract import load, of_document
from klingcontracts.page_draft import draft
from klingcontracts.page_findings import page_findings
from klingcontracts.pages import read_page
from klingcontracts.rule import Level

PAGES = Path(__file__).parent.parent / "fixtures" / "pages"
CALL = {"image": "https://example.com/mountain.jpg"}
DATA = {"status": "pending", "task_id": "task-1", "model_id": "kling-v1-i2v"}
REPLY = {"code": 0, "message": "success", "data": DATA}
ERROR, WARNING, INFO = Level.ERROR, Level.WARNING, Level.INFO


@pytest.fixture(scope="module")
def page(template):
    """Renders the revision 2026-02 as a page; keywords change how."""

    def rendered(**how):
        return template.page_of(load().document, call=CALL, reply=REPLY, **how)

    return rendered


@pytest.fixture(scope="module")
def base(page):
    """The contract of that page, with its prose."""
    return of_document(draft(read_page(page(), "first"), load(), "first"), "first")


def found(text, contract):
    return [(one.rule.id, one.level, one.pointer) for one in page_findings(read_page(text, "page"), contract)]


def test_a_page_that_has_not_changed(page, base) -> None:
    assert found(page(), base) == []


RENDERINGS = {
    "a title": {"title": "Kling v1, image to video"},
    "one line for the call and the reply": {"one_line": True},
    "the index": {"index": True},
    "the provider in the trail": {"provider": True},
    "the status mark": {"status": True},
    "no examples": {"examples": False},
    "fields without a gap": {"run_on": True},
    "CRLF": {"end": "\r\n"},
    "CR": {"end": "\r"},
    "everything at once": {
        "title": "Kling",
        "one_line": True,
        "index": True,
        "provider": True,
        "status": True,
        "run_on": True,
    },
}
EDITS = {
    "a footer": lambda text: text + "\nWas this page helpful?\nYes\nNo\n",
    "spaces at the ends of lines": lambda text: text.replace("\n", "  \n"),
    "spaces that do not break": lambda text: text.replace("the clip", "the\xa0clip"),
    "marks that can't be seen": lambda text: text.replace("Body\n", "\u200bBody\u200b\n"),
    "a byte order mark": lambda text: "\ufeff" + text,
    "another order of options": lambda text: text.replace("std,\npro", "pro,\nstd"),
    "other examples": lambda text: text.replace("glides over", "flies along"),
    "other punctuation": lambda text: text.replace("in seconds.", "in seconds"),
    "another order of exclusions": lambda text: text.replace(
        "static_mask or dynamic_masks", "dynamic_masks or static_mask"
    ),
    "another task id": lambda text: text.replace("task-1", "task-9f"),
    "another example of a model id": lambda text: text.replace(
        '"model_id": "kling-v1-i2v"', '"model_id": "model-1"'
    ),
    "more space": lambda text: text.replace("Response\n", "\n\n\nResponse\n\n\n"),
}


@pytest.mark.parametrize("name", RENDERINGS)
def test_a_rendering_that_changes_nothing(name, page, base) -> None:
    assert found(page(**RENDERINGS[name]), base) == []


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_that_changes_nothing(name, page, base) -> None:
    text = EDITS[name](page())
    assert text != page()
    # The order of a list is wording; it is no other rule.
    assert [level for _, level, _ in found(text, base)] in ([], [INFO] if "exclusions" in name else [])


def test_another_order_of_fields_changes_nothing(page, base) -> None:
    head, fields = page().split("application/json\n", 1)
    mode = fields[fields.index("mode\n") : fields.index("static_mask\nstring")]
    assert found(f"{head}application/json\n{mode}{fields.replace(mode, '', 1)}", base) == []


def test_as_openapi_it_says_the_same(template, base) -> None:
    document = template.openapi_of(load().document, call=CALL, reply=REPLY)
    assert found(json.dumps(document), base) == []
    assert found(f"# One\n\n````yaml POST /x\n{template.yaml_of(document)}\n````\n", base) == []


def test_a_page_of_another_model_is_said_to_be_one(page, base) -> None:
    rules = found(page().replace("kling-v1-i2v", "kling-v9-i2v"), base)
    assert rules[0] == ("page.model", ERROR, "")
    finding = page_findings(read_page(page().replace("kling-v1-i2v", "kling-v9-i2v"), "x"), base)[0]
    assert "kling/kling-v9-i2v" in finding.seen
    assert "kling-v1-i2v" in finding.documented


def test_a_finding_says_what_is_where(page, base) -> None:
    text = page().replace("0 <= x <= 1", "0 <= x <= 2")
    (finding,) = page_findings(read_page(text, "x"), base)
    line = text.split("\n").index("cfg_scale") + 1
    assert finding.documented == "cfg_scale is at most 1"
    assert finding.seen == f"cfg_scale is at most 2 (line {line})"
    assert finding.to_json()["fingerprint"] == "submit.body.cfg_scale.maximum@submit/cfg_scale"
    assert finding.rule.provenance.sources == ("PAGE",)


def openapi(template, **responses):
    document = template.openapi_of(load().document, call=CALL, reply=REPLY)
    (path,) = document["paths"]
    document["paths"][path]["post"]["responses"] |= responses
    return document


def error(*names):
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in names}}
    return {"description": "no", "content": {"application/json": {"schema": schema}}}


def test_other_statuses_of_a_page(template, base) -> None:
    told = openapi(template, **{"422": {"description": "Not taken"}, "400": {"description": "Wrong"}})
    assert found(json.dumps(told), base) == [("submit.reply.status", WARNING, "/422")]
    other = openapi(template, **{"400": error("message")})
    assert found(json.dumps(other), base) == [("error.envelope.code.required", ERROR, "/400/code")]
    assert found(json.dumps(openapi(template, **{"400": error("code", "message")})), base) == []


def test_an_example_of_a_field_where_the_reply_has_none(template, base) -> None:
    document = openapi(template)
    (path,) = document["paths"]
    media = document["paths"][path]["post"]["responses"]["200"]["content"]["application/json"]
    del media["example"]
    media["schema"]["properties"]["code"]["example"] = 0
    assert found(json.dumps(document), base) == []
    media["schema"]["properties"]["code"]["example"] = 5
    assert found(json.dumps(document), base) == [("submit.reply.code.const", WARNING, "/code")]


def test_a_body_that_is_closed(template, base) -> None:
    document = openapi(template)
    (path,) = document["paths"]
    schema = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    schema["additionalProperties"] = False
    assert found(json.dumps(document), base) == [("submit.body.unknown-field", WARNING, "")]


def test_a_page_that_says_nothing_of_the_key(template, base) -> None:
    document = openapi(template)
    (path,) = document["paths"]
    del document["paths"][path]["post"]["security"]
    assert found(json.dumps(document), base) == []


def test_an_alternative_that_goes_is_told_once() -> None:
    text = (PAGES / "still-3-i2i.txt").read_text()
    own = of_document(draft(read_page(text, "p"), load(), "own"), "own")
    changed = text.replace("Either first_frame_image or last_frame_image must be given.\n", "")
    rule = "submit.body.first_frame_image-or-last_frame_image.required"
    assert found(changed, own) == [(rule, WARNING, "/first_frame_image")]


def test_a_contract_that_keeps_no_prose(page, own_body) -> None:
    bare = own_body(**{"x-prose": {}})
    rules = {rule for rule, _, _ in found(page(), bare)}
    assert "submit.body.prompt.says" in rules
    assert not any(rule.endswith("wording") for rule in rules)
