import pytest

from klingcontracts.contract import load
from klingcontracts.page_parts import Auth
from klingcontracts.page_text import address, read_text
from klingcontracts.problem import COULD_NOT_LOOK, Problem

CALL = {"image": "https://example.com/mountain.jpg"}
DATA = {"status": "pending", "task_id": "task-1", "model_id": "another-model"}
REPLY = {"code": 0, "message": "success", "data": DATA}
KEY = "Authorization\nstring\nheader\nrequired\n\nThe key of your team, as in: Bearer KEY.\n"


@pytest.fixture(scope="module")
def text(template):
    return template.page_of(load().document, call=CALL, reply=REPLY, title="Kling v1")


def test_the_parts_of_a_page(text) -> None:
    page = read_text(text, "page")
    lines = text.split("\n")
    assert (page.title, page.server, page.example) == ("Kling v1", "https://api.modellix.ai", CALL)
    assert page.accepted[1].example == REPLY
    assert page.auth == Auth("Authorization", "bearer", required=True)
    assert page.notes == ()
    assert lines[int(page.places["body"].removeprefix("line ")) - 2] == "Body"
    assert page.places["trail"] == "line 2"
    for field in page.fields:
        assert lines[int(field.place.removeprefix("line ")) - 1] == field.name


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("--request POST", "--request PUT", "the method POST at its head, and PUT"),
        ("--url https://api.modellix.ai/api", "--url api", "no address"),
        ("--url https://api.modellix.ai/api/v1", "--url https://api.modellix.ai/{v1}", "that of no model"),
        ("\nkling-v1-i2v\n", "\nkling-v2-i2v\n", "has the path 'kling-v2-i2v/async' at its head"),
        ("--data '", "--form '", "no body in its curl call"),
        ('"https://example.com/mountain.jpg"\n', "mountain\n", "no JSON in the body of its curl call"),
        ('"code": 0', '"code": zero', "no JSON in its example of a reply"),
        (KEY, "Authorization\n", "does not say how the key is sent"),
        ("application/json\n", "multipart/form-data\n", "says 'multipart/form-data' where"),
        ("Body\n\napplication/json\n", "Body\n", "where the body's type"),
        ("The job is taken.", "200 - text/plain\n\nThe job is taken.", "a reply of the type text/plain"),
        ("code\ninteger", "Code\n", "."),
        ('"code": 0', '"kode": 0', "does not list 'kode', which its example of a reply has"),
        ('"image": ', '"imago": ', "does not list 'imago', which its curl call has"),
    ],
)
def test_what_is_refused(old, new, why, text) -> None:
    assert old in text
    with pytest.raises(Problem, match=why.replace("(", r"\(")) as caught:
        read_text(text.replace(old, new, 1), "page")
    assert caught.value.exit_code == COULD_NOT_LOOK


def test_a_body_without_fields_and_a_reply_without(text) -> None:
    head, rest = text.split("application/json\n", 1)
    with pytest.raises(Problem, match="no field with its name and type in the section Body"):
        read_text(f"{head}application/json\nNothing here\n\nResponse{rest.split('Response', 1)[1]}", "p")
    with pytest.raises(Problem, match="no field with its name and type in the section Body"):
        read_text(f"{head}\n".replace("Body", "Body\n\napplication/json") + "\nResponse\n", "p")
    with pytest.raises(Problem, match="no field with its name and type in the reply 200"):
        read_text(f"{text.split('Response')[0]}Response\n\nTaken\n", "p")


def test_a_call_without_an_example_of_a_reply(text) -> None:
    head, rest = text.split('{\n  "code"', 1)
    with pytest.raises(Problem, match="no example of a reply"):
        read_text(head + rest[rest.index("\n\n") :], "p")


def test_an_empty_body(text) -> None:
    head, rest = text.split("Body\n", 1)
    with pytest.raises(Problem, match="says '' where"):
        read_text(f"{head}Body\n\nResponse{rest.split('Response', 1)[1]}", "p")


def test_the_key_elsewhere(text) -> None:
    query = read_text(text.replace(KEY, KEY.replace("header", "query")), "p")
    assert query.auth == Auth("Authorization in query", "", required=True)
    bare = read_text(text.replace(KEY, "X-Key\nstring\n\nYours\n"), "p")
    assert bare.auth == Auth("X-Key in nowhere", "", required=False)
    prose = read_text(text.replace("--header 'Authorization: Bearer <token>'", "--insecure"), "p")
    assert prose.auth == Auth("Authorization", "bearer", required=True)
    two = read_text(text.replace(KEY, f"{KEY}\nteam\nstring\nquery\n"), "p")
    assert two.notes == ("query team",)


def test_more_than_one_reply(text) -> None:
    more = text.replace("The job is taken.", "200 - application/json\n\nThe job is taken.")
    page = read_text(f"{more}\n400 - application/json\n\nWrong\n\ncode\ninteger\nrequired\n", "p")
    assert sorted(page.replies) == [200, 400]
    assert page.replies[400].example is None
    assert (page.replies[400].prose, page.replies[400].fields[0].name) == ("Wrong", "code")
    first = text.replace("Response\n\n", "Response\n\nTaken\n\na\nstring\n\n202 - application/json\n\n", 1)
    with pytest.raises(Problem, match="does not list 'code'"):
        read_text(first, "p")


def test_a_quote_in_the_call(text) -> None:
    quoted = text.replace("https://example.com/mountain.jpg", "it'\\''s")
    assert read_text(quoted, "p").example == {"image": "it's"}


def test_addresses() -> None:
    assert address("https://api.example.com/v1/acme/one", "p").netloc == "api.example.com"
    for url in ("https://[x", "https://example.com/one", "/a/b", "https://example.com/{a}/b"):
        with pytest.raises(Problem, match="has the address"):
            address(url, "p")
