from klingcontracts.page_nodes import DOCUMENTED, exclusions, holding, reply_node, request_node, unlisted

S0 = "documented S0"


def test_a_field_that_nobody_knows() -> None:
    said = {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string"}}}}
    assert request_node(said, {}) == {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"a": {"type": "string", "x-provenance": DOCUMENTED}},
            "x-provenance": DOCUMENTED,
        },
        "x-provenance": DOCUMENTED,
    }


def test_what_is_documented_goes_and_what_is_not_stays() -> None:
    known = {
        "type": "string", "minLength": 1, "maxLength": 9, "default": "a", "x-holds": "image",
        "description": "A",
        "x-provenance": {"*": S0, "minLength": "assumed P6"},
    }  # fmt: skip
    assert request_node({"type": "string"}, known) == {
        "type": "string",
        "minLength": 1,
        "x-holds": "image",
        "description": "A",
        "x-provenance": {"*": S0, "minLength": "assumed P6"},
    }
    changed = request_node({"type": "integer"}, {"type": "string", "x-provenance": S0})
    assert changed == {"type": "integer", "x-provenance": {"*": S0, "type": DOCUMENTED}}


def test_assumed_properties_stay() -> None:
    known = {"properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "x-provenance": "assumed"}
    node = request_node({"type": "object", "properties": {"a": {"type": "string"}}}, known)
    assert set(node["properties"]) == {"a", "b"}


def test_texts_that_hold_an_image() -> None:
    assert holding({"type": "string"}, "A URL or Base64")["x-holds"] == "image"
    assert holding({"type": "array", "items": {"type": "string"}}, "base64")["items"]["x-holds"] == "image"
    assert holding({"type": "string"}, "A URL") == {"type": "string"}
    assert holding({"type": "integer"}, "Base64") == {"type": "integer"}


KNOWN = {
    "type": "object",
    "required": ["status", "id", "cost"],
    "properties": {
        "status": {"type": "string", "const": "pending", "x-provenance": S0},
        "id": {"type": "string", "pattern": "^t", "x-provenance": S0},
        "cost": {"type": "number", "x-provenance": S0},
    },
    "x-provenance": S0,
}


def test_a_reply_that_is_not_shown_is_the_one_we_know() -> None:
    node = reply_node({"type": "object"}, KNOWN)
    assert node == KNOWN


def test_a_reply_is_what_its_example_shows() -> None:
    example = {"status": "queued", "id": "x1", "more": {"deep": [1], "no": None, "yes": True, "half": 0.5}}
    node = reply_node({"type": "object"}, KNOWN, example)
    inner = node["properties"]
    assert node["required"] == ["status", "id", "more"]
    assert (inner["status"]["const"], inner["id"].get("pattern")) == ("queued", None)
    deep = inner["more"]["properties"]
    assert {name: one.get("type") for name, one in deep.items()} == {
        "deep": "array",
        "no": None,
        "yes": "boolean",
        "half": "number",
    }
    assert inner["id"]["examples"] == ["x1"]


def test_what_the_page_says_of_a_reply_comes_first() -> None:
    said = {
        "type": "object",
        "required": ["status"],
        "properties": {"status": {"type": "string", "enum": ["a", "b"]}},
    }
    node = reply_node(said, KNOWN)
    assert list(node["properties"]) == ["status"]
    assert node["properties"]["status"]["enum"] == ["a", "b"]
    assert "const" not in node["properties"]["status"]
    listed = reply_node({"type": "array", "items": {"type": "string", "description": "One"}}, {})
    assert listed["items"] == {"type": "string", "description": "One", "x-provenance": DOCUMENTED}


def test_a_field_that_is_only_named() -> None:
    assert unlisted({})["x-provenance"] == "assumed PAGE"
    assert unlisted({"type": "object", "x-provenance": "assumed S0"})["type"] == "object"
    assert "type" not in unlisted({"type": "object", "x-provenance": S0})


def test_exclusions_go_the_way_that_is_known() -> None:
    known = {"b": {"properties": {"a": False}, "x-provenance": S0}}
    assert exclusions(iter([("a", "b"), ("a", "c")]), known) == {
        "b": {"properties": {"a": False}, "x-provenance": S0},
        "a": {"properties": {"c": False}, "x-provenance": DOCUMENTED},
    }
    wider = exclusions(iter([("b", "a"), ("b", "c")]), known)
    assert wider["b"] == {"properties": {"a": False, "c": False}, "x-provenance": DOCUMENTED}
