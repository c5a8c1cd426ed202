"""No name but this machine's is looked up under this pytest plugin: who tries ends the process."""

import os
import socket
import sys

ORIGINALS = {name: getattr(socket, name) for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex")}


def local(look_up):
    def only_here(host, *arguments, **more):
        if host not in {"127.0.0.1", "localhost", "::1", None}:
            print(f"a real look-up of {host!r}", file=sys.__stderr__, flush=True)
            os._exit(99)
        return look_up(host, *arguments, **more)

    return only_here


STAND_INS = {name: local(original) for name, original in ORIGINALS.items()}


def are_back():
    """Whether whoever replaced the functions in a test has given them back."""
    return all(getattr(socket, name) is stand_in for name, stand_in in STAND_INS.items())


def pytest_configure():
    for name, stand_in in STAND_INS.items():
        setattr(socket, name, stand_in)


def pytest_unconfigure():
    assert are_back()
    for name, original in ORIGINALS.items():
        setattr(socket, name, original)
