"""Submits again when no answer came: the first job may have been accepted, and is charged."""

import os
import sys
import time

import requests

SUBMIT = "/api/v1/image-to-video/kling/kling-v1-i2v/async"
JOB = {"image": "https://example.com/mountain.jpg"}
POLL = float(os.environ.get("POLL_SECONDS", "5"))
PATIENCE = float(os.environ.get("REQUEST_TIMEOUT_SECONDS", "30"))  # of one request
POLLS = int(float(os.environ.get("DEADLINE_SECONDS", "300")) / POLL)


def ask(method, url, key, **more):
    """What a reply says; nothing when there was none."""
    try:
        return dict(requests.request(method, url, headers=key, timeout=PATIENCE, **more).json()["data"])
    except (requests.RequestException, ValueError, KeyError, TypeError):
        return {}


def run(base_url, api_key):
    key = {"Authorization": f"Bearer {api_key}"}
    job = {}
    for _ in range(3):
        job = job or ask("POST", base_url + SUBMIT, key, json=JOB)
        time.sleep(POLL)
    for _ in range(POLLS if job else 0):
        task = ask("GET", f"{base_url}/api/v1/tasks/{job['task_id']}", key)
        if task.get("status") in {"success", "failed"}:
            return "success" if task["status"] == "success" and task["result"]["resources"] else "failure"
        time.sleep(POLL)
    return "failure"


if __name__ == "__main__":
    sys.exit(run(os.environ["MODELLIX_BASE_URL"], os.environ["MODELLIX_API_KEY"]) != "success")
