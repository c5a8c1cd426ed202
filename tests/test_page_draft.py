import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klingcontracts.contract import load, of_document
from klingcontracts.derive import Place, rules
from klingcontracts.document import revisions
from klingcontracts.exchange import Call
from klingcontracts.page_draft import draft, is_of, key_in
from klingcontracts.page_findings import page_findings
from klingcontracts.page_parts import Auth
from klingcontracts.pages import read_page
from klingcontracts.problem import COULD_NOT_LOOK, Problem
from klingcontracts.rule import Level
from klingcontracts.strategies import bodies, breakable, broken_bodies

PAGES = sorted((Path(__file__).parent.parent / "fixtures" / "pages").iterdir())
CALL = {"image": "https://example.com/mountain.jpg"}
DATA = {"status": "pending", "task_id": "task-1", "model_id": "kling-v1-i2v"}
REPLY = {"code": 0, "message": "success", "data": DATA}
FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def text(template):
    return template.page_of(load().document, call=CALL, reply=REPLY)


def said(contract):
    return {rule.id: (rule.says, rule.level, rule.error) for rule in contract.rules.values()}


def test_the_page_of_a_revision_gives_its_rules(text) -> None:
    base = load()
    document = draft(read_page(text, "page.txt"), base, "2026-99")
    own = of_document(document, "own")
    assert own.revision == "2026-99"
    assert said(own) == said(base)
    assert own.questions == base.questions
    assert document["servers"] == base.document["servers"]
    assert document["paths"].keys() == base.document["paths"].keys()
    assert document["x-sources"]["PAGE"]["address"] == "page.txt"
    assert document["x-price"] == base.document["x-price"]
    assert base.document["info"]["version"] == "2026-02"


def test_what_the_page_says_anew_is_said_by_the_page(text) -> None:
    changed = text.replace("Required range: 0 <= x <= 1", "Required range: 0 <= x <= 2")
    own = of_document(draft(read_page(changed, "-"), load(), "x"), "own")
    assert str(own.rules["submit.body.cfg_scale.maximum"].provenance) == "documented PAGE"
    assert str(own.rules["submit.body.cfg_scale.minimum"].provenance) == "documented S0"


def test_a_revision_is_its_own_base(text) -> None:
    first = of_document(draft(read_page(text, "-"), load(), "a"), "first")
    again = draft(read_page(text, "-"), first, "a")
    assert said(of_document(again, "again")) == said(first)
    assert (
        again["components"]["schemas"]["SubmitBody"] == first.document["components"]["schemas"]["SubmitBody"]
    )


@pytest.mark.parametrize("revision", revisions())
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_draft_of_a_model_that_nobody_has_seen(path, revision) -> None:
    page = read_page(path.read_bytes(), str(path))
    document = draft(page, load(revision), "new")
    own = of_document(json.loads(json.dumps(document)), "own")
    assert not is_of(page, load(revision))
    assert is_of(page, own)
    assert own.operation("submit").path == page.path
    assert own.operation("task").path == "/api/v1/tasks/{task_id}"
    assert own.document["x-price"] == {"x-provenance": "assumed"}
    assert page_findings(page, own) == []
    for name, question in own.questions.items():
        for reading in question.readings:
            assert of_document(document, "read", {name: reading}).questions[name].chosen == reading


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_strategies_and_the_fake_follow(path, fake, tmp_path) -> None:
    file = tmp_path / "own.json"
    file.write_text(json.dumps(draft(read_page(path.read_bytes(), "x"), load(), "own")))
    own = load(str(file))
    mock = fake(str(file), limited=False).mock
    assert breakable(own)

    def answered(body):
        raw = json.dumps(body).encode()
        call = Call("POST", own.operation("submit").path, {"authorization": "Bearer mock-a"}, raw)
        return mock.answer(call).status

    @FEW
    @given(bodies(own), broken_bodies(contract=own))
    def follow(body, pair):
        broken, rule = pair
        assert answered(body) == 200
        assert answered(broken) == 400, rule.id

    follow()


def test_fields_that_are_only_named(text) -> None:
    own = draft(read_page(text.replace("image_tail\nstring", "tail\nstring"), "-"), load(), "x")
    body = own["components"]["schemas"]["SubmitBody"]
    assert "image_tail" not in body["properties"]
    other = text.replace("in seconds.", "in seconds. Cannot be combined with end_card.")
    body = draft(read_page(other, "-"), load(), "x")["components"]["schemas"]["SubmitBody"]
    assert body["x-noted"]["properties"]["end_card"] is False
    assert body["properties"]["end_card"]["x-provenance"] == "assumed PAGE"


def test_open_questions_of_fields_that_went(text) -> None:
    assert "camera-control" in draft(read_page(text, "-"), load(), "x")["x-questions"]
    own = draft(read_page(text.replace("static_mask", "still_mask"), "-"), load(), "x")
    assert {"image-prefix", "image-size", "ten-seconds"}.isdisjoint(own["x-questions"])
    assert "null-field" in own["x-questions"]
    flagless = draft(read_page(text.replace("image\nstring\nrequired", "image\nstring"), "-"), load(), "x")
    assert "image-required" not in flagless["x-questions"]
    assert "image-size" in flagless["x-questions"]


def test_readings_of_the_base_stay(text) -> None:
    chosen = {
        "unknown-fields": "refuse",
        "ten-seconds": "refuse",
        "null-field": "absent",
        "image-empty": "refuse",
    }
    base = load(readings=chosen)
    own = of_document(draft(read_page(text, "-"), base, "x"), "own")
    assert said(own) == said(base)


def test_the_key(text, template) -> None:
    def keyed(page):
        document = draft(read_page(page, "-"), load(), "x")
        operation = document["paths"][load().operation("submit").path]["post"]
        return key_in(document, operation), of_document(document, "x").operation("submit").key_required

    assert keyed(text) == (Auth("Authorization", "bearer", required=True), True)
    header = text.replace("Authorization\nstring\nheader", "X-Key\nstring\nheader")
    assert keyed(header.replace("Bearer", "Key")) == (Auth("X-Key", "", required=True), True)
    assert keyed(text.replace("header\nrequired", "header"))[1] is False
    query = text.replace("Authorization\nstring\nheader", "key\nstring\nquery")
    assert keyed(query) == (Auth("key in query", "", required=True), True)


def test_the_path_of_another_call(text) -> None:
    taken = load("2026-07")
    page = text.replace("/api/v1/image-to-video/kling/kling-v1-i2v/async", "/api/v1/apikey/validate")
    with pytest.raises(Problem, match="another call") as caught:
        draft(read_page(page.replace("/\nkling-v1-i2v\n/\nasync", "/\nvalidate"), "p"), taken, "x")
    assert caught.value.exit_code == COULD_NOT_LOOK


def test_a_page_of_which_no_contract_can_be_made(template) -> None:
    document = template.openapi_of(load().document, call=CALL, reply=REPLY)
    (path,) = document["paths"]
    schema = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    inner = {"type": "object", "properties": {"excludes": {"type": "string"}}}
    schema["properties"]["one"] = {**inner, "description": "Cannot be combined with type."}
    schema["properties"]["type"] = {"type": "string"}
    with pytest.raises(Problem, match=r"makes no contract: Two rules .*one\.excludes\.type") as caught:
        draft(read_page(json.dumps(document), "p"), load(), "x")
    assert caught.value.exit_code == COULD_NOT_LOOK


def test_a_reply_without_data(template) -> None:
    document = template.openapi_of(load().document, call=CALL, reply={"code": 0, "message": "success"})
    (path,) = document["paths"]
    media = document["paths"][path]["post"]["responses"]["200"]["content"]["application/json"]
    del media["schema"]["properties"]["data"]
    media["schema"]["required"] = ["code"]
    own = of_document(draft(read_page(json.dumps(document), "p"), load(), "x"), "own")
    schema = own.operation("submit").replies[200].schema
    assert (list(schema["properties"]), schema["required"]) == (["code", "message"], ["code"])


def test_more_statuses_and_another_method(template) -> None:
    document = template.openapi_of(load().document, call=CALL, reply=REPLY)
    (path,) = document["paths"]
    operation = document["paths"][path].pop("post")
    media = {"application/json": {"schema": {"type": "object", "properties": {"why": {"type": "string"}}}}}
    operation["responses"] |= {"418": {"description": "", "content": media}, "410": {"description": "Gone"}}
    document["paths"][path]["put"] = operation
    own = of_document(draft(read_page(json.dumps(document), "p"), load(), "x"), "own")
    submit = own.operation("submit")
    assert (submit.method, submit.path) == ("PUT", path)
    assert list(submit.replies[418].schema["properties"]) == ["why"]
    assert own.document["paths"][path]["put"]["responses"]["410"]["description"] == "Gone"


WORDS = st.sampled_from(["A colour.", "Shape of the frame.", "Zahl, wie sie ist.", "画面。"])
NAMES = st.from_regex(r"[a-z]{2,8}(_[a-z]{2,8})?", fullmatch=True).filter(
    lambda name: name not in {"string", "number", "integer", "boolean", "object", "required", "header"}
)
NUMBERS = st.integers(-99, 99) | st.floats(-9, 9).map(lambda value: round(value, 3) or 0.5).filter(
    lambda value: not value.is_integer()
)


@st.composite
def fields(draw, deep=True):
    kind = draw(
        st.sampled_from(["string", "number", "integer", "boolean", "object", *(["array"] if deep else [])])
    )
    schema = {"type": kind, "description": draw(WORDS)}
    if kind == "array":
        schema["items"] = {key: value for key, value in draw(fields(deep=False)).items() if key != "default"}
        schema["items"].pop("description")
    low = draw(st.integers(0, 5))
    lengths = {"string": ("minLength", "maxLength"), "array": ("minItems", "maxItems")}
    if kind in lengths:
        ends = dict(zip(lengths[kind], (low, low + draw(st.integers(0, 9))), strict=True))
        schema |= {key: ends[key] for key in draw(st.sets(st.sampled_from(lengths[kind])))}
    elif kind in {"number", "integer"} and draw(st.booleans()):
        first, last = sorted(draw(st.tuples(NUMBERS, NUMBERS)))
        schema[draw(st.sampled_from(["minimum", "exclusiveMinimum"]))] = first
        schema[draw(st.sampled_from(["maximum", "exclusiveMaximum"]))] = last + 2
    elif kind == "boolean" and draw(st.booleans()):
        schema["default"] = draw(st.booleans())
    if kind == "string" and len(schema) == 2 and draw(st.booleans()):
        options = draw(
            st.lists(st.sampled_from(["16:9", "1328*1328", "a b", "std", "v1.6"]), min_size=1, unique=True)
        )
        schema |= {"enum": options, "default": options[-1]}
    return schema


@st.composite
def requests(draw):
    listed = draw(st.dictionaries(NAMES, fields(), min_size=1, max_size=6))
    names = list(listed)
    required = [name for name in names if "default" not in listed[name] and draw(st.booleans())]
    body = {"type": "object", "properties": listed} | ({"required": required} if required else {})
    pairs = [(one, other) for at, one in enumerate(names) for other in names[at + 1 :] if draw(st.booleans())]
    excluded = {}
    for one, other in pairs:
        excluded.setdefault(one, {"properties": {}})["properties"][other] = False
    return body | ({"dependentSchemas": excluded} if excluded else {})


def with_body(body):
    document = json.loads(json.dumps(load().document))
    submit = document["paths"].pop(load().operation("submit").path)
    document["paths"]["/api/v1/text-to-video/acme/any-1/async"] = submit
    document["components"]["schemas"]["SubmitBody"] = body
    document["x-questions"] = {}
    return document


@FEW
@given(body=requests(), form=st.sampled_from(["text", "one line", "json", "yaml"]))
def test_what_is_rendered_is_read_back(body, form, template) -> None:
    document = with_body(body)
    call = dict.fromkeys(body.get("required", ()), True)
    if form in {"text", "one line"}:
        page = template.page_of(document, call=call, reply=REPLY, one_line=form == "one line")
    else:
        openapi = template.openapi_of(document, call=call, reply=REPLY)
        page = json.dumps(openapi) if form == "json" else template.yaml_of(openapi)
    own = draft(read_page(page, "page"), load(), "own")["components"]["schemas"]["SubmitBody"]
    place = Place("submit", "submit.body", Level.ERROR, refuses=True)
    told, read = ({rule.id: rule.says for _, rule in rules(schema, place)} for schema in (body, own))
    assert read == told
    for name, schema in body["properties"].items():
        assert own["properties"][name].get("default") == schema.get("default")
