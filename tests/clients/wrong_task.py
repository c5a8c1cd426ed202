"""Asks for a task by the part of its id behind the hyphen, as if that were the id."""

import json
import time
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import Request, urlopen

SUBMIT = "/api/v1/image-to-video/kling/kling-v1-i2v/async"
JOB = json.dumps({"image": "https://example.com/mountain.jpg"}).encode()


def ask(url, api_key, body=None):
    """What a reply says, and its status."""
    try:
        with urlopen(Request(url, body, {"Authorization": f"Bearer {api_key}"}), timeout=30) as reply:
            return reply.status, json.load(reply)["data"]
    except HTTPError as error:
        with error:
            return error.code, {}
    except (OSError, HTTPException, ValueError, KeyError):
        return 0, {}


def run(base_url, api_key):
    _, job = ask(base_url + SUBMIT, api_key, JOB)
    for _ in range(100 if job else 0):
        time.sleep(5.0)
        status, data = ask(f"{base_url}/api/v1/tasks/{job['task_id'].partition('-')[2]}", api_key)
        if data.get("status") == "success":
            return "success"
        if status == 404 or data.get("status") == "failed":
            break
    return "failure"
