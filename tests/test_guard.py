"""klingmock.guard: no look-up of the vendor's host; under these tests none of any foreign host is real."""

import asyncio
import http.client
import importlib
import socket
import urllib.request
from contextlib import ExitStack, suppress
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klingcontracts.contract import load
from klingcontracts.document import revisions
from klingmock.guard import LOOKUPS, domains_of, hosts_of, no_calls_home

HOME = "api.modellix.ai"
HERE = ("localhost", "127.0.0.1")
WIDE = {ord(narrow): ord(narrow) - 0x20 + 0xFF00 for narrow in "abcdefghijklmnopqrstuvwxyz"}


class Refused(BaseException):
    """What is raised in the place of a look-up."""


def refuse(host):
    raise Refused(host)


@pytest.fixture(autouse=True)
def asked(monkeypatch):
    """The foreign names that got past the guard, in the place of asking for them."""
    names = []

    def only_here(look_up):
        def resolve(host, *arguments, **more):
            if host in HERE:
                return look_up(host, *arguments, **more)
            names.append(host)
            raise socket.gaierror(socket.EAI_NONAME, "nobody was asked")

        return resolve

    for name in LOOKUPS:
        monkeypatch.setattr(socket, name, only_here(getattr(socket, name)))
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    return names


@pytest.fixture
def guarded():
    with no_calls_home([HOME], refuse):
        yield


def urllib_(url):
    urllib.request.urlopen(url, timeout=5)


def http_client(url):
    http.client.HTTPSConnection(url.split("/")[2], timeout=5).connect()


def a_library(name):
    return lambda url: importlib.import_module(name).get(url)


def an_asynchronous_library(name):
    async def get(url):
        async with importlib.import_module(name).AsyncClient() as client:
            await client.get(url)

    return lambda url: asyncio.run(get(url))


def aiohttp(url):
    async def get():
        async with importlib.import_module("aiohttp").ClientSession() as session:
            await session.get(url)

    asyncio.run(get())


def streams(url):
    asyncio.run(asyncio.open_connection(url.split("/")[2], 443))


CLIENTS = {
    "urllib": urllib_,
    "http.client": http_client,
    "asyncio": streams,
    "requests": a_library("requests"),
    "httpx": a_library("httpx"),
    "httpx2": a_library("httpx2"),
    "httpx asynchronous": an_asynchronous_library("httpx"),
    "httpx2 asynchronous": an_asynchronous_library("httpx2"),
    "aiohttp": aiohttp,
}


@pytest.mark.parametrize("name", CLIENTS)
def test_no_client_gets_to_the_vendor(name, guarded, asked, need_library):
    need_library(name.split()[0].split(".")[0])
    with pytest.raises(Refused, match=f"^{HOME}$"):
        CLIENTS[name](f"https://{HOME}/api/v1/tasks/1")
    assert asked == []


@pytest.mark.parametrize("name", CLIENTS)
def test_without_the_guard_each_client_would_have_asked(name, asked, need_library):
    need_library(name.split()[0].split(".")[0])
    with suppress(Exception):  # each has its own
        CLIENTS[name](f"https://{HOME}/api/v1/tasks/1")
    assert HOME in [host.decode() if isinstance(host, bytes) else host for host in asked]


def test_who_swallows_every_exception_is_refused_all_the_same(guarded, asked):
    def client():
        with suppress(Exception):
            urllib_(f"https://{HOME}/")

    with pytest.raises(Refused):
        client()
    assert asked == []


@pytest.mark.parametrize("look_up", LOOKUPS)
@pytest.mark.parametrize(
    "host", [HOME, HOME.upper(), f"{HOME}.", HOME.encode(), "modellix.ai", "eu.modellix.ai"]
)
def test_each_look_up_is_guarded(look_up, host, guarded, asked):
    port = [443] if look_up == "getaddrinfo" else []
    with pytest.raises(Refused):
        getattr(socket, look_up)(host, *port)
    assert asked == []


def test_arguments_may_be_named(guarded, asked):
    with pytest.raises(Refused):
        socket.getaddrinfo(host=HOME, port=443)
    assert asked == []
    assert socket.getaddrinfo(host="localhost", port=80, type=socket.SOCK_STREAM)


@st.composite
def spellings(draw):
    """The vendor's host as it can be written: in capitals, in wide letters, with other dots, as bytes."""
    plain = draw(st.sampled_from([HOME, "modellix.ai", f"a.b.{HOME}"]))
    letters = [draw(st.sampled_from([c, c.upper(), c.translate(WIDE)])) if c != "." else c for c in plain]
    dotted = [draw(st.sampled_from(".。．｡")) if c == "." else c for c in letters]
    name = "".join(dotted) + draw(st.sampled_from(["", "."]))
    return name.encode() if name.isascii() and draw(st.booleans()) else name


@given(spellings())
def test_no_spelling_gets_past(host):
    with no_calls_home([HOME], refuse), pytest.raises(Refused):
        socket.getaddrinfo(host, 443)


@given(
    st.sampled_from(["modellix.ai.example.com", "notmodellix.ai", "modellix.example", "ai", "xn--ls8h.la"])
    | st.none()
)
def test_other_names_get_past(host):
    with no_calls_home([HOME], refuse):
        if host is None:
            with pytest.raises(socket.gaierror, match="nobody was asked"):
                socket.getaddrinfo(host, 443)
            return
        with pytest.raises(socket.gaierror, match="nobody was asked"):
            socket.getaddrinfo(host, 443)


def test_a_name_that_python_refuses_is_left_to_python(guarded, asked):
    name = f"..{HOME}"
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo(name, 443)
    assert asked == [name]  # the real one would end with a UnicodeError, before it asks anyone


def test_this_machine_is_still_reached(guarded):
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1]), timeout=5).close()
    assert socket.gethostbyname("localhost") == "127.0.0.1"


def test_all_is_as_it_was_at_the_end(asked):
    before = [getattr(socket, name) for name in LOOKUPS]
    with no_calls_home([HOME], refuse):
        kept = socket.getaddrinfo
        meanwhile = [getattr(socket, name) for name in LOOKUPS]
    assert [getattr(socket, name) for name in LOOKUPS] == before
    assert not set(meanwhile) & set(before)
    with pytest.raises(KeyError), no_calls_home([HOME], refuse):
        raise KeyError
    assert [getattr(socket, name) for name in LOOKUPS] == before
    with pytest.raises(socket.gaierror):  # who has kept the guarded function is not guarded for ever
        kept(HOME, 443)
    assert asked == [HOME]


def test_guards_stand_in_each_other(asked):
    with no_calls_home([HOME], refuse):
        with no_calls_home(["api.example.com"], refuse):
            for host in (HOME, "www.example.com"):
                with pytest.raises(Refused, match=host):
                    socket.getaddrinfo(host, 443)
        with pytest.raises(socket.gaierror):
            socket.getaddrinfo("api.example.com", 443)
    assert asked == ["api.example.com"]


@pytest.mark.parametrize("name", revisions())
def test_the_hosts_are_those_of_the_document(name):
    assert hosts_of(load(name)) == [HOME]
    assert domains_of(hosts_of(load(name))) == ["modellix.ai"]


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("https://API.Example.com:8443/base", ["api.example.com"]),
        ("https://user:word@api.example.com", ["api.example.com"]),
        ("http://localhost:8787", []),
        ("http://127.0.0.1:8787", []),
        ("http://[::1]:8787", []),
        ("/api", []),
    ],
)
def test_a_machine_of_ones_own_is_no_vendor(url, hosts):
    assert hosts_of(SimpleNamespace(document={"servers": [{"url": url}]})) == hosts


def test_a_document_without_servers_has_no_host_to_guard():
    assert hosts_of(SimpleNamespace(document={})) == []
    with no_calls_home([], refuse):
        assert socket.getaddrinfo("localhost", 80)


def test_blocks_may_end_in_any_order(asked):
    before = [getattr(socket, name) for name in LOOKUPS]
    first, second = no_calls_home([HOME], refuse), no_calls_home([HOME], refuse)
    with first, ExitStack() as later:
        later.enter_context(second)
        rest = later.pop_all()
    assert [getattr(socket, name) for name in LOOKUPS] != before  # the second one is still open
    rest.close()
    assert [getattr(socket, name) for name in LOOKUPS] == before
