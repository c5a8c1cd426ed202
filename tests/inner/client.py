"""A client that is configured by its environment alone, for pytest runs within the tests."""

import json
import os
from urllib.error import HTTPError
from urllib.request import Request, urlopen

SUBMIT = "/api/v1/image-to-video/kling/kling-v1-i2v/async"
IMAGE = {"image": "https://example.com/mountain.jpg"}


def call(path=SUBMIT, body=None, key=None, url=None):
    """Status and JSON of a reply; a body makes it a POST."""
    headers = {"Authorization": f"Bearer {key or os.environ['MODELLIX_API_KEY']}"}
    data = None if body is None else json.dumps(body).encode()
    request = Request((url or os.environ["MODELLIX_BASE_URL"]) + path, data, headers)
    try:
        with urlopen(request, timeout=10) as reply:
            return reply.status, json.load(reply)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)


def submit(**more):
    """The id of a job that must be accepted."""
    status, told = call(SUBMIT, IMAGE, **more)
    assert status == 200, told
    return told["data"]["task_id"]


def status_of(task_id, **more):
    """The status of a task, or the HTTP status of the refusal."""
    status, told = call(f"/api/v1/tasks/{task_id}", **more)
    return told["data"]["status"] if status == 200 else status
