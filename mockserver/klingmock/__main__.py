"""`python -m klingmock` is the command."""

import sys

from klingmock.cli import main

if __name__ == "__main__":
    sys.exit(main())
