"""Let ``python -m benchmarks.carts`` run the command."""

import sys

from benchmarks.carts.cli import main

if __name__ == "__main__":
    sys.exit(main())
