"""klingcontracts.base: what a base URL is, and which addresses are behind one."""

import pytest

from klingcontracts.base import Base, base_of, bases_of
from klingcontracts.contract import load
from klingcontracts.problem import Problem


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://api.example.com", Base("https", "api.example.com", 443)),
        ("http://127.0.0.1:8787/", Base("http", "127.0.0.1", 8787)),
        ("http://Example.com:80/a/b/", Base("http", "example.com", 80, "/a/b")),
        ("http://[::1]:9000/x", Base("http", "::1", 9000, "/x")),
    ],
)
def test_a_url_has_parts(url, base):
    assert base_of(url) == base
    assert base_of(base.url) == base


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:80",
        "ftp://example.com",
        "http://",
        "http://a:99999",
        "http://[::1",
        "http://a/?b",
        "http://a/#b",
    ],
)
def test_what_is_no_base_url_is_told(url):
    with pytest.raises(Problem, match="is no base URL"):
        base_of(url)


@pytest.mark.parametrize(
    ("address", "rest"),
    [
        (("https", "h", None, "/api/tasks/1"), "/tasks/1"),
        (("https", "H", 443, "/api/"), "/"),
        (("https", "h", None, "/api"), ""),
        (("https", "h", None, "/apis"), None),
        (("https", "h", 80, "/api/tasks"), None),
        (("http", "h", None, "/api/tasks"), None),
        (("https", "g", None, "/api/tasks"), None),
        (("ws", "h", None, "/api/tasks"), None),
    ],
)
def test_what_is_behind_a_base(address, rest):
    assert base_of("https://h/api").below(*address) == rest


def test_a_base_without_a_path_has_all_paths_behind_it():
    assert base_of("http://[::1]:1").below("http", "::1", 1, "/x") == "/x"


def test_a_pattern_matches_whole_paths_behind_the_base():
    found = base_of("http://h/a.b").regex(r"/x/(?P<id>.+)")
    assert found.search("/a.b/x/1\n")["rest_of_path"] == "/x/1\n"
    assert not any(map(found.search, ["/a-b/x/1", "/x/1", "/a.b/x/", "/y/a.b/x/1"]))


def test_the_servers_of_a_document_are_bases():
    assert [base.url for base in bases_of(load())] == ["https://api.modellix.ai"]
    assert bases_of(load(), "http://127.0.0.1:1") == [Base("http", "127.0.0.1", 1)]


def test_a_document_without_servers_needs_a_base_url(own_document):
    contract = load(own_document(servers=[]))
    with pytest.raises(Problem, match="names no server"):
        bases_of(contract)
    assert len(bases_of(contract, "http://127.0.0.1:1")) == 1
