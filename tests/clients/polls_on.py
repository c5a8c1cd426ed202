"""Polls a task a fixed number of times, also after its end."""

import os
import sys
import time

import requests

SUBMIT = "/api/v1/image-to-video/kling/kling-v1-i2v/async"
JOB = {"image": "https://example.com/mountain.jpg"}
POLL = float(os.environ.get("POLL_SECONDS", "5"))
PATIENCE = float(os.environ.get("REQUEST_TIMEOUT_SECONDS", "30"))  # of one request


def ask(session, method, url, **more):
    """What a reply says; nothing when there was none, or an error."""
    try:
        return dict(session.request(method, url, timeout=PATIENCE, **more).json()["data"])
    except (requests.RequestException, ValueError, KeyError, TypeError):
        return {}


def run(base_url, api_key):
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {api_key}"
        job = ask(session, "POST", base_url + SUBMIT, json=JOB)
        resources = []
        for _ in range(10 if job else 0):
            time.sleep(POLL)
            task = ask(session, "GET", f"{base_url}/api/v1/tasks/{job['task_id']}")
            resources += task["result"]["resources"] if task.get("status") == "success" else []
        return "success" if resources else "failure"


if __name__ == "__main__":
    sys.exit(run(os.environ["MODELLIX_BASE_URL"], os.environ["MODELLIX_API_KEY"]) != "success")
