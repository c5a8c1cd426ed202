"""Takes HTTP 200 and code 0 for the job's success, once the task has ended."""

import time

import httpx2

SUBMIT = "/api/v1/image-to-video/kling/kling-v1-i2v/async"
JOB = {"image": "https://example.com/mountain.jpg"}


def run(base_url, api_key):
    with httpx2.Client(base_url=base_url, headers={"Authorization": f"Bearer {api_key}"}) as client:
        try:
            task_id = client.post(SUBMIT, json=JOB).raise_for_status().json()["data"]["task_id"]
        except (httpx2.HTTPError, ValueError, KeyError):
            return "failure"
        for _ in range(100):
            time.sleep(5.0)
            try:
                told = client.get(f"/api/v1/tasks/{task_id}").raise_for_status().json()
                if told["code"] == 0 and told["data"]["status"] in {"success", "failed"}:
                    return "success"
            except (httpx2.HTTPError, ValueError, KeyError, TypeError):
                continue
    return "failure"
