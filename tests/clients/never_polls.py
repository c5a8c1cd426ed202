"""Takes an accepted job for a finished one."""

import os
import sys

import requests

SUBMIT = "/api/v1/image-to-video/kling/kling-v1-i2v/async"
JOB = {"image": "https://example.com/mountain.jpg"}


def run(base_url, api_key):
    key = {"Authorization": f"Bearer {api_key}"}
    try:
        reply = requests.post(base_url + SUBMIT, json=JOB, headers=key, timeout=30)
    except requests.RequestException:
        return "failure"
    return "success" if reply.ok else "failure"


if __name__ == "__main__":
    sys.exit(run(os.environ["MODELLIX_BASE_URL"], os.environ["MODELLIX_API_KEY"]) != "success")
