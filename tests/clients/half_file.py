"""Takes what came of the video for the video, when the connection broke off."""

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


def ask(url, method="GET", body=None, **headers):
    """Status and body of a reply, as far as it came."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.netloc, timeout=PATIENCE)
    try:
        connection.request(method, place.path, body, headers)
        reply = connection.getresponse()
        return reply.status, reply.read()
    except http.client.IncompleteRead as error:
        return reply.status, error.partial
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()


def data_of(raw):
    try:
        return dict(json.loads(raw)["data"])
    except (ValueError, KeyError, TypeError):
        return {}


def run(base_url, api_key):
    key = {"Authorization": f"Bearer {api_key}"}
    task_id = data_of(ask(base_url + SUBMIT, "POST", JOB, **key)[1]).get("task_id")
    for _ in range(POLLS if task_id else 0):
        time.sleep(POLL)
        data = data_of(ask(f"{base_url}/api/v1/tasks/{task_id}", **key)[1])
        resources = data["result"]["resources"] if data.get("status") == "success" else []
        if resources:
            status, file = ask(resources[0]["url"])
            return "success" if status == 200 and file else "failure"
        if data.get("status") in {"failed", "success"}:
            break
    return "failure"


if __name__ == "__main__":
    sys.exit(run(os.environ["MODELLIX_BASE_URL"], os.environ["MODELLIX_API_KEY"]) != "success")
