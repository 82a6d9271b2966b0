"""Processes that a run starts, and that never outlive it.

Each is the leader of a session of its own, so Ctrl-C reaches the harness alone, which then ends the
whole group. An interrupt that arrives while a process is started, read or ended is raised when that is
over: raised inside ``subprocess``, it can leave a descriptor closed twice and come out as another error.
"""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType


@contextmanager
def running(
    command: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Start a command with its outputs in pipes, and end its group when the context ends."""
    started: list[subprocess.Popen[str]] = []
    try:
        with _deferred_interrupts():
            started.append(
                subprocess.Popen(
                    command,
                    cwd=cwd,
                    env=env,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                    start_new_session=True,
                )
            )
        yield started[0]
    finally:
        with _deferred_interrupts():
            for process in started:
                _end(process)


def outputs(process: subprocess.Popen[str], timeout: float | None = None) -> tuple[str, str]:
    """Wait for a process and return its two outputs; an interrupt ends the process first.

    Raises:
        subprocess.TimeoutExpired: It did not end within ``timeout`` seconds.
    """
    with _deferred_interrupts(then=lambda: _kill(process)):
        return process.communicate(timeout=timeout)


def capture(command: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """Run a short command to its end and return its exit code and its two outputs."""
    with running(command, cwd=cwd, env=env) as process:
        out, err = outputs(process)
        return process.returncode, out, err


def last_words(text: str) -> str:
    """Return the last line with something in it: usually the error itself."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "without a word"


def _end(process: subprocess.Popen[str]) -> None:
    process.poll()
    _kill(process)
    with process:
        process.wait()


def _kill(process: subprocess.Popen[str]) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def _deferred_interrupts(then: Callable[[], None] | None = None) -> Iterator[None]:
    caught: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a handler
        caught.append(number)
        if then is not None:
            then()

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, note) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if caught:
            raise KeyboardInterrupt
