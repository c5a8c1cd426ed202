"""A Starlette application with one route: what a cold start is compared with."""

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


async def submit(request: Request) -> JSONResponse:
    """Answer a submission with fixed data."""
    await request.json()
    data = {"status": "pending", "task_id": "task-i2v001", "model_id": "kling-v1-i2v"}
    return JSONResponse({"code": 0, "message": "success", "data": data})


app = Starlette(routes=[Route("/api/v1/image-to-video/kling/kling-v1-i2v/async", submit, methods=["POST"])])

if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), access_log=False, log_level="warning")
