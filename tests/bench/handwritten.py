"""The fake that an engineer writes in an afternoon: routes, a schema, a dict; no limits, no journal."""

import json
import sys
import time
from typing import Any
from uuid import uuid4

import jsonschema_rs
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

MODEL = "kling-v1-i2v"
TEXT = {"type": "string", "minLength": 1, "maxLength": 2500}
NEITHER_MASK_NOR_CAMERA = {"static_mask": False, "dynamic_masks": False, "camera_control": False}
NEITHER_TAIL_NOR_CAMERA = {"image_tail": False, "camera_control": False}
SCHEMA = {
    "type": "object",
    "required": ["image"],
    "properties": {
        "image": {"type": "string"},
        "image_tail": {"type": "string"},
        "prompt": TEXT,
        "negative_prompt": TEXT,
        "cfg_scale": {"type": "number", "minimum": 0, "maximum": 1},
        "mode": {"type": "string", "enum": ["std", "pro"]},
        "static_mask": {"type": "string"},
        "dynamic_masks": {"type": "array", "items": {"type": "object"}},
        "duration": {"type": "integer", "enum": [5, 10]},
    },
    "dependentSchemas": {
        "image_tail": {"properties": NEITHER_MASK_NOR_CAMERA},
        "static_mask": {"properties": NEITHER_TAIL_NOR_CAMERA},
        "dynamic_masks": {"properties": NEITHER_TAIL_NOR_CAMERA},
    },
}
VALIDATOR = jsonschema_rs.validator_for(SCHEMA)
TASKS: dict[str, dict[str, Any]] = {}
PENDING_SECONDS = float(sys.argv[2]) if len(sys.argv) > 2 else 5.0


def refuse(status: int, message: str) -> JSONResponse:
    """Answer with the vendor's error envelope."""
    return JSONResponse({"code": status, "message": message}, status_code=status)


def succeed(data: dict[str, Any]) -> JSONResponse:
    """Answer with the vendor's envelope of a success."""
    return JSONResponse({"code": 0, "message": "success", "data": data})


def has_key(request: Request) -> bool:
    """Whether the request carries a key that this fake takes."""
    return request.headers.get("authorization", "").startswith("Bearer mock-")


async def submit(request: Request) -> JSONResponse:
    """Check the body and remember a task."""
    if not has_key(request):
        return refuse(401, "Authentication failed: invalid API key")
    try:
        body = json.loads(await request.body())
    except ValueError:
        return refuse(400, "Invalid format: invalid JSON format")
    error = next(VALIDATOR.iter_errors(body), None)
    if error is not None:
        return refuse(400, f"Invalid parameters: {error.message}")
    task_id = f"task-{uuid4()}"
    TASKS[task_id] = {"submitted": time.time(), "duration": body.get("duration", 5)}
    return succeed({"status": "pending", "task_id": task_id, "model_id": MODEL})


async def query(request: Request) -> JSONResponse:
    """Tell how far a task is, by the time that has passed."""
    if not has_key(request):
        return refuse(401, "Authentication failed: invalid API key")
    task_id = request.path_params["task_id"]
    task = TASKS.get(task_id)
    if task is None:
        return refuse(404, f"Resource not found: task '{task_id}' not found")
    if time.time() < task["submitted"] + PENDING_SECONDS:
        return succeed({"status": "pending", "task_id": task_id, "model_id": MODEL})
    url = f"{request.base_url}media/{task_id}.mp4"
    video = {"url": url, "type": "video", "width": 1280, "height": 720, "format": "mp4", "role": "primary"}
    data = {"status": "success", "task_id": task_id, "model_id": MODEL, "duration": PENDING_SECONDS * 1000}
    return succeed({**data, "result": {"resources": [video]}})


app = Starlette(
    routes=[
        Route(f"/api/v1/image-to-video/kling/{MODEL}/async", submit, methods=["POST"]),
        Route("/api/v1/tasks/{task_id}", query, methods=["GET"]),
    ]
)

if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), access_log=False, log_level="warning")
