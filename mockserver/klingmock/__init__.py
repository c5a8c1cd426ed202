"""A local fake of a paid, asynchronous image-to-video API."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from klingmock.handle import Handle

__version__ = "0.1.0"


def running(**options: Any) -> "AbstractContextManager[Handle]":
    """A server in this process for the length of a block, with one world on a clock that is moved by hand.

    `with klingmock.running(timing="instant") as fake:` gives `fake.url` and `fake.api_key`; the options are
    those of `klingmock.options.Options`. Raises klingcontracts.problem.Problem for one that makes no sense.
    """
    # Loaded here, because a start of the command needs nothing of it.
    found: AbstractContextManager[Handle] = import_module("klingmock.kit").running(**options)
    return found
