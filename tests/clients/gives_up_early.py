"""Gives up at the first poll that fails: the job runs on, and is paid for."""

import http.client
import json
import os
import sys
import time
from urllib.parse import urlsplit

SUBMIT = "/api/v1/image-to-video/kling/kling-v1-i2v/async"
JOB = json.dumps({"image": "https://example.com/mountain.jpg"})
POLL = float(os.environ.get("POLL_SECONDS", "5"))
PATIENCE = float(os.environ.get("REQUEST_TIMEOUT_SECONDS", "30"))  # of one request
POLLS = int(float(os.environ.get("DEADLINE_SECONDS", "300")) / POLL)


def ask(base_url, api_key, method, path, body=None):
    """What a reply says; raises unless it is a good one."""
    connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=PATIENCE)
    try:
        connection.request(method, path, body, {"Authorization": f"Bearer {api_key}"})
        reply = connection.getresponse()
        if reply.status != 200:
            raise http.client.HTTPException(reply.status)
        return json.loads(reply.read())["data"]
    finally:
        connection.close()


def run(base_url, api_key):
    try:
        job = ask(base_url, api_key, "POST", SUBMIT, JOB)
        for _ in range(POLLS):
            time.sleep(POLL)
            data = ask(base_url, api_key, "GET", f"/api/v1/tasks/{job['task_id']}")
            if data["status"] in {"success", "failed"}:
                return "success" if data["status"] == "success" and data["result"]["resources"] else "failure"
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        pass
    return "failure"


if __name__ == "__main__":
    sys.exit(run(os.environ["MODELLIX_BASE_URL"], os.environ["MODELLIX_API_KEY"]) != "success")
