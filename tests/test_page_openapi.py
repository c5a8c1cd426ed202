import copy

import pytest

from klingcontracts.page_openapi import read_openapi
from klingcontracts.page_parts import Auth
from klingcontracts.problem import COULD_NOT_LOOK, Problem

OPERATION = {
    "requestBody": {
        "content": {
            "application/json": {"schema": {"type": "object", "properties": {"text": {"type": "string"}}}}
        }
    },
    "responses": {
        "200": {
            "content": {
                "application/json": {
                    "schema": {"type": "object", "properties": {"code": {"type": "integer"}}}
                }
            }
        }
    },
}
SERVERS = [{"url": "https://api.example.com/"}]
BEARER = {"type": "http", "scheme": "Bearer"}


def document(schemes=None, **more):
    operation = {**copy.deepcopy(OPERATION), **more}
    found = {"servers": SERVERS, "paths": {"/api/v1/acme/one": {"post": operation}}}
    return found | ({"components": {"securitySchemes": schemes}} if schemes else {})


def body(**keywords):
    content = copy.deepcopy(OPERATION["requestBody"])
    content["content"]["application/json"]["schema"].update(keywords)
    return document(requestBody=content)


def refusal(found):
    with pytest.raises(Problem) as caught:
        read_openapi(found, "x.json")
    assert caught.value.exit_code == COULD_NOT_LOOK
    return caught.value.fact


def test_the_smallest_page() -> None:
    page = read_openapi(document(summary="One"), "x.json")
    assert (page.method, page.server, page.path) == ("POST", "https://api.example.com", "/api/v1/acme/one")
    assert (page.title, page.auth, page.example, page.closed, page.form) == (
        "One",
        None,
        None,
        False,
        "openapi",
    )
    assert [one.place for one in page.fields] == [
        "#/paths/~1api~1v1~1acme~1one/post/requestBody/content/application~1json/schema/properties/text"
    ]


def test_an_api_schema_has_its_path_in_its_server() -> None:
    found = {"servers": [{"url": "https://api.example.com/api/v1/acme/one/async"}], "post": OPERATION}
    page = read_openapi(found, "x.json")
    assert (page.form, page.path, page.model) == ("api_schema", "/api/v1/acme/one/async", "one")


def test_the_operations_own_servers_come_first() -> None:
    assert read_openapi(document(servers=[{"url": "http://127.0.0.1:1"}]), "x").server == "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ([], "no object"),
        ({}, "no operation with a body"),
        ({**document(), "servers": []}, "no servers"),
        ({**document(), "servers": [{"url": "nowhere"}]}, "that of no model"),
        ({**document(), "servers": [{"url": "https://[x"}]}, "which is none"),
        ({**document(), "servers": [{"url": "https://{region}.example.com"}]}, "that of no model"),
        ({"servers": SERVERS, "paths": {"/a/b": {"post": OPERATION, "put": OPERATION}}}, "2 operations"),
        (document(requestBody={"content": {"text/plain": {}}}), "no application/json body"),
        (document(responses={"400": {}}), "no reply of a submission"),
        (document(responses={"201": {"description": "x"}}), "reply 201 has no application/json fields"),
    ],
)
def test_what_is_missing_is_said(found, why) -> None:
    assert why in refusal(found)


@pytest.mark.parametrize(
    ("schemes", "security", "expected"),
    [
        ({"a": BEARER}, [{"a": []}], Auth("Authorization", "bearer", required=True)),
        ({"a": BEARER}, [{"a": []}, {}], Auth("Authorization", "bearer", required=False)),
        (None, [], Auth("Authorization", "bearer", required=False)),
        (None, [{}], Auth("Authorization", "bearer", required=False)),
        (
            {"a": {"type": "apiKey", "in": "header", "name": "X-Key"}},
            [{"a": []}],
            Auth("X-Key", "", required=True),
        ),
        (
            {"a": {"type": "apiKey", "in": "query", "name": "key"}},
            [{"a": []}],
            Auth("key in query", "", required=True),
        ),
        (
            {"a": {"type": "apiKey", "in": "header", "name": "Authorization", "description": "Bearer KEY"}},
            [{"a": []}],
            Auth("Authorization", "bearer", required=True),
        ),
    ],
)
def test_the_key(schemes, security, expected) -> None:
    assert read_openapi(document(schemes, security=security), "x").auth == expected


def test_more_than_one_key_and_other_parameters_are_told_of() -> None:
    keys = {"a": BEARER, "b": {"type": "apiKey", "in": "query", "name": "key"}, "c": BEARER}
    parameters = [{"in": "header", "name": "X-Team"}, 5, {"in": "header", "name": "Authorization"}]
    page = read_openapi(
        document(keys, security=[{"a": []}, {"b": [], "c": []}, 1], parameters=parameters), "x"
    )
    assert page.auth == Auth("Authorization", "bearer", required=True)
    assert page.notes == ("key also as key in query", "header X-Team", " ")
    alone = read_openapi(document(parameters=[{"in": "header", "name": "authorization"}]), "x")
    assert alone.auth == Auth("authorization", "bearer", required=False)


def test_what_the_body_says_as_a_whole() -> None:
    needs = [{"required": ["text", "image"]}, {"required": ["image"]}]
    page = read_openapi(
        body(description=" Words. ", additionalProperties=False, anyOf=needs, minProperties=1), "x"
    )
    assert (page.prose, page.closed, page.alternatives) == ("Words.", True, (("text", "image"),))
    assert page.notes == ("minProperties: 1",)
    other = read_openapi(body(anyOf=[{"type": "object"}], additionalProperties={"type": "string"}), "x")
    assert other.alternatives == ()
    assert len(other.notes) == 2


@pytest.mark.parametrize(
    ("media", "schema", "expected"),
    [
        ({"example": {"text": "a"}}, {}, {"text": "a"}),
        ({"examples": {"one": {"value": {"text": "b"}}}}, {}, {"text": "b"}),
        ({"examples": {"one": {"summary": "none"}}}, {"examples": [{"text": "c"}]}, {"text": "c"}),
        ({}, {"example": {"text": "d"}}, {"text": "d"}),
        ({"example": "no object"}, {}, None),
    ],
)
def test_the_example_of_a_call(media, schema, expected) -> None:
    found = body(**schema)
    found["paths"]["/api/v1/acme/one"]["post"]["requestBody"]["content"]["application/json"].update(media)
    assert read_openapi(found, "x").example == expected


def test_replies() -> None:
    responses = {**OPERATION["responses"], "default": {}, "4XX": {}, "404": {"description": " Not there "}}
    page = read_openapi(document(responses=responses), "x")
    assert sorted(page.replies) == [200, 404]
    assert (page.replies[404].fields, page.replies[404].prose) == ((), "Not there")
    assert page.accepted[0] == 200
