import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klingcontracts.check import check, check_body, check_history
from klingcontracts.contract import Contract, load
from klingcontracts.document import merged, read, revisions
from klingcontracts.exchange import Call, Exchange, Reply
from klingcontracts.problem import Problem
from klingcontracts.show import FORMS, show

Json = Any
SUBMIT = "/api/v1/image-to-video/kling/kling-v1-i2v/async"
TASK = "/api/v1/tasks/{task_id}"


@pytest.fixture
def file(tmp_path) -> Callable[[Json], str]:
    def write(document: Json) -> str:
        path = tmp_path / "mine.json"
        path.write_text(json.dumps(document))
        return str(path)

    return write


def test_the_default_and_its_operations() -> None:
    contract = load()
    assert contract.revision == "2026-02"
    assert {(one.id, one.method, one.path) for one in contract.operations.values()} == {
        ("submit", "POST", SUBMIT),
        ("task", "GET", TASK),
    }
    assert all(one.key_required for one in contract.operations.values())
    assert contract.sources["S0"]["address"].endswith("/kling-v1-i2v")


def test_a_key_that_is_optional_is_known() -> None:
    operations = load("2026-07").operations
    assert [name for name, one in operations.items() if not one.key_required] == ["validate-key"]


def test_two_loads_of_a_shipped_revision_are_one_object() -> None:
    assert load("2026-04", {"masks-empty": "absent"}) is load("2026-04", {"masks-empty": "absent"})
    assert load("2026-04") is not load("2026-04", {"masks-empty": "absent"})


def test_the_order_of_readings_does_not_matter() -> None:
    one, other = {"ten-seconds": "refuse"}, {"camera-control": "ignore"}
    assert load("2026-02", one | other) is load("2026-02", other | one)
    assert set(
        load("2026-02", one | other).operations["submit"].body.schema["dependentSchemas"]["static_mask"]
    ) >= {"properties"}


def test_a_file_is_read_anew(file) -> None:
    load(path := file(read("2026-02")))
    file(merged(read("2026-02"), {"info": {"version": "mine"}}))
    assert load(path).revision == "mine"


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/api/v1/tasks/task-1", {"task_id": "task-1"}),
        ("/api/v1/tasks/folder/task", {"task_id": "folder/task"}),  # decoded before it is matched (A44)
        ("/api/v1/tasks/a\nb", {"task_id": "a\nb"}),
        ("/api/v1/tasks/", None),
        ("/api/v1/tasks", None),
        ("/API/v1/tasks/x", None),
        ("/x/api/v1/tasks/x", None),
    ],
)
def test_a_path_is_matched_whole_and_in_its_case(path, parameters) -> None:
    assert load().operations["task"].match(path) == parameters


def test_an_error_text_is_the_vendors_form() -> None:
    error = load().errors["required"]
    assert error.message({"field": "prompt"}) == "Invalid parameters: parameter 'prompt' is required"
    assert load().errors["bad-json"].message({}) == "Invalid format: invalid JSON format"
    told = {"field": "steps", "bounds": "between 10 and 50", "got": "100"}
    assert load().errors["range"].message(told) == (
        "Value out of range: parameter 'steps' must be between 10 and 50, got 100"
    )


@pytest.mark.parametrize("revision", revisions())
def test_a_rule_is_found_by_its_id(revision) -> None:
    rules = load(revision).rules
    assert all(rule.id == name for name, rule in rules.items())
    assert {rule.error for rule in rules.values()} - {""} <= load(revision).errors.keys()


def test_a_question_knows_its_readings_and_the_chosen_one() -> None:
    question = load("2026-02", {"image-required": "either"}).questions["image-required"]
    assert (question.default, question.chosen) == ("flag", "either")
    assert set(question.readings) == {"flag", "either"}
    assert load().questions["image-required"].chosen == "flag"


@pytest.mark.parametrize(
    ("readings", "fact"),
    [
        (
            {"image-requird": "either"},
            "Open question 'image-requird' is not known. Nearest: 'image-required'.",
        ),
        ({"image-required": "eithr"}, "Reading of image-required 'eithr' is not known. Nearest: 'either'."),
    ],
)
def test_an_unknown_question_or_reading(readings, fact) -> None:
    with pytest.raises(Problem) as caught:
        load("2026-02", readings)
    assert caught.value.fact.startswith(fact)
    assert "--format questions" in caught.value.remedy


def test_an_unknown_operation() -> None:
    assert load().operation("task").id == "task"
    with pytest.raises(Problem, match=r"Operation 'tsk' is not known\. Nearest: 'task'"):
        load().operation("tsk")


def test_a_contract_needs_no_questions(file) -> None:
    assert load(file(merged(read("2026-02"), {"x-questions": None}))).questions == {}


def test_what_is_noted_of_a_body_follows_the_readings() -> None:
    noted = load("2026-02").operation("submit").noted
    assert (
        noted.schema["properties"].keys()
        == load("2026-02").operation("submit").body.schema["properties"].keys()
    )
    fewer = load("2026-02", {"unknown-fields": "accept"}).operation("submit").noted
    assert "additionalProperties" not in fewer.schema
    assert fewer.schema["properties"].keys() == {"image", "image_tail", "static_mask", "camera_control"}
    assert load("2026-02").operation("task").noted is None


def test_a_key_is_optional_where_nothing_asks_for_one_and_headers_have_a_source(file) -> None:
    bare = {"X-Extra": {"schema": {"type": "integer"}}}
    patch = {"security": None, "paths": {TASK: {"get": {"responses": {"200": {"headers": bare}}}}}}
    contract = load(file(merged(read("2026-02"), patch)))
    assert not contract.operations["task"].key_required
    assert str(contract.rules["reply.header.X-Extra.type"].provenance) == "assumed"


def at(path: str, value: Json) -> Json:
    for name in reversed(path.split(" ")):
        value = {name: value}
    return value


PROMPT = "components schemas SubmitBody properties prompt"


@pytest.mark.parametrize(
    ("patch", "fact"),
    [
        (at("x-errors", None), 'at its top level, "x-errors" is a required property'),
        (at("x-errors range", None), 'at /x-errors, "range" is a required property'),
        (at("x-errors range detail", "{limit}"), "error 'range' can't be filled: nothing fills {limit}"),
        (at("x-errors range detail", "{got:>9}"), "error 'range' can't be filled: {got} has a format"),
        (at("x-errors rate detail", "{"), "error 'rate' can't be filled: Single '{'"),
        (
            at("x-questions masks-empty default", "x"),
            "default of the open question 'masks-empty' is none of its",
        ),
        (at(f"{PROMPT} minLength", "1"), "/properties/prompt/minLength, the value is not of type"),
        (at(f"{PROMPT} pattern", "("), "/properties/prompt/pattern, the value is not a"),
        (at(f"{PROMPT} oneOf", [{}]), "'oneOf' at submit.body.prompt, of which no rule can be made"),
        (at("components schemas SubmitBody", {"$ref": "#/x"}), "refers to '#/x', which is nothing in it"),
        (at(f"paths {TASK} get operationId", "submit"), "Two operations of the contract are called 'submit'"),
        (at(f"paths {TASK} get operationId", "other"), "has no operation 'task'"),
        (at(f"paths {SUBMIT} post requestBody", None), "has no request body of the operation 'submit'"),
        (at(f"paths {SUBMIT} post responses default", {}), '"default" does not match'),
        (at("paths /a/{b}/{b} get", read("2026-02")["paths"][TASK]["get"]), "names a parameter twice"),
        (at(f"{PROMPT} x-provenance", "rumour"), "/properties/prompt/x-provenance, the value is not valid"),
    ],
)
def test_a_document_that_is_no_contract_is_told_from_one(file, patch, fact) -> None:
    with pytest.raises(Problem) as caught:
        load(file(merged(read("2026-02"), patch)))
    assert fact in caught.value.fact
    assert caught.value.remedy


def test_a_reading_that_breaks_a_document_is_named(file) -> None:
    document = read("2026-02")
    document["x-questions"]["masks-empty"]["readings"]["absent"]["patch"] = {"info": None}
    with pytest.raises(Problem, match=r"as read with \{'masks-empty': 'absent'\} is no contract"):
        load(file(document), {"masks-empty": "absent"})


def test_two_rules_of_one_name(file) -> None:
    noted = {"properties": {"prompt": {"maxLength": 9}}}
    with pytest.raises(Problem, match=r"Two rules of the contract are called 'submit.body.prompt.maxLength'"):
        load(file(merged(read("2026-02"), at("components schemas SubmitBody x-noted", noted))))


def test_a_field_of_no_value_at_all(file) -> None:
    with pytest.raises(Problem, match=r"is no contract: at .*/mode/enum"):
        load(file(merged(read("2026-02"), at("components schemas SubmitBody properties mode", {"enum": []}))))


def places(node: Json, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Each place in a document, as the keys that lead to it."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


LATEST = read("2026-07")
DELETED = object()
ODD = [DELETED, None, 5, -1, "x", "", [], {}, True, False, [{}], {"type": "object"}, {"$ref": "#/x"}, 1.5]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from(list(places(LATEST))), st.sampled_from(ODD))
def test_a_document_with_one_odd_place_works_or_is_a_problem(file, place, odd) -> None:
    document = copy.deepcopy(LATEST)
    node = document
    for key in place[:-1]:
        node = node[key]
    if odd is DELETED:
        del node[place[-1]]
    else:
        node[place[-1]] = odd
    path = file(document)
    try:
        contract = load(path)
    except Problem:
        return
    for form in FORMS:
        assert show(path, form)
    use(contract)


def use(contract: Contract) -> None:
    """What a contract is for, with values that break much."""
    for raw in (
        b"{}",
        b"[]",
        b'{"image":"data:","prompt":"","cfg_scale":3,"mode":"x","image_tail":"x","duration":7}',
    ):
        for finding in check_body(contract, contract.operation("submit"), raw).refused:
            assert contract.errors[finding.rule.error].message(finding.refusal)
    for path, status in (
        ("/api/v1/tasks/x", 200),
        ("/api/v1/tasks/x", 404),
        ("/api/v1/models", 200),
        ("/x", 200),
    ):
        reply = Reply(
            status, {"x-ratelimit-limit": "x"}, b'{"code":1,"data":{"task_id":[],"status":"success"}}'
        )
        assert check(contract, Exchange(Call("GET", path, {}), reply))
    check_history(contract, ["pending", "failed", "x"])


def test_a_contract_is_shown_by_its_name():
    assert repr(load("2026-04")) == "<Contract 2026-04>"
