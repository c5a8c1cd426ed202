import pytest

from klingcontracts.page_parts import EXCLUDES, ONE_OF, ONLY_FOR, SAYS, Field, Page, Reply, Statement
from klingcontracts.page_prose import (
    clauses,
    holds,
    normal,
    pairs,
    plain,
    prose_of,
    statements,
    whole,
    wording,
)

NAMES = ("image", "image_tail", "static_mask", "dynamic_masks", "prompt", "mode")
ABOUT = {"static_mask": "For the motion brush", "dynamic_masks": "Motion brush: where to"}


def page(prose="", reply=(), about=None, alternatives=(), notes=(), **fields):
    texts = {**dict.fromkeys(NAMES, ""), **ABOUT, **fields}
    listed = tuple(Field(name, False, {"type": "string"}, text) for name, text in texts.items())
    replies = {200: Reply(reply, None, "Taken", ("one: 1",) if reply else ())}
    return Page(
        "p",
        "text",
        "",
        "POST",
        "https://x",
        "/a/b-v1",
        None,
        listed,
        replies,
        prose,
        None,
        False,
        alternatives,
        notes,
    )


def said(text):
    return [(kind, others) for kind, _, others in statements(page(prompt=text))]


MASKS = ("static_mask", "dynamic_masks")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A text (mutually exclusive with image_tail)", [(EXCLUDES, ("image_tail",))]),
        ("It is exclusive to `image tail` and motion brush.", [(EXCLUDES, ("image_tail", *MASKS))]),
        ("Cannot be used together with image-tail or mode", [(EXCLUDES, ("image_tail", "mode"))]),
        ("Must not be combined with the mode field, image", [(EXCLUDES, ("mode", "image"))]),
        ("Conflicts with camera_control.", [(EXCLUDES, ("camera_control",))]),
        ("Not compatible with moonlight", [(SAYS, ("not compatible with moonlight",))]),
        ("Excludes prompt", [(SAYS, ("excludes prompt",))]),
        ("Mode and image are mutually exclusive", [(EXCLUDES, ("mode",))]),
        (
            "Mode and moonlight are mutually exclusive",
            [(SAYS, ("mode and moonlight are mutually exclusive",))],
        ),
        ("At least one of mode or image must be provided", [(ONE_OF, ("image", "mode"))]),
        ("Either image or image_tail is required", [(ONE_OF, ("image", "image_tail"))]),
        ("At least one of image is required", [(SAYS, ("at least one of image is required",))]),
        ("Only supported by V1 and V1.6.", [(ONLY_FOR, ("v1", "v1.6"))]),
        ("Only supported by the brave.", [(SAYS, ("only supported by the brave",))]),
        ("Up to 10 MB; anything goes", [(SAYS, ("up to 10 mb",))]),
        ("A short text. Nice", []),
        ("x " * 400, [(SAYS, (" ".join("x" * 400),))]),
        (
            "Conflicts with " + ", ".join("abcdefghijklm"),
            [(SAYS, ("conflicts with a b c d e f g h i j k l m",))],
        ),
    ],
)
def test_what_a_sentence_says(text, expected) -> None:
    assert said(text) == expected


def test_statements_of_a_page() -> None:
    reply = (Field("data", True, {"type": "object"}, "The data", ("odd: 2",)),)
    found = statements(page("Give image or not", reply, alternatives=(("image", "mode"),), notes=("a note",)))
    assert [str(one) for one in found] == [
        "body one of: image, mode",
        "body says: a note",
        "body says: give image or not",
        "reply 2xx says: one 1",
        "reply 2xx data says: odd 2",
    ]


def test_a_line_that_is_known_is_told_once() -> None:
    listed = (Field("a", False, {"type": "string"}, "must be odd\nfine", ("must be odd",)),)
    one = Page("p", "text", "", "POST", "https://x", "/a/b", None, listed, {200: Reply(())})
    assert statements(one) == (Statement(SAYS, "a", ("must be odd",)),)


def test_the_body_excludes_nothing_itself() -> None:
    assert [one.kind for one in statements(page("Excludes image"))] == [SAYS]
    both = statements(page("Mode excludes image"))
    assert both == (Statement(EXCLUDES, "mode", ("image",)),)


def test_phrases_are_looked_for_so_many_times() -> None:
    many = ". ".join(f"Conflicts with odd words {n}x" for n in range(150))
    assert len(statements(page(prompt=many))) == 150


def test_a_phrase_is_looked_for_once() -> None:
    found = statements(page(prompt="Conflicts with motion brush", mode="Conflicts with motion brush"))
    assert [(one.field, one.others) for one in found] == [("prompt", MASKS), ("mode", MASKS)]


def test_pairs_are_told_once() -> None:
    found = [
        Statement(EXCLUDES, "a", ("b", "c")),
        Statement(EXCLUDES, "b", ("a",)),
        Statement(SAYS, "a", ("b",)),
    ]
    assert list(pairs(found)) == [("a", "b"), ("a", "c")]


@pytest.mark.parametrize(
    ("others", "model", "expected"),
    [
        (("v1", "v1.6"), "kling-v1-i2v", True),
        (("1.6",), "kling-v1.6-i2v", True),
        (("v2",), "kling-v1-i2v", False),
        (("kling v1",), "kling-v1-i2v", True),
        (("kling-v1-i2v",), "kling-v1-i2v", True),
    ],
)
def test_whether_a_model_is_one_of_those(others, model, expected) -> None:
    assert holds(Statement(ONLY_FOR, "a", others), model) is expected


def test_normal_forms() -> None:
    assert normal(Statement(EXCLUDES, "a", ("c", "b"))) == "excludes: b, c"
    assert normal(Statement(SAYS, "a", ("c b",))) == "says: c b"
    assert plain("A, b-c:  (D)!") == "a b-c d"
    assert wording("A b.") == wording("a  B")
    assert wording("a b") != wording("a c")
    assert len(wording("")) == 12
    assert list(clauses("One. Two (three) four.")) == ["One", "Two", "three", "four"]


def test_prose_that_is_kept() -> None:
    inner = {"type": "array", "items": {"properties": {"b": {"description": "B"}, "a": {"description": "A"}}}}
    field = Field("list", False, inner, "Many")
    assert whole(field) == "Many\nA\nB"
    kept = prose_of(page("Words", reply=(field,), mode="Excludes image"))
    assert kept[""] == {"wording": wording("words")}
    assert kept["mode"] == {"wording": wording("Excludes image"), "says": ["excludes: image"]}
    assert kept["reply 2xx list"] == {"wording": wording("many a b")}
    assert "image" not in kept
