"""Lets both `python -m bench` (in tests/) and `python tests/bench` run the benchmark."""

import sys
from importlib import import_module
from pathlib import Path

if __name__ == "__main__":
    if not __package__:  # started by folder: that folder is on the path, not the one above it
        sys.path[0] = str(Path(__file__).resolve().parent.parent)
    sys.exit(import_module("bench.run").main())
