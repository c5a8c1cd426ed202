"""Nobody can do what is asked for here."""

import os

import pytest


@pytest.mark.klingmock("instant")
def test_positional(): ...


@pytest.mark.klingmock(tming="instant")
def test_name(): ...


@pytest.mark.klingmock(timing="instnt")
def test_value(klingmock): ...


@pytest.mark.klingmock(revision="2026-03")
def test_revision(): ...


@pytest.mark.klingmock(reading={"image-required": "eitherr"})
def test_reading(): ...


@pytest.mark.klingmock(balance=5)
def test_type(): ...


def test_make(make_klingmock):
    make_klingmock(limits=5)


def test_the_next_one(klingmock):
    assert os.environ["MODELLIX_BASE_URL"] == klingmock.url
