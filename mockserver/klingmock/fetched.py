"""A published page, fetched from its address: once, within bounds, and from no other host."""

import threading
from collections.abc import Callable
from http.client import HTTPException, HTTPMessage, HTTPResponse
from queue import Empty, SimpleQueue
from typing import IO
from urllib.error import HTTPError
from urllib.parse import SplitResult, urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from klingcontracts.page_parts import MOST_CHARACTERS
from klingcontracts.problem import COULD_NOT_LOOK, Problem
from klingmock import __version__

MOST_BYTES = 4 * MOST_CHARACTERS  # a character has at most four
_HEADERS = {
    "User-Agent": f"klingmock/{__version__}",
    "Accept": "text/markdown, text/plain, application/json;q=0.9, */*;q=0.5",
}
_READABLE = ("json", "yaml", "octet-stream")  # beside all that is text


def is_address(page: str) -> bool:
    """Whether a page is named by its address on the web, and not as a file."""
    return "://" in page


def shown_address(url: str) -> str:
    """An address without what may be secret in it: no user, no query."""
    parts = _split(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return f"{parts.scheme}://{host}{_port(parts)}{parts.path}"


def fetch(url: str, seconds: float) -> bytes:
    """The text at an address, in UTF-8; Problem (could not look) when it is not to be had in that time.

    Nothing but the address is sent: no cookies, no key. A redirect to another host is told, not followed.
    """
    parts, name = _split(url), shown_address(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        fact = f"The address {name!r} is none that a page is fetched from."
        raise Problem(fact, "Give http:// or https://, a host and a path, without a user.")
    answers: SimpleQueue[bytes | Exception] = SimpleQueue()
    # A server can stall in more ways than a socket's timeout knows: the whole of it has one deadline.
    threading.Thread(target=_answer, args=(url, name, seconds, answers.put), daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except Empty:
        raise _failed(name, f"did not come within {seconds:g} seconds") from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _answer(url: str, name: str, seconds: float, put: Callable[[bytes | Exception], None]) -> None:
    try:
        request = Request(url, headers=_HEADERS)  # noqa: S310 - the scheme is known to be http or https
        with build_opener(_SameHost(name)).open(request, timeout=seconds) as response:
            put(_text(response, name))
    except Problem as problem:
        put(problem)
    except HTTPError as error:
        error.close()
        put(_failed(name, f"was answered with {error.code}"))
    except (OSError, ValueError, HTTPException) as error:
        put(_failed(name, f"can't be fetched: {getattr(error, 'reason', None) or error}"))


def _text(response: HTTPResponse, name: str) -> bytes:
    kind = response.headers.get_content_type()
    if not kind.startswith("text/") and not kind.endswith(_READABLE):
        raise _failed(name, f"is {kind}, and no text")
    body = response.read(MOST_BYTES + 1)
    if response.length and len(body) <= MOST_BYTES:
        raise _failed(name, f"broke off: {response.length} bytes did not come")
    charset = response.headers.get_content_charset("utf-8")
    try:
        return body if charset == "utf-8" else body.decode(charset).encode()
    except (LookupError, UnicodeError) as error:
        raise _failed(name, f"is not text in {charset!r}, as its server says") from error


class _SameHost(HTTPRedirectHandler):
    def __init__(self, name: str) -> None:
        self._name = name

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        old, new = urlsplit(req.full_url), urlsplit(urljoin(req.full_url, newurl))
        if (old.scheme, old.netloc) != (new.scheme, new.netloc):
            other = shown_address(newurl)
            fp.close()
            raise Problem(
                f"The page {self._name!r} redirects to {other!r}, which is another host.",
                "Fetch that one, if it is the vendor's.",
                COULD_NOT_LOOK,
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _port(parts)
    except ValueError as error:
        raise Problem(f"The address {url!r} is none: {error}.", "Give the address of a page.") from error
    return parts


def _port(parts: SplitResult) -> str:
    return f":{parts.port}" if parts.port is not None else ""


def _failed(name: str, fact: str) -> Problem:
    remedy = "Look at it with a browser, or save it and name the file."
    return Problem(f"The page {name!r} {fact}.", remedy, COULD_NOT_LOOK)
