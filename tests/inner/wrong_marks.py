"""Nobody can do what is asked for here."""

import os

import pytest


@pytest.mark.klingmock("instant")
def test_positional():
    raise AssertionError("it began")


@pytest.mark.klingmock(tming="instant")
def test_name():
    raise AssertionError("it began")


@pytest.mark.klingmock(timing="instnt")
def test_value(klingmock):
    raise AssertionError("it began")


@pytest.mark.klingmock(revision="2026-03")
def test_revision():
    raise AssertionError("it began")


@pytest.mark.klingmock(reading={"image-required": "eitherr"})
def test_reading():
    raise AssertionError("it began")


@pytest.mark.klingmock(balance=5)
def test_type():
    raise AssertionError("it began")


def test_make(make_klingmock):
    assert not make_klingmock(limits=5)


def test_the_next_one(klingmock):
    assert os.environ["MODELLIX_BASE_URL"] == klingmock.url
