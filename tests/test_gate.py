"""klingmock.gate: who may steer."""

import pytest

from klingmock.gate import TOKEN_HEADER, Gate, is_local

LOCAL = {"host": "127.0.0.1:8787"}


@pytest.mark.parametrize(
    ("host", "local"),
    [
        *[(host, True) for host in ("127.0.0.1", "127.8.8.8", "::1", "[::1]", "::ffff:127.0.0.1")],
        *[(host, True) for host in ("localhost", "LOCALHOST", "my-app.localhost")],
        *[(host, False) for host in ("0.0.0.0", "::", "10.0.0.1", "example.com", "", "null")],
        *[(host, False) for host in ("localhost.example.com", "127.0.0.1.nip.io", "notlocalhost", "é")],
    ],
)
def test_what_is_an_address_of_this_machine(host, local):
    assert is_local(host) is local


@pytest.mark.parametrize("caller", ["127.0.0.1", "::1", None])
@pytest.mark.parametrize("host", ["127.0.0.1:8787", "localhost:80", "[::1]:8787", "localhost", ""])
def test_callers_of_this_machine_may(caller, host):
    assert Gate().closed(caller, {"host": host} if host else {}) is None


def test_callers_of_another_may_not():
    problem = Gate().closed("10.0.0.7", LOCAL)
    assert problem is not None
    assert "10.0.0.7" in problem.fact
    assert "--control-token" in problem.remedy


@pytest.mark.parametrize(
    ("headers", "named"),
    [
        ({"host": "evil.example:8787"}, "the Host of this call is 'evil.example'"),  # its name leads here
        ({"host": "evil.example"}, "the Host"),
        ({**LOCAL, "origin": "https://evil.example"}, "the Origin of this call is 'evil.example'"),
        ({**LOCAL, "origin": "null"}, "the Origin of this call is 'null'"),
        ({**LOCAL, "origin": "http://[evil"}, "the Origin"),
    ],
)
def test_a_page_of_somebody_else_may_not(headers, named):
    problem = Gate().closed("127.0.0.1", headers)
    assert problem is not None
    assert named in problem.fact
    assert "127.0.0.1 or localhost" in problem.remedy


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8787", "http://localhost:3000", "http://[::1]:1"])
def test_a_page_of_this_machine_may(origin):
    assert Gate().closed("127.0.0.1", {**LOCAL, "origin": origin}) is None


def test_a_server_that_others_reach_is_steered_by_nobody_without_a_token():
    problem = Gate(exposed=True).closed("127.0.0.1", LOCAL)
    assert problem is not None
    assert "listens to others too" in problem.fact
    assert "--control-token" in problem.remedy


@pytest.mark.parametrize("exposed", [False, True])
@pytest.mark.parametrize("token", ["s3cret", "schlüssel"])
def test_whoever_has_the_token_may_from_anywhere_and_nobody_else(token, exposed):
    gate = Gate(token, exposed)
    name = TOKEN_HEADER.lower()
    sent = token.encode().decode("latin-1")  # as a header is read
    assert gate.closed("10.0.0.7", {"host": "build.example", name: sent}) is None
    for headers in (LOCAL, {**LOCAL, name: ""}, {**LOCAL, name: token[:-1]}, {**LOCAL, name: "\u20ac"}):
        problem = gate.closed("127.0.0.1", headers)
        assert problem is not None
        assert problem.fact == "The control token is missing or wrong."
        assert token not in str(problem)
