"""What the peers for command-line tools share: run it, time it whole, tell its version."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.peers._job import Job, answer, memory

SAMPLE_SECONDS = 0.05
"""How often a running command's highest resident size is read; it only grows, so rarely is fine."""


class Launcher:
    """Starts commands in one directory and remembers the largest of them, in bytes."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.peak_rss = 0

    def call(self, *command: str) -> str:
        """Run a command to its end and return what it printed.

        Raises:
            RuntimeError: It ended with another code than zero; the message has its last words.
        """
        with subprocess.Popen(
            command,
            cwd=self.directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            while True:
                self.peak_rss = max(self.peak_rss, memory("VmHWM", process.pid))
                try:
                    out, err = process.communicate(timeout=SAMPLE_SECONDS)
                except subprocess.TimeoutExpired:
                    continue
                break
        if process.returncode:
            words = " ".join((err or out).strip().splitlines()[-3:])
            msg = f"{command[0]} ended with {process.returncode}: {words}"
            raise RuntimeError(msg)
        return out


def run_command(tool: str, work: Callable[[Job, Launcher], object]) -> None:
    """Do the job by starting ``tool`` inside the timed part, and answer the harness."""
    job = Job.read(Path(sys.argv[1]))
    told = version(tool, job.destination)
    launcher = Launcher(job.destination)
    start = time.perf_counter()
    work(job, launcher)
    answer(time.perf_counter() - start, told, launcher.peak_rss)


def version(tool: str, directory: Path) -> str:
    """Return what a command says of its version."""
    words = Launcher(directory).call(tool, "--version").split()
    return next((word for word in words if word[0].isdigit()), "unknown")
