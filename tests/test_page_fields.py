import pytest

from klingcontracts.page_fields import begins, described, fitting, misfits, read_fields
from klingcontracts.problem import Problem


def read(text):
    return read_fields(text.split("\n"), "page")[1]


def only(text):
    (field,) = read(text)
    return field


def test_where_a_field_begins() -> None:
    lines = ["mode", "enum<string>", "mode", "a text"]
    assert [begins(lines, at) for at in range(4)] == [True, False, False, False]


def test_a_field_and_what_stands_before() -> None:
    intro, fields = read_fields(
        ["Words.", "", "a", "string", "required", "", "An a", "", "b", "number"], "p", 10
    )
    assert intro == ["Words.", ""]
    assert [(one.name, one.required, one.prose, one.place) for one in fields] == [
        ("a", True, "An a", "line 12"),
        ("b", False, "", "line 18"),
    ]
    assert described(fields[0]) == {"description": "An a", "type": "string"}
    assert read_fields(["Words."], "p") == (["Words."], [])


def test_names_that_look_like_types() -> None:
    first, second = read("string\nstring\nobject\nobject")
    assert (first.name, second.name) == ("string", "object")


@pytest.mark.parametrize(
    ("text", "schema", "unread"),
    [
        ("a\nstring\ndefault:16:9", {"type": "string", "default": "16:9"}, ()),
        ("a\ninteger\ndefault:x", {"type": "integer"}, ("default:x",)),
        ("a\ninteger\ndefault:1\ndefault:2", {"type": "integer", "default": 1}, ("default:2",)),
        ("a\nstring\ndeprecated\n\nText", {"type": "string"}, ("deprecated",)),
        ("a\nstring\nText at once", {"type": "string"}, ()),
        ("a\nboolean\n\nMinimum string length: 1", {"type": "boolean"}, ("Minimum string length: 1",)),
        ("a\nstring\n\nPattern: (", {"type": "string"}, ("Pattern: (",)),
        (
            "a\nstring\n\nMinimum string length: 1\nMinimum string length: 2",
            {"type": "string", "minLength": 1},
            ("Minimum string length: 2",),
        ),
        (
            "a\nstring[]\n\nMinimum array length: 1\nMaximum string length: 5",
            {"type": "array", "items": {"type": "string", "maxLength": 5}, "minItems": 1},
            (),
        ),
        ("a\nstring<uri>\n\nPattern: ^https:", {"type": "string", "format": "uri", "pattern": "^https:"}, ()),
        ("a\nenum<string>\n\nAvailable options:\n\na,\n\nb", {"type": "string", "enum": ["a", "b"]}, ()),
        (
            "a\nenum<string>[]\n\nAvailable options:\nx",
            {"type": "array", "items": {"type": "string", "enum": ["x"]}},
            (),
        ),
        ('a\nstring\n\nExamples:\n\n"x"\n\n"y"', {"type": "string", "examples": ["x", "y"]}, ()),
        ('a\nobject\n\nExample:\n\n{\n"b": 1\n}\nMore words', {"type": "object", "examples": [{"b": 1}]}, ()),
        ("a\nstring\n\nExample:\n\nbare", {"type": "string"}, ("bare",)),
        ("a\nstring\n\nExample:\n\nMinimum string length: 1", {"type": "string", "minLength": 1}, ()),
        ("a\nstring\n\nExample:\n\n5", {"type": "string"}, ("Example: 5",)),
        (
            "a\ninteger\ndefault:9\n\nRequired range: x <= 5",
            {"type": "integer", "maximum": 5},
            ("default: 9",),
        ),
    ],
)
def test_the_lines_of_a_field(text, schema, unread) -> None:
    field = only(text)
    assert field.schema == schema
    assert field.unread == unread


def test_fields_in_fields() -> None:
    text = "a\nobject[]\n\na.b\nobject\nrequired\n\nA b\n\na.b.c\nstring\nnew\n\nd\nstring"
    first, second = read(text)
    assert first.schema["items"] == {
        "type": "object",
        "properties": {
            "b": {
                "description": "A b",
                "type": "object",
                "properties": {"c": {"description": "new", "type": "string"}},
            }
        },
        "required": ["b"],
    }
    assert first.unread == ("new",)
    assert second.name == "d"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a\nstring\na\nstring", "'a' twice"),
        ("a.b\nstring", "no object 'a' before it"),
        ("a\nstring\n\na.b\nstring", "no object 'a' before it"),
        ("a\nenum<string>", "lists no options of 'a'"),
        ("a\nenum<string>\n\nAvailable options:\nx,", "to their end"),
        ("a\nenum<string>\n\nAvailable options:\nExample:\n", "to their end"),
        ("a\nenum<integer>\n\nAvailable options:\nx", "the option 'x' of 'a'"),
        ("a\nobject\n\nExample:\n\n{\n", "breaks off in an example"),
        ("a\nstring\n\nText\n\nrequired", "has 'required'"),
        ("a\nstring\n\nText\n\nb\ntuple<string>", "has 'tuple<string>' behind 'b'"),
        ("Words\n\nstring", "has 'string'"),
        ("\n".join(f"f{n}\nstring" for n in range(501)), "more than 500 fields"),
    ],
)
def test_half_a_field_is_refused(text, why) -> None:
    with pytest.raises(Problem, match=why):
        read(text)


def test_what_does_not_fit_its_own_schema() -> None:
    schema = {"type": "integer", "maximum": 5, "examples": [1, 9], "default": 7}
    assert list(misfits(schema)) == [("Example", 9), ("default", 7)]
    assert fitting(schema) == {"type": "integer", "maximum": 5, "examples": [1]}
    assert fitting({"type": "integer", "default": 3}) == {"type": "integer", "default": 3}
