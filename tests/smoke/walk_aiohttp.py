"""Submit, poll and download with aiohttp. Arguments: the URL to submit to, seconds, file."""

import asyncio
import json
import sys
from pathlib import Path

import aiohttp


async def walk(url, seconds, path):
    key = {"Authorization": "Bearer mock-aiohttp"}
    body = {"image": "https://example.com/mountain.jpg", "duration": int(seconds)}
    timeout = aiohttp.ClientTimeout(10)
    async with aiohttp.ClientSession(headers=key, timeout=timeout, raise_for_status=True) as session:
        async with session.post(url, json=body) as reply:
            task_id = (await reply.json())["data"]["task_id"]
        seen = []
        while seen[-1:] != ["success"] and len(seen) < 100:
            await asyncio.sleep(0.1 if seen else 0)
            async with session.get(f"{url.partition('/api/')[0]}/api/v1/tasks/{task_id}") as reply:
                data = (await reply.json())["data"]
            seen.append(data["status"])
        async with session.get(data["result"]["resources"][0]["url"]) as video:
            Path(path).write_bytes(await video.read())
            told = {name: video.headers[f"Content-{name}"] for name in ("Type", "Length")}
    print(json.dumps({"seen": seen, "type": told["Type"], "length": told["Length"]}))


asyncio.run(walk(*sys.argv[1:]))
