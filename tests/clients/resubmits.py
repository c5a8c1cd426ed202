"""Submits again when no answer came: the first job may have been accepted, and is charged."""

import time

import requests

SUBMIT = "/api/v1/image-to-video/kling/kling-v1-i2v/async"
JOB = {"image": "https://example.com/mountain.jpg"}


def ask(method, url, key, **more):
    """What a reply says; nothing when there was none."""
    try:
        return dict(requests.request(method, url, headers=key, timeout=30, **more).json()["data"])
    except (requests.RequestException, ValueError, KeyError, TypeError):
        return {}


def run(base_url, api_key):
    key = {"Authorization": f"Bearer {api_key}"}
    job = {}
    for _ in range(3):
        job = job or ask("POST", base_url + SUBMIT, key, json=JOB)
        time.sleep(2.0)
    for _ in range(100 if job else 0):
        task = ask("GET", f"{base_url}/api/v1/tasks/{job['task_id']}", key)
        if task.get("status") in {"success", "failed"}:
            return "success" if task["status"] == "success" and task["result"]["resources"] else "failure"
        time.sleep(5.0)
    return "failure"
