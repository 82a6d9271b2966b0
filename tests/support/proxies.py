"""A real proxy, proxy.py, as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

_PATIENCE = 20.0  # seconds for a process to come up


class ProxyProcess:
    """proxy.py on a free port of the loopback.

    Args:
        directory: For its log and its port.
        auth: ``"user:password"`` it asks for.
    """

    def __init__(self, directory: Path, auth: str | None = None) -> None:
        self._port_file = directory / "port"
        self._log = directory / "log"
        command = [sys.executable, "-m", "proxy", "--hostname", "127.0.0.1", "--port", "0"]
        command += ["--port-file", str(self._port_file), "--log-file", str(self._log), "--log-level", "i"]
        command += ["--num-acceptors", "1", "--num-workers", "1"]
        self._command = command if auth is None else [*command, "--basic-auth", auth]
        self.port = 0

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self.port}"

    def log(self) -> str:
        """Return what it has written so far."""
        return self._log.read_text()

    def wait_for(self, text: str) -> None:
        """Wait until its log has *text*: it writes when a connection is over."""
        deadline = time.monotonic() + _PATIENCE
        while text not in self.log():
            assert time.monotonic() < deadline, f"{text!r} is not in the proxy's log:\n{self.log()}"
            time.sleep(0.01)

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "HOME": "/nowhere"}
        )
        deadline = time.monotonic() + _PATIENCE
        while not (self._port_file.exists() and self._port_file.read_text().strip()):
            assert self._process.poll() is None, "the proxy did not start"
            assert time.monotonic() < deadline, "the proxy did not come up"
            time.sleep(0.01)
        self.port = int(self._port_file.read_text().split()[0])
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
