"""Submit, poll and download with requests. Arguments: the URL to submit to, seconds, file."""

import json
import sys
import time
from pathlib import Path

import requests

url, seconds, path = sys.argv[1:]
with requests.Session() as session:
    session.headers["Authorization"] = "Bearer mock-requests"
    body = {"image": "https://example.com/mountain.jpg", "duration": int(seconds)}
    reply = session.post(url, json=body, timeout=10)
    reply.raise_for_status()
    task = f"{url.partition('/api/')[0]}/api/v1/tasks/{reply.json()['data']['task_id']}"
    seen = []
    while seen[-1:] != ["success"] and len(seen) < 100:
        time.sleep(0.1 if seen else 0)
        polled = session.get(task, timeout=10)
        polled.raise_for_status()
        data = polled.json()["data"]
        seen.append(data["status"])
    video = session.get(data["result"]["resources"][0]["url"], timeout=10)
    video.raise_for_status()
Path(path).write_bytes(video.content)
print(
    json.dumps(
        {"seen": seen, "type": video.headers["content-type"], "length": video.headers["content-length"]}
    )
)
