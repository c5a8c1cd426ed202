"""No name but this machine's is looked up under this pytest plugin: who tries ends the process."""

import os
import socket
import sys

LOOKUPS = ("getaddrinfo", "gethostbyname", "gethostbyname_ex")
ORIGINALS = {name: getattr(socket, name) for name in LOOKUPS}


def pytest_configure():
    for name, original in ORIGINALS.items():
        setattr(socket, name, local(original))


def pytest_unconfigure():
    for name, original in ORIGINALS.items():
        assert getattr(socket, name) is not original
        setattr(socket, name, original)


def local(look_up):
    def only_here(host, *arguments, **more):
        if host not in {"127.0.0.1", "localhost", "::1", None}:
            print(f"a real look-up of {host!r}", file=sys.__stderr__, flush=True)
            os._exit(99)
        return look_up(host, *arguments, **more)

    return only_here
