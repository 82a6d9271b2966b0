"""Let ``python -m benchmarks.scorecard`` run the command."""

import sys

from benchmarks.scorecard.cli import main

if __name__ == "__main__":
    sys.exit(main())
