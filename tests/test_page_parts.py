import pytest

from klingcontracts.page_parts import SAYS, Page, Reply, Statement, cleaned, model_of, refused
from klingcontracts.problem import COULD_NOT_LOOK, Problem


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/v1/image-to-video/kling/kling-v1-i2v/async", ("kling", "kling-v1-i2v")),
        ("/api/v1/kling/kling-v1-i2v", ("kling", "kling-v1-i2v")),
        ("/one", ("", "one")),
        ("/async", ("", "")),
        ("/", ("", "")),
    ],
)
def test_the_model_in_a_path(path, expected) -> None:
    assert model_of(path) == expected
    page = Page(
        "n", "text", "", "POST", "https://x", path, None, (), {202: Reply(()), 200: Reply(()), 400: Reply(())}
    )
    assert (page.provider, page.model) == expected
    assert page.accepted == (200, Reply(()))


def test_a_statement_in_words() -> None:
    assert str(Statement(SAYS, "", ("a rule",))) == "body says: a rule"
    assert str(Statement("excludes", "mode", ("image", "mask"))) == "mode excludes: image, mask"


def test_a_page_that_is_no_contract_can_be_fetched_again() -> None:
    problem = refused("a.txt", "is empty")
    assert problem.fact == "The page 'a.txt' is empty."
    assert problem.exit_code == COULD_NOT_LOOK
    assert "Fetch the page again" in problem.remedy


def test_what_can_not_be_seen_is_taken_out() -> None:
    assert cleaned(b"\xef\xbb\xbfa\r\nb\rc\xc2\xa0d\xe2\x80\x8b", "x") == "a\nb\nc d"


@pytest.mark.parametrize("text", ["\0", "a\x1b[0m", "\ud800", b"\xff", "a" * 1_000_001])
def test_what_is_no_text_is_refused(text) -> None:
    with pytest.raises(Problem):
        cleaned(text, "x")
