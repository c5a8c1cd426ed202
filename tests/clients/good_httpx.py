"""A good client on httpx that never submits twice: what is not accepted at once is reported as a failure."""

import os
import sys
import time

import httpx

SUBMIT = "/api/v1/image-to-video/kling/kling-v1-i2v/async"
JOB = {"image": "https://example.com/mountain.jpg"}
POLL = float(os.environ.get("POLL_SECONDS", "5"))
PATIENCE = float(os.environ.get("REQUEST_TIMEOUT_SECONDS", "30"))  # of one request
DEADLINE = float(os.environ.get("DEADLINE_SECONDS", "300"))  # of the whole


def run(base_url, api_key):
    key = {"Authorization": f"Bearer {api_key}"}
    with httpx.Client(follow_redirects=True, timeout=PATIENCE) as client:
        try:
            task_id = (
                client.post(base_url + SUBMIT, json=JOB, headers=key)
                .raise_for_status()
                .json()["data"]["task_id"]
            )
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return "failure"
        if not isinstance(task_id, str):
            return "failure"
        url = polled(client, f"{base_url}/api/v1/tasks/{task_id}", key)
        return "success" if url and whole(client, url) else "failure"


def polled(client, task, key):
    """The URL of the video, None when there is none to be had."""
    for _ in range(int(DEADLINE / POLL)):
        wait = POLL
        try:
            reply = client.get(task, headers=key)
            if reply.status_code in {400, 401, 403, 404}:
                return None
            wait = max(wait, float(reply.headers.get("Retry-After", 0)))
            if reply.status_code == 429:
                wait = max(wait, float(reply.headers.get("X-RateLimit-Reset", 0)) - time.time())
            data = reply.raise_for_status().json()["data"]
            if data["status"] == "failed":
                return None
            if data["status"] == "success":
                resources = data["result"]["resources"]
                return resources[0]["url"] if resources else None
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            pass  # the next poll may know more
        if wait > DEADLINE:
            return None
        time.sleep(wait)
    return None


def whole(client, url):
    for _ in range(3):
        try:
            reply = client.get(url)
            if (
                reply.status_code == 200
                and reply.content
                and reply.headers["Content-Type"].startswith("video/")
            ):
                return True
        except httpx.HTTPError:
            pass  # half a file is none
        time.sleep(POLL)
    return False


if __name__ == "__main__":
    sys.exit(run(os.environ["MODELLIX_BASE_URL"], os.environ["MODELLIX_API_KEY"]) != "success")
