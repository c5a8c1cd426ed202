"""Submit, poll and download with httpx or httpx2. Arguments: the URL to submit to, seconds, file, library."""

import importlib
import json
import sys
import time
from pathlib import Path

url, seconds, path, library = sys.argv[1:]
httpx = importlib.import_module(library)
with httpx.Client(headers={"Authorization": f"Bearer mock-{library}"}, timeout=10) as client:
    body = {"image": "https://example.com/mountain.jpg", "duration": int(seconds)}
    reply = client.post(url, json=body).raise_for_status()
    task = f"{url.partition('/api/')[0]}/api/v1/tasks/{reply.json()['data']['task_id']}"
    seen = []
    while seen[-1:] != ["success"] and len(seen) < 100:
        time.sleep(0.1 if seen else 0)
        data = client.get(task).raise_for_status().json()["data"]
        seen.append(data["status"])
    video = client.get(data["result"]["resources"][0]["url"]).raise_for_status()
Path(path).write_bytes(video.content)
print(
    json.dumps(
        {"seen": seen, "type": video.headers["content-type"], "length": video.headers["content-length"]}
    )
)
