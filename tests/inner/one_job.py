"""A small client of our own, for tests of certify: it submits, polls, and says by its exit code how it went.

Arguments: seconds between two polls, seconds in all, then words for what it does wrong.
"""

import json
import os
import sys
import time
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import Request, urlopen

BASE, KEY = os.environ["MODELLIX_BASE_URL"], os.environ["MODELLIX_API_KEY"]
POLL, DEADLINE = float(sys.argv[1]), time.monotonic() + float(sys.argv[2])
FLAWS = set(sys.argv[3:])


def ask(path, body=None):
    """Status and data of a reply; 0 when none came."""
    key = "sk-real-key-of-mine" if "own-key" in FLAWS else KEY
    try:
        with urlopen(Request(BASE + path, body, {"Authorization": f"Bearer {key}"}), timeout=10) as reply:
            return reply.status, json.load(reply).get("data") or {}
    except HTTPError as error:
        with error:
            return error.code, {}
    except (OSError, HTTPException, ValueError):
        return 0, {}


def main():
    job = json.dumps({"image": "https://example.com/mountain.jpg"}).encode()
    path = (
        "/api/v1/kling/kling-v1-i2v"
        if "newest" in FLAWS
        else "/api/v1/image-to-video/kling/kling-v1-i2v/async"
    )
    status, task = ask(path, job)
    if "resubmits" in FLAWS and status != 200:
        status, task = ask(path, job)
    print(f"with the key {KEY}: {status}", flush=True)
    while "task_id" in task and time.monotonic() < DEADLINE:
        time.sleep(POLL)
        _, data = ask(f"/api/v1/tasks/{task['task_id']}")
        if data.get("status") == "success":
            return not data["result"]["resources"]
        if data.get("status") == "failed":
            return True
    return True


sys.exit(main())
