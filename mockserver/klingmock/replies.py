"""What one revision says on the wire. Every name and constant here is read from its document."""

import json
import time
from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from klingcontracts.contract import Contract
from klingcontracts.problem import Problem
from klingmock.ledger import UNITS, dollars
from klingmock.task import Task

encode = json.JSONEncoder(separators=(",", ":")).encode


class Replies:
    """The bodies of a revision's replies, as JSON text; a field that the revision does not know is left out.

    The replies of every call are templates made once: only what differs from task to task is filled in.
    """

    def __init__(self, contract: Contract) -> None:
        _hold(contract)
        self._contract = contract
        self._success = _constants(_schema(contract, "submit"))
        self._video = str(contract.document["x-media"]["path"])
        submit, task = _properties(contract, "submit"), _properties(contract, "task")
        link = {"method": "GET", "url": "%(origin)s/api/v1/tasks/%(id)s"}
        head = {"task_id": "%(id)s", "model_id": _example(task, "model_id")}
        accepted = head | {"model_id": _example(submit, "model_id"), "get_result": link}
        self._submitted = self._template({"status": "pending", **self._needed(), **accepted}, submit)
        self._queried = {
            "pending": self._template({"status": "pending", **head}, task),
            "processing": self._template({"status": "processing", **head}, task),
            "success": self._template({"status": "success", **head, **self._finished(task)}, task),
            # The only body of a failed task that we know of has nothing else (C4).
            "failed": self._template({"status": "failed", "task_id": "%(id)s"}, task),
        }

    def submitted(self, task: Task, origin: str) -> str:
        """The reply to an accepted job; `origin` is where links point, such as http://127.0.0.1:8787."""
        return self._submitted % {"id": task.id, "origin": _inside(origin)}

    def queried(self, task: Task, status: str, origin: str) -> str:
        """The reply to a poll that finds the task in this status."""
        if status != "success":
            return self._queried[status] % {"id": task.id}
        return self._queried[status] % {
            "id": task.id,
            "elapsed": task.elapsed_ms,
            "url": _inside(origin) + self.video_path(task.id),
            "request_id": _inside(task.request_id),
            "submitted_at": iso(task.submitted_at),
            "ended_at": iso(task.ends_at),
            "amount": dollars(task.price),
            "expires_at": round(task.expires_at * 1000),
        }

    def _finished(self, known: Mapping[str, Any]) -> dict[str, Any]:
        resource = _examples(_at(known, "result", "resources", "items"))
        return {
            "duration": "%(elapsed)d",
            "result": {
                "resources": [{"url": "%(url)s", **resource}],
                "metadata": {"request_id": "%(request_id)s"},
                "extensions": {"submit_time": "%(submitted_at)s", "end_time": "%(ended_at)s"},
            },
            "billing": {"status": "succeeded", "amount": "%(amount)s"},
            "result_expires_at": "%(expires_at)d",
        }

    def _needed(self) -> dict[str, Any]:
        """What else the reply to a job always has in this contract, as the contract shows it."""
        data = _schema(self._contract, "submit")["properties"]["data"]
        said = {name: _said(data["properties"].get(name, {})) for name in data.get("required", ())}
        return dict(json.loads(encode(said).replace("%", "%%")))

    def _template(self, data: Mapping[str, Any], known: Mapping[str, Any]) -> str:
        start = encode({**self._success, "data": 0}).replace("%", "%%").removesuffix("0}")
        text = encode({name: value for name, value in data.items() if name in known})
        for number in ("elapsed", "expires_at"):
            text = text.replace(f'"%({number})d"', f"%({number})d")
        return f"{start}{text}}}"

    def video_path(self, task_id: str) -> str:
        """The path of a task's video: the id and twelve hex digits, as seen on the vendor's host (T3)."""
        return self._video.format(name=f"{task_id}_{blake2b(task_id.encode(), digest_size=6).hexdigest()}")

    def valid_key(self, *, valid: bool) -> str:
        """The reply that says whether a key is valid."""
        return encode({**self._success, "data": {"is_valid": valid}})

    def balance(self, amount: int) -> str:
        """The reply that tells the balance, given in ten-thousandths of a dollar."""
        return encode({**self._success, "data": {"balance": amount / UNITS}})

    def models(self, origin: str) -> str:
        """The list of models, which has no envelope."""
        schema = _schema(self._contract, "models")
        docs = f"{origin}/__klingmock/openapi.json?revision={self._contract.revision}"
        known = _at(schema["properties"], "models", "items")
        model = {name: node["examples"][0] for name, node in known.items() if "examples" in node}
        return encode({"models": [{**model, "docs_url": docs}]})


@lru_cache(maxsize=64)
def _inside(text: str) -> str:
    """The text as it stands inside of a JSON string."""
    return encode(text)[1:-1]


def iso(seconds: float) -> str:
    """Unix seconds as the vendor writes a time: 2026-01-01T00:00:00Z."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _schema(contract: Contract, operation: str) -> Mapping[str, Any]:
    return contract.operation(operation).replies[200].schema


def _properties(contract: Contract, operation: str) -> Mapping[str, Any]:
    return dict(_schema(contract, operation)["properties"]["data"]["properties"])


def _constants(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The envelope: what is always the same, and what is always there beside the data."""
    known = schema["properties"]
    needed = [name for name in schema.get("required", ()) if name != "data"]
    return {name: _said(node) for name, node in known.items() if "const" in node or name in needed}


_EMPTY = {"string": "", "array": [], "boolean": False}


def _said(node: Mapping[str, Any]) -> Any:
    """A value of this schema, the one that the contract itself shows as far as it does."""
    shown = [node["const"]] if "const" in node else [*node.get("examples", ()), *node.get("enum", ())]
    if shown:
        return shown[0]
    if node.get("type") == "object":
        inner = node.get("properties", {})
        return {name: _said(inner.get(name, {})) for name in node.get("required", ())}
    return _EMPTY.get(str(node.get("type")), 0)


_FIELDS = ("status", "task_id", "model_id")


def _hold(contract: Contract) -> None:
    """Problem for a contract whose replies are not of the kind that the fake gives."""
    for name in ("submit", "task"):
        shape = contract.operation(name).replies.get(200)
        data = shape.schema.get("properties", {}).get("data", {}) if shape else {}
        known = data.get("properties", {})
        lacking = [f"data.{field}" for field in _FIELDS if field not in known]
        lacking += [] if lacking or known["model_id"].get("examples") else ["example of data.model_id"]
        if lacking:
            fact = f"The reply to {name!r} with status 200 has no {lacking[0]} in {contract.revision!r}"
            raise Problem(f"{fact}, and so it can't be served.", "Write it into the document.")


def _at(properties: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    node: Any = {"properties": properties}
    for name in names:
        node = node["items"] if name == "items" else node["properties"][name]
    return dict(node["properties"])


def _example(properties: Mapping[str, Any], name: str) -> Any:
    example = properties[name]["examples"][0]
    return example.replace("%", "%%") if isinstance(example, str) else example


def _examples(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _example(properties, name) for name, node in properties.items() if "examples" in node}
