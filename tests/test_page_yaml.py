import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klingcontracts.page_scalars import BadYaml
from klingcontracts.page_yaml import load_yaml

READ = {
    "nothing": ("", None),
    "a comment": ("# only\n", None),
    "a text": ("one\n two\n\n three\n\n", "one two\nthree"),
    "a head": ("---\na: 1\n", {"a": 1}),
    "mappings": ("a:\n  b: 1\n  c:\nd: x y\n", {"a": {"b": 1, "c": None}, "d": "x y"}),
    "a key without a value at the end": ("a:\n", {"a": None}),
    "a list in its key's column": ("a:\n- 1\n- 2\nb: 3\n", {"a": [1, 2], "b": 3}),
    "a list further in": ("a:\n  - 1\n  -\n    x: 1\n", {"a": [1, {"x": 1}]}),
    "an empty item": ("- \n- 1\n", [None, 1]),
    "mappings in a list": ("- a: 1\n  b: 2\n- - 3\n  - 4\n", [{"a": 1, "b": 2}, [3, 4]]),
    "keys in quotes": ("'200': 1\n\"a\\tb\": 2\n'it''s' : 3\n", {"200": 1, "a\tb": 2, "it's": 3}),
    "keys like numbers": ("200: x\n", {"200": "x"}),
    "comments": ("a: 1 # one\nb: # two\n  c: 'x # y' # z\n", {"a": 1, "b": {"c": "x # y"}}),
    "colons in a text": ("url: https://example.com/a:b\n", {"url": "https://example.com/a:b"}),
    "a text in quotes over lines": ("a: 'x\n  y\n\n  z'\nb: 1\n", {"a": "x y\nz", "b": 1}),
    "escapes over lines": ('a: "x \\\n  y\\\\\n  z"\n', {"a": "x y\\ z"}),
    "lines as they are": ("a: |\n  # x\n    y\n\n  z\n\nb: 1\n", {"a": "# x\n  y\n\nz\n", "b": 1}),
    "lines in one": ("a: >-\n  x\n  y\n\n  z\n    keep\n  on\n", {"a": "x y\nz\n  keep\non"}),
    "a text with its ends": ("a: |+\n  x\n\nb: |2-\n   y\n", {"a": "x\n\n", "b": " y"}),
    "an empty text": ("a: |\nb: >\n", {"a": "", "b": ""}),
    "a text that begins with a gap": ("a: >\n\n  x\n", {"a": "\nx\n"}),
    "brackets": ("a: [x, 'y', 1.5, {b: c, \"d\":1}]\n", {"a": ["x", "y", 1.5, {"b": "c", "d": 1}]}),
    "brackets over lines": ("a: [x, # one\n  y,\n  ]\nb: {}\n", {"a": ["x", "y"], "b": {}}),
    "JSON": ('a: {"b": [1, null]}\n', {"a": {"b": [1, None]}}),
    "names": (
        "a: &one\n  x: 1\nb: *one\nc: [1]\nd: &two y\ne: *two # y\n",
        {
            "a": {"x": 1},
            "b": {"x": 1},
            "c": [1],
            "d": "y",
            "e": "y",
        },
    ),
    "a value further out": ("a:\nb:\n  - 1\n", {"a": None, "b": [1]}),
}


@pytest.mark.parametrize("name", READ)
def test_what_is_read(name) -> None:
    text, value = READ[name]
    assert load_yaml(text) == value


TOLD = {
    "a tab": ("a:\n\tb: 1\n", "line 2: a tab"),
    "a key twice": ("a: 1\na: 2\n", "the key 'a' twice"),
    "a merge": ("<<: 1\n", "a merge key"),
    "no key": ("a: 1\nb\n", "line 2: no key"),
    "an outer line": ("  a: 1\nb: 2\n", "stands outside"),
    "a key within": ("a: b: c\n", "a key within a text"),
    "a key in the next line": ("a: b\n  c: d\n", "a key within a text"),
    "a long key": ("? a\n: b\n", "."),
    "a long key with a colon": ("? a: b\n", "a key of more than one line"),
    "an unknown name": ("a: *x\n", "'x' stands for nothing"),
    "a tag": ("a: !!str 1\n", "begins with !"),
    "a percent": ("a: %x\n", "begins with %"),
    "an alias and more": ("a: &b 1\nc: *b x\n", r"begins with \*"),
    "an open quote": ("a: 'x\n", "has no end"),
    "behind a quote": ("a: 'x' y\n", "something behind"),
    "an open bracket": ("a: [1,\nb: 2\n", "not closed"),
    "a number that JSON has not": ("a: .inf\n", "the number .inf"),
    "an octal number": ("a: 0x1F\n", "the number 0x1F"),
    "deep lists": ("- " * 70 + "x\n", "nested deeper than 64"),
    "deep brackets": ("- " * 60 + "[[[[[[1]]]]]]\n", "nested deeper than 64"),
    "many values": ("a: [" + "1, " * 100_001 + "1]\n", "more than 100000 values"),
    "names of names": (
        "a: &a [1, 2]\n"
        + "".join(
            f"{n}: &{n} \n  - *{o}\n  - *{o}\n"
            for o, n in zip("abcdefghijklmnopqr", "bcdefghijklmnopqrs", strict=True)
        ),
        "more than 100000 values",
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_what_is_told(name) -> None:
    text, why = TOLD[name]
    with pytest.raises(BadYaml, match=why):
        load_yaml(text)


KEYS = st.text("abc_$ -", min_size=1, max_size=5)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), max_size=9)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=9,
)


@given(VALUES)
def test_json_is_yaml(value) -> None:
    assert load_yaml(json.dumps({"a": value})) == {"a": value}
    assert load_yaml(f"a: {json.dumps(value)}\n") == {"a": value}


def block(value, pad=""):
    if isinstance(value, dict) and value:
        return "\n".join(f"{pad}{json.dumps(key)}:{inline(inner, pad)}" for key, inner in value.items())
    return "\n".join(f"{pad}-{inline(inner, pad)}" for inner in value)


def inline(value, pad):
    nested = isinstance(value, (dict, list)) and value
    return "\n" + block(value, pad + "  ") if nested else " " + json.dumps(value)


@given(VALUES)
def test_blocks_are_read(value) -> None:
    assert load_yaml(block({"a": value})) == {"a": value}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: !!binary |\n  /w==\nb: 1\n", {"a": b"\xff", "b": 1}),
        ("a: !!binary |\n  eHh4\n  eHh4\n", {"a": b"xxxxxx"}),
        ("- !!binary eA==\n- !!binary 'eA=='\n", [b"x", b"x"]),
        ("a: !!binary &x |\n  eA==\nb: *x\n", {"a": b"x", "b": "eA==\n"}),
        ("a: &x !!binary |\n  eA==\nb: *x\n", {"a": b"x", "b": b"x"}),
        ("a: !!binary\n  eA==\n", {"a": b"x"}),
    ],
)
def test_bytes_are_read_where_they_are_asked_for(text, value):
    assert load_yaml(text, binary=True) == value
    with pytest.raises(BadYaml, match="begins with !"):
        load_yaml(text)


@pytest.mark.parametrize(
    "text", ["a: !!binary |\n  !\n", "a: !!binary\n", "a: !!binary [1]\n", "a: !!binary é\n"]
)
def test_what_is_called_bytes_and_is_none(text):
    with pytest.raises(BadYaml, match="no Base64 under !!binary"):
        load_yaml(text, binary=True)


NAMES = st.text(st.sampled_from(list("abcXYZ-_09")), min_size=1, max_size=20)
TEXTS = st.text() | st.text(st.sampled_from(list("ab :'\"\\\n\t-#%é字 ")), max_size=200)
DUMPED = st.recursive(
    TEXTS | st.binary(max_size=200) | st.integers(-(10**6), 10**6) | st.none() | st.booleans(),
    lambda one: st.lists(one, max_size=4) | st.dictionaries(NAMES, one, max_size=4),
    max_leaves=10,
)


@given(DUMPED)
def test_what_another_library_writes_is_read_back(value):
    yaml = pytest.importorskip("yaml")
    assert load_yaml(yaml.safe_dump({"a": value}), binary=True) == {"a": value}
