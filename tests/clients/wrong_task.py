"""Asks for a task by the part of its id behind the hyphen, as if that were the id."""

import json
import os
import sys
import time
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import Request, urlopen

SUBMIT = "/api/v1/image-to-video/kling/kling-v1-i2v/async"
JOB = json.dumps({"image": "https://example.com/mountain.jpg"}).encode()
POLL = float(os.environ.get("POLL_SECONDS", "5"))
PATIENCE = float(os.environ.get("REQUEST_TIMEOUT_SECONDS", "30"))  # of one request
POLLS = int(float(os.environ.get("DEADLINE_SECONDS", "300")) / POLL)


def ask(url, api_key, body=None):
    """What a reply says, and its status."""
    try:
        with urlopen(Request(url, body, {"Authorization": f"Bearer {api_key}"}), timeout=PATIENCE) as reply:
            return reply.status, json.load(reply)["data"]
    except HTTPError as error:
        with error:
            return error.code, {}
    except (OSError, HTTPException, ValueError, KeyError):
        return 0, {}


def run(base_url, api_key):
    _, job = ask(base_url + SUBMIT, api_key, JOB)
    for _ in range(POLLS if job else 0):
        time.sleep(POLL)
        status, data = ask(f"{base_url}/api/v1/tasks/{job['task_id'].partition('-')[2]}", api_key)
        if data.get("status") == "success":
            return "success"
        if status == 404 or data.get("status") == "failed":
            break
    return "failure"


if __name__ == "__main__":
    sys.exit(run(os.environ["MODELLIX_BASE_URL"], os.environ["MODELLIX_API_KEY"]) != "success")
