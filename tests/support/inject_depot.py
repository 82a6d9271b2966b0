"""A depot in a process of its own, so that client and server do not share an interpreter."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Self

__all__ = ["DepotProcess"]


class DepotProcess:
    """``haulage depot --faults`` for as long as the context is open.

    Attributes:
        url: Where it is reached.
    """

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "haulage", "depot", "--faults", "--json"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the depot did not start"
        self.url: str = json.loads(line)["url"]
        return self

    def __exit__(self, *exc_info: object) -> None:
        assert self._process.stdout is not None
        self._process.terminate()
        self._process.stdout.close()
        self._process.wait(20)
