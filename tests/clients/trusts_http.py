"""Takes HTTP 200 and code 0 for the job's success, once the task has ended."""

import os
import sys
import time

import httpx2

SUBMIT = "/api/v1/image-to-video/kling/kling-v1-i2v/async"
JOB = {"image": "https://example.com/mountain.jpg"}
POLL = float(os.environ.get("POLL_SECONDS", "5"))
PATIENCE = float(os.environ.get("REQUEST_TIMEOUT_SECONDS", "30"))  # of one request
POLLS = int(float(os.environ.get("DEADLINE_SECONDS", "300")) / POLL)


def run(base_url, api_key):
    key = {"Authorization": f"Bearer {api_key}"}
    with httpx2.Client(base_url=base_url, headers=key, timeout=PATIENCE) as client:
        try:
            task_id = client.post(SUBMIT, json=JOB).raise_for_status().json()["data"]["task_id"]
        except (httpx2.HTTPError, ValueError, KeyError):
            return "failure"
        for _ in range(POLLS):
            time.sleep(POLL)
            try:
                told = client.get(f"/api/v1/tasks/{task_id}").raise_for_status().json()
                if told["code"] == 0 and told["data"]["status"] in {"success", "failed"}:
                    return "success"
            except (httpx2.HTTPError, ValueError, KeyError, TypeError):
                continue
    return "failure"


if __name__ == "__main__":
    sys.exit(run(os.environ["MODELLIX_BASE_URL"], os.environ["MODELLIX_API_KEY"]) != "success")
