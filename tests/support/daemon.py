"""A server of somebody else's, run for as long as the tests are."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

__all__ = ["Daemon", "DaemonError", "free_ports"]

_PATIENCE = 60.0  # seconds until a server must have come up; a busy machine takes its time
_LAST_LINES = 25


class DaemonError(RuntimeError):
    """A server did not come up; it says why, with the end of its log."""


def free_ports(count: int) -> list[int]:
    """Return different ports that are free now, for servers that cannot choose one themselves."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [probe.getsockname()[1] for probe in probes]


class Daemon:
    """A process with a session and a log of its own.

    The kernel kills it when we are killed, so that it never outlives the tests. Nothing it has is worth an orderly end.

    Args:
        name: For its log and for errors.
        command: Program and arguments.
        place: An existing directory, which becomes its current one.
        environment: All of its environment.
    """

    def __init__(self, name: str, command: Sequence[str | Path], place: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.log = place / f"{name}.log"
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=place,
                env=dict(environment),
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def wait_until(self, answers: Callable[[], Any]) -> None:
        """Wait until it is up.

        Args:
            answers: Whether it answers; an OSError means that it does not yet.

        Raises:
            DaemonError: It has ended, or takes too long.
        """
        deadline = time.monotonic() + _PATIENCE
        while True:
            with contextlib.suppress(OSError):
                if answers():
                    return
            code = self._process.poll()
            if code is not None or time.monotonic() > deadline:
                problem = f"does not answer after {_PATIENCE:g} s" if code is None else f"has ended with {code}"
                lines = self.log.read_text("utf-8", "replace").splitlines()[-_LAST_LINES:]
                msg = "\n".join([f"{self.name} {problem}; the end of its log:", *lines])
                raise DaemonError(msg)
            time.sleep(0.02)

    def pause(self) -> None:
        """Stop it; return when it has stopped."""
        os.killpg(self._process.pid, signal.SIGSTOP)
        os.waitpid(self._process.pid, os.WUNTRACED)

    def resume(self) -> None:
        """Let it go on."""
        os.killpg(self._process.pid, signal.SIGCONT)
