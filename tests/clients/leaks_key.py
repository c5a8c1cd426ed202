"""Fetches the video with the headers of the API, and so shows its key to another host."""

import os
import sys
import time

import httpx

SUBMIT = "/api/v1/image-to-video/kling/kling-v1-i2v/async"
JOB = {"image": "https://example.com/mountain.jpg"}
POLL = float(os.environ.get("POLL_SECONDS", "5"))
PATIENCE = float(os.environ.get("REQUEST_TIMEOUT_SECONDS", "30"))  # of one request
POLLS = int(float(os.environ.get("DEADLINE_SECONDS", "300")) / POLL)
ERRORS = (httpx.HTTPError, ValueError, KeyError, TypeError)


def run(base_url, api_key):
    key = {"Authorization": f"Bearer {api_key}"}
    with httpx.Client(base_url=base_url, headers=key, timeout=PATIENCE) as client:
        try:
            task_id = client.post(SUBMIT, json=JOB).raise_for_status().json()["data"]["task_id"]
        except ERRORS:
            return "failure"
        for _ in range(POLLS):
            time.sleep(POLL)
            try:
                data = dict(client.get(f"/api/v1/tasks/{task_id}").raise_for_status().json()["data"])
            except ERRORS:
                continue
            if data.get("status") == "success" and data["result"]["resources"]:
                return fetched(client, data["result"]["resources"][0]["url"])
            if data.get("status") in {"failed", "success"}:
                return "failure"
    return "failure"


def fetched(client, url):
    try:
        reply = client.get(url).raise_for_status()
    except httpx.HTTPError:
        return "failure"
    return "success" if reply.headers["Content-Type"].startswith("video/") else "failure"


if __name__ == "__main__":
    sys.exit(run(os.environ["MODELLIX_BASE_URL"], os.environ["MODELLIX_API_KEY"]) != "success")
