"""Clients that call the vendor, though their test uses the fake. Nobody is asked (see no_lookups)."""

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.request import build_opener

import no_lookups
import pytest
from hypothesis import given
from hypothesis import strategies as st

HOME = "https://api.modellix.ai/api/v1/tasks/1"


def call_home(url=HOME):
    build_opener().open(url, timeout=5)  # urlopen would keep the proxies of its first call


def test_at_once(klingmock):
    assert not call_home()


@pytest.mark.klingmock(base_url_variable="VIDEO_URL")
def test_marker_alone():
    assert not call_home()


def test_client_that_catches_exceptions(klingmock):
    with suppress(Exception):
        call_home()


def test_client_that_catches_everything(klingmock):
    with suppress(BaseException):
        call_home()


def test_twice(klingmock):
    for _ in range(2):
        with suppress(BaseException):
            call_home()


def test_in_a_thread(klingmock):
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(call_home).exception()


def test_other_host_of_the_vendor(klingmock):
    assert not call_home("https://cdn.modellix.ai/clip.mp4")


def test_by_a_proxy(klingmock, monkeypatch):
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    assert not call_home()


@given(st.integers())
@pytest.mark.klingmock(timing="instant")
def test_in_an_example(number):
    assert not call_home()


@pytest.fixture
def calls_in_setup():
    call_home()


def test_in_setup(klingmock, calls_in_setup):
    raise AssertionError("its setup went through")


def test_and_fails_otherwise(klingmock):
    with suppress(BaseException):
        call_home()
    raise AssertionError("for a reason of its own")


def test_this_machine_is_reached(klingmock):
    assert socket.getaddrinfo("localhost", 80)
    assert not no_lookups.are_back()


def test_without_a_world():
    assert no_lookups.are_back()


def test_another_world(make_klingmock):
    with make_klingmock():
        assert not no_lookups.are_back()
        with pytest.raises(AssertionError, match=r"called the real host api\.modellix\.ai while"):
            call_home()
    assert no_lookups.are_back()
