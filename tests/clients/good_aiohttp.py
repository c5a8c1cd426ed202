"""A good client on aiohttp: it submits again after a definite refusal, and has a timeout around all."""

import asyncio
import json
import os
import sys
import time

import aiohttp

SUBMIT = "/api/v1/image-to-video/kling/kling-v1-i2v/async"
JOB = {"image": "https://example.com/mountain.jpg"}
POLL = float(os.environ.get("POLL_SECONDS", "3"))
PATIENCE = float(os.environ.get("REQUEST_TIMEOUT_SECONDS", "30"))  # of one request
DEADLINE = float(os.environ.get("DEADLINE_SECONDS", "300"))  # of the whole


async def ask(session, method, url, **more):
    """Status, headers and body of a reply; status 0 when it did not arrive whole."""
    try:
        async with session.request(method, url, **more) as reply:
            return reply.status, reply.headers, await reply.read()
    except (aiohttp.ClientError, TimeoutError):
        return 0, {}, b""


def data_of(raw):
    try:
        return dict(json.loads(raw)["data"])
    except (ValueError, TypeError, KeyError):
        return {}


def pause(headers):
    reset = float(headers.get("X-RateLimit-Reset", 0)) - time.time()
    return max(POLL, reset, float(headers.get("Retry-After", 0)))


async def job(session, base_url, key):
    status = 429
    while status == 429:
        status, headers, raw = await ask(session, "POST", base_url + SUBMIT, json=JOB, headers=key)
        await asyncio.sleep(pause(headers))
    task_id = data_of(raw).get("task_id")
    while isinstance(task_id, str):
        status, headers, raw = await ask(session, "GET", f"{base_url}/api/v1/tasks/{task_id}", headers=key)
        data = data_of(raw)
        if data.get("status") == "success":
            return await fetched(session, data["result"]["resources"])
        if data.get("status") == "failed" or status in {400, 401, 403, 404}:
            break
        await asyncio.sleep(pause(headers))
    return "failure"


async def fetched(session, resources):
    for _ in range(3 if resources else 0):
        status, headers, file = await ask(session, "GET", resources[0]["url"])
        if status == 200 and file and headers["Content-Type"].startswith("video/"):
            return "success"
        await asyncio.sleep(POLL)
    return "failure"


async def within(seconds, base_url, api_key):
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(PATIENCE)) as session:
        try:
            async with asyncio.timeout(seconds):
                return await job(session, base_url, {"Authorization": f"Bearer {api_key}"})
        except TimeoutError:
            return "failure"


def run(base_url, api_key):
    return asyncio.run(within(DEADLINE, base_url, api_key))


if __name__ == "__main__":
    sys.exit(run(os.environ["MODELLIX_BASE_URL"], os.environ["MODELLIX_API_KEY"]) != "success")
