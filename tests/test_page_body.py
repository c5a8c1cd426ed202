from klingcontracts.contract import load
from klingcontracts.page_body import body_of
from klingcontracts.page_parts import Field, Page, Reply


def page(*fields, prose="", closed=False):
    listed = tuple(Field(name, required, schema, text) for name, required, schema, text in fields)
    replies = {200: Reply(())}
    return Page("p", "text", "", "POST", "https://x", "/a/b", None, listed, replies, prose, None, closed)


def field(name, text="", required=False, **schema):
    return name, required, {"type": "string", **schema}, text


BASE = load().operation("submit").body.schema


def test_a_body_of_another_model_takes_the_readings_alone() -> None:
    base = load(readings={"null-field": "absent"}).operation("submit").body.schema
    body = body_of(page(field("image", required=True)), base, same=False)
    assert body["required"] == ["image"]
    assert body["x-null"] == "absent"
    assert body["x-noted"] == {"additionalProperties": False, "x-provenance": BASE["x-noted"]["x-provenance"]}
    assert "x-holds" not in body["properties"]["image"]
    assert body["x-provenance"] == "documented PAGE"


def test_a_body_that_is_closed_notes_no_field() -> None:
    body = body_of(page(field("image"), closed=True), BASE, same=False)
    assert body["additionalProperties"] is False
    assert "x-noted" not in body
    refuses = load(readings={"unknown-fields": "refuse"}).operation("submit").body.schema
    assert body_of(page(field("image")), refuses, same=False)["additionalProperties"] is False


def test_what_the_body_says_itself_is_noted_no_more() -> None:
    body = body_of(page(field("image", pattern="^https:"), field("static_mask")), BASE, same=True)
    assert set(body["x-noted"]["properties"]) == {"static_mask"}
    assert "dependentSchemas" not in body["x-noted"]


def test_one_of_several_is_needed_where_no_flag_says_more() -> None:
    text = "At least one of image or prompt is required"
    body = body_of(page(field("image"), field("prompt"), prose=text), BASE, same=True)
    assert body["anyOf"] == [{"required": ["image"]}, {"required": ["prompt"]}]
    flagged = body_of(page(field("image", required=True), field("prompt"), prose=text), BASE, same=True)
    assert "anyOf" not in flagged


def test_conditions_that_nobody_documents_stay() -> None:
    base = load(readings={"ten-seconds": "refuse"}).operation("submit").body.schema
    seconds = ("duration", False, {"type": "integer"}, "")
    body = body_of(page(field("image_tail"), field("prompt"), seconds), base, same=True)
    assert body["dependentSchemas"]["image_tail"]["properties"] == {"duration": {"const": 5}}
    both = body_of(page(field("image_tail", "Excludes prompt"), field("prompt"), seconds), base, same=True)
    kept = both["dependentSchemas"]["image_tail"]
    assert kept["properties"] == {"prompt": False, "duration": {"const": 5}}
    assert kept["x-provenance"]["limits"] == "assumed U2"
    gone = body_of(page(field("image_tail")), base, same=True)
    assert "dependentSchemas" not in gone


def test_our_own_words_stay_while_the_page_keeps_its_own() -> None:
    first = body_of(page(field("image", "Theirs")), {"properties": {}}, same=True)
    ours = {**first, "properties": {"image": {"type": "string", "description": "Ours", "examples": ["a"]}}}
    again = body_of(page(field("image", "Theirs", examples=["b"])), ours, same=True)["properties"]["image"]
    assert (again["description"], again["examples"]) == ("Ours", ["a"])
    ours["properties"]["image"].pop("examples")
    shown = body_of(page(field("image", "Theirs", examples=["b"])), ours, same=True)["properties"]["image"]
    assert shown["examples"] == ["b"]
    reworded = body_of(page(field("image", "New")), ours, same=True)["properties"]["image"]
    assert reworded["description"] == "New"
