import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klingcontracts.document import DEFAULT, hold, inlined, is_file, merged, read, revisions
from klingcontracts.problem import Problem

KEYS = st.sampled_from("abc")
JSON = st.recursive(
    st.none() | st.integers(0, 3), lambda x: st.lists(x, max_size=3) | st.dictionaries(KEYS, x)
)
OBJECTS = st.dictionaries(KEYS, JSON)


def test_the_shipped_revisions_are_in_order_and_hold_the_default() -> None:
    assert revisions() == ("2026-02", "2026-04", "2026-07")
    assert DEFAULT in revisions()


@pytest.mark.parametrize("revision", revisions())
def test_a_revision_says_its_own_name(revision) -> None:
    assert read(revision)["info"]["version"] == revision


def test_an_unknown_revision() -> None:
    with pytest.raises(
        Problem, match=r"Revision '2026-03' is not known\. Nearest: '2026-0\d'\..* contract list"
    ):
        read("2026-03")


def test_a_document_by_its_path(tmp_path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(read(DEFAULT)))
    assert is_file(str(path))
    assert not is_file(DEFAULT)
    assert read(str(path)) == read(DEFAULT)


@pytest.mark.parametrize(
    ("raw", "fact"),
    [
        (b"{", "is not JSON: Expecting property name"),
        (b"\xff", "is not JSON: byte 0 is not UTF-8"),
        (b"[" * 100_000, "is not JSON: nested deeper than 64 levels"),
        (b"[]", 'is no contract: at its top level, the value is not of type "object"'),
        (b'{"openapi":"3.1.0"}', 'is no contract: at its top level, "info" is a required property'),
        (b'{"openapi":"2.0"}', "is no contract"),
    ],
)
def test_a_file_that_is_no_contract(tmp_path, raw, fact) -> None:
    path = tmp_path / "mine.json"
    path.write_bytes(raw)
    with pytest.raises(Problem) as caught:
        read(str(path))
    assert fact in caught.value.fact
    assert caught.value.fact.startswith(f"Contract file {str(path)!r} ")
    assert caught.value.remedy


def test_a_byte_order_mark_is_no_part_of_a_file(tmp_path) -> None:
    path = tmp_path / "own.json"
    path.write_text(json.dumps(read("2026-02")), encoding="utf-8-sig")
    assert read(str(path)) == read("2026-02")


@pytest.mark.parametrize(
    ("name", "why"), [("none.json", "No such file"), (".json", "Is a dir"), ("\0.json", "null byte")]
)
def test_a_file_that_cannot_be_read(tmp_path, name, why) -> None:
    (tmp_path / ".json").mkdir()
    with pytest.raises(Problem, match=f"can't be read: .*{why}"):
        read(str(tmp_path / name))


def test_where_a_document_falls_short_is_said() -> None:
    document = merged(read(DEFAULT), {"x-limits": {"rate": {"requests": "many"}}})
    with pytest.raises(
        Problem, match=r"mine is no contract: at /x-limits/rate/requests, the value is not of type"
    ):
        hold(document, "mine")


# The cases of RFC 7396, appendix A.
@pytest.mark.parametrize(
    ("document", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_merge_patch(document, patch, result) -> None:
    assert merged(document, patch) == result


@given(OBJECTS, OBJECTS)
def test_merging_changes_neither_and_twice_is_once(document, patch) -> None:
    before = json.dumps([document, patch])
    once = merged(document, patch)
    assert json.dumps([document, patch]) == before
    assert merged(once, patch) == once
    assert merged(document, {}) == document


def test_references_are_filled_in() -> None:
    document = {"a": {"b/c": {"type": "string"}, "d": {"$ref": "#/a/b~1c"}, "e~f": {"x": 1}}}
    assert inlined([{"$ref": "#/a/d"}, {"deep": [{"$ref": "#/a/e~0f"}]}, 5], document) == [
        {"type": "string"},
        {"deep": [{"x": 1}]},
        5,
    ]


def test_what_stands_beside_a_reference_is_added() -> None:
    assert inlined({"$ref": "#/a", "y": 2}, {"a": {"x": 1, "y": 1}}) == {"x": 1, "y": 2}


def test_a_field_may_be_called_ref() -> None:
    assert inlined({"$ref": {"$ref": "#/a"}}, {"a": {"x": 1}}) == {"$ref": {"x": 1}}


def test_the_same_reference_twice_is_no_circle() -> None:
    assert inlined({"p": {"$ref": "#/a"}, "q": {"$ref": "#/a"}}, {"a": {}}) == {"p": {}, "q": {}}


@pytest.mark.parametrize(
    ("document", "fact"),
    [
        ({"a": {"$ref": "#/a"}}, "reference '#/a' leads back to itself"),
        ({"a": {"x": {"$ref": "#/b"}}, "b": [1], "c": 1}, "refers to '#/b', which is nothing in it"),
        ({"a": {"$ref": "#/b"}, "b": {"y": {"$ref": "#/a"}}}, "leads back to itself"),
        ({"a": {"$ref": "#/b/c"}, "b": [1]}, "refers to '#/b/c'"),
        ({"a": {"$ref": "https://example.com/x.json"}}, "refers to 'https://example.com/x.json'"),
    ],
)
def test_a_reference_that_leads_nowhere(document, fact) -> None:
    with pytest.raises(Problem, match=fact):
        inlined(document["a"], document)
