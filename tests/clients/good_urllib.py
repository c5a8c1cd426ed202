"""A good client on urllib. It submits again after a definite refusal, and after nothing else."""

import http.client
import json
import os
import sys
import time
from urllib.error import HTTPError
from urllib.request import Request, urlopen

SUBMIT = "/api/v1/image-to-video/kling/kling-v1-i2v/async"
JOB = json.dumps({"image": "https://example.com/mountain.jpg"}).encode()
POLL = float(os.environ.get("POLL_SECONDS", "2"))
PATIENCE = float(os.environ.get("REQUEST_TIMEOUT_SECONDS", "30"))  # of one request
DEADLINE = float(os.environ.get("DEADLINE_SECONDS", "300"))  # of the whole


def ask(url, body=None, **headers):
    """Status, headers and body of a reply; status 0 when it did not arrive whole."""
    try:
        with urlopen(Request(url, body, headers), timeout=PATIENCE) as reply:
            return reply.status, reply.headers, reply.read()
    except HTTPError as error:
        with error:
            return error.code, error.headers, b""
    except (OSError, http.client.HTTPException):
        return 0, {}, b""


def data_of(raw):
    try:
        data = json.loads(raw)["data"]
    except (ValueError, TypeError, KeyError):
        return {}
    return data if isinstance(data, dict) else {}


def pause(headers):
    reset = float(headers.get("X-RateLimit-Reset", 0)) - time.time()
    return max(POLL, float(headers.get("Retry-After", reset)))


def run(base_url, api_key):
    key = {"Authorization": f"Bearer {api_key}"}
    for _ in range(3):
        status, headers, raw = ask(base_url + SUBMIT, JOB, **key)
        if status != 429:
            break
        time.sleep(pause(headers))
    task_id, ends = data_of(raw).get("task_id"), time.monotonic() + DEADLINE
    wait = 0.0
    while isinstance(task_id, str) and time.monotonic() + wait < ends:
        time.sleep(wait)
        status, headers, raw = ask(f"{base_url}/api/v1/tasks/{task_id}", **key)
        if data_of(raw).get("status") == "success":
            return fetched(data_of(raw))
        if data_of(raw).get("status") == "failed" or status in {400, 401, 403, 404}:
            break
        wait = pause(headers)
    return "failure"


def fetched(data):
    resources = data["result"]["resources"]
    for _ in range(3 if resources else 0):
        status, headers, file = ask(resources[0]["url"])
        if status == 200 and file and headers.get_content_maintype() == "video":
            return "success"
        time.sleep(POLL)
    return "failure"


if __name__ == "__main__":
    sys.exit(run(os.environ["MODELLIX_BASE_URL"], os.environ["MODELLIX_API_KEY"]) != "success")
