"""Fetches the video with the headers of the API, and so shows its key to another host."""

import time

import httpx

SUBMIT = "/api/v1/image-to-video/kling/kling-v1-i2v/async"
JOB = {"image": "https://example.com/mountain.jpg"}
ERRORS = (httpx.HTTPError, ValueError, KeyError, TypeError)


def run(base_url, api_key):
    with httpx.Client(base_url=base_url, headers={"Authorization": f"Bearer {api_key}"}) as client:
        try:
            task_id = client.post(SUBMIT, json=JOB).raise_for_status().json()["data"]["task_id"]
        except ERRORS:
            return "failure"
        for _ in range(100):
            time.sleep(5.0)
            try:
                data = dict(client.get(f"/api/v1/tasks/{task_id}").raise_for_status().json()["data"])
            except ERRORS:
                continue
            if data["status"] == "success" and data["result"]["resources"]:
                return fetched(client, data["result"]["resources"][0]["url"])
            if data["status"] in {"failed", "success"}:
                return "failure"
    return "failure"


def fetched(client, url):
    try:
        reply = client.get(url).raise_for_status()
    except httpx.HTTPError:
        return "failure"
    return "success" if reply.headers["Content-Type"].startswith("video/") else "failure"
