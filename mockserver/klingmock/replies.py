"""What one revision says on the wire. Every name and constant here is read from its document."""

import time
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from klingcontracts.contract import Contract
from klingmock.ledger import UNITS, dollars
from klingmock.task import Task


class Replies:
    """The bodies of a revision's replies; a field that the revision does not know is left out."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._success = _constants(_schema(contract, "submit"))
        self._submit = _properties(contract, "submit")
        self._task = _properties(contract, "task")
        self._resource = _examples(_at(self._task, "result", "resources", "items"))
        self._path = str(contract.document["x-media"]["path"])

    def submitted(self, task: Task, origin: str) -> dict[str, Any]:
        """The reply to an accepted job; `origin` is where links point, such as http://127.0.0.1:8787."""
        data = {
            "status": "pending",
            "task_id": task.id,
            "model_id": _example(self._submit, "model_id"),
            "get_result": {"method": "GET", "url": f"{origin}/api/v1/tasks/{task.id}"},
        }
        return self._envelope(data, self._submit)

    def queried(self, task: Task, status: str, origin: str) -> dict[str, Any]:
        """The reply to a poll that finds the task in this status."""
        data: dict[str, Any] = {"status": status, "task_id": task.id}
        if status != "failed":  # the only body of a failed task that we know of has nothing else (C4)
            data["model_id"] = _example(self._task, "model_id")
        if status == "success":
            data |= self._finished(task, origin)
        return self._envelope(data, self._task)

    def _finished(self, task: Task, origin: str) -> dict[str, Any]:
        return {
            "duration": task.elapsed_ms,
            "result": {
                "resources": [{"url": origin + self.video_path(task.id), **self._resource}],
                "metadata": {"request_id": task.request_id},
                "extensions": {"submit_time": iso(task.submitted_at), "end_time": iso(task.ends_at)},
            },
            "billing": {"status": "succeeded", "amount": dollars(task.price)},
            "result_expires_at": round(task.expires_at * 1000),
        }

    def video_path(self, task_id: str) -> str:
        """The path of a task's video: the id and twelve hex digits, as seen on the vendor's host (T3)."""
        return self._path.format(name=f"{task_id}_{blake2b(task_id.encode(), digest_size=6).hexdigest()}")

    def valid_key(self, valid: bool) -> dict[str, Any]:
        """The reply that says whether a key is valid."""
        return {**self._success, "data": {"is_valid": valid}}

    def balance(self, amount: int) -> dict[str, Any]:
        """The reply that tells the balance, given in ten-thousandths of a dollar."""
        return {**self._success, "data": {"balance": amount / UNITS}}

    def models(self, origin: str) -> dict[str, Any]:
        """The list of models, which has no envelope."""
        schema = _schema(self._contract, "models")
        docs = f"{origin}/__klingmock/openapi.json?revision={self._contract.revision}"
        return {"models": [{**_examples(_at(schema["properties"], "models", "items")), "docs_url": docs}]}

    def _envelope(self, data: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
        return {**self._success, "data": {name: value for name, value in data.items() if name in known}}


def iso(seconds: float) -> str:
    """Unix seconds as the vendor writes a time: 2026-01-01T00:00:00Z."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _schema(contract: Contract, operation: str) -> Mapping[str, Any]:
    return contract.operation(operation).replies[200].schema


def _properties(contract: Contract, operation: str) -> Mapping[str, Any]:
    return dict(_schema(contract, operation)["properties"]["data"]["properties"])


def _constants(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {name: node["const"] for name, node in schema["properties"].items() if "const" in node}


def _at(properties: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    node: Any = {"properties": properties}
    for name in names:
        node = node["items"] if name == "items" else node["properties"][name]
    return dict(node["properties"])


def _example(properties: Mapping[str, Any], name: str) -> Any:
    return properties[name]["examples"][0]


def _examples(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {name: node["examples"][0] for name, node in properties.items() if "examples" in node}
