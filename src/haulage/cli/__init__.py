"""The command line: ``haulage get``, ``haulage cart``, ``haulage depot``, ``haulage demo``.

One module per command, each with `NAME`, `SUMMARY`, `EPILOG`, `add_arguments` and `run`; `haulage.cli.commands` is
their table. What a command needs and costs time to import, it imports when it runs.
"""

from __future__ import annotations

from haulage.cli.commands import main
from haulage.cli.exits import Exit

__all__ = ["Exit", "main"]
