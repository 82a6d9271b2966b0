"""Helpers for tests of the command: started as a process of its own, watched, interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.canary import assert_silent

# A warning in the command is an error, as it is in the tests.
COMMAND = (sys.executable, "-W", "error", "-m", "haulage")
LIMIT = 30  # seconds that no command takes


@dataclass(frozen=True)
class Ended:
    """A command that has ended; whatever it was given, it told no secret."""

    code: int
    out: bytes
    err: str

    def __post_init__(self) -> None:
        assert_silent(self.err, "standard error")

    @property
    def lines(self) -> list[str]:
        """What it said on standard error."""
        return self.err.splitlines()

    @property
    def events(self) -> list[dict[str, Any]]:
        """The JSON lines on its standard output."""
        assert_silent(self.out, "the events")
        return [json.loads(line) for line in self.out.splitlines()]


class Command:
    """Runs ``haulage`` in a directory of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        own = ("HAULAGE_", "PYTHON")
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        self._running: list[subprocess.Popen[bytes]] = []

    def __call__(self, *arguments: object, env: dict[str, str] | None = None, command: Any = COMMAND) -> Ended:
        """Run it to its end."""
        process = self.start(*arguments, env=env, command=command)
        out, err = process.communicate(timeout=LIMIT)
        return Ended(process.returncode, out, err.decode())

    def start(
        self, *arguments: object, env: dict[str, str] | None = None, command: Any = COMMAND, **options: Any
    ) -> subprocess.Popen[bytes]:
        """Start it in a session of its own."""
        defaults: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = subprocess.Popen(
            [*command, *map(str, arguments)],
            cwd=self.home,
            env=self.environment | (env or {}),
            start_new_session=True,
            **(defaults | options),
        )
        self._running.append(process)
        return process

    def left(self) -> list[str]:
        """Names of all files in its directory."""
        return sorted(str(path.relative_to(self.home)) for path in self.home.rglob("*"))

    def close(self) -> None:
        """End what still runs."""
        for process in self._running:
            if process.poll() is None:
                process.kill()
            process.wait(LIMIT)
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    stream.close()


def until(condition: Callable[[], object], what: str) -> None:
    """Wait until *condition* holds."""
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline, f"never: {what}"
        threading.Event().wait(0.005)


def interrupt(process: subprocess.Popen[bytes], number: int = signal.SIGINT) -> tuple[float, bytes, str]:
    """Send a signal, and return the seconds until the end and what was said."""
    since = time.monotonic()
    process.send_signal(number)
    process.wait(LIMIT)
    seconds = time.monotonic() - since
    out, err = process.communicate(timeout=LIMIT)
    assert_silent(err, "standard error")
    return seconds, out, err.decode()


def has_session(leader: int) -> bool:
    """Whether a process of the group that *leader* began is still there."""
    try:
        os.killpg(leader, 0)
    except ProcessLookupError:
        return False
    return True
