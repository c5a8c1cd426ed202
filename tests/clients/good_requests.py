"""A good client on requests that never submits twice: what is not accepted at once is a failure."""

import os
import sys
import time

import requests

SUBMIT = "/api/v1/image-to-video/kling/kling-v1-i2v/async"
JOB = {"image": "https://example.com/mountain.jpg"}
AS_IT_IS = {"Accept-Encoding": "identity"}
POLL = float(os.environ.get("POLL_SECONDS", "5"))
PATIENCE = float(os.environ.get("REQUEST_TIMEOUT_SECONDS", "30"))  # of one request
DEADLINE = float(os.environ.get("DEADLINE_SECONDS", "300"))  # of the whole
MISSES = 3  # polls in a row that may say 404: what was accepted a moment ago may not be found yet


def run(base_url, api_key):
    ends = time.monotonic() + DEADLINE
    key = {"Authorization": f"Bearer {api_key}"}
    status, data, _ = ask("POST", base_url + SUBMIT, key, json=JOB)
    task_id = data.get("task_id")
    if status != 200 or not isinstance(task_id, str):
        return "failure"
    failures = 0
    while True:
        status, data, wait = ask("GET", f"{base_url}/api/v1/tasks/{task_id}", key)
        failures = 0 if data.get("status") else failures + 1  # the next poll may know more
        if data.get("status") == "success":
            return fetched(data, ends)
        if data.get("status") == "failed" or status in {400, 401, 403}:
            return "failure"
        wait = max(wait, min(POLL * 2**failures, 60.0))
        if (status == 404 and failures >= MISSES) or time.monotonic() + wait > ends:
            return "failure"
        time.sleep(wait)


def ask(method, url, key, **more):
    """Status and data of a reply, and the seconds it asks to wait; status 0 when it did not arrive whole."""
    try:
        reply = requests.request(method, url, headers=key, timeout=PATIENCE, allow_redirects=False, **more)
        reset = float(reply.headers.get("X-RateLimit-Reset", 0)) if reply.status_code == 429 else 0.0
        wait = max(float(reply.headers.get("Retry-After", 0)), reset - time.time())
        told = reply.json() if reply.status_code == 200 else {}
        return reply.status_code, dict(told.get("data") or {}), wait
    except (requests.RequestException, ValueError, TypeError, AttributeError):
        return 0, {}, 0.0


def fetched(data, ends):
    """Fetch the video, without the key: its URL is open, and its host, or one it leads to, another."""
    resources = (data.get("result") or {}).get("resources")
    for _ in range(4 if resources else 0):
        try:
            reply = requests.get(resources[0]["url"], headers=AS_IT_IS, timeout=PATIENCE)
            is_video = reply.status_code == 200 and reply.headers["Content-Type"].startswith("video/")
            if is_video and 0 < len(reply.content) == int(reply.headers["Content-Length"]):
                return "success"
        except (requests.RequestException, KeyError):
            pass  # half a file is none
        if time.monotonic() + POLL > ends:
            break
        time.sleep(POLL)
    return "failure"


if __name__ == "__main__":
    sys.exit(run(os.environ["MODELLIX_BASE_URL"], os.environ["MODELLIX_API_KEY"]) != "success")
