"""Rules that stand in the prose of a page: brought into a normal form, so that they can be compared."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from klingcontracts.page_parts import EXCLUDES, ONE_OF, ONLY_FOR, SAYS, Field, Page, Statement

# Where the statements of the reply and the key stand: no field has a name with a space.
REPLY, KEY = "reply 2xx", "the key"
LONGEST_CLAUSE = 600  # characters; a longer one is kept as it stands
MOST_PHRASES = 100  # looked for in the descriptions of other fields
LISTED = 12  # fields that one clause names

_CLAUSES = re.compile(r"(?<=[.!?])\s+|[.!?]?[()\[\]（）。；;]\s*|\n+")
_WORDS = re.compile(r"[^\W_]+(?:[._-]+[^\W_]+)*")
_CANNOT = r"(?:can ?not|can't|must not|may not|should not|shall not|could not)"
_TOGETHER = r"(?:used|combined|set|sent|given|provided|specified|passed|mixed|present)"
_EXCLUDES = re.compile(
    rf"(?P<field>.*?)\b(?:(?:is |are )?(?:mutually )?exclusive (?:with|to|of)"
    rf"|{_CANNOT} be (?:{_TOGETHER} )?(?:together |simultaneously |at the same time |along |alongside )?with"
    rf"|(?:is |are )?(?:not compatible|incompatible) with|conflicts? with|excludes)\b(?P<others>.+)"
)
_EACH_OTHER = re.compile(
    rf"(?P<others>.+?) (?:are mutually exclusive|exclude (?:each other|one another)"
    rf"|{_CANNOT} be {_TOGETHER} (?:together|simultaneously|at the same time))"
)
_NEEDED = (
    r"(?: (?:is|are|must be|has to be|have to be|needs to be|should be))?(?: also)?"
    r" (?:required|provided|given|set|sent|present|specified|needed|supplied|passed)"
)
_ONE_OF = re.compile(
    r"(?:(?:provide |give |set |send |specify |pass |requires? )?at least one (?:of|from)\b(?P<others>.+?)"
    rf"(?:{_NEEDED})?|either\b(?P<either>.+?){_NEEDED})"
)
_ONLY_FOR = re.compile(
    r"(?:it is |is |are )?"
    r"(?:only (?:supported|available|valid|effective|applicable)|supported only|available only)"
    r" (?:by|for|in|on|with)\b(?P<others>.+)"
)
_AND = re.compile(r",? (?:and|or|nor) |, ?|/| & ")
_NOISE = re.compile(
    r"^(?:the|any|both|either)\s+|\s+(?:fields?|parameters?|params?|models?|versions?|inputs?)$"
)
_IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")
_MODEL = re.compile(r"(?:[a-z][a-z-]* )?[a-z-]*\d[\w.-]*")
_ITSELF = frozenset({"", "it", "this", "this field", "this parameter", "note:", "which"})
# A clause with one of these words says more than what a field is for.
_RULE = re.compile(
    r"\b(?:must|requires?|required|only|can ?not|can't|not|never|at least|at most|exclusive|excludes?"
    r"|max(?:imum)?|min(?:imum)?"
    r"|up to|between|exceeds?|limit(?:s|ed)?|limitation|depends?|when|if|unless|invalid|conflicts?|mandatory"
    r"|forbidden|ignored|deprecated|multiple of|less than|more than|greater than|fewer than|no longer"
    r"|should|shall|either|neither|mutually|incompatible|combined|together|otherwise)\b"
    r"|[<>]=?|≤|≥|\b\d+ ?(?:mb|kb|px|pixels?|seconds?|characters?|elements?|items?)\b"
)


def statements(page: Page) -> tuple[Statement, ...]:
    """The statements in the descriptions of the body and its fields, in the order of the page."""
    reader = _Reader(page.fields)
    found = [Statement(ONE_OF, "", group) for group in page.alternatives]
    found += reader.of("", page.prose, page.notes)
    for one in page.fields:
        found += reader.of(one.name, one.prose, one.unread)
    _, reply = page.accepted
    found += [Statement(SAYS, REPLY, (plain(line),)) for line in reply.unread]
    for one in reply.fields:
        found += [Statement(SAYS, f"{REPLY} {one.name}", (plain(line),)) for line in one.unread]
    return tuple(dict.fromkeys(found))


def prose_of(page: Page) -> dict[str, dict[str, Any]]:
    """What the page says in prose, as a contract keeps it: by field, what it `says`, and its `wording`.

    "" is the body, "reply 2xx" and "reply 2xx data" are the reply and its field, "the key" is the key. The
    sentences are not kept, but normal forms of what was read in them, and a mark that changes with the words.
    """
    texts = {KEY: page.key_prose, "": page.prose} | {one.name: whole(one) for one in page.fields}
    texts |= {REPLY: page.accepted[1].prose}
    texts |= {f"{REPLY} {one.name}": whole(one) for one in page.accepted[1].fields}
    found: dict[str, dict[str, Any]] = {}
    for name, text in texts.items():
        if plain(text):
            found[name] = {"wording": wording(text)}
    for one in statements(page):
        found.setdefault(one.field, {}).setdefault("says", []).append(normal(one))
    return found


def normal(statement: Statement) -> str:
    """A statement without its field, the same whatever the order in which it names others."""
    others = statement.others if statement.kind == SAYS else sorted(statement.others)
    return f"{statement.kind}: {', '.join(others)}"


def whole(one: Field) -> str:
    """The prose of a field, with that of the fields in it."""
    return "\n".join(filter(None, (one.prose, *_within(one.schema))))


def _within(schema: Mapping[str, Any]) -> Iterator[str]:
    for _, inner in sorted(schema.get("properties", {}).items()):
        yield str(inner.get("description", ""))
        yield from _within(inner)
    yield from _within(schema["items"]) if "items" in schema else ()


def pairs(found: Iterable[Statement]) -> Iterator[tuple[str, str]]:
    """Each two fields that exclude one another, once: the one that stands first on the page comes first."""
    seen: set[frozenset[str]] = set()
    for kind, field, others in found:
        for other in others if kind == EXCLUDES else ():
            if frozenset((field, other)) not in seen:
                seen.add(frozenset((field, other)))
                yield field, other


def holds(statement: Statement, model: str) -> bool:
    """Whether the model with this slug is one of those that a statement `only for` names."""
    parts = model.lower().split("-")
    for other in statement.others:
        name = other.replace(" ", "-")
        if name == model or model.startswith(f"{name}-") or name in parts or f"v{name}" in parts:
            return True
    return False


def plain(text: str) -> str:
    """The words of a text, without what does not change what they say: case, punctuation, spaces."""
    return " ".join(_WORDS.findall(text.lower()))


def wording(text: str) -> str:
    """What stands for a text's wording, so that a change of it shows: twelve hex digits."""
    return sha256(plain(text).encode()).hexdigest()[:12]


def clauses(text: str) -> Iterator[str]:
    """The sentences of a text, and what stands in brackets, each for itself."""
    for part in _CLAUSES.split(text):
        clause = part.strip().strip(".,:!?").strip()
        if clause:
            yield clause


class _Reader:
    """Reads clauses; knows by which names and words a page speaks of its fields."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self._order = {one.name: place for place, one in enumerate(fields)}
        # What a field is for stands in its prose; what it excludes does too, and says nothing of that.
        self._about = {one.name: f" {_purpose(one.prose)} " for one in fields}
        self._mentioned = {name for one in fields for name in _IDENTIFIER.findall(one.prose.lower())}
        self._groups: dict[str, tuple[str, ...]] = {}

    def of(self, field: str, prose: str, lines: Sequence[str]) -> Iterator[Statement]:
        yield from (Statement(SAYS, field, (plain(line),)) for line in lines)
        known = {plain(line) for line in lines}
        for clause in clauses(prose):
            if plain(clause) not in known:
                yield from self._read(field, clause)

    def _read(self, field: str, clause: str) -> Iterator[Statement]:
        text = " ".join(clause.lower().replace("`", "").replace('"', "").split())
        found: list[Statement] | None = None
        if len(text) <= LONGEST_CLAUSE:
            found = next(filter(None, (read(field, text) for read in self._readers)), None)
        if found is None and (_RULE.search(text) or len(text) > LONGEST_CLAUSE):
            found = [Statement(SAYS, field, (plain(clause),))]
        yield from found or ()

    @property
    def _readers(self) -> Sequence[Callable[[str, str], list[Statement] | None]]:
        return self._excludes, self._each_other, self._one_of, self._only_for

    def _excludes(self, field: str, text: str) -> list[Statement] | None:
        said = _EXCLUDES.fullmatch(text)
        if said is None:
            return None
        subjects = self._subjects(field, said["field"].strip(" ,"))
        others = self._names(said["others"], field)
        if not subjects or not others or not set(subjects).isdisjoint(others):
            return None
        return [Statement(EXCLUDES, subject, others) for subject in subjects]

    def _subjects(self, field: str, text: str) -> tuple[str, ...]:
        if text in _ITSELF:
            return (field,) if field else ()
        return self._names(text, "")

    def _each_other(self, _: str, text: str) -> list[Statement] | None:
        said = _EACH_OTHER.fullmatch(text)
        names = self._sorted(self._names(said["others"], "")) if said else ()
        if len(names) < 2:
            return None
        return [Statement(EXCLUDES, name, names[at + 1 :]) for at, name in enumerate(names[:-1])]

    def _one_of(self, field: str, text: str) -> list[Statement] | None:
        said = _ONE_OF.fullmatch(text)
        names = self._sorted(self._names(said["others"] or said["either"], "")) if said else ()
        if len(names) < 2:
            return None
        return [Statement(ONE_OF, field, names)]

    def _only_for(self, field: str, text: str) -> list[Statement] | None:
        said = _ONLY_FOR.fullmatch(text)
        models = _items(said["others"]) if said else []
        if not models or not all(map(_MODEL.fullmatch, models)):
            return None
        return [Statement(ONLY_FOR, field, tuple(sorted(dict.fromkeys(models))))]

    def _names(self, text: str, owner: str) -> tuple[str, ...]:
        """The fields that a list names; none at all when one of its items is no field."""
        items = _items(text)
        found = [self._resolved(item, owner) for item in items[: LISTED + 1]]
        if not all(found) or len(found) > LISTED:
            return ()
        return tuple(dict.fromkeys(name for names in found for name in names))

    def _sorted(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(names, key=lambda name: self._order.get(name, len(self._order))))

    def _resolved(self, item: str, owner: str) -> tuple[str, ...]:
        joined = re.sub(r"[ -]", "_", item)
        if item in self._order or joined in self._order:
            return (item if item in self._order else joined,)
        group = tuple(name for name in self._group(plain(item)) if name != owner)
        if group:
            return group
        # A field that is not listed is one when it is written like one, here or elsewhere.
        written = item == joined or joined in self._mentioned
        return (joined,) if written and _IDENTIFIER.fullmatch(joined) else ()

    def _group(self, phrase: str) -> tuple[str, ...]:
        # What is no field's name may be what some fields are for: "motion brush".
        if phrase not in self._groups and (len(self._groups) >= MOST_PHRASES or " " not in phrase):
            return ()
        if phrase not in self._groups:
            words = f" {phrase} "
            self._groups[phrase] = tuple(name for name, about in self._about.items() if words in about)
        return self._groups[phrase]


def _purpose(prose: str) -> str:
    # What a field is for; what it excludes stands in its prose too, and says nothing of that.
    return " ; ".join(plain(clause) for clause in clauses(prose) if not _RULE.search(clause.lower()))


def _items(text: str) -> list[str]:
    return [_NOISE.sub("", item.strip(" :'")) for item in _AND.split(text)]
