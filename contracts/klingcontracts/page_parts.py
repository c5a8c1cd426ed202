"""What the published page of a model states, as plain data."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from klingcontracts.problem import COULD_NOT_LOOK, Problem

MOST_CHARACTERS = 1_000_000  # of a page: the ones we know have a few thousand
MOST_FIELDS = 500  # of a request body or a reply

EXCLUDES, ONE_OF, ONLY_FOR, SAYS = "excludes", "one of", "only for", "says"


class Statement(NamedTuple):
    """A rule that stands in prose alone, in normal form.

    `field` is whose description it stands in, "" for the body's. `others` are, by `kind`: the field that is
    excluded, the fields of which one is needed, the models that have it, or the sentence that was not read.
    """

    kind: str
    field: str
    others: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.field or 'body'} {self.kind}: {', '.join(self.others)}"


class Field(NamedTuple):
    """A field of the request or the reply: a JSON Schema of what is stated about it, and the prose."""

    name: str
    required: bool
    schema: Mapping[str, Any]
    prose: str = ""
    unread: tuple[str, ...] = ()  # lines about it that no schema says
    place: str = ""  # where it stands: "line 74", or a JSON pointer


class Reply(NamedTuple):
    """A documented reply; `example` is its body, None where the page shows none."""

    fields: tuple[Field, ...]
    example: Any = None
    prose: str = ""
    unread: tuple[str, ...] = ()


class Auth(NamedTuple):
    """How the key is sent: `scheme` is "bearer", or "" for any other that `header` may have."""

    header: str
    scheme: str
    required: bool


@dataclass(frozen=True, eq=False)
class Page:
    """What one page states; None for an `auth` or `example` of which it says nothing."""

    name: str
    form: str  # "text", "openapi" or "api_schema"
    title: str
    method: str
    server: str  # the origin, without a path
    path: str
    auth: Auth | None
    fields: tuple[Field, ...]
    replies: Mapping[int, Reply]
    prose: str = ""  # about the body as a whole
    example: Mapping[str, Any] | None = None  # the minimal request
    closed: bool = False  # whether the page says that no other field is taken
    alternatives: tuple[tuple[str, ...], ...] = ()  # at least one of each group, as a schema says it
    notes: tuple[str, ...] = ()  # unread statements of no field
    places: Mapping[str, str] = field(default_factory=dict)  # where the parts stand, as far as it has lines
    key_prose: str = ""  # about the key

    @property
    def accepted(self) -> tuple[int, Reply]:
        """The status and the reply of a submission that is accepted."""
        status = min(key for key in self.replies if 200 <= key < 300)
        return status, self.replies[status]

    @property
    def provider(self) -> str:
        """Whose model it is, as the path has it; "" where the path does not say."""
        return model_of(self.path)[0]

    @property
    def model(self) -> str:
        """The model's slug, as the path has it: what an example calls `model_id` may be another's."""
        return model_of(self.path)[1]

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of the request's fields."""
        return frozenset(one.name for one in self.fields)


def model_of(path: str) -> tuple[str, str]:
    """The provider and the slug in the path of a submission; "" for what is not there."""
    parts = [part for part in path.split("/") if part]
    if parts and parts[-1] == "async":
        parts.pop()
    return (parts[-2] if len(parts) > 1 else ""), (parts[-1] if parts else "")


def refused(name: str, fact: str) -> Problem:
    """The problem of a page that is no contract; `fact` continues the sentence "The page NAME …"."""
    remedy = "Fetch the page again, as text with one token a line, as .md, or its api_schema."
    return Problem(f"The page {name!r} {fact}.", remedy, COULD_NOT_LOOK)


_ODD = re.compile("[\u200b-\u200d\u2060\ufeff]")  # what browsers put in beside headings
_CONTROL = re.compile("[\0-\x08\x0e-\x1f\ud800-\udfff]")


def cleaned(text: str | bytes, name: str) -> str:
    """A page's text with plain line ends, without what can't be seen. Problem for what is no text."""
    if len(text) > MOST_CHARACTERS:
        raise refused(name, f"is longer than {MOST_CHARACTERS} characters, and no page of a model")
    try:
        found = text.decode("utf-8") if isinstance(text, bytes) else text
    except UnicodeDecodeError as error:
        raise refused(name, f"is not text: byte {error.start} is not UTF-8") from error
    if _CONTROL.search(found):
        raise refused(name, "is not text: it has control characters")
    # Lines of CRLF that went through another tool for it end with \r\r\n: no blank line was meant.
    found = found.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ")
    return _ODD.sub("", found)
