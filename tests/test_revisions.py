"""The shipped documents: valid OpenAPI, every statement with its source, different where they should be."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV31SpecValidator

from klingcontracts.contract import load
from klingcontracts.derive import KEYWORDS
from klingcontracts.document import hold, inlined, merged, read, revisions
from klingcontracts.wire import WIRE

Json = Any
STATED = re.compile(r"(documented|observed|assumed)( [A-Z]+[0-9]*(,[A-Z]+[0-9]*)*)?")
# Schema keywords that say what a value must be, and those that only lead further in.
STATEMENTS = {*KEYWORDS, "required", "anyOf", "additionalProperties", "then"}
READINGS = [
    (revision, question, reading)
    for revision in revisions()
    for question, node in read(revision)["x-questions"].items()
    for reading in node["readings"]
]
# What nobody wrote for us: runs of words from the vendor's page.
VENDOR_WORDS = [
    "starting frame image",
    "ending frame image",
    "mutually exclusive",
    "supports chinese",
    "describing undesired",
    "prompt relevance",
    "standard, faster",
    "professional, higher",
    "for motion brush",
    "dynamic mask array",
    "video duration",
    "task submitted",
    "response message",
]


def walk(node: Json, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Each object in a document with the path that leads to it."""
    if isinstance(node, dict):
        yield path, node
        for key, inner in node.items():
            yield from walk(inner, (*path, key))
    elif isinstance(node, list):
        for index, inner in enumerate(node):
            yield from walk(inner, (*path, str(index)))


def certificates(document: Json) -> Iterator[tuple[tuple[str, ...], str]]:
    for path, node in walk(document):
        raw = node.get("x-provenance", {})
        for text in raw.values() if isinstance(raw, dict) else [raw]:
            yield path, text


def unsourced(schema: Json, path: str, inherited: bool = False) -> Iterator[str]:
    """Each statement of a schema that no written provenance covers."""
    if not isinstance(schema, dict):
        return
    raw = schema.get("x-provenance", {})
    keys = STATEMENTS & schema.keys()
    covered = isinstance(raw, str) or inherited
    yield from (f"{path}/{key}" for key in keys if not covered and key not in raw and "*" not in raw)
    for name, inner in schema.get("properties", {}).items():
        yield from unsourced(inner, f"{path}/{name}")
    yield from unsourced(schema.get("items"), f"{path}/[]")
    yield from unsourced(schema.get("x-noted"), f"{path}/x-noted")
    for name, sub in schema.get("dependentSchemas", {}).items():
        if "x-provenance" not in sub:
            yield f"{path}/dependentSchemas/{name}"


def schemas(document: Json) -> Iterator[tuple[str, Json, bool]]:
    """Each schema that stands in a document outside another one, and whether a source is given beside it."""
    for path, node in walk({key: document[key] for key in ("paths", "components")}):
        if "schema" in node:
            yield "/".join(path), node["schema"], "headers" in path and "x-provenance" in node
    for name, schema in document["components"]["schemas"].items():
        yield name, schema, False


@pytest.mark.parametrize("revision", revisions())
def test_it_is_valid_openapi_and_a_contract(revision) -> None:
    assert list(OpenAPIV31SpecValidator(read(revision)).iter_errors()) == []
    hold(inlined(read(revision), read(revision)), revision)


@pytest.mark.parametrize("revision", revisions())
def test_schemathesis_finds_its_operations(revision) -> None:
    schemathesis = pytest.importorskip("schemathesis")
    schema = schemathesis.openapi.from_dict(read(revision))
    operations = {result.ok().label for result in schema.get_all_operations()}
    assert operations == {f"{one.method} {one.path}" for one in load(revision).operations.values()}


@pytest.mark.parametrize("revision", revisions())
def test_every_provenance_parses_and_cites_what_is_listed_and_all_of_it(revision) -> None:
    document, cited = read(revision), set()
    stated = list(certificates(document))
    assert len(stated) > 100
    for path, text in stated:
        assert STATED.fullmatch(text), (path, text)
        basis, _, sources = text.partition(" ")
        assert sources or basis == "assumed", (path, text)
        cited |= set(filter(None, sources.split(",")))
    assert cited == set(document["x-sources"])
    assert {name for row in WIRE for name in row.basis.partition(" ")[2].split(",") if name} <= cited


@pytest.mark.parametrize(("revision", "question", "reading"), READINGS)
def test_every_reading_loads_changes_something_and_says_where_from(revision, question, reading) -> None:
    contract = load(revision, {question: reading})
    node = read(revision)["x-questions"][question]
    assert contract.questions[question].chosen == reading
    assert (contract.document == read(revision)) is (reading == node["default"])
    assert ("patch" in node["readings"][reading]) is (reading != node["default"])
    hold(inlined(contract.document, contract.document), reading)
    for name, schema, inherited in schemas(contract.document):
        assert list(unsourced(schema, name, inherited)) == []


@pytest.mark.parametrize("revision", revisions())
def test_every_question_has_its_default_among_its_readings_and_a_source(revision) -> None:
    for name, node in read(revision)["x-questions"].items():
        assert node["default"] in node["readings"], name
        assert node["question"].rstrip().endswith(("?", ".")), name
        assert "x-provenance" in node, name
    assert load(revision).questions.keys() == read(revision)["x-questions"].keys()


@pytest.mark.parametrize("revision", revisions())
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_readings_go_together(revision, data) -> None:
    questions = read(revision)["x-questions"]
    chosen = {name: data.draw(st.sampled_from(sorted(node["readings"]))) for name, node in questions.items()}
    contract = load(revision, chosen)
    hold(inlined(contract.document, contract.document), revision)
    for question, reading in chosen.items():
        assert held(contract.document, questions[question]["readings"][reading].get("patch", {})), question


def held(document: Json, patch: Json) -> bool:
    """Whether what a patch adds is in the document; what it takes away, another reading may give back."""
    if isinstance(patch, dict):
        return isinstance(document, dict) and all(
            value is None or held(document.get(key), value)
            for key, value in patch.items()
            if key != "x-provenance"
        )
    return document == patch


@pytest.mark.parametrize("revision", revisions())
def test_statements_of_numbers_and_errors_have_a_source(revision) -> None:
    document = read(revision)
    parts = [*document["x-errors"].values(), *document["x-limits"].values()]
    parts += [document[name] for name in ("x-balance", "x-price", "x-media")]
    parts += [document["x-lifecycle"]["retention"], *document["x-lifecycle"]["statuses"].values()]
    assert [part for part in parts if "x-provenance" not in part] == []
    operations = [one for methods in document["paths"].values() for one in methods.values()]
    assert [one["operationId"] for one in operations if "x-provenance" not in one] == []
    own = [reply for one in operations for reply in one["responses"].values() if "$ref" not in reply]
    replies = [*own, *document["components"]["responses"].values()]
    assert [reply for reply in replies if "x-provenance" not in reply] == []


@pytest.mark.parametrize("revision", revisions())
def test_what_says_something_better_says_it_of_a_statement(revision) -> None:
    for path, node in walk(inlined(read(revision)["paths"], read(revision))):
        assert node.get("x-says", {}).keys() <= node.keys(), path


@pytest.mark.parametrize("revision", revisions())
def test_examples_and_defaults_of_the_body_keep_to_the_contract(revision) -> None:
    body = load(revision).operation("submit").body
    for name, node in body.schema["properties"].items():
        defaults = [node["default"]] if "default" in node else []
        for value in [*node.get("examples", ()), *defaults]:
            assert list(body.breaks({"image": "x", name: value})) == []


@pytest.mark.parametrize("revision", revisions())
def test_descriptions_are_in_our_words(revision) -> None:
    keys = ("description", "summary", "text", "question", "covers")
    texts = [str(node[key]).lower() for _, node in walk(read(revision)) for key in keys if key in node]
    assert len(texts) > 100
    assert [(words, text) for text in texts for words in VENDOR_WORDS if words in text] == []


def without_sources(node: Json) -> Json:
    if isinstance(node, dict):
        return {
            key: without_sources(inner) for key, inner in node.items() if not key.startswith("x-provenance")
        }
    return [without_sources(inner) for inner in node] if isinstance(node, list) else node


def differences(one: Json, other: Json, path: str = "") -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            if (key in one) and (key in other):
                yield from differences(one[key], other[key], f"{path} {key}".strip())
            else:
                yield f"{'-' if key in one else '+'} {path} {key}"
    elif one != other:
        yield path


def between(old: str, new: str) -> set[str]:
    """Where two revisions differ, apart from sources and from their submit path itself."""
    made = []
    for revision in (old, new):
        document = without_sources(read(revision))
        path = load(revision).operation("submit").path
        text = document["paths"].pop(path)
        document["paths"]["SUBMIT"] = text
        del document["x-sources"], document["info"], document["x-questions"]
        made.append(document)
    return set(differences(*made))


def test_2026_04_differs_from_2026_02_where_it_should() -> None:
    assert between("2026-02", "2026-04") == {
        "+ paths SUBMIT post responses 402",
        "components schemas SubmitData required",
        "+ components schemas SubmitData properties get_result",
        "components schemas SubmitData properties model_id examples",
        "components schemas TaskData properties model_id examples",
        "x-balance enforced",
    }


def test_2026_07_differs_from_2026_04_where_it_should() -> None:
    assert between("2026-04", "2026-07") == {
        "+ paths /api/v1/models",
        "+ paths /api/v1/apikey/validate",
        "+ paths /api/v1/team/balance",
        "+ components schemas TaskData properties billing",
        "+ components schemas TaskData properties result_expires_at",
        "x-lifecycle retention seconds",
        "x-limits concurrency tasks",
    }


@pytest.mark.parametrize(
    ("revision", "path", "model", "hours", "tasks"),
    [
        ("2026-02", "/api/v1/image-to-video/kling/kling-v1-i2v/async", "kling-v1-i2v", 24, 3),
        ("2026-04", "/api/v1/kling/kling-v1-i2v/async", "model-123", 24, 3),
        ("2026-07", "/api/v1/kling/kling-v1-i2v", "model-123", 7 * 24, 2),
    ],
)
def test_the_facts_of_each_revision(revision, path, model, hours, tasks) -> None:
    contract = load(revision)
    submit = contract.operation("submit")
    assert (submit.method, submit.path) == ("POST", path)
    data = submit.replies[200].schema["properties"]["data"]["properties"]
    assert data["model_id"]["examples"] == [model]
    assert ("get_result" in data, 402 in submit.replies) == (revision != "2026-02", revision != "2026-02")
    assert contract.document["x-lifecycle"]["retention"]["seconds"] == hours * 3600
    assert contract.document["x-limits"]["concurrency"]["tasks"] == tasks
    assert contract.document["x-limits"]["rate"]["requests"] == 100


def test_only_what_the_page_says_is_documented_of_the_body() -> None:
    body = {revision: load(revision).operation("submit").body.rules.values() for revision in revisions()}
    assumed = {rule.id for rule in body["2026-02"] if rule.provenance.basis == "assumed"}
    assert assumed == {"submit.body.camera_control.type"}
    for revision in ("2026-04", "2026-07"):  # we have no later copy of the page
        assert {rule.provenance.basis for rule in body[revision]} == {"assumed"}
        assert [rule.id for rule in body[revision]] == [rule.id for rule in body["2026-02"]]


def test_questions_are_the_same_but_for_tiers() -> None:
    asked = {revision: set(read(revision)["x-questions"]) for revision in revisions()}
    assert asked["2026-02"] == asked["2026-04"] == asked["2026-07"] - {"tier"}
    for question in asked["2026-02"] - {"insufficient-balance", "model-id"}:
        nodes = [read(revision)["x-questions"][question] for revision in revisions()]
        assert without_sources(nodes[0]) == without_sources(nodes[1]) == without_sources(nodes[2]), question
    assert merged({}, read("2026-07")["x-questions"]["tier"]["readings"]["1000"]["patch"]) == {
        "x-limits": {"rate": {"requests": 1000}, "concurrency": {"tasks": 100}}
    }
