"""What `pip install "klingmock[schemathesis]"` has: the schema, our checks, and `st run` with our hooks."""

import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis.stateful import run_state_machine_as_test

import klingmock
from klingcontracts import for_schemathesis
from klingcontracts.contract import load

TOML = Path(__file__).parents[2] / "fixtures" / "schemathesis" / "schemathesis.toml"
FEW = settings(max_examples=10, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def main() -> None:
    """Cases of each operation, a state machine, and the command."""
    with klingmock.running(timing="instant") as fake, tempfile.TemporaryDirectory() as folder:
        schema = for_schemathesis.schema(fake.url, api_key=fake.api_key)
        statuses: Counter[int] = Counter()
        for operation in load().operations.values():

            @FEW
            @given(case=schema[operation.path][operation.method].as_strategy())
            def send(case) -> None:
                statuses[case.call_and_validate().status_code] += 1

            send()
        run_state_machine_as_test(schema.as_state_machine(), settings=FEW)
        assert statuses[200], statuses
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(TOML), "run"]
        document = f"{fake.url}/__klingmock/openapi.json"
        subprocess.run(
            [*command, document, "--max-examples", "10", "--seed", "7"],
            env={**os.environ, "MODELLIX_API_KEY": fake.api_key},
            cwd=folder,
            check=True,
        )
        assert fake.tasks
    print("walked with schemathesis", dict(statuses), sys.version.split()[0])


if __name__ == "__main__":
    main()
