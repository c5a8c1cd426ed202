"""What a plain install has: the contract, the server, and a world in this process."""

import json
import os
import sys
import urllib.request

import klingmock
from klingcontracts.check import check_body
from klingcontracts.contract import load
from klingmock.cli import COMMANDS
from klingmock.cli import main as command

BODY = b'{"image": "https://example.com/mountain.jpg"}'


def main() -> None:
    """From a body to a video, and the rules by the way."""
    contract = load()
    assert not check_body(contract, contract.operation("submit"), BODY).refused
    with klingmock.running(timing="instant") as fake:
        headers = {"Authorization": f"Bearer {fake.api_key}"}
        path = contract.operation("submit").path
        with urllib.request.urlopen(urllib.request.Request(fake.url + path, BODY, headers)) as reply:
            task_id = json.load(reply)["data"]["task_id"]
        poll = urllib.request.Request(f"{fake.url}/api/v1/tasks/{task_id}", headers=headers)
        with urllib.request.urlopen(poll) as reply:
            url = json.load(reply)["data"]["result"]["resources"][0]["url"]
        with urllib.request.urlopen(url) as reply:
            assert reply.read()[4:8] == b"ftyp"
        fake.assert_conforms()
    for name in COMMANDS:
        assert command([name, "--help"]) == 0, name
    assert command(["diff", "2026-02", "2026-04"]) == 1
    assert command(["scenarios"]) == 0
    with klingmock.running(timing="instant") as fake:
        os.environ["MODELLIX_API_KEY"] = fake.api_key
        assert command(["drift", "live", fake.url, "--plan"]) == 0
    assert command(["certify", "--scenario", "plain", "--", sys.executable, "-c", "pass"]) == 3
    print("walked", sys.version.split()[0])


if __name__ == "__main__":
    main()
