"""Polls ten times a second, whatever it is told."""

import json
import os
import sys
import time
from http.client import HTTPException
from urllib.request import Request, urlopen

SUBMIT = "/api/v1/image-to-video/kling/kling-v1-i2v/async"
JOB = json.dumps({"image": "https://example.com/mountain.jpg"}).encode()


def ask(url, api_key, body=None):
    """What a reply says; nothing when there was none, or an error."""
    try:
        with urlopen(Request(url, body, {"Authorization": f"Bearer {api_key}"}), timeout=30) as reply:
            return dict(json.load(reply)["data"])
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        return {}


def run(base_url, api_key):
    job = ask(base_url + SUBMIT, api_key, JOB)
    for _ in range(300 if job else 0):
        task = ask(f"{base_url}/api/v1/tasks/{job['task_id']}", api_key)
        if task.get("status") in {"success", "failed"}:
            return "success" if task["status"] == "success" and task["result"]["resources"] else "failure"
        time.sleep(0.1)
    return "failure"


if __name__ == "__main__":
    sys.exit(run(os.environ["MODELLIX_BASE_URL"], os.environ["MODELLIX_API_KEY"]) != "success")
